package service_test

import (
	"fmt"
	"slices"
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
	"github.com/debriefhq/debrief/service"
	clockpkg "github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/intake"
)

const (
	review   = debriefv1.ClockType_CLOCK_TYPE_REVIEW
	followUp = debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP
)

// get reads an incident.
func (d *debrief) get(t *testing.T, name string) *debriefv1.Incident {
	t.Helper()
	return must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: name}))
}

// resolved opens an incident and resolves it.
func (d *debrief) resolved(t *testing.T, title string) *debriefv1.Incident {
	t.Helper()
	return must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: d.open(t, title).GetName()}))
}

// covering is a post-mortem that covers an incident.
func (d *debrief) covering(t *testing.T, incidents ...string) *debriefv1.PostMortem {
	t.Helper()
	return must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
		PostMortem: &debriefv1.PostMortem{Incidents: incidents},
	}))
}

// tell tells what time has done.
func (d *debrief) tell(t *testing.T) time.Time {
	t.Helper()
	return must[time.Time](t)(d.services.Tell(t.Context()))
}

// clockFeed is what the feed tells of clocks: the clock, how it changed, and when, counted from the start.
func (d *debrief) clockFeed(t *testing.T) []string {
	t.Helper()
	var told []string
	for _, event := range d.feed(t, "") {
		if !strings.HasPrefix(event.GetType().String(), "TYPE_CLOCK_") {
			continue
		}
		change := event.GetChanges()[0]
		told = append(told, fmt.Sprintf("%s %s %s→%s %v", strings.TrimPrefix(event.GetType().String(), "TYPE_CLOCK_"),
			strings.TrimSuffix(change.GetField(), "_clock.state"), change.GetBefore(), change.GetAfter(), event.GetTime().AsTime().Sub(start)))
	}
	return told
}

// inState are the titles of the incidents of which the filter holds.
func (d *debrief) inState(t *testing.T, filter string) []string {
	t.Helper()
	var titles []string
	for _, incident := range must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{Filter: filter, OrderBy: "create_time"})).GetIncidents() {
		titles = append(titles, incident.GetTitle())
	}
	return titles
}

func TestClocksRunFromTheResolution(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name}))
		d.advance(17 * time.Hour)
		at := func(hours int) *timestamppb.Timestamp {
			return timestamppb.New(start.Add(time.Duration(hours) * time.Hour))
		}
		want := &debriefv1.Clock{
			State: debriefv1.Clock_STATE_RUNNING, AnchorTime: at(0), DueTime: at(24), AtRiskTime: at(18), Remaining: durationpb.New(7 * time.Hour),
		}
		incident := d.get(t, name)
		for _, got := range []*debriefv1.Clock{incident.GetReviewClock(), incident.GetFollowUpClock()} {
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		d.advance(8 * time.Hour)
		if got := d.get(t, name).GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_BREACHED || got.GetRemaining().AsDuration() != -time.Hour {
			t.Errorf("after 25 hours: %v", got)
		}
	})
}

// TestListsFindClocksByWhatTheyShowNow asks at several times, between which nothing is written.
func TestListsFindClocksByWhatTheyShowNow(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.open(t, "open")
		d.resolved(t, "running")
		paused := d.resolved(t, "paused").GetName()
		must[*debriefv1.Incident](t)(d.incidents.PauseIncidentClock(t.Context(), &debriefv1.PauseIncidentClockRequest{
			Name: paused, ClockType: review, Reason: "The database team is away.", UntilTime: timestamppb.New(start.Add(4 * time.Hour)),
		}))
		waived := d.resolved(t, "waived").GetName()
		must[*debriefv1.Incident](t)(d.incidents.WaiveIncidentClock(t.Context(), &debriefv1.WaiveIncidentClockRequest{
			Name: waived, ClockType: review, Reason: "Known.", UntilTime: timestamppb.New(start.Add(30 * time.Hour)),
		}))
		must[*debriefv1.Incident](t)(d.incidents.CancelIncident(t.Context(), &debriefv1.CancelIncidentRequest{Name: d.open(t, "canceled").GetName()}))
		d.startReview(t, d.resolved(t, "met").GetName())
		for _, test := range []struct {
			hours  int
			filter string
			want   []string
		}{
			{0, "reviewClock.state = RUNNING", []string{"running"}},
			{0, "review_clock.state = STATE_PAUSED", []string{"paused"}},
			{0, "review_clock.state = WAIVED", []string{"waived", "canceled"}},
			{0, "review_clock.state = NOT_STARTED", []string{"open"}},
			{0, "review_clock.state = MET", []string{"met"}},
			{0, "review_clock.state = BREACHED", nil},
			{0, "follow_up_clock.state = RUNNING", []string{"running", "paused", "waived", "met"}},
			{0, "review_clock.state:*", []string{"open", "running", "paused", "waived", "canceled", "met"}},
			{4, "review_clock.state = RUNNING", []string{"running", "paused"}},
			{18, "review_clock.state = AT_RISK", []string{"running"}},
			{18, "review_clock.state = AT_RISK OR review_clock.state = WAIVED", []string{"running", "waived", "canceled"}},
			{24, "reviewClock.state = BREACHED", []string{"running"}},
			{24, "review_clock.state != BREACHED", []string{"open", "paused", "waived", "canceled", "met"}},
			{24, "NOT review_clock.state = BREACHED AND review_clock.state = AT_RISK", []string{"paused"}},
			{29, `review_clock.due_time >= "2026-03-15T13:00:00Z"`, []string{"paused"}},
			{30, "review_clock.state = BREACHED", []string{"running", "paused", "waived"}},
			{30, "review_clock.state = MET AND state = RESOLVED", []string{"met"}},
		} {
			d.advance(start.Add(time.Duration(test.hours) * time.Hour).Sub(d.now()))
			if diff := cmp.Diff(test.want, d.inState(t, test.filter)); diff != "" {
				t.Errorf("after %d hours: %s (-want +got):\n%s", test.hours, test.filter, diff)
			}
		}
		order := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{OrderBy: "reviewClock.due_time desc", PageSize: 1}))
		if got := order.GetIncidents()[0].GetTitle(); got != "paused" {
			t.Errorf("the last that is due is %q", got)
		}
	})
}

