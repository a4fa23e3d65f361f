package demo_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/demo"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var end = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func open(t *testing.T) repository.Repository {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "demo.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return store
}

func fill(t *testing.T, seed uint64, incidents int) repository.Repository {
	t.Helper()
	store := open(t)
	if err := demo.Fill(t.Context(), store, demo.Options{Seed: seed, Incidents: incidents, Until: end}); err != nil {
		t.Fatal(err)
	}
	return store
}

// all reads everything of a collection.
func all[T any](t *testing.T, schema repository.Schema[T], reader repository.Reader[T], parent string) []T {
	t.Helper()
	query := repository.Query{Parent: parent, Visible: repository.Deleted, Limit: 500}
	var found []T
	for {
		page, err := reader.List(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, page...)
		if len(page) < query.Limit {
			return found
		}
		position := schema.Position(query, &page[len(page)-1])
		query.After = &position
	}
}

func incidents(t *testing.T, store repository.Repository) []repository.Incident {
	t.Helper()
	return all(t, repository.IncidentSchema, store.Incidents(), "")
}

// entries are the timeline entries of all incidents.
func entries(t *testing.T, store repository.Repository) []repository.TimelineEntry {
	t.Helper()
	var found []repository.TimelineEntry
	for _, incident := range incidents(t, store) {
		found = append(found, all(t, repository.TimelineEntrySchema, store.TimelineEntries(), incident.ID)...)
	}
	return found
}

// contents is everything that a store holds.
type contents struct {
	Incidents   []repository.Incident
	Entries     []repository.TimelineEntry
	PostMortems []repository.PostMortem
	Actions     []repository.ActionItem
	Models      []repository.MentalModel
	Events      []repository.Event
}

func read(t *testing.T, store repository.Repository) contents {
	t.Helper()
	return contents{
		Incidents:   incidents(t, store),
		Entries:     entries(t, store),
		PostMortems: all(t, repository.PostMortemSchema, store.PostMortems(), ""),
		Actions:     all(t, repository.ActionItemSchema, store.ActionItems(), ""),
		Models:      all(t, repository.MentalModelSchema, store.MentalModels(), ""),
		Events:      all(t, repository.EventSchema, store.Events(), ""),
	}
}

func TestTheSameSeedTellsTheSameYear(t *testing.T) {
	first, second := read(t, fill(t, 7, 15)), read(t, fill(t, 7, 15))
	if difference := cmp.Diff(first, second); difference != "" {
		t.Errorf("two years of one seed differ (-first +second):\n%s", difference)
	}
	other := read(t, fill(t, 8, 15))
	if cmp.Equal(first.Incidents, other.Incidents) {
		t.Error("another seed told the same year")
	}
}

