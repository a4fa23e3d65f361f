package repositorytest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testTrim(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"nothing there", func(t *testing.T, store repository.Repository) { trim(t, store.Events(), repository.EventID(9)) }},
		{"the feed", trimFeed},
		{"more than is removed at once", trimMany},
		{"never the newest", trimAll},
		{"pages of the audit trail", trimTrail},
	})
	t.Run("what was trimmed is in no other store", func(t *testing.T) { loadTrimmed(t, newRepository(t), newRepository(t)) })
}

func trim(t *testing.T, trimmer repository.Trimmer, before string) {
	t.Helper()
	if err := trimmer.Trim(t.Context(), before); err != nil {
		t.Fatalf("Trim: %v", err)
	}
}

// tellEvents changes an incident until there are so many events.
func tellEvents(t *testing.T, store repository.Repository, count int) {
	t.Helper()
	var events []repository.Event
	for revision := range count {
		events = append(events, newEvent(1, revision+1))
	}
	create(t, store.Incidents(), newIncident(1), withEvents(events...))
}

// trimFeed expects the others to stay in their places and to be found, and nothing to be left of those that are gone.
func trimFeed(t *testing.T, store repository.Repository) {
	tellEvents(t, store, 9)
	before := list(t, store.Events(), repository.Query{Limit: 99})
	for range 2 {
		trim(t, store.Events(), repository.EventID(6))
		check(t, "feed", list(t, store.Events(), repository.Query{Limit: 99}), before[5:])
	}
	trim(t, store.Events(), repository.EventID(3))
	resource := repository.TermIn{repository.Term("resource", incidentNamed(1))}
	check(t, "by a term", list(t, store.Events(), repository.Query{Where: resource, Limit: 99}), before[5:])
	if _, err := store.Events().Get(t.Context(), before[4].ID); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get of what was trimmed = %v, want ErrNotFound", err)
	}
	update(t, store.Incidents(), newID(1), func(*repository.Incident) (repository.Effects, error) { return withEvents(newEvent(1, 10)), nil })
	newest := list(t, store.Events(), repository.Query{Descending: true, Limit: 1})
	check(t, "next sequence", newest[0].Sequence(), int64(10))
}

func trimMany(t *testing.T, store repository.Repository) {
	const events = 1203
	tellEvents(t, store, events)
	trim(t, store.Events(), repository.EventID(1201))
	left := list(t, store.Events(), repository.Query{Limit: 99})
	check(t, "left", []int64{left[0].Sequence(), int64(len(left))}, []int64{1201, 3})
}

func trimAll(t *testing.T, store repository.Repository) {
	tellEvents(t, store, 3)
	trim(t, store.Events(), repository.EventID(99))
	left := list(t, store.Events(), repository.Query{Limit: 99})
	check(t, "left", []int64{left[0].Sequence(), int64(len(left))}, []int64{3, 1})
	update(t, store.Incidents(), newID(1), func(*repository.Incident) (repository.Effects, error) { return withEvents(newEvent(1, 4)), nil })
	newest := list(t, store.Events(), repository.Query{Descending: true, Limit: 1})
	check(t, "next sequence", newest[0].Sequence(), int64(4))
}

func trimTrail(t *testing.T, store repository.Repository) {
	var pages []repository.AuditPage
	for place := range int64(5) {
		page := repository.AuditPage{Header: newHeader(0), Records: []repository.AuditRecord{{Sequence: place + 1, Method: "/m"}}}
		page.ID, page.CreationKey = repository.AuditPageID(place+1), fmt.Sprintf("audit/%d", place)
		pages = append(pages, create(t, store.AuditPages(), page, repository.Effects{}))
	}
	trim(t, store.AuditPages(), repository.AuditPageID(4))
	check(t, "pages", list(t, store.AuditPages(), repository.Query{Limit: 99}), pages[3:])
}

func loadTrimmed(t *testing.T, from, to repository.Repository) {
	t.Helper()
	tellEvents(t, from, 5)
	trim(t, from.Events(), repository.EventID(4))
	load(t, to, dump(t, from))
	check(t, "feed", list(t, to.Events(), repository.Query{Limit: 99}), list(t, from.Events(), repository.Query{Limit: 99}))
	update(t, to.Incidents(), newID(1), func(*repository.Incident) (repository.Effects, error) { return withEvents(newEvent(1, 6)), nil })
	newest := list(t, to.Events(), repository.Query{Descending: true, Limit: 1})
	check(t, "next sequence", newest[0].Sequence(), int64(6))
}