// startReview holds the review of a post-mortem that covers an incident.
func (d *debrief) startReview(t *testing.T, incident string) *debriefv1.PostMortem {
	t.Helper()
	name := d.covering(t, incident).GetName()
	d.readRules(t, name)
	return must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: name}))
}

func TestToHaveLearnedAndHaveNothingToDoIsAValidOutcome(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		p := d.startReview(t, name)
		d.advance(time.Hour)
		must[*debriefv1.PostMortem](t)(d.postMortems.ConcludePostMortemReview(t.Context(), &debriefv1.ConcludePostMortemReviewRequest{
			Name: p.GetName(), Conclusion: debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO,
		}))
		followUp := d.get(t, name).GetFollowUpClock()
		if followUp.GetState() != debriefv1.Clock_STATE_MET || followUp.GetReason() != "the review concluded that there is nothing to do" {
			t.Errorf("follow-up: %v", followUp)
		}
	})
}

func TestWhatMeetsTheClocksIsTold(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		d.advance(2 * time.Hour)
		p := d.startReview(t, name)
		item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Bound the queue", PostMortem: p.GetName()},
		}))
		d.advance(23 * time.Hour)
		d.tell(t)
		must[*debriefv1.ActionItem](t)(d.actionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item.GetName(), Owner: "sam", FirstStep: "Measure."}))
		incident := d.get(t, name)
		if got := incident.GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_MET || got.GetReason() != "a review was held" || got.GetLate() != nil {
			t.Errorf("review: %v", got)
		}
		if got := incident.GetFollowUpClock(); got.GetState() != debriefv1.Clock_STATE_MET || got.GetLate().AsDuration() != time.Hour || !strings.HasSuffix(got.GetReason(), item.GetName()) {
			t.Errorf("follow-up: %v", got)
		}
		want := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
			"MET review RUNNING→MET 2h0m0s",
			"AT_RISK follow_up RUNNING→AT_RISK 18h0m0s", "BREACHED follow_up AT_RISK→BREACHED 24h0m0s",
			"MET follow_up BREACHED→MET 25h0m0s",
		}
		if diff := cmp.Diff(want, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAnIncidentThatIsAddedToAReviewIsReviewed(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		first, second := d.resolved(t, "first").GetName(), d.resolved(t, "second").GetName()
		p := d.startReview(t, first)
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: p.GetName(), Incidents: []string{first, second}},
		}))
		if got := d.inState(t, "review_clock.state = MET"); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("met: %v", got)
		}
	})
}