func TestAYearHasAsManyIncidentsAsAskedFor(t *testing.T) {
	for _, count := range []int{1, 2, 10} {
		store := open(t)
		steps, last := 0, [2]int{}
		err := demo.Fill(t.Context(), store, demo.Options{Seed: 1, Incidents: count, Until: end, Progress: func(done, total int) {
			steps++
			last = [2]int{done, total}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(incidents(t, store)); got != count {
			t.Errorf("asked for %d incidents: got %d", count, got)
		}
		if want := [2]int{steps, steps}; last != want {
			t.Errorf("the last progress was %v: want %v", last, want)
		}
	}
}

func TestAYear(t *testing.T) {
	store := fill(t, 1, 150)
	told := read(t, store)
	t.Run("has all sorts of things", func(t *testing.T) { hasAllSortsOfThings(t, told) })
	t.Run("does not tell who wrote anonymously", func(t *testing.T) { tellsNoAnonymousAuthor(t, told) })
	t.Run("is a feed without a gap that goes forward in time", func(t *testing.T) { goesForwardInTimeWithoutAGap(t, told.Events) })
	t.Run("keeps to the contract", func(t *testing.T) { keepsToTheContract(t, store) })
}

func hasAllSortsOfThings(t *testing.T, told contents) {
	t.Helper()
	found := map[string]int{}
	for _, incident := range told.Incidents {
		found["incident "+incident.State]++
		found["incident "+incident.Kind]++
		found["severity "+incident.Severity]++
		for _, change := range incident.MilestoneChanges {
			if change.Reason == "reopened" {
				found["incident reopened"]++
			} else {
				found["milestone corrected"]++
			}
		}
		if incident.WaiverReason != "" {
			found["incident waived"]++
		}
	}
	for _, entry := range told.Entries {
		found["entry "+entry.Kind]++
		found["entry by "+entry.Source]++
		if entry.Anonymous {
			found["entry anonymous"]++
		}
		if entry.Precision > 0 {
			found["entry give or take"]++
		}
		if entry.CreateTime.Sub(entry.OccurTime) > 10*time.Hour {
			found["entry late"]++
		}
		if len(entry.Past) > 0 {
			found["entry amended"]++
		}
	}
	for _, postMortem := range told.PostMortems {
		found["post-mortem "+postMortem.State]++
		if postMortem.LatestRevision > 1 {
			found["post-mortem published again"]++
		}
		if len(postMortem.Incidents) > 1 {
			found["post-mortem of several incidents"]++
		}
	}
	for _, model := range told.Models {
		for _, gap := range model.Gaps {
			found["gap "+gap.Surprise]++
		}
	}
	for _, item := range told.Actions {
		found["action "+item.State]++
		found["action "+item.Strength]++
		if item.Predecessor != "" {
			found["action successor"]++
		}
		if (item.State == "OPEN" || item.State == "IN_PROGRESS") && item.DueTime.Before(end) {
			found["action overdue"]++
		}
	}
	for _, want := range []string{
		"incident TRIAGE", "incident ACTIVE", "incident RESOLVED", "incident CLOSED", "incident CANCELED", "incident MERGED",
		"incident INCIDENT", "incident NEAR_MISS", "incident EXERCISE", "incident reopened", "milestone corrected", "incident waived",
		"severity SEV1", "severity SEV2", "severity SEV3", "severity SEV4", "severity SEV5",
		"entry DETECTION", "entry DIAGNOSIS", "entry ACTION", "entry REPAIR", "entry COMMUNICATION", "entry ALERT", "entry KEY_MOMENT", "entry NOTE",
		"entry by PERSON", "entry by INCIDENT_CHANGE", "entry by ALERT", "entry anonymous", "entry give or take", "entry late", "entry amended",
		"post-mortem PUBLISHED", "post-mortem ARCHIVED", "post-mortem published again", "post-mortem of several incidents",
		"gap ", "gap FUNDAMENTAL",
		"action OPEN", "action IN_PROGRESS", "action DONE", "action VERIFIED", "action INEFFECTIVE", "action DROPPED",
		"action STRONGER", "action INTERMEDIATE", "action WEAKER", "action successor", "action overdue",
	} {
		if found[want] == 0 {
			t.Errorf("the year has no %s; it has %v", want, found)
		}
	}
}

func tellsNoAnonymousAuthor(t *testing.T, told contents) {
	t.Helper()
	byResource := map[string]repository.Event{}
	for _, event := range told.Events {
		byResource[event.Resource] = event
	}
	for _, entry := range told.Entries {
		if !entry.Anonymous {
			continue
		}
		event := byResource["incidents/"+entry.Parent+"/timelineEntries/"+entry.ID]
		if entry.Author != "" || entry.AuthorRole != "" || entry.Actor != "" || event.Actor != "" {
			t.Errorf("%s tells who wrote it: %+v, %+v", entry.ID, entry, event)
		}
	}
}

func goesForwardInTimeWithoutAGap(t *testing.T, events []repository.Event) {
	t.Helper()
	for i, event := range events {
		if event.Sequence() != int64(i+1) {
			t.Fatalf("event %d has the sequence %d", i+1, event.Sequence())
		}
		if i > 0 && event.Time.Before(events[i-1].Time) {
			t.Errorf("event %d, of %s, comes after one of %s", i+1, event.Time, events[i-1].Time)
		}
		if event.Time.After(end) {
			t.Errorf("event %d is of %s: after the end", i+1, event.Time)
		}
	}
}

func keepsToTheContract(t *testing.T, store repository.Repository) {
	t.Helper()
	services, err := service.New(service.Options{Repository: store})
	if err != nil {
		t.Fatal(err)
	}
	check := func(document proto.Message) {
		if err := protovalidate.Validate(document); err != nil {
			t.Errorf("%v: %v", document, err)
		}
	}
	listed, err := services.Incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{PageSize: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, incident := range listed.GetIncidents() {
		check(incident)
		timeline, err := services.Timeline.ListTimelineEntries(t.Context(), &debriefv1.ListTimelineEntriesRequest{Parent: incident.GetName(), PageSize: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range timeline.GetTimelineEntries() {
			check(entry)
		}
	}
	postMortems, err := services.PostMortems.ListPostMortems(t.Context(), &debriefv1.ListPostMortemsRequest{PageSize: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, postMortem := range postMortems.GetPostMortems() {
		check(postMortem)
	}
	items, err := services.ActionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{PageSize: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items.GetActionItems() {
		check(item)
	}
	if slices.Contains([]int{len(listed.GetIncidents()), len(postMortems.GetPostMortems()), len(items.GetActionItems())}, 0) {
		t.Error("nothing was listed")
	}
}

func TestOnlyAnEmptyStoreIsEmpty(t *testing.T) {
	if err := demo.CheckEmpty(t.Context(), open(t)); err != nil {
		t.Errorf("a new store: %v", err)
	}
	if err := demo.CheckEmpty(t.Context(), fill(t, 1, 1)); !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("a store with one incident: got %v, want %v", err, demo.ErrNotEmpty)
	}
}

func TestTheNumberOfIncidentsHasBounds(t *testing.T) {
	store := open(t)
	for _, count := range []int{-1, 0, demo.MaxIncidents + 1} {
		if err := demo.Fill(t.Context(), store, demo.Options{Incidents: count, Until: end}); err == nil {
			t.Errorf("%d incidents were accepted", count)
		}
	}
	if err := demo.CheckEmpty(t.Context(), store); err != nil {
		t.Errorf("after refusing: %v", err)
	}
}
