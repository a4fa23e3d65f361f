package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// entries are the summaries and the beginnings of what a calendar has.
func calendarEntries(t *testing.T, d *debrief) []string {
	t.Helper()
	body := must[*httpbody.HttpBody](t)(d.clocks.GetCalendar(t.Context(), &debriefv1.GetCalendarRequest{}))
	if got, want := body.GetContentType(), "text/calendar; charset=utf-8"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	var entries []string
	var summary string
	for line := range strings.SplitSeq(string(body.GetData()), "\r\n") {
		if text, ok := strings.CutPrefix(line, "SUMMARY:"); ok {
			summary = text
		}
		if text, ok := strings.CutPrefix(line, "DTSTART:"); ok {
			entries = append(entries, text+" "+summary)
		}
	}
	return entries
}

func TestTheCalendarHasWhatIsDue(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.open(t, "Open")
		name := d.resolved(t, "Checkout is down").GetName()
		waived := d.resolved(t, "Known").GetName()
		for _, clockType := range []debriefv1.ClockType{review, followUp} {
			must[*debriefv1.Incident](t)(d.incidents.WaiveIncidentClock(t.Context(), &debriefv1.WaiveIncidentClockRequest{Name: waived, ClockType: clockType, Reason: "Known."}))
		}
		p := d.covering(t, name)
		must[*debriefv1.PostMortem](t)(d.postMortems.SchedulePostMortem(t.Context(), &debriefv1.SchedulePostMortemRequest{
			Name: p.GetName(), ReviewTime: timestamppb.New(start.Add(5 * time.Hour)),
		}))
		item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Bound the queue", PostMortem: p.GetName(), DueTime: timestamppb.New(start.Add(48 * time.Hour))},
		}))
		d.advance(30 * time.Hour)
		want := []string{
			"20260314T140000Z Review: Checkout is down",
			"20260315T090000Z Review due: Checkout is down", "20260315T090000Z Follow-up due: Checkout is down",
			"20260316T090000Z Action due: Bound the queue",
		}
		if diff := cmp.Diff(want, calendarEntries(t, d)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		d.readRules(t, p.GetName())
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: p.GetName()}))
		must[*debriefv1.ActionItem](t)(d.actionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item.GetName(), Owner: "kim", FirstStep: "Measure."}))
		must[*debriefv1.ActionItem](t)(d.actionItems.CompleteActionItem(t.Context(), &debriefv1.CompleteActionItemRequest{Name: item.GetName()}))
		if diff := cmp.Diff(want[:1], calendarEntries(t, d)); diff != "" {
			t.Errorf("when all is done (-want +got):\n%s", diff)
		}
	})
}
