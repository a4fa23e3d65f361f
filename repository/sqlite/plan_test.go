package sqlite

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// TestPlans explains each way in which each filter and each order of each collection can be answered.
func TestPlans(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	connection := openReader(t, store)
	explainSchema(t, connection, store.incidents)
	explainSchema(t, connection, store.timelineEntries)
	explainSchema(t, connection, store.postMortems)
	explainSchema(t, connection, store.postMortemRevisions)
	explainSchema(t, connection, store.actionItems)
	explainSchema(t, connection, store.rejectedDeliveries)
	explainSchema(t, connection, store.events)
}

func explainSchema[T any](t *testing.T, connection *connection, c *collection[T]) {
	t.Run(c.name, func(t *testing.T) {
		for _, descending := range []bool{false, true} {
			query := repository.Query{Descending: descending, Limit: 50}
			if c.scoped {
				query.Parent = "parent"
			}
			explainOrders(t, connection, c, query)
			if c.scoped {
				continue
			}
			for _, field := range c.schema.Fields {
				for name, condition := range conditionsOn(field) {
					query.Where = condition
					t.Run(fmt.Sprintf("%s %s, descending %t", field.Name, name, descending), func(t *testing.T) {
						explainFilter(t, connection, c.table, query)
					})
				}
			}
		}
	})
}

// conditionsOn are those that a field can be asked for with.
func conditionsOn[T any](field repository.Field[T]) map[string]repository.Condition {
	conditions := map[string]repository.Condition{}
	name := field.Name
	switch field.Type {
	case repository.IDTime, repository.IDSequence:
		conditions["range"] = repository.IDRange{From: "01J", Before: "01K"}
	case repository.Words:
		conditions["word"] = repository.TermIn{repository.Term(repository.WordField(name), "word")}
		conditions["equality"] = repository.TermIn{repository.Term(name, "value")}
	case repository.Map:
		name += ".key"
		fallthrough
	case repository.Keyword, repository.Enumeration, repository.Boolean:
		conditions["equality"] = repository.TermIn{repository.Term(name, "value")}
		conditions["one of several"] = repository.TermIn{repository.Term(name, "value"), repository.Term(name, "other")}
		conditions["presence"] = repository.AnyTerm(name)
		conditions["absence"] = repository.Not{Condition: repository.AnyTerm(name)}
		conditions["range"] = repository.TermsBetween(name, "a", "b")
	case repository.Time, repository.Integer:
	}
	if field.Number != nil {
		conditions["number range"] = repository.NumberRange{Field: field.Name, Min: 1, Max: 2}
		conditions["number range or equality"] = repository.Or{
			conditions["number range"], repository.TermIn{repository.Term("state", "ACTIVE")},
		}
	}
	if field.Ordered && field.Name != "update_time" { // Here lists are ordered by that: nothing is to be put in order then.
		unset := repository.NumberUnset{Field: field.Name}
		conditions["not set"] = unset
		conditions["not set, and more"] = repository.Or{
			repository.And{unset, repository.Not{Condition: conditions["number range"]}}, conditions["number range"],
		}
	}
	return conditions
}

// explainOrders expects of each order that it is walked in its index, and that a later page begins where it begins.
func explainOrders[T any](t *testing.T, connection *connection, c *collection[T], query repository.Query) {
	t.Helper()
	for _, field := range append(c.schema.Fields, repository.Field[T]{Ordered: true}) {
		if !field.Ordered {
			continue
		}
		query.OrderBy = field.Name
		t.Run(fmt.Sprintf("order %q, descending %t", field.Name, query.Descending), func(t *testing.T) {
			for _, after := range []*repository.Position{nil, {Number: 1, ID: "01J"}} {
				query.After = after
				p := newPlanner(c.table, query)
				lines := explain(t, connection, p.walk().list())
				checkWalk(t, c.table, field.Name, after != nil, lines)
			}
		})
	}
}

