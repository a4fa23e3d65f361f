package service_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func TestEntriesSayWhenItHappenedAndWhenItWasWritten(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "x").GetName()
		d.advance(time.Hour)
		entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(as(t, "sam"), &debriefv1.CreateTimelineEntryRequest{
			Parent: incident,
			TimelineEntry: &debriefv1.TimelineEntry{
				Kind: debriefv1.TimelineEntry_KIND_ACTION, Text: "Restarted it.", AuthorRole: "operations",
				OccurTime: timestamppb.New(start.Add(10 * time.Minute)), Precision: durationpb.New(5 * time.Minute),
				Evidence: []*debriefv1.Evidence{{Uri: "https://graphs.example.com/1", Title: "Graph", Excerpt: "up"}},
			},
		}))
		want := &debriefv1.TimelineEntry{
			Kind: debriefv1.TimelineEntry_KIND_ACTION, Text: "Restarted it.", Author: "sam", AuthorRole: "operations",
			OccurTime: timestamppb.New(start.Add(10 * time.Minute)), Precision: durationpb.New(5 * time.Minute),
			RecordTime: timestamppb.New(start.Add(time.Hour)), RecordingLag: durationpb.New(50 * time.Minute),
			UpdateTime: timestamppb.New(start.Add(time.Hour)),
			Evidence:   []*debriefv1.Evidence{{Uri: "https://graphs.example.com/1", Title: "Graph", Excerpt: "up"}},
			Source:     debriefv1.TimelineEntry_SOURCE_PERSON, Revision: 1,
		}
		if diff := cmp.Diff(want, entry, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.TimelineEntry{}, "name", "etag")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		wrong := strings.Replace(entry.GetName(), incident, d.open(t, "y").GetName(), 1)
		_, err := d.timeline.GetTimelineEntry(t.Context(), &debriefv1.GetTimelineEntryRequest{Name: wrong})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("reading it as an entry of another incident: %v", err)
		}
	})
}

func TestAmendedEntriesKeepWhatTheySaid(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "x").GetName()
		entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(as(t, "sam"), &debriefv1.CreateTimelineEntryRequest{
			Parent: incident, TimelineEntry: &debriefv1.TimelineEntry{Text: "Restarted A."},
		}))
		d.advance(time.Minute)
		amended := must[*debriefv1.TimelineEntry](t)(d.timeline.UpdateTimelineEntry(as(t, "kim"), &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: &debriefv1.TimelineEntry{Name: entry.GetName(), Text: "Restarted B."},
		}))
		if amended.GetRevision() != 2 || amended.GetText() != "Restarted B." || amended.GetAuthor() != "sam" {
			t.Errorf("amended: %v", amended)
		}
		got := must[*debriefv1.ListTimelineEntryRevisionsResponse](t)(d.timeline.ListTimelineEntryRevisions(t.Context(), &debriefv1.ListTimelineEntryRevisionsRequest{Name: entry.GetName()}))
		revision := func(number int32, text, actor string, after time.Duration) *debriefv1.TimelineEntryRevision {
			return &debriefv1.TimelineEntryRevision{
				Revision: number, Kind: debriefv1.TimelineEntry_KIND_NOTE, OccurTime: timestamppb.New(start),
				Text: text, Actor: actor, ReviseTime: timestamppb.New(start.Add(after)),
			}
		}
		want := []*debriefv1.TimelineEntryRevision{revision(2, "Restarted B.", "kim", time.Minute), revision(1, "Restarted A.", "sam", 0)}
		if diff := cmp.Diff(want, got.GetRevisions(), protocmp.Transform()); diff != "" {
			t.Errorf("revisions (-want +got):\n%s", diff)
		}
	})
}

