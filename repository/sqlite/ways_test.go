package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

// TestWaysAgree answers each of many random queries in every way that there is, and expects what an evaluation in memory
// gives. Which way is chosen matters for nothing but the time that it takes.
func TestWaysAgree(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	random := rand.New(rand.NewPCG(1, 2))
	incidents := make([]repository.Incident, 100)
	creations := make([]repository.Creation[repository.Incident], len(incidents))
	for i, n := range random.Perm(len(incidents)) {
		incidents[i] = randomIncident(random, n)
		creations[i].Resource = incidents[i]
	}
	if _, err := store.Incidents().Create(t.Context(), creations...); err != nil {
		t.Fatal(err)
	}
	ways := map[string]int{}
	for range 120 {
		query := randomQuery(random, incidents)
		want := expected(query, incidents)
		p := newPlanner(store.incidents.table, query)
		selections := map[string]selection{"walk": p.walk()}
		if p.match.text != "" && query.OrderBy == "" {
			selections["walk matches"] = p.walkMatches()
		}
		for i, source := range p.sources() {
			selections[fmt.Sprint("sort ", i)] = p.sort(source)
			selections[fmt.Sprint("walk within ", i)] = p.walkWithin(source)
			if query.OrderBy != "" {
				selections[fmt.Sprint("walk at first ", i)] = walkAtFirst(t, store, p, source)
			}
		}
		for way, selection := range selections {
			ways[strings.TrimRight(way, " 0123456789")]++
			got, count := selectedIDs(t, store, selection)
			if diff := cmp.Diff(want, got); diff != "" || count != len(want) {
				t.Fatalf("%s: %+v\n%s\ncount %d, -want +got\n%s", way, query, selection.list().text, count, diff)
			}
		}
	}
	for _, way := range []string{"walk", "walk matches", "sort", "walk within", "walk at first"} {
		if ways[way] < 30 {
			t.Errorf("%d queries were answered by %s: they say little", ways[way], way)
		}
	}
}

