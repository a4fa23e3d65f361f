package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestAnIncidentNeedsOnlyATitle(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		created := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(as(t, "sam"), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "Checkout is slow"}, Note: "Seen on the dashboard.",
		}))
		want := &debriefv1.Incident{
			Title:         "Checkout is slow",
			Kind:          debriefv1.Incident_KIND_INCIDENT,
			State:         debriefv1.Incident_STATE_TRIAGE,
			Milestones:    &debriefv1.Milestones{StartTime: timestamppb.New(start), DetectTime: timestamppb.New(start)},
			Origin:        &debriefv1.Origin{Actor: "sam"},
			CreateTime:    timestamppb.New(start),
			UpdateTime:    timestamppb.New(start),
			ReviewClock:   &debriefv1.Clock{State: debriefv1.Clock_STATE_NOT_STARTED, Reason: "the incident is not resolved"},
			FollowUpClock: &debriefv1.Clock{State: debriefv1.Clock_STATE_NOT_STARTED, Reason: "the incident is not resolved"},
		}
		if diff := cmp.Diff(want, created, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Incident{}, "name", "etag")); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		read := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: created.GetName()}))
		if diff := cmp.Diff(created, read, protocmp.Transform()); diff != "" {
			t.Errorf("read (-created +read):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Detected; the incident was opened.\n\nSeen on the dashboard."}, d.entries(t, created.GetName())); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestAnIncidentFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "Checkout is slow").GetName()
		ctx := as(t, "sam")
		d.advance(5 * time.Minute)
		must[*debriefv1.Incident](t)(d.incidents.AcknowledgeIncident(ctx, &debriefv1.AcknowledgeIncidentRequest{Name: name}))
		d.advance(20 * time.Minute)
		must[*debriefv1.Incident](t)(d.incidents.MitigateIncident(ctx, &debriefv1.MitigateIncidentRequest{
			Name: name, Time: timestamppb.New(start.Add(15 * time.Minute)), Note: "Traffic was moved.",
		}))
		d.advance(time.Hour)
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(ctx, &debriefv1.ResolveIncidentRequest{Name: name}))
		closed := must[*debriefv1.Incident](t)(d.incidents.CloseIncident(ctx, &debriefv1.CloseIncidentRequest{Name: name, WaiverReason: "A known one."}))

		at := func(minutes int) *timestamppb.Timestamp {
			return timestamppb.New(start.Add(time.Duration(minutes) * time.Minute))
		}
		want := &debriefv1.Milestones{
			StartTime: at(0), DetectTime: at(0), AcknowledgeTime: at(5), MitigateTime: at(15), ResolveTime: at(85), CloseTime: at(85),
		}
		if diff := cmp.Diff(want, closed.GetMilestones(), protocmp.Transform()); diff != "" {
			t.Errorf("milestones (-want +got):\n%s", diff)
		}
		if closed.GetState() != debriefv1.Incident_STATE_CLOSED || closed.GetWaiverReason() != "A known one." {
			t.Errorf("state %v, waiver %q", closed.GetState(), closed.GetWaiverReason())
		}
		wantEvents := []string{
			"INCIDENT_OPENED", "INCIDENT_ACKNOWLEDGED", "INCIDENT_MITIGATED", "INCIDENT_RESOLVED", "CLOCK_STARTED", "CLOCK_STARTED", "INCIDENT_CLOSED",
		}
		revisions := []int64{1, 2, 3, 4, 4, 4, 5}
		events := d.feed(t, `incident = "`+name+`"`)
		if diff := cmp.Diff(wantEvents, types(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for i, event := range events {
			if event.GetSequence() != int64(i+1) || event.GetResourceRevision() != revisions[i] || (i > 0 && event.GetActor() != "sam") {
				t.Errorf("event %d: %v", i, event)
			}
		}
		wantEntries := []string{
			"Detected; the incident was opened.", "Acknowledged: somebody is on it.",
			"Mitigated: the impact is over.\n\nTraffic was moved.", "Resolved: the system is as it should be.", "Closed.",
		}
		if diff := cmp.Diff(wantEntries, d.entries(t, name)); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestVerbsAreRefusedWhereTheyLeadNowhere(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		future, before := timestamppb.New(start.Add(time.Hour)), timestamppb.New(start.Add(-time.Hour))
		tests := []struct {
			name string
			call func() (*debriefv1.Incident, error)
			want refusal
			more map[string]string
		}{
			{"from a state that does not allow it", func() (*debriefv1.Incident, error) {
				return d.incidents.ReopenIncident(t.Context(), &debriefv1.ReopenIncidentRequest{Name: name})
			}, refusal{Code: codes.FailedPrecondition, Reason: "ILLEGAL_STATE"}, map[string]string{"legal_states": "MITIGATED,RESOLVED,CLOSED", "state": "TRIAGE", "verb": "reopen"}},
			{"before what came before", func() (*debriefv1.Incident, error) {
				return d.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: name, Time: before})
			}, refusal{codes.InvalidArgument, "MILESTONES_OUT_OF_ORDER", []string{"milestones.detect_time", "milestones.acknowledge_time"}}, map[string]string{"earlier": "DETECTED", "later": "ACKNOWLEDGED"}},
			{"in the future", func() (*debriefv1.Incident, error) {
				return d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name, Time: future})
			}, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"time"}}, nil},
			{"with an etag that is not the present one", func() (*debriefv1.Incident, error) {
				return d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name, Etag: "zz"})
			}, refusal{Code: codes.Aborted, Reason: "ETAG_MISMATCH"}, map[string]string{"resource": name}},
			{"on what does not exist", func() (*debriefv1.Incident, error) {
				return d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: "incidents/01JGQ0000000000000000000AA"})
			}, refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND"}, map[string]string{"resource": "incidents/01JGQ0000000000000000000AA"}},
			{"closing before it is resolved", func() (*debriefv1.Incident, error) {
				return d.incidents.CloseIncident(t.Context(), &debriefv1.CloseIncidentRequest{Name: name})
			}, refusal{Code: codes.FailedPrecondition, Reason: "ILLEGAL_STATE"}, map[string]string{"legal_states": "RESOLVED", "state": "TRIAGE", "verb": "close"}},
			{"correcting what was not reached", func() (*debriefv1.Incident, error) {
				return d.incidents.CorrectMilestone(t.Context(), &debriefv1.CorrectMilestoneRequest{Name: name, Milestone: debriefv1.Milestone_MILESTONE_CLOSED, Time: before, Reason: "x"})
			}, refusal{Code: codes.FailedPrecondition, Reason: "MILESTONE_NOT_REACHED"}, nil},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				_, err := test.call()
				got, more := refused(t, err)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.more, more); test.more != nil && diff != "" {
					t.Errorf("metadata (-want +got):\n%s", diff)
				}
			})
		}
		if events := types(d.feed(t, "")); len(events) != 1 {
			t.Errorf("events %v: refused calls must leave none", events)
		}
	})
}

