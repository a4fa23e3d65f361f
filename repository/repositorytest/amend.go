package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testAmend(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"an event", amendEvent},
		{"a published revision", amendRevision},
		{"nothing there", func(t *testing.T, store repository.Repository) {
			_, err := store.Events().Amend(t.Context(), repository.EventID(7), func(*repository.Event) error { return nil })
			if !errors.Is(err, repository.ErrNotFound) {
				t.Errorf("Amend = %v, want ErrNotFound", err)
			}
		}},
		{"page by page", pageDocuments},
	})
}

// amendEvent expects an event to stay where it is in the feed, and to be found by what it says since.
func amendEvent(t *testing.T, store repository.Repository) {
	first, second := newEvent(1, 1), newEvent(1, 2)
	first.Actor, second.Actor = "ana", "bo"
	create(t, store.Incidents(), newIncident(1), withEvents(first, second))
	before := list(t, store.Events(), repository.Query{Limit: 9})
	_, err := store.Events().Amend(t.Context(), before[0].ID, func(event *repository.Event) error {
		event.Actor = "somebody"
		return nil
	})
	if err != nil {
		t.Fatalf("Amend: %v", err)
	}
	after := list(t, store.Events(), repository.Query{Limit: 9})
	check(t, "feed", eventKeys(t, store), []string{eventKey(1, 1), eventKey(1, 2)})
	check(t, "actors", []string{after[0].Actor, after[1].Actor}, []string{"somebody", "bo"})
	for actor, want := range map[string]int{"ana": 0, "somebody": 1, "bo": 1} {
		found := list(t, store.Events(), repository.Query{Limit: 9, Where: repository.TermIn{repository.Term("actor", actor)}})
		check(t, "events of "+actor, len(found), want)
	}
	update(t, store.Incidents(), newID(1), func(*repository.Incident) (repository.Effects, error) { return withEvents(newEvent(1, 3)), nil })
	check(t, "the feed goes on", eventKeys(t, store), []string{eventKey(1, 1), eventKey(1, 2), eventKey(1, 3)})
}

func amendRevision(t *testing.T, store repository.Repository) {
	id := repository.RevisionID(newID(1), 1)
	revision := repository.PostMortemRevision{Header: repository.Header{ID: id, Parent: newID(1), Revision: 1}, Number: 1, Document: "By ana", Actor: "ana"}
	create(t, store.PostMortems(), repository.PostMortem{Header: repository.Header{ID: newID(1)}},
		repository.Effects{PostMortemRevisions: []repository.PostMortemRevision{revision}})
	for _, reason := range []error{nil, repository.ErrUnchanged} {
		_, err := store.PostMortemRevisions().Amend(t.Context(), id, func(revision *repository.PostMortemRevision) error {
			revision.Document, revision.Actor = "By "+revision.Actor[:1], revision.Actor[:1]
			return reason
		})
		if err != nil {
			t.Fatalf("Amend: %v", err)
		}
	}
	got := get(t, store.PostMortemRevisions(), id)
	check(t, "document", got.Document, "By a")
	check(t, "number", got.Number, 1)
}

// pageDocuments expects every document of a kind once, deleted ones included.
func pageDocuments(t *testing.T, store repository.Repository) {
	const count = 1200
	incidents := make([]repository.Incident, count)
	for n := range incidents {
		incidents[n] = newIncident(n)
		if n%3 == 0 {
			incidents[n].Visibility = repository.Deleted
		}
	}
	createAll(t, store.Incidents(), incidents)
	var ids []string
	for after := ""; ; after = ids[len(ids)-1] {
		documents, err := store.Documents(t.Context(), repository.IncidentSchema.Name, after)
		if err != nil {
			t.Fatalf("Documents: %v", err)
		}
		if len(documents) == 0 {
			break
		}
		for _, document := range documents {
			ids = append(ids, document.ID)
		}
	}
	check(t, "documents", len(ids), count)
	if _, err := store.Documents(t.Context(), "recipes", ""); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Documents = %v, want ErrNotFound", err)
	}
}
