package archive_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/archive"
	"github.com/debriefhq/debrief/cmd/debrief/demo"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/repositorytest"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var end = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func openSQLite(t *testing.T) repository.Repository {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "debrief.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return closedLater(t, store)
}

func openMongoDB(t *testing.T) repository.Repository {
	t.Helper()
	store, err := mongodb.Open(t.Context(), mongodbtest.NewDatabase(t), mongodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return closedLater(t, store)
}

func closedLater(t *testing.T, store repository.Repository) repository.Repository {
	t.Helper()
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return store
}

func export(t *testing.T, store repository.Repository) string {
	t.Helper()
	var text strings.Builder
	if _, err := archive.Write(&text, header, store.Dump(t.Context()), nil); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// importInto brings an archive into a store, and expects that it leaves it as it was there.
func importInto(t *testing.T, store repository.Repository, text string) {
	t.Helper()
	trailer, err := archive.Check(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Load(t.Context(), trailer.SHA256, archive.Documents(strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(text, "\n"), strings.Split(export(t, store), "\n")); diff != "" {
		t.Errorf("-in the archive +in the store\n%.5000s", diff)
	}
}

// TestAYearMovesToMongoDBAndBack moves a year of a company, and one of everything that it does not have, from SQLite to MongoDB, and
// from there into another file: what is kept is the same line by line, and so is what the API answers.
func TestAYearMovesToMongoDBAndBack(t *testing.T) {
	first, second, third := openSQLite(t), openMongoDB(t), openSQLite(t)
	if err := demo.Fill(t.Context(), first, demo.Options{Seed: 1, Incidents: 60, Until: end}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"incidents", "timeline_entries", "post_mortems", "post_mortem_revisions", "action_items", "systems", "mental_models", "events"} {
		if !strings.Contains(export(t, first), `{"kind":"`+kind+`"`) {
			t.Errorf("the year has no %s", kind)
		}
	}
	repositorytest.CreateOneOfEach(t, first)
	text := export(t, first)
	importInto(t, second, text)
	importInto(t, third, export(t, second))
	want := answers(t, first)
	for name, store := range map[string]repository.Repository{"MongoDB": second, "SQLite again": third} {
		if diff := cmp.Diff(want, answers(t, store), protocmp.Transform()); diff != "" {
			t.Errorf("answers: -SQLite +%s\n%.5000s", name, diff)
		}
	}
}

// answers are what the API answers from a store, at the end of the year.
func answers(t *testing.T, store repository.Repository) []proto.Message {
	t.Helper()
	services, err := service.New(service.Options{Repository: store, Now: func() time.Time { return end }})
	if err != nil {
		t.Fatal(err)
	}
	defer services.EndStreams()
	var all []proto.Message
	add := func(answer proto.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, answer)
	}
	ctx := t.Context()
	incidents, err := services.Incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{PageSize: 500, ShowDeleted: true})
	add(incidents, err)
	add(services.Incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{PageSize: 7, OrderBy: "milestones.start_time desc", Filter: "severity = SEV1 OR severity = SEV2"}))
	for _, incident := range incidents.GetIncidents() {
		add(services.Timeline.ListTimelineEntries(ctx, &debriefv1.ListTimelineEntriesRequest{Parent: incident.GetName(), PageSize: 500}))
	}
	postMortems, err := services.PostMortems.ListPostMortems(ctx, &debriefv1.ListPostMortemsRequest{PageSize: 500})
	add(postMortems, err)
	for _, postMortem := range postMortems.GetPostMortems() {
		add(services.PostMortems.ExportPostMortem(ctx, &debriefv1.ExportPostMortemRequest{Name: postMortem.GetName(), Format: debriefv1.ExportFormat_EXPORT_FORMAT_MARKDOWN}))
		add(services.PostMortems.ListPostMortemRevisions(ctx, &debriefv1.ListPostMortemRevisionsRequest{Parent: postMortem.GetName()}))
	}
	add(services.ActionItems.ListActionItems(ctx, &debriefv1.ListActionItemsRequest{PageSize: 500, OrderBy: "due_time"}))
	add(services.Systems.ListSystems(ctx, &debriefv1.ListSystemsRequest{}))
	events := &debriefv1.ListEventsRequest{PageSize: 500}
	for more := true; more; more = events.GetPageToken() != "" {
		page, err := services.Events.ListEvents(ctx, events)
		add(page, err)
		events.PageToken = page.GetNextPageToken()
	}
	return all
}

// TestTheSameYearIsTheSameArchive expects that nothing but the year decides what an archive of it holds.
func TestTheSameYearIsTheSameArchive(t *testing.T) {
	var archives [2]string
	for i := range archives {
		store := openSQLite(t)
		if err := demo.Fill(t.Context(), store, demo.Options{Seed: 2, Incidents: 5, Until: end}); err != nil {
			t.Fatal(err)
		}
		archives[i] = export(t, store)
	}
	if !bytes.Equal([]byte(archives[0]), []byte(archives[1])) {
		t.Error("two archives of the same year differ")
	}
}
