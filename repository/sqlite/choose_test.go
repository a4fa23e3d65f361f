package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// TestChoice expects the shortest way for what is rare, for what is common, and for what is neither.
func TestChoice(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	const incidents = 2400
	creations := make([]repository.Creation[repository.Incident], incidents)
	for n := range creations {
		creations[n].Resource = alert(n).Resource
	}
	if _, err := store.Incidents().Create(t.Context(), creations...); err != nil {
		t.Fatal(err)
	}
	one := repository.TermIn{repository.Term("labels.pod", creations[7].Resource.Labels["pod"])}
	fifth := repository.TermIn{repository.Term("severity", "SEV2")}
	all := repository.TermIn{repository.Term("state", "ACTIVE")}
	starts := make([]int64, incidents)
	for n := range creations {
		starts[n] = creations[n].Resource.Milestones.StartTime.UnixMilli()
	}
	slices.Sort(starts)
	fewStarts := repository.NumberRange{Field: "milestones.start_time", Min: 1, Max: starts[5]}
	const start = "milestones.start_time"
	for _, test := range []struct {
		name    string
		where   repository.Condition
		orderBy string
		want    string
	}{
		{"nothing asked for, by id", nil, "", "walk"},
		{"nothing asked for", nil, start, "walk"},
		{"one, by id", one, "", "walk matches"},
		{"one", one, start, "sort"},
		{"a fifth, by id", fifth, "", "walk matches"},
		{"a fifth", fifth, start, "walk within"},
		{"all, by id", all, "", "walk matches"},
		{"all", all, start, "walk at first"},
		{"few numbers, by id", fewStarts, "", "walk within"},
		{"few numbers, in their own order", fewStarts, start, "walk"},
		{"few numbers, in another order", fewStarts, "severity", "sort"},
		{"few numbers of all, by id", repository.And{all, fewStarts}, "", "walk within"},
		{"one of all", repository.And{all, one}, start, "sort"},
		{"few numbers or one", repository.Or{one, fewStarts}, "severity", "sort"},
		{"one is not to be found", repository.Not{Condition: one}, start, "walk at first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			query := repository.Query{Where: test.where, OrderBy: test.orderBy, Descending: true, Limit: 20}
			var chosen selection
			err := store.readers.use(t.Context(), func(connection *connection) (err error) {
				chosen, err = plan(t.Context(), connection, store.incidents.table, query)
				return err
			})
			if err != nil || wayOf(chosen) != test.want {
				t.Errorf("plan = %s, %v, want %s", wayOf(chosen), err, test.want)
			}
			got, err := store.Incidents().List(t.Context(), query)
			if want := expected(query, resources(creations)); err != nil || len(got) != len(want) || got[0].ID != want[0] {
				t.Errorf("List = %d, %v, want %d", len(got), err, len(want))
			}
		})
	}
}

func wayOf(s selection) string {
	switch {
	case s.sorted:
		return "sort"
	case strings.Contains(s.list().text, "t.position IN ("):
		return "walk within"
	case strings.Contains(s.from.text, "_terms f"):
		return "walk matches"
	case s.otherwise != nil:
		return "walk at first"
	default:
		return "walk"
	}
}

func resources(creations []repository.Creation[repository.Incident]) []repository.Incident {
	all := make([]repository.Incident, len(creations))
	for i, creation := range creations {
		all[i] = creation.Resource
	}
	return all
}

// TestWalkGivenUp looks, in the order of what it looks for, for what is all at the end.
func TestWalkGivenUp(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	creations := make([]repository.Creation[repository.Incident], 2400)
	for n := range creations {
		creations[n].Resource = alert(n).Resource
		creations[n].Resource.Severity = "SEV5"
		if n%2 == 0 {
			creations[n].Resource.Severity = "SEV1"
		}
	}
	if _, err := store.Incidents().Create(t.Context(), creations...); err != nil {
		t.Fatal(err)
	}
	query := repository.Query{
		Where: repository.TermIn{repository.Term("severity", "SEV1")}, OrderBy: "severity", Descending: true, Limit: 20,
		After: &repository.Position{Number: 5, ID: alertID(2398)},
	}
	want := expected(query, resources(creations))
	got, err := store.Incidents().List(t.Context(), query)
	if err != nil || len(got) != 20 || got[0].ID != want[0] || got[19].ID != want[19] {
		t.Errorf("List = %d, %v, want the 20 from %s to %s", len(got), err, want[0], want[19])
	}
	if count, err := store.Incidents().Count(t.Context(), query); err != nil || count != 20 {
		t.Errorf("Count = %d, %v, want 20", count, err)
	}
}
