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
	incidents := make([]repository.Incident, 150)
	creations := make([]repository.Creation[repository.Incident], len(incidents))
	for i, n := range random.Perm(len(incidents)) {
		incidents[i] = randomIncident(random, n)
		creations[i].Resource = incidents[i]
	}
	if _, err := store.Incidents().Create(t.Context(), creations...); err != nil {
		t.Fatal(err)
	}
	ways := map[string]int{}
	for range 400 {
		query := randomQuery(random, incidents)
		want := expected(query, incidents)
		p := newPlanner(store.incidents.table, query)
		selections := map[string]selection{"walk": p.walk()}
		if p.match.text != "" && query.OrderBy == "" {
			selections["walk matches"] = p.walkMatches()
		}
		for i, source := range p.sources() {
			selections[fmt.Sprint("sort ", i)] = p.sort(source)
			if query.OrderBy != "" {
				selections[fmt.Sprint("walk within ", i)] = p.walkWithin(source)
				selections[fmt.Sprint("walk at first ", i)] = walkAtFirst(t, store, p, source)
			}
		}
		for way, selection := range selections {
			ways[strings.TrimRight(way, " 0123456789")]++
			if diff := cmp.Diff(want, selectedIDs(t, store, selection)); diff != "" {
				t.Fatalf("%s: %+v\n%s\n-want +got\n%s", way, query, selection.list().text, diff)
			}
		}
	}
	for _, way := range []string{"walk", "walk matches", "sort", "walk within", "walk at first"} {
		if ways[way] < 100 {
			t.Errorf("%d queries were answered by %s: they say little", ways[way], way)
		}
	}
}

// walkAtFirst gives the walk up very soon.
func walkAtFirst(t *testing.T, store *Repository, p *planner, source source) selection {
	t.Helper()
	p.inVain = 15
	var chosen selection
	err := store.readers.use(t.Context(), func(connection *connection) (err error) {
		chosen, err = p.walkAtFirst(context.WithoutCancel(t.Context()), connection, source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return chosen
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
		return repository.IDRange{From: alertID(random.IntN(75)), Before: alertID(75 + random.IntN(75))}
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
		if incident.Visibility <= query.Visible && holds(subject, query.Where) &&
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

func selectedIDs(t *testing.T, store *Repository, selection selection) []string {
	t.Helper()
	ids := []string{}
	err := store.readers.use(t.Context(), func(connection *connection) error {
		resources, err := store.incidents.read(context.WithoutCancel(t.Context()), connection, selection)
		for _, resource := range resources {
			ids = append(ids, resource.ID)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", selection.list().text, err)
	}
	return ids
}