// TestAnonymousEntriesHoldNobody looks at everything that was stored, not only at what the API shows.
func TestAnonymousEntriesHoldNobody(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const who = "recognisable-person"
		incident := d.open(t, "x").GetName()
		entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(as(t, who), &debriefv1.CreateTimelineEntryRequest{
			Parent: incident, RequestId: "a",
			TimelineEntry: &debriefv1.TimelineEntry{Text: "The runbook was wrong.", Author: who, Anonymous: true},
		}))
		must[*debriefv1.TimelineEntry](t)(d.timeline.UpdateTimelineEntry(as(t, who), &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: &debriefv1.TimelineEntry{Name: entry.GetName(), Text: "The runbook was old."},
		}))
		must[*debriefv1.TimelineEntry](t)(d.timeline.DeleteTimelineEntry(as(t, who), &debriefv1.DeleteTimelineEntryRequest{Name: entry.GetName()}))

		id := incident[len("incidents/"):]
		entries := must[[]repository.TimelineEntry](t)(d.repository.TimelineEntries().List(t.Context(), repository.Query{Parent: id, Visible: repository.Purged, Limit: 100}))
		events := must[[]repository.Event](t)(d.repository.Events().List(t.Context(), repository.Query{Limit: 100}))
		if len(entries) != 2 || len(events) != 4 {
			t.Fatalf("%d entries, %d events", len(entries), len(events))
		}
		stored := must[[]byte](t)(json.Marshal([]any{entries, events}))
		if strings.Contains(string(stored), who) {
			t.Errorf("the store holds who it was: %s", stored)
		}
	})
}

func TestBatchesAreAddedAsAWhole(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "x").GetName()
		request := &debriefv1.BatchCreateTimelineEntriesRequest{Parent: incident, RequestId: "batch-1"}
		for i := range 500 {
			request.Requests = append(request.Requests, &debriefv1.CreateTimelineEntryRequest{TimelineEntry: &debriefv1.TimelineEntry{Text: fmt.Sprint("Entry ", i)}})
		}
		first := must[*debriefv1.BatchCreateTimelineEntriesResponse](t)(d.timeline.BatchCreateTimelineEntries(t.Context(), request))
		d.advance(time.Minute)
		must[*debriefv1.TimelineEntry](t)(d.timeline.UpdateTimelineEntry(t.Context(), &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: &debriefv1.TimelineEntry{Name: first.GetTimelineEntries()[3].GetName(), Text: "Amended."},
		}))
		again := must[*debriefv1.BatchCreateTimelineEntriesResponse](t)(d.timeline.BatchCreateTimelineEntries(t.Context(), request))
		if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
			t.Errorf("the second answer (-first +second):\n%s", diff)
		}
		count := must[int](t)(d.repository.TimelineEntries().Count(t.Context(), repository.Query{Parent: incident[len("incidents/"):], Limit: 1000}))
		if created := d.feed(t, "type = TIMELINE_ENTRY_CREATED"); count != 501 || len(created) != 500 {
			t.Errorf("%d entries, %d events", count, len(created))
		}
		request.RequestId = "batch-2"
		request.Requests[499].TimelineEntry.OccurTime = timestamppb.New(start.Add(time.Hour * 24))
		if _, err := d.timeline.BatchCreateTimelineEntries(t.Context(), request); err == nil {
			t.Error("a batch with an entry in the future was taken")
		}
		if after := must[int](t)(d.repository.TimelineEntries().Count(t.Context(), repository.Query{Parent: incident[len("incidents/"):], Limit: 1000})); after != count {
			t.Errorf("a refused batch left %d entries", after-count)
		}
	})
}

func TestTimelinesAreReadInTheOrderOfWhatHappened(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "x").GetName()
		for _, minutes := range []int{30, 10, 20} {
			must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), &debriefv1.CreateTimelineEntryRequest{Parent: incident, TimelineEntry: &debriefv1.TimelineEntry{
				Text: fmt.Sprint(minutes), OccurTime: timestamppb.New(start.Add(time.Duration(-minutes) * time.Minute)), Kind: debriefv1.TimelineEntry_KIND_ACTION,
			}}))
		}
		list := func(filter, orderBy string) []string {
			page := must[*debriefv1.ListTimelineEntriesResponse](t)(d.timeline.ListTimelineEntries(t.Context(), &debriefv1.ListTimelineEntriesRequest{Parent: incident, Filter: filter, OrderBy: orderBy}))
			var texts []string
			for _, entry := range page.GetTimelineEntries() {
				texts = append(texts, entry.GetText())
			}
			return texts
		}
		if diff := cmp.Diff([]string{"30", "20", "10"}, list("kind = ACTION", "")); diff != "" {
			t.Errorf("by default (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"20", "10", "30"}, list("kind = ACTION", "record_time desc")); diff != "" {
			t.Errorf("by record_time desc (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"30"}, list(fmt.Sprintf("occur_time < %q", start.Add(-25*time.Minute).Format(time.RFC3339)), "")); diff != "" {
			t.Errorf("before (-want +got):\n%s", diff)
		}
	})
}