func TestReopeningResetsTheClocks(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		d.startReview(t, name)
		d.advance(25 * time.Hour)
		reopened := must[*debriefv1.Incident](t)(d.incidents.ReopenIncident(t.Context(), &debriefv1.ReopenIncidentRequest{Name: name}))
		var history []string
		for _, record := range reopened.GetClockHistory() {
			history = append(history, record.GetClockType().String()+" "+record.GetClock().GetState().String())
		}
		if diff := cmp.Diff([]string{"CLOCK_TYPE_REVIEW STATE_MET", "CLOCK_TYPE_FOLLOW_UP STATE_BREACHED"}, history); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		d.advance(time.Hour)
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name}))
		if got := d.get(t, name).GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_RUNNING || got.GetRemaining().AsDuration() != 24*time.Hour {
			t.Errorf("in the new round: %v", got)
		}
		want := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s", "MET review RUNNING→MET 0s",
			"AT_RISK follow_up RUNNING→AT_RISK 18h0m0s", "BREACHED follow_up AT_RISK→BREACHED 24h0m0s",
			"RESET review MET→NOT_STARTED 25h0m0s", "RESET follow_up BREACHED→NOT_STARTED 25h0m0s",
			"STARTED review NOT_STARTED→RUNNING 26h0m0s", "STARTED follow_up NOT_STARTED→RUNNING 26h0m0s",
		}
		if diff := cmp.Diff(want, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestACorrectedMilestoneMovesTheClocks(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		opened := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "x"}, DetectTime: timestamppb.New(start.Add(-3 * time.Hour)),
		}))
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: opened.GetName()}))
		corrected := must[*debriefv1.Incident](t)(d.incidents.CorrectMilestone(t.Context(), &debriefv1.CorrectMilestoneRequest{
			Name: opened.GetName(), Milestone: debriefv1.Milestone_MILESTONE_RESOLVED, Time: timestamppb.New(start.Add(-time.Hour)), Reason: "The graph says so.",
		}))
		if due := corrected.GetReviewClock().GetDueTime().AsTime(); !due.Equal(start.Add(23 * time.Hour)) {
			t.Errorf("it is due at %v", due)
		}
	})
}

func TestASeverityHasItsPolicy(t *testing.T) {
	t.Parallel()
	policies := must[clockpkg.Policies](t)(clockpkg.ParsePolicies([]byte("clocks: {review: {SEV1: {length: 12h}, SEV5: {off: true}}, follow_up: {SEV1: {anchor: DETECTED, length: 36h, at_risk: 0}}}")))
	onEachStoreWith(t, service.Options{ClockPolicies: policies}, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		update := func(severity debriefv1.Severity) *debriefv1.Incident {
			return must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: name, Severity: severity}}))
		}
		if due := update(debriefv1.Severity_SEVERITY_SEV1).GetReviewClock().GetDueTime().AsTime(); !due.Equal(start.Add(12 * time.Hour)) {
			t.Errorf("SEV1 is due at %v", due)
		}
		if got := update(debriefv1.Severity_SEVERITY_SEV5).GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_NOT_STARTED || got.GetReason() != clockpkg.ReasonOff {
			t.Errorf("SEV5: %v", got)
		}
		opened := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "detected", Severity: debriefv1.Severity_SEVERITY_SEV1},
		}))
		if got := opened.GetFollowUpClock(); got.GetState() != debriefv1.Clock_STATE_RUNNING || got.GetAtRiskTime() != nil {
			t.Errorf("a clock that runs from the detection: %v", got)
		}
		listed := must[*debriefv1.ListClockPoliciesResponse](t)(d.clocks.ListClockPolicies(t.Context(), &debriefv1.ListClockPoliciesRequest{})).GetClockPolicies()
		if len(listed) != 12 {
			t.Fatalf("%d policies", len(listed))
		}
		want := &debriefv1.ClockPolicy{
			ClockType: followUp, Severity: debriefv1.Severity_SEVERITY_SEV1, Length: durationpb.New(36 * time.Hour), Anchor: debriefv1.ClockPolicy_ANCHOR_DETECTED,
		}
		if diff := cmp.Diff(want, listed[6], protocmp.Transform()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestPausesAndWaiversEnd(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		ctx := as(t, "kim")
		d.advance(2 * time.Hour)
		paused := must[*debriefv1.Incident](t)(d.incidents.PauseIncidentClock(ctx, &debriefv1.PauseIncidentClockRequest{
			Name: name, ClockType: review, Reason: "The vendor is asked.", UntilTime: timestamppb.New(start.Add(12 * time.Hour)), RequestId: "pause-1",
		})).GetReviewClock()
		want := &debriefv1.Clock{
			State: debriefv1.Clock_STATE_PAUSED, AnchorTime: timestamppb.New(start), DueTime: timestamppb.New(start.Add(34 * time.Hour)),
			AtRiskTime: timestamppb.New(start.Add(28 * time.Hour)), Remaining: durationpb.New(22 * time.Hour),
			Reason: "The vendor is asked.", UntilTime: timestamppb.New(start.Add(12 * time.Hour)),
		}
		if diff := cmp.Diff(want, paused, protocmp.Transform()); diff != "" {
			t.Errorf("paused (-want +got):\n%s", diff)
		}
		must[*debriefv1.Incident](t)(d.incidents.WaiveIncidentClock(ctx, &debriefv1.WaiveIncidentClockRequest{Name: name, ClockType: followUp, Reason: "Known."}))
		d.advance(11 * time.Hour)
		d.tell(t)
		resumed := must[*debriefv1.Incident](t)(d.incidents.ResumeIncidentClock(ctx, &debriefv1.ResumeIncidentClockRequest{Name: name, ClockType: followUp}))
		if got := resumed.GetFollowUpClock().GetState(); got != debriefv1.Clock_STATE_RUNNING {
			t.Errorf("resumed: %v", got)
		}
		wantFeed := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
			"PAUSED review RUNNING→PAUSED 2h0m0s", "WAIVED follow_up RUNNING→WAIVED 2h0m0s",
			"RESUMED review PAUSED→RUNNING 12h0m0s", "RESUMED follow_up WAIVED→RUNNING 13h0m0s",
		}
		if diff := cmp.Diff(wantFeed, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		by := map[string]string{}
		for _, event := range d.feed(t, "type = CLOCK_RESUMED") {
			by[event.GetChanges()[0].GetField()] = event.GetActor()
		}
		if diff := cmp.Diff(map[string]string{"review_clock.state": "", "follow_up_clock.state": "kim"}, by); diff != "" {
			t.Errorf("who resumed (-want +got):\n%s", diff)
		}
	})
}