func checkWalk(t *testing.T, table *table, order string, after bool, lines []string) {
	t.Helper()
	begins := after || table.scoped
	verb, index := "SCAN", strings.TrimPrefix(table.index(order), "INDEXED BY ")
	if begins {
		verb = "SEARCH"
	}
	want := verb + " t USING INDEX " + index
	if index == "NOT INDEXED" {
		want = verb + " t"
	}
	if !strings.HasPrefix(lines[0], want) {
		t.Errorf("the order is walked by %q, want %q", lines[0], want)
	}
	refuse(t, lines, "TEMP B-TREE FOR ORDER BY")
	if begins && after && order != "" && !strings.Contains(lines[0], fmt.Sprintf("(%s,%s)", order, table.key(order))) {
		t.Errorf("%q does not begin behind the position", lines[0])
	}
}

// explainFilter expects of each filter that the rows that it may hold for are found by an index, whether they are sorted
// or walked.
func explainFilter(t *testing.T, connection *connection, table *table, query repository.Query) {
	t.Helper()
	p := newPlanner(table, query)
	ways := 0
	if p.ids != (bounds{}) {
		ways++
		lines := explain(t, connection, p.walk().list())
		require(t, lines, "SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")
		refuse(t, lines, "TEMP B-TREE FOR ORDER BY")
	}
	if p.match.text != "" {
		ways++
		lines := explain(t, connection, p.walkMatches().list())
		refuse(t, lines, "TEMP B-TREE FOR ORDER BY", "SCAN t")
		require(t, lines, "SCAN f VIRTUAL TABLE INDEX")
		if counting := p.walkMatches().countable; counting.text != "" {
			lines := explain(t, connection, counting)
			require(t, lines, "SEARCH "+table.name+" USING COVERING INDEX "+table.name+"_by_visibility (visibility>?)")
		}
	}
	for _, source := range p.sources() {
		lines := explain(t, connection, p.walkWithin(source).list())
		refuse(t, lines, "TEMP B-TREE FOR ORDER BY", "SCAN t", "SCAN "+table.name)
		require(t, lines, "SEARCH t USING INTEGER PRIMARY KEY")
	}
	query.OrderBy = orderOf(table, query)
	p = newPlanner(table, query)
	for _, source := range p.sources() {
		ways++
		lines := explain(t, connection, p.sort(source).list())
		refuse(t, lines, "SCAN t", "SCAN "+table.name)
		require(t, lines, "SEARCH t USING INTEGER PRIMARY KEY")
		if query.OrderBy == "" {
			continue
		}
		lines = explain(t, connection, p.walkWithin(source).list())
		refuse(t, lines, "TEMP B-TREE FOR ORDER BY", "SCAN "+table.name)
		require(t, lines, "SCAN t USING INDEX "+table.name+"_by_"+strings.ReplaceAll(query.OrderBy, ".", "_"))
	}
	if ways == 0 {
		t.Errorf("no index helps to find %#v", query.Where)
	}
}

// orderOf is an order by another field than the one that is filtered by.
func orderOf(table *table, query repository.Query) string {
	number, _ := query.Where.(repository.NumberRange)
	for _, column := range table.numbers {
		if column.ordered && column.field != number.Field {
			return column.field
		}
	}
	return ""
}

func explain(t *testing.T, connection *connection, statement fragment) []string {
	t.Helper()
	var lines []string
	err := connection.query(t.Context(), "EXPLAIN QUERY PLAN "+statement.text, statement.values, func(row []driver.Value) error {
		line, _ := row[3].(string)
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", statement.text, err)
	}
	t.Logf("%s\n\t%s", statement.text, strings.Join(lines, "\n\t"))
	return lines
}

func refuse(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		for _, line := range lines {
			if regexp.MustCompile(regexp.QuoteMeta(part) + `\b`).MatchString(line) {
				t.Errorf("the plan has %q", line)
			}
		}
	}
}

func require(t *testing.T, lines []string, part string) {
	t.Helper()
	if !strings.Contains(strings.Join(lines, "\n"), part) {
		t.Errorf("the plan has no %q", part)
	}
}
