package repositorytest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

const mebibyte = 1 << 20

func testSize(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"large, and too large", sizeOfResource},
		{"large effects", sizeOfEffects},
		{"many values", sizeOfLists},
	})
}

func sizeOfResource(t *testing.T, store repository.Repository) {
	large := newIncident(1)
	large.Summary = strings.Repeat("0123456789abcdef", 6*mebibyte/16)
	create(t, store.Incidents(), large, repository.Effects{})
	check(t, "large", get(t, store.Incidents(), newID(1)).Summary == large.Summary, true)

	tooLarge := newIncident(2)
	tooLarge.Summary = strings.Repeat("0123456789abcdef", mebibyte)
	_, err := store.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: tooLarge})
	if !errors.Is(err, repository.ErrResourceExhausted) {
		t.Errorf("Create = %v, want ErrResourceExhausted", err)
	}
	_, err = store.Incidents().Update(t.Context(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Summary = tooLarge.Summary
		return withEvents(newEvent(1, 2)), nil
	})
	if !errors.Is(err, repository.ErrResourceExhausted) {
		t.Errorf("Update = %v, want ErrResourceExhausted", err)
	}
	check(t, "revision", get(t, store.Incidents(), newID(1)).Revision, int64(1))
	check(t, "events", allEvents(t, store), nil)
}

func sizeOfEffects(t *testing.T, store repository.Repository) {
	document := repository.PostMortem{Header: newHeader(1), Summary: strings.Repeat("0123456789abcdef", 2*mebibyte/16)}
	create(t, store.PostMortems(), document, repository.Effects{})
	var published repository.PostMortemRevision
	update(t, store.PostMortems(), newID(1), func(document *repository.PostMortem) (repository.Effects, error) {
		published = repository.PostMortemRevision{Header: newHeader(2), Number: 1, PostMortem: *document, Document: document.Summary}
		published.ID, published.Parent = repository.RevisionID(document.ID, 1), document.ID
		effects := withEvents(newEvent(1, 2))
		effects.PostMortemRevisions = []repository.PostMortemRevision{published}
		return effects, nil
	})
	got := get(t, store.PostMortemRevisions(), published.ID)
	check(t, "document", got.Document == published.Document, true)
	check(t, "post-mortem", got.PostMortem.Summary == document.Summary, true)
}

// sizeOfLists expects that a resource with many values is found by each, and an incident with many entries has them all.
func sizeOfLists(t *testing.T, store repository.Repository) {
	const many = 500
	incident := newIncident(1)
	incident.Labels = map[string]string{}
	effects := repository.Effects{}
	for n := range many {
		incident.Labels[fmt.Sprintf("key-%d", n)] = "value"
		incident.Impact.Services = append(incident.Impact.Services, fmt.Sprintf("service-%d", n))
		effects.TimelineEntries = append(effects.TimelineEntries, newTimelineEntry(n, 1))
		effects.Events = append(effects.Events, newEvent(1, n))
	}
	create(t, store.Incidents(), incident, effects)
	var terms repository.TermIn
	for n := range many {
		terms = append(terms, repository.Term("impact.services", fmt.Sprintf("other-%d", n)))
	}
	for _, term := range []string{
		repository.Term("labels.key-499", "value"), repository.Term("impact.services", "service-250"),
	} {
		found := list(t, store.Incidents(), repository.Query{Where: append(terms, term), Limit: 2})
		check(t, term, ids(repository.IncidentSchema, found), []string{newID(1)})
	}
	check(t, "timeline entries", len(list(t, store.TimelineEntries(), repository.Query{Parent: newID(1), Limit: many + 1})), many)
	check(t, "events", len(allEvents(t, store)), many)
}
