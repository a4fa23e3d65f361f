package mongodb

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// kinds counts the documents of a dump by their kinds.
func kinds(t *testing.T, store *Repository) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for document, err := range store.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		counts[document.Kind]++
	}
	return counts
}

// TestDumpFindsWhatIsInOutboxes expects the effects that a process had no time to bring away to be where they belong.
func TestDumpFindsWhatIsInOutboxes(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"effects", "events", "clear"} {
		t.Run("killed before "+step, func(t *testing.T) {
			t.Parallel()
			uri := mongodbtest.NewDatabase(t)
			killed := openWithoutRelay(t, uri, step)
			killed.mustCreate(t, newIncident(1), newIncident(2))
			killed.mustSettle(t)
			got := kinds(t, open(t, uri, Options{}))
			equal(t, "documents", got, map[string]int{"incidents": 2, "timeline_entries": 2, "events": 4})
			equal(t, "outboxes", killed.outboxes(t), 0)
		})
	}
}

// TestDumpFindsWhatIsInOutboxesOfTheFuture has a process die whose clock went wrong.
func TestDumpFindsWhatIsInOutboxesOfTheFuture(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	killed := withoutRelay(open(t, uri, Options{Now: func() time.Time { return time.Now().AddDate(1, 0, 0) }}), "effects")
	killed.mustCreate(t, newIncident(1))
	killed.mustSettle(t)
	if killed.outboxes(t) == 0 {
		t.Fatal("nothing is left in outboxes")
	}
	got := kinds(t, open(t, uri, Options{}))
	equal(t, "documents", got, map[string]int{"incidents": 1, "timeline_entries": 1, "events": 2})
}

// TestDumpBesideOthersWhoWrite expects a dump to say that it may have seen two moments.
func TestDumpBesideOthersWhoWrite(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, other *Repository) error{
		"a change":                func(t *testing.T, other *Repository) error { return other.touch(t.Context(), 1, 3) },
		"a server that is idle":   func(t *testing.T, other *Repository) error { return other.Ping(t.Context()) },
		"the same, the next time": func(t *testing.T, other *Repository) error { return other.Ping(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := mongodbtest.NewDatabase(t)
			store, other := open(t, uri, Options{}), open(t, uri, Options{})
			store.mustCreate(t, newIncident(1))
			if name == "the same, the next time" {
				if err := other.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			written := false
			var last error
			for _, err := range store.Dump(t.Context()) {
				last = err
				if !written {
					written = true
					if err := write(t, other); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !errors.Is(last, repository.ErrConflict) {
				t.Errorf("Dump ended with %v, want ErrConflict", last)
			}
		})
	}
}

func TestOpenRefusesADatabaseThatIsUnfinished(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	cut := errors.New("cut")
	documents := func(yield func(repository.Document, error) bool) { yield(repository.Document{}, cut) }
	if err := open(t, uri, Options{}).Load(t.Context(), "source", documents); !errors.Is(err, cut) {
		t.Fatalf("Load = %v", err)
	}
	if _, err := Open(t.Context(), uri, Options{}); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Fatalf("Open = %v", err)
	}
	nothing := func(func(repository.Document, error) bool) {}
	if err := open(t, uri, Options{Unfinished: true}).Load(t.Context(), "source", nothing); err != nil {
		t.Error(err)
	}
	open(t, uri, Options{})
}