// walkAtFirst gives the walk up very soon.
func walkAtFirst(t *testing.T, store *Repository, p *planner, source source) selection {
	t.Helper()
	p.inVain = 15
	var chosen selection
	err := store.readers.use(t.Context(), func(reader *connection) (err error) {
		chosen, err = p.walkAtFirst(t.Context(), reader, func(context.Context) (selection, error) {
			return p.walkWithin(source), nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

// TestHugeConditions asks with conditions that are more than SQLite would take.
func TestHugeConditions(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	if _, err := store.Incidents().Create(t.Context(), alert(1), alert(2)); err != nil {
		t.Fatal(err)
	}
	active := repository.TermIn{repository.Term("state", "ACTIVE")}
	severity := repository.NumberRange{Field: "severity", Min: 1, Max: 9}
	var deepTerm, deepNumber repository.Condition = active, severity
	var every, some, numbers repository.Condition
	var terms repository.TermIn
	for n := range 3000 {
		deepTerm, deepNumber = repository.Not{Condition: deepTerm}, repository.Not{Condition: deepNumber}
		terms = append(terms, repository.Term("lead", fmt.Sprint(n)))
		every = repository.And(append(conjuncts(every), active))
		some = repository.Or(append([]repository.Condition{active, severity}, conjuncts(every)...))
		numbers = repository.And(append(conjuncts(numbers), severity))
	}
	for name, condition := range map[string]repository.Condition{
		"deep": deepTerm, "deep numbers": deepNumber, "conjunction": every, "disjunction": some, "numbers": numbers,
		"terms": append(terms, active...),
	} {
		for _, order := range []string{"", "severity"} {
			query := repository.Query{Where: condition, OrderBy: order, Limit: 5}
			incidents, err := store.Incidents().List(t.Context(), query)
			if err != nil || len(incidents) != 2 {
				t.Errorf("%s: List = %d incidents, %v, want 2", name, len(incidents), err)
			}
			if count, err := store.Incidents().Count(t.Context(), query); err != nil || count != 2 {
				t.Errorf("%s: Count = %d, %v, want 2", name, count, err)
			}
		}
	}
}

func randomIncident(random *rand.Rand, n int) repository.Incident {
	customers := int64(random.IntN(5))
	incident := repository.Incident{
		Header: repository.Header{ID: alertID(n), Visibility: repository.Visibility(max(0, random.IntN(6)-3))},
		Title:  "Checkout", Severity: fmt.Sprintf("SEV%d", 1+random.IntN(3)), State: []string{"ACTIVE", "CLOSED"}[random.IntN(2)],
		Lead: []string{"", "ana", "bo"}[random.IntN(3)], Labels: map[string]string{"team": []string{"a", "b"}[random.IntN(2)]},
	}
	if customers > 0 {
		incident.Impact.CustomersAffected = &customers
	}
	if random.IntN(3) > 0 {
		incident.Milestones.StartTime = time.UnixMilli(int64(random.IntN(20))).UTC()
	}
	return incident
}

func randomQuery(random *rand.Rand, incidents []repository.Incident) repository.Query {
	query := repository.Query{
		OrderBy:    []string{"", "severity", "milestones.start_time"}[random.IntN(3)],
		Descending: random.IntN(2) == 0,
		Visible:    repository.Visibility(random.IntN(3)),
		Limit:      1 + random.IntN(60),
	}
	conditions := make(repository.And, 1+random.IntN(3))
	for i := range conditions {
		conditions[i] = randomCondition(random, 2)
	}
	query.Where = conditions
	if random.IntN(2) == 0 {
		position := repository.IncidentSchema.Position(query, &incidents[random.IntN(len(incidents))])
		query.After = &position
	}
	return query
}

func randomCondition(random *rand.Rand, depth int) repository.Condition {
	kinds := 10
	if depth == 0 {
		kinds = 7
	}
	switch random.IntN(kinds) {
	case 0:
		return repository.TermIn{repository.Term("state", "ACTIVE")}
	case 1:
		return repository.TermIn{repository.Term("severity", "SEV1"), repository.Term("lead", "ana"), repository.Term("lead", "nobody")}
	case 2:
		return repository.AnyTerm("lead")
	case 3:
		return repository.TermsBetween("labels.team", "a", "b")
	case 4:
		return repository.NumberRange{Field: "impact.customers_affected", Min: 1, Max: int64(random.IntN(5))}
	case 5:
		return repository.NumberRange{Field: "milestones.start_time", Min: int64(random.IntN(10)), Max: int64(random.IntN(20))}
	case 6:
		return repository.IDRange{From: alertID(random.IntN(50)), Before: alertID(50 + random.IntN(50))}
	case 7:
		return repository.Not{Condition: randomCondition(random, depth-1)}
	case 8:
		return repository.Or{randomCondition(random, depth-1), randomCondition(random, depth-1)}
	default:
		return repository.And{randomCondition(random, depth-1), randomCondition(random, depth-1)}
	}
}

func expected(query repository.Query, incidents []repository.Incident) []string {
	positions := []repository.Position{}
	for _, incident := range incidents {
		position := repository.IncidentSchema.Position(query, &incident)
		subject := &examined[repository.Incident]{codec: newCodec(repository.IncidentSchema), resource: &incident}
		if incident.Visibility <= query.Visible && (query.Where == nil || holds(subject, query.Where)) &&
			(query.After == nil || comparePositions(query, *query.After, position) < 0) {
			positions = append(positions, position)
		}
	}
	slices.SortFunc(positions, func(a, b repository.Position) int { return comparePositions(query, a, b) })
	ids := []string{}
	for _, position := range positions[:min(query.Limit, len(positions))] {
		ids = append(ids, position.ID)
	}
	return ids
}

func comparePositions(query repository.Query, a, b repository.Position) int {
	order := strings.Compare(a.ID, b.ID)
	if query.OrderBy != "" && a.Number != b.Number {
		order = 1
		if a.Number < b.Number {
			order = -1
		}
	}
	if query.Descending {
		return -order
	}
	return order
}

func selectedIDs(t *testing.T, store *Repository, selection selection) (ids []string, count int) {
	t.Helper()
	ids = []string{}
	err := store.readers.use(t.Context(), func(connection *connection) error {
		resources, err := store.incidents.read(t.Context(), connection, selection)
		for _, resource := range resources {
			ids = append(ids, resource.ID)
		}
		if err == nil {
			count, err = store.incidents.count(t.Context(), connection, selection)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", selection.list().text, err)
	}
	return ids, count
}
