package repositorytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/debriefhq/debrief/repository"
)

// epoch is when everything in these tests begins.
var epoch = time.Date(2026, time.March, 14, 9, 26, 53, 589_000_000, time.UTC)

// newID makes the nth id: it has the shape of a ULID, and sorts by n.
func newID(n int) string { return fmt.Sprintf("01J%07d%016d", n, 0) }

func incidentNamed(n int) string { return "incidents/" + newID(n) }

func newHeader(n int) repository.Header {
	at := epoch.Add(time.Duration(n) * time.Millisecond)
	return repository.Header{ID: newID(n), Revision: 1, CreateTime: at, UpdateTime: at}
}

func newIncident(n int) repository.Incident {
	return repository.Incident{
		Header:   newHeader(n),
		Title:    fmt.Sprintf("Checkout answers slowly %d", n),
		Kind:     "INCIDENT",
		Severity: "SEV2",
		State:    "ACTIVE",
		Labels:   map[string]string{"service": "checkout"},
	}
}

func newActionItem(n int) repository.ActionItem {
	return repository.ActionItem{Header: newHeader(n), Title: "Bound the queue", State: "OPEN", Priority: "P2"}
}

// newTimelineEntry makes an entry of the incident that newIncident(incident) makes.
func newTimelineEntry(n, incident int) repository.TimelineEntry {
	entry := repository.TimelineEntry{
		Header:    newHeader(n),
		Statement: repository.Statement{Kind: "NOTE", Text: "Failed over", OccurTime: epoch, ReviseTime: epoch},
		Source:    "PERSON",
	}
	entry.Parent = newID(incident)
	return entry
}

// newEvent makes an event of the incident that newIncident(incident) makes. Its creation key is made of both numbers.
func newEvent(incident, revision int) repository.Event {
	at := epoch.Add(time.Duration(revision) * time.Millisecond)
	return repository.Event{
		Header:           repository.Header{CreationKey: eventKey(incident, revision), CreateTime: at, UpdateTime: at},
		Type:             "INCIDENT_CHANGED",
		Resource:         incidentNamed(incident),
		ResourceRevision: int64(revision),
		Incident:         incidentNamed(incident),
		Time:             at,
	}
}

func eventKey(incident, revision int) string { return fmt.Sprintf("01K%013d%010d", incident, revision) }

func withEvents(events ...repository.Event) repository.Effects {
	return repository.Effects{Events: events}
}

// create stores one resource, and fails the test when it can't.
func create[T any](t *testing.T, writer repository.Writer[T], resource T, effects repository.Effects) T {
	t.Helper()
	created, err := writer.Create(t.Context(), repository.Creation[T]{Resource: resource, Effects: effects})
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if len(created) != 1 || created[0].Existed {
		t.Fatalf("Create answered %+v, want one new resource", created)
	}
	return created[0].Resource
}

// createAll stores the resources in one call.
func createAll[T any](t *testing.T, writer repository.Writer[T], resources []T) {
	t.Helper()
	creations := make([]repository.Creation[T], len(resources))
	for i, resource := range resources {
		creations[i].Resource = resource
	}
	if _, err := writer.Create(t.Context(), creations...); err != nil {
		t.Fatalf("Create of %d: %v", len(resources), err)
	}
}

func get[T any](t *testing.T, reader repository.Reader[T], id string) T {
	t.Helper()
	resource, err := reader.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get(%q): %v", id, err)
	}
	return resource
}

func list[T any](t *testing.T, reader repository.Reader[T], query repository.Query) []T {
	t.Helper()
	resources, err := reader.List(t.Context(), query)
	if err != nil {
		t.Fatalf("List(%+v): %v", query, err)
	}
	return resources
}

func update[T any](t *testing.T, writer repository.Writer[T], id string, change func(*T) (repository.Effects, error)) T {
	t.Helper()
	updated, err := writer.Update(t.Context(), id, change)
	if err != nil {
		t.Fatalf("Update(%q): %v", id, err)
	}
	return updated
}

// allEvents reads the whole feed, in pages.
func allEvents(t *testing.T, store repository.Repository) []repository.Event {
	t.Helper()
	var all []repository.Event
	query := repository.Query{Limit: 100}
	for {
		page := list(t, store.Events(), query)
		all = append(all, page...)
		if len(page) < query.Limit {
			return all
		}
		query.After = &repository.Position{ID: page[len(page)-1].ID}
	}
}

// eventKeys are the creation keys of all events, in their order.
func eventKeys(t *testing.T, store repository.Repository) []string {
	t.Helper()
	var keys []string
	for _, event := range allEvents(t, store) {
		keys = append(keys, event.CreationKey)
	}
	return keys
}

func ids[T any](schema repository.Schema[T], resources []T) []string {
	all := make([]string, len(resources))
	for i := range resources {
		all[i] = schema.Header(&resources[i]).ID
	}
	return all
}

// check compares what is with what is wanted. What is empty and what is nil is the same to a store.
func check[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}