func TestClockVerbsAreRefusedWhereTheyMakeNoSense(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name, canceled := d.resolved(t, "x").GetName(), d.open(t, "none").GetName()
		must[*debriefv1.Incident](t)(d.incidents.CancelIncident(t.Context(), &debriefv1.CancelIncidentRequest{Name: canceled}))
		pause := func(name string, until *timestamppb.Timestamp) error {
			_, err := d.incidents.PauseIncidentClock(t.Context(), &debriefv1.PauseIncidentClockRequest{Name: name, ClockType: review, Reason: "Because.", UntilTime: until})
			return err
		}
		resume := func(name string) error {
			_, err := d.incidents.ResumeIncidentClock(t.Context(), &debriefv1.ResumeIncidentClockRequest{Name: name, ClockType: review})
			return err
		}
		for _, test := range []struct {
			name string
			call func() error
			want refusal
		}{
			{"resume what runs", func() error { return resume(name) }, refusal{codes.FailedPrecondition, "ILLEGAL_CLOCK_STATE", nil}},
			{"resume what is over", func() error { return resume(canceled) }, refusal{codes.FailedPrecondition, "INCIDENT_OVER", nil}},
			{"pause what is waived", func() error { return pause(canceled, nil) }, refusal{codes.FailedPrecondition, "ILLEGAL_CLOCK_STATE", nil}},
			{"pause until before", func() error { return pause(name, timestamppb.New(start)) }, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"until_time"}}},
		} {
			got, _ := refused(t, test.call())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
		for range repository.MaxClockHolds {
			if err := pause(name, nil); err != nil {
				t.Fatal(err)
			}
			if err := resume(name); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := refused(t, pause(name, nil)); got.Reason != "TOO_MANY_CHANGES" {
			t.Errorf("one pause too many: %v", got)
		}
	})
}

func TestAnIncidentOfAnEarlierVersionStartsItsClocksWithItsNextChange(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := repository.Incident{
			Header: repository.Header{ID: "01KKNS5TM000000KXW464E7N8C", CreateTime: start, UpdateTime: start},
			Title:  "old", Kind: "INCIDENT", State: "RESOLVED",
			Milestones: repository.Milestones{StartTime: start, DetectTime: start, ResolveTime: start},
		}
		if _, err := d.repository.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: incident}); err != nil {
			t.Fatal(err)
		}
		name := "incidents/" + incident.ID
		if got := d.get(t, name).GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_NOT_STARTED || !strings.Contains(got.GetReason(), "next change") {
			t.Errorf("before: %v", got)
		}
		d.advance(time.Hour)
		changed := must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: name, Title: "known"}}))
		if got := changed.GetReviewClock(); got.GetState() != debriefv1.Clock_STATE_RUNNING || got.GetRemaining().AsDuration() != 23*time.Hour {
			t.Errorf("after: %v", got)
		}
	})
}

// TestAlertsThatResolveIncidentsStartClocks looks at what no person does.
func TestAlertsThatResolveIncidentsStartClocks(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.deliver(t, anAlert("f1", intake.Firing))
		d.deliver(t, anAlert("f1", intake.Resolved))
		d.deliver(t, anAlert("f2", intake.Resolved))
		if got := d.inState(t, "review_clock.state = RUNNING AND follow_up_clock.state = RUNNING"); len(got) != 2 {
			t.Errorf("the clocks run of %v", got)
		}
	})
}
