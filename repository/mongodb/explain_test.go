package mongodb

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestIndexes asks the engine how it would answer each kind of query that the schemas allow, and expects that it goes by
// the index that is meant for it.
func TestIndexes(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	t.Run("incidents", func(t *testing.T) { plansOf(t, store.incidents, false) })
	t.Run("timeline entries", func(t *testing.T) { plansOf(t, store.timelineEntries, true) })
	t.Run("post-mortems", func(t *testing.T) { plansOf(t, store.postMortems, false) })
	t.Run("post-mortem revisions", func(t *testing.T) { plansOf(t, store.postMortemRevisions, true) })
	t.Run("action items", func(t *testing.T) { plansOf(t, store.actionItems, false) })
	t.Run("rejected deliveries", func(t *testing.T) { plansOf(t, store.rejectedDeliveries, false) })
	t.Run("events", func(t *testing.T) { plansOf(t, store.events.collection, false) })
}

// TestOwnIndexes expects the same of what the store asks for itself.
func TestOwnIndexes(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	fill(t, store.incidents)
	goesBy(t, store.incidents.stored, compare(fieldCreationKey, "$in", []string{"a", "b"}), nil, "creation_key_1_where_set_unique")
	goesBy(t, store.incidents.stored, compare(fieldID, "$in", []string{nthID(1), nthID(2)}), nil, "_id_")
	goesBy(t, store.incidents.stored, leftBehind(later()), bson.D{{Key: fieldOutboxTime, Value: 1}}, "outbox_time_1_where_set")
}

// planned is a query, and the index that it must go by.
type planned struct {
	name  string
	query repository.Query
	index string
}

func plansOf[T any](t *testing.T, c *collection[T], scoped bool) {
	t.Helper()
	fill(t, c)
	var queries []planned
	if scoped {
		queries = scopedQueries(c.schema)
	} else {
		queries = queriesOf(c.schema)
	}
	for _, planned := range queries {
		t.Run(planned.name, func(t *testing.T) {
			goesBy(t, c.stored, filter(planned.query), order(planned.query), planned.index)
		})
	}
}

// queriesOf are the queries of a collection that is listed as a whole.
func queriesOf[T any](schema repository.Schema[T]) []planned {
	terms, id := "terms_1__id_-1", "_id_"
	queries := []planned{
		{"newest first", repository.Query{Descending: true}, id},
		{"oldest first", repository.Query{}, id},
		{"next page", repository.Query{Descending: true, After: &repository.Position{ID: nthID(150)}}, id},
		{"range of ids", repository.Query{Where: repository.IDRange{From: nthID(10), Before: nthID(20)}}, id},
	}
	for _, field := range schema.Fields {
		add := func(name string, where repository.Condition, index string) {
			queries = append(queries, planned{field.Name + " " + name, repository.Query{Where: where, Descending: true}, index})
		}
		name := field.Name
		if field.Map != nil {
			name += ".key"
		}
		if field.Map != nil || field.Values != nil {
			add("is", repository.TermIn{repository.Term(name, "value-7")}, terms)
			add("is one of", repository.TermIn{repository.Term(name, "value-7"), repository.Term(name, "value-8")}, terms)
			add("between", repository.TermsBetween(name, "value-1", "value-2"), terms)
			add("is set", repository.AnyTerm(name), terms)
		}
		if field.Number != nil {
			add("at", repository.NumberRange{Field: field.Name, Min: 7, Max: 7}, numberIndex(field))
			add("from", repository.NumberRange{Field: field.Name, Min: 295, Max: math.MaxInt64}, numberIndex(field))
		}
		if field.Ordered {
			add("is not set", repository.NumberUnset{Field: field.Name}, numberIndex(field))
		}
		if field.Ordered {
			queries = append(queries, orders(field, "", numberIndex(field))...)
		}
	}
	return queries
}

// scopedQueries are the queries of a collection that is listed by parent.
func scopedQueries[T any](schema repository.Schema[T]) []planned {
	byID := "parent_1__id_1"
	queries := []planned{{"oldest first", repository.Query{Parent: nthID(1)}, byID}}
	for _, field := range schema.Fields {
		if field.Ordered {
			queries = append(queries, orders(field, nthID(1), "parent_1_"+numberPath(field.Name)+"_1__id_1")...)
		}
	}
	return queries
}

func orders[T any](field repository.Field[T], parent, index string) []planned {
	query := repository.Query{OrderBy: field.Name, Parent: parent}
	descending, next := query, query
	descending.Descending = true
	next.After = &repository.Position{Number: 150, ID: nthID(150)}
	return []planned{
		{"by " + field.Name, query, index},
		{"by " + field.Name + " descending", descending, index},
		{"next page by " + field.Name, next, index},
	}
}

func numberIndex[T any](field repository.Field[T]) string {
	if field.Ordered {
		return numberPath(field.Name) + "_1__id_1"
	}
	return numberPath(field.Name) + "_1_where_set"
}

func nthID(n int) string { return fmt.Sprintf("01J%023d", n) }

// fill stores documents that differ in everything that they can be found by.
func fill[T any](t *testing.T, c *collection[T]) {
	t.Helper()
	const count = 300
	documents := make([]bson.Raw, count)
	for n := range documents {
		var resource T
		c.schema.Header(&resource).ID, c.schema.Header(&resource).Parent = nthID(n), nthID(n%10)
		document := newDocument(c.schema, resource)
		document.Numbers = nil
		for _, field := range c.schema.Fields {
			name := field.Name
			if field.Map != nil {
				name += ".key"
			}
			document.Terms = append(document.Terms, repository.Term(name, fmt.Sprintf("value-%d", n)))
			if field.Number != nil {
				document.Numbers = append(document.Numbers, bson.E{Key: numberName(field.Name), Value: int64(n)})
			}
		}
		var err error
		if documents[n], err = encode(document); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.stored.InsertMany(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
}

// goesBy asks for the plan of a find, and expects that it goes by the index, and not through everything.
func goesBy(t *testing.T, stored *mongo.Collection, filter, order bson.D, index string) {
	t.Helper()
	find := bson.D{{Key: "find", Value: stored.Name()}, {Key: "filter", Value: filter}, {Key: "limit", Value: 50}}
	if order != nil {
		find = append(find, bson.E{Key: "sort", Value: order})
	}
	var answer bson.D
	err := stored.Database().RunCommand(t.Context(), bson.D{
		{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"},
	}).Decode(&answer)
	if err != nil {
		t.Fatalf("explain: %v", err)
	}
	used := map[string]bool{}
	visit(answer, func(key string, value any) {
		switch text, _ := value.(string); {
		case key == "Index Name", key == "indexName":
			used[text] = true
		case text == "COLLSCAN", text == "Seq Scan":
			t.Error("the whole collection is scanned")
		}
	})
	if !used[index] {
		t.Errorf("it goes by %v, want %s", slices.Sorted(maps.Keys(used)), index)
	}
}

// visit goes through the plan that was chosen: MongoDB's is a tree of stages, DocumentDB's one of PostgreSQL's nodes.
func visit(value any, found func(key string, value any)) {
	switch value := value.(type) {
	case bson.D:
		for _, element := range value {
			if element.Key == "rejectedPlans" || element.Key == "IndexCosts" || element.Key == "command" {
				continue
			}
			found(element.Key, element.Value)
			visit(element.Value, found)
		}
	case bson.A:
		for _, element := range value {
			visit(element, found)
		}
	}
}
