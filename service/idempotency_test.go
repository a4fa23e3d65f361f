package service_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestTheSameRequestCreatesOnceAndIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}, RequestId: "once"}
		first := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), request))
		d.advance(time.Minute)
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: first.GetName()}))
		must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: first.GetName(), Title: "y"}}))
		again := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), request))
		if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
			t.Errorf("the second answer (-first +second):\n%s", diff)
		}
		request.Incident.Title = "z"
		_, err := d.incidents.CreateIncident(t.Context(), request)
		if diff := cmp.Diff(refusal{codes.InvalidArgument, "REQUEST_ID_REUSED", []string{"request_id"}}, first1(refused(t, err))); diff != "" {
			t.Errorf("another request with the same id (-want +got):\n%s", diff)
		}
		if opened := d.feed(t, "type = INCIDENT_OPENED"); len(opened) != 1 {
			t.Errorf("%d incidents were opened", len(opened))
		}
	})
}

// TestACreationIsKnownForAsLongAsWhatItCreatedIsStored repeats it after many other requests, and after the incident was deleted.
func TestACreationIsKnownForAsLongAsWhatItCreatedIsStored(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}, RequestId: "once"}
		first := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), request))
		for number := range 2 * latestRequests {
			d.correct(t, first.GetName(), number)
		}
		check := func(when string) {
			t.Helper()
			again := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), request))
			if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
				t.Errorf("%s it is answered differently (-first +again):\n%s", when, diff)
			}
			if opened := d.feed(t, "type = INCIDENT_OPENED"); len(opened) != 1 {
				t.Errorf("%s there are %d incidents", when, len(opened))
			}
		}
		check("after many others")
		must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: first.GetName()}))
		d.advance(24 * time.Hour)
		check("when it is deleted")
	})
}

func first1[A, B any](a A, _ B) A { return a }

func TestConcurrentRepetitionsCreateOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const callers = 16
		answers := make([]*debriefv1.Incident, callers)
		errs := make([]error, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				answers[i], errs[i] = d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}, RequestId: "at-once"})
			})
		}
		group.Wait()
		for i := range callers {
			if errs[i] != nil {
				t.Fatalf("caller %d: %v", i, errs[i])
			}
			if diff := cmp.Diff(answers[0], answers[i], protocmp.Transform()); diff != "" {
				t.Errorf("caller %d was answered differently:\n%s", i, diff)
			}
		}
		if opened := d.feed(t, "type = INCIDENT_OPENED"); len(opened) != 1 {
			t.Errorf("%d incidents were opened", len(opened))
		}
	})
}

func TestVerbsAreSafeToRepeat(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		request := &debriefv1.ResolveIncidentRequest{Name: name, RequestId: "resolve-1", Note: "Done."}
		first := must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), request))
		d.advance(time.Minute)
		again := must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), request))
		// Time does not stand still for clocks.
		if diff := cmp.Diff(first, again, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Clock{}, "remaining")); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
		if entries := d.entries(t, name); len(entries) != 2 {
			t.Errorf("timeline %q", entries)
		}
	})
}

// latestRequests is how many of them a resource knows, as docs/guarantees.md says.
const latestRequests = 16

// correct says that an incident began so many minutes earlier.
func (d *debrief) correct(t *testing.T, name string, minutes int) *debriefv1.Incident {
	t.Helper()
	return must[*debriefv1.Incident](t)(d.incidents.CorrectMilestone(t.Context(), &debriefv1.CorrectMilestoneRequest{
		Name: name, RequestId: fmt.Sprint("correct-", minutes), Milestone: debriefv1.Milestone_MILESTONE_STARTED,
		Time: timestamppb.New(start.Add(-time.Duration(minutes+1) * time.Minute)), Reason: "The graphs say so.",
	}))
}

// TestVerbsAreSafeToRepeatAfterOthers repeats a verb after others: after fifteen it is known still, after sixteen it is not.
func TestVerbsAreSafeToRepeatAfterOthers(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		acknowledge := &debriefv1.AcknowledgeIncidentRequest{Name: name, RequestId: "acknowledge"}
		must[*debriefv1.Incident](t)(d.incidents.AcknowledgeIncident(t.Context(), acknowledge))
		var last *debriefv1.Incident
		for number := range latestRequests - 1 {
			last = d.correct(t, name, number)
		}
		entries := d.entries(t, name)
		again := must[*debriefv1.Incident](t)(d.incidents.AcknowledgeIncident(t.Context(), acknowledge))
		if diff := cmp.Diff(last, again, protocmp.Transform()); diff != "" {
			t.Errorf("after fifteen others it changes something (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(entries, d.entries(t, name)); diff != "" {
			t.Errorf("the timeline (-before +after):\n%s", diff)
		}
		d.correct(t, name, latestRequests)
		_, err := d.incidents.AcknowledgeIncident(t.Context(), acknowledge)
		wantRefusal(t, err, codes.FailedPrecondition, "ILLEGAL_STATE")
	})
}

func TestOfConcurrentVerbsOneWins(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		const callers = 16
		errs := make([]error, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				_, errs[i] = d.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: name})
			})
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if got, _ := refused(t, err); got.Reason != "ILLEGAL_STATE" {
				t.Errorf("a loser was told %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d callers acknowledged it", won)
		}
		if events := d.feed(t, "type = INCIDENT_ACKNOWLEDGED"); len(events) != 1 {
			t.Errorf("%d events tell of it", len(events))
		}
	})
}
