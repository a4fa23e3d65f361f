package repositorytest

import (
	"errors"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testEffects(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	runScenarios(t, newRepository, []scenario{
		{"of an update", effectsOfUpdate},
		{"of a publication", effectsOfPublication},
		{"given twice", effectsTwice},
		{"can be changed like any other", effectsAreResources},
	})
}

// effectsOfUpdate expects all effects of an update to be seen by whoever reads in the same process, at once.
func effectsOfUpdate(t *testing.T, store repository.Repository) {
	create(t, store.ActionItems(), newActionItem(1), repository.Effects{})
	successor := newActionItem(2)
	successor.Predecessor = "actionItems/" + newID(1)
	event := newEvent(1, 2)
	event.Resource, event.Incident = "actionItems/"+newID(1), ""
	update(t, store.ActionItems(), newID(1), func(item *repository.ActionItem) (repository.Effects, error) {
		item.Successor = "actionItems/" + newID(2)
		return repository.Effects{
			Events:          []repository.Event{event, newEvent(9, 1)},
			ActionItems:     []repository.ActionItem{successor},
			TimelineEntries: []repository.TimelineEntry{newTimelineEntry(31, 9), newTimelineEntry(32, 9), newTimelineEntry(33, 8)},
		}, nil
	})

	found := list(t, store.ActionItems(), repository.Query{
		Where: repository.TermIn{repository.Term("predecessor", "actionItems/"+newID(1))}, Limit: 5,
	})
	check(t, "successor that is found", found, []repository.ActionItem{successor})
	check(t, "successor that is read", get(t, store.ActionItems(), newID(2)), successor)
	entries := list(t, store.TimelineEntries(), repository.Query{Parent: newID(9), Limit: 5})
	check(t, "timeline entries", entries, []repository.TimelineEntry{newTimelineEntry(31, 9), newTimelineEntry(32, 9)})
	count, err := store.TimelineEntries().Count(t.Context(), repository.Query{Parent: newID(8), Limit: 5})
	if err != nil || count != 1 {
		t.Errorf("Count of the other incident's entries = %d, %v, want 1", count, err)
	}
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 2), eventKey(9, 1)})
}

func effectsOfPublication(t *testing.T, store repository.Repository) {
	document := repository.PostMortem{Header: newHeader(1), Title: "Checkout", State: "IN_REVIEW"}
	create(t, store.PostMortems(), document, repository.Effects{})
	var want []repository.PostMortemRevision
	for number := int32(1); number <= 3; number++ {
		var revision repository.PostMortemRevision
		published := update(t, store.PostMortems(), newID(1), func(document *repository.PostMortem) (repository.Effects, error) {
			document.State, document.LatestRevision = "PUBLISHED", number
			revision = repository.PostMortemRevision{
				Header: newHeader(100 + int(number)), Number: number, PostMortem: *document, Document: "# Checkout", PublishTime: epoch,
			}
			revision.ID, revision.Parent = repository.RevisionID(document.ID, number), document.ID
			return repository.Effects{PostMortemRevisions: []repository.PostMortemRevision{revision}}, nil
		})
		want = append(want, revision)
		check(t, "published", published.LatestRevision, number)
	}
	revisions := store.PostMortemRevisions()
	check(t, "revisions", list(t, revisions, repository.Query{Parent: newID(1), Limit: 9}), want)
	check(t, "newest revision", list(t, revisions, repository.Query{Parent: newID(1), Descending: true, Limit: 1}), want[2:])
	check(t, "read", get(t, revisions, repository.RevisionID(newID(1), 2)), want[1])
	check(t, "of another", list(t, revisions, repository.Query{Parent: newID(2), Limit: 9}), nil)
}

// effectsTwice expects that what is there already is passed over: a change that is repeated may bring it again.
func effectsTwice(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	for n := range 2 {
		update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
			incident.Summary = newID(n)
			effects := withEvents(newEvent(1, 2))
			effects.TimelineEntries = []repository.TimelineEntry{newTimelineEntry(40, 1)}
			effects.ActionItems = []repository.ActionItem{newActionItem(41)}
			return effects, nil
		})
	}
	update(t, store.Incidents(), newID(1), func(*repository.Incident) (repository.Effects, error) {
		return withEvents(newEvent(1, 4)), nil
	})
	events := allEvents(t, store)
	check(t, "events", ids(repository.EventSchema, events), []string{repository.EventID(1), repository.EventID(2)})
	check(t, "events", eventKeys(t, store), []string{eventKey(1, 2), eventKey(1, 4)})
	entries := list(t, store.TimelineEntries(), repository.Query{Parent: newID(1), Limit: 5})
	check(t, "timeline entries", entries, []repository.TimelineEntry{newTimelineEntry(40, 1)})
	items := list(t, store.ActionItems(), repository.Query{Limit: 5})
	check(t, "action items", items, []repository.ActionItem{newActionItem(41)})
}

// effectsAreResources expects that a resource that came as an effect can be updated at once, has its creation key, and
// that its id is taken.
func effectsAreResources(t *testing.T, store repository.Repository) {
	item := newActionItem(2)
	item.CreationKey = "key"
	item.Revision = 12
	create(t, store.Incidents(), newIncident(1), repository.Effects{ActionItems: []repository.ActionItem{item}})
	changed := update(t, store.ActionItems(), newID(2), func(item *repository.ActionItem) (repository.Effects, error) {
		item.State = "DONE"
		return repository.Effects{}, nil
	})
	check(t, "revision", changed.Revision, int64(2))

	other := newActionItem(3)
	other.CreationKey = "key"
	created, err := store.ActionItems().Create(t.Context(), repository.Creation[repository.ActionItem]{Resource: other})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "created", created, []repository.Created[repository.ActionItem]{{Resource: changed, Existed: true}})
	_, err = store.ActionItems().Create(t.Context(), repository.Creation[repository.ActionItem]{Resource: newActionItem(2)})
	if !errors.Is(err, repository.ErrAlreadyExists) {
		t.Errorf("Create = %v, want ErrAlreadyExists", err)
	}
}