func TestClosingNeedsAPublishedPostMortemOrAWaiver(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name}))
		_, err := d.incidents.CloseIncident(t.Context(), &debriefv1.CloseIncidentRequest{Name: name})
		if got, _ := refused(t, err); got.Reason != "POST_MORTEM_REQUIRED" || got.Code != codes.FailedPrecondition {
			t.Errorf("closing without a post-mortem: %v", err)
		}
		d.publish(t, name)
		closed := must[*debriefv1.Incident](t)(d.incidents.CloseIncident(t.Context(), &debriefv1.CloseIncidentRequest{Name: name}))
		if closed.GetState() != debriefv1.Incident_STATE_CLOSED {
			t.Errorf("state %v", closed.GetState())
		}
	})
}

func TestReopeningClearsMilestonesAndKeepsThem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		resolved := d.advance(time.Minute)
		must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name}))
		reopenTime := d.advance(time.Minute)
		reopened := must[*debriefv1.Incident](t)(d.incidents.ReopenIncident(as(t, "sam"), &debriefv1.ReopenIncidentRequest{Name: name}))
		if reopened.GetState() != debriefv1.Incident_STATE_ACTIVE || reopened.GetMilestones().GetResolveTime() != nil {
			t.Errorf("reopened: %v", reopened)
		}
		want := []*debriefv1.MilestoneChange{{
			Milestone: debriefv1.Milestone_MILESTONE_RESOLVED, PreviousTime: timestamppb.New(resolved),
			Actor: "sam", ChangeTime: timestamppb.New(reopenTime), Reason: "reopened",
		}}
		if diff := cmp.Diff(want, reopened.GetMilestoneChanges(), protocmp.Transform()); diff != "" {
			t.Errorf("milestone changes (-want +got):\n%s", diff)
		}
	})
}

func TestCorrectionsAreKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		d.advance(time.Hour)
		truth := start.Add(-10 * time.Minute)
		request := &debriefv1.CorrectMilestoneRequest{Name: name, Milestone: debriefv1.Milestone_MILESTONE_STARTED, Time: timestamppb.New(truth), Reason: "The graph shows it."}
		corrected := must[*debriefv1.Incident](t)(d.incidents.CorrectMilestone(as(t, "sam"), request))
		want := []*debriefv1.MilestoneChange{{
			Milestone: debriefv1.Milestone_MILESTONE_STARTED, PreviousTime: timestamppb.New(start), NewTime: timestamppb.New(truth),
			Actor: "sam", ChangeTime: timestamppb.New(start.Add(time.Hour)), Reason: "The graph shows it.",
		}}
		if diff := cmp.Diff(want, corrected.GetMilestoneChanges(), protocmp.Transform()); diff != "" {
			t.Errorf("milestone changes (-want +got):\n%s", diff)
		}
		request.Time = timestamppb.New(start.Add(time.Minute))
		_, err := d.incidents.CorrectMilestone(t.Context(), request)
		if got, more := refused(t, err); got.Reason != "MILESTONES_OUT_OF_ORDER" || more["earlier"] != "STARTED" || more["later"] != "DETECTED" {
			t.Errorf("start after detection: %v %v", err, more)
		}
	})
}

func TestUpdatesChangeWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	full := &debriefv1.Incident{
		Title: "Checkout is slow", Summary: "It is.", Severity: debriefv1.Severity_SEVERITY_SEV3, Lead: "sam",
		Labels: map[string]string{"team": "payments"},
		Impact: &debriefv1.Impact{Summary: "Slow.", Services: []string{"checkout"}, CustomersAffected: proto.Int64(0)},
	}
	tests := []struct {
		name   string
		update *debriefv1.Incident
		mask   []string
		want   func(*debriefv1.Incident)
	}{
		{"one field", &debriefv1.Incident{Lead: "kim", Title: "ignored"}, []string{"lead"}, func(i *debriefv1.Incident) { i.Lead = "kim" }},
		{"a field of a field", &debriefv1.Incident{Impact: &debriefv1.Impact{Summary: "Slower."}}, []string{"impact.summary"}, func(i *debriefv1.Incident) { i.Impact.Summary = "Slower." }},
		{"a field in JSON's spelling", &debriefv1.Incident{Impact: &debriefv1.Impact{CustomersAffected: proto.Int64(7)}}, []string{"impact.customersAffected"}, func(i *debriefv1.Incident) { i.Impact.CustomersAffected = proto.Int64(7) }},
		{"a field to nothing", &debriefv1.Incident{}, []string{"lead", "labels"}, func(i *debriefv1.Incident) { i.Lead, i.Labels = "", nil }},
		{"what is set, without a mask", &debriefv1.Incident{Severity: debriefv1.Severity_SEVERITY_SEV1}, nil, func(i *debriefv1.Incident) { i.Severity = debriefv1.Severity_SEVERITY_SEV1 }},
		{"everything", &debriefv1.Incident{Title: "New"}, []string{"*"}, func(i *debriefv1.Incident) {
			i.Title, i.Summary, i.Severity, i.Lead, i.Labels, i.Impact = "New", "", 0, "", nil, nil
		}},
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				before := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: full}))
				request := &debriefv1.UpdateIncidentRequest{Incident: proto.CloneOf(test.update), UpdateMask: &fieldmaskpb.FieldMask{Paths: test.mask}}
				request.Incident.Name, request.Incident.Etag = before.GetName(), before.GetEtag()
				want := proto.CloneOf(before)
				test.want(want)
				got := must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), request))
				if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Incident{}, "etag", "update_time")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got.GetEtag() == before.GetEtag() {
					t.Error("the etag did not change")
				}
				_, err := d.incidents.UpdateIncident(t.Context(), request)
				if got, _ := refused(t, err); got.Reason != "ETAG_MISMATCH" {
					t.Errorf("the same etag again: %v", err)
				}
			})
		}
	})
}

func TestUpdatesOfWhatIsNotForCallersAreRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "x")
		for _, path := range []string{"state", "milestones", "milestones.start_time", "create_time", "colour", "impact.colour", "labels.team"} {
			_, err := d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{
				Incident: &debriefv1.Incident{Name: incident.GetName(), Title: "y"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title", path}},
			})
			got, _ := refused(t, err)
			if diff := cmp.Diff(refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"update_mask"}}, got); diff != "" {
				t.Errorf("mask %s (-want +got):\n%s", path, diff)
			}
		}
		read := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: incident.GetName()}))
		if diff := cmp.Diff(incident, read, protocmp.Transform()); diff != "" {
			t.Errorf("refused updates left a trace (-want +got):\n%s", diff)
		}
	})
}

func TestEventsSayWhatChanged(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "x").GetName()
		long := string(make([]byte, 300))
		must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{
			Name: name, Severity: debriefv1.Severity_SEVERITY_SEV2, Summary: long, Labels: map[string]string{"a": "b"},
		}}))
		must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: name, Severity: debriefv1.Severity_SEVERITY_SEV2}}))
		updates := d.feed(t, "type = INCIDENT_UPDATED")
		if len(updates) != 1 {
			t.Fatalf("%d events: an update that changes nothing must tell nothing", len(updates))
		}
		want := []*debriefv1.FieldChange{{Field: "summary"}, {Field: "severity", After: "SEV2"}, {Field: "labels"}}
		if diff := cmp.Diff(want, updates[0].GetChanges(), protocmp.Transform()); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	})
}

func TestValidateOnlyStoresNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		preview := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}, ValidateOnly: true}))
		if preview.GetTitle() != "x" || preview.GetName() != "" {
			t.Errorf("preview %v", preview)
		}
		incident := d.open(t, "y")
		changed := must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{
			Incident: &debriefv1.Incident{Name: incident.GetName(), Title: "z"}, ValidateOnly: true,
		}))
		page := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{}))
		if changed.GetTitle() != "z" || len(page.GetIncidents()) != 1 || page.GetIncidents()[0].GetTitle() != "y" {
			t.Errorf("changed %v, stored %v", changed, page)
		}
	})
}
