package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// response is how one incident is told: who is there, and what they do when.
type response struct {
	*year
	*story
	cast
	setting

	echoes   int
	detected time.Time
	// pace stretches the story's durations.
	pace float64
	// customers is how many were affected; 0: nobody knows.
	customers int64
	// alert is the one that opens the incident, if one does.
	alert firing
	// name is the incident's, once it is open.
	name string
	// postMortem and factors are known once there are some.
	postMortem string
	factors    map[string]string
}

func (y *year) newResponse(told chosen, detected time.Time) *response {
	r := &response{
		year: y, story: told.story, cast: newCast(y.random, told.Team), setting: newSetting(y.random),
		echoes: told.echoes, detected: detected, pace: 0.75 + y.random.Float64()/2, factors: map[string]string{},
	}
	if told.Customers > 0 {
		r.customers = int64(float64(told.Customers) * (0.6 + 0.8*y.random.Float64()))
	}
	return r
}

// stretch is a duration of the story at the pace of this response, to the second.
func (r *response) stretch(d time.Duration) time.Duration {
	return time.Duration(float64(d) * r.pace).Truncate(time.Second)
}

// at is a moment of the story.
func (r *response) at(after time.Duration) time.Time { return r.detected.Add(r.stretch(after)) }

// moments is a number of seconds that people take.
func (r *response) moments(from, to int) time.Duration {
	return time.Duration(from+r.random.IntN(to-from+1)) * time.Second
}

func (r *response) text(text string) string { return r.words.Replace(text) }

func (r *response) add(at time.Time, do func(context.Context) error) {
	r.agenda.add(at, r.Name, do)
}

// plan puts everything that happens in this incident on the agenda.
func (r *response) plan() {
	r.planOpening()
	if r.Acknowledged > 0 {
		r.planTurn(r.at(r.Acknowledged), r.operations, "", acknowledge)
		r.planBriefing(r.at(r.Acknowledged).Add(r.moments(100, 160)))
	}
	for i := range r.echoes {
		r.planEcho(i)
	}
	for _, moment := range r.Timeline {
		r.planMoment(moment)
	}
	r.planCourse()
	r.planEnd()
}

// planCourse is the way of the incident from state to state.
func (r *response) planCourse() {
	if r.Mitigated != nil {
		r.planTurn(r.at(r.Mitigated.After), r.operations, r.Mitigated.Note, mitigate)
	}
	if r.Resolved != nil {
		r.planTurn(r.at(r.Resolved.After), r.lead, r.Resolved.Note, resolve)
		r.planImpact(r.at(r.Resolved.After).Add(r.moments(200, 900)))
	}
	if r.Canceled != nil {
		r.planTurn(r.at(r.Canceled.After), r.lead, r.Canceled.Note, cancel)
	}
	if again := r.Reopened; again != nil {
		r.planTurn(r.at(again.After), r.operations, again.Note, reopen)
		r.planTurn(r.at(again.After+again.Mitigated.After), r.operations, again.Mitigated.Note, mitigate)
		r.planTurn(r.at(again.After+again.Resolved.After), r.lead, again.Resolved.Note, resolve)
	}
	if r.Alert != nil {
		r.planAlertEnd()
	}
	r.planCorrections()
}

// over is when the incident was resolved for good.
func (r *response) over() time.Time {
	switch {
	case r.Reopened != nil:
		return r.at(r.Reopened.After + r.Reopened.Resolved.After)
	case r.Resolved != nil:
		return r.at(r.Resolved.After)
	case r.Canceled != nil:
		return r.at(r.Canceled.After)
	default:
		return r.at(r.Resolves)
	}
}

// turning makes the call of a verb.
type turning func(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error)

// planTurn changes the incident's state. People say so a little later than it was.
func (r *response) planTurn(at time.Time, actor, note string, verb turning) {
	r.add(at.Add(r.moments(5, 40)), func(ctx context.Context) error {
		_, err := verb(ctx, r, actor, timestamppb.New(at), r.text(note))
		return err
	})
}

func acknowledge(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error) {
	return call(ctx, r.year, actor, &debriefv1.AcknowledgeIncidentRequest{Name: r.name, Time: at, Note: note}, r.services.Incidents.AcknowledgeIncident)
}

func mitigate(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error) {
	return call(ctx, r.year, actor, &debriefv1.MitigateIncidentRequest{Name: r.name, Time: at, Note: note}, r.services.Incidents.MitigateIncident)
}

func resolve(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error) {
	return call(ctx, r.year, actor, &debriefv1.ResolveIncidentRequest{Name: r.name, Time: at, Note: note}, r.services.Incidents.ResolveIncident)
}

func reopen(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error) {
	return call(ctx, r.year, actor, &debriefv1.ReopenIncidentRequest{Name: r.name, Time: at, Note: note}, r.services.Incidents.ReopenIncident)
}

func cancel(ctx context.Context, r *response, actor string, at *timestamppb.Timestamp, note string) (*debriefv1.Incident, error) {
	return call(ctx, r.year, actor, &debriefv1.CancelIncidentRequest{Name: r.name, Time: at, Note: note}, r.services.Incidents.CancelIncident)
}

// planCorrections are made when people look at the graphs again.
func (r *response) planCorrections() {
	started := r.detected.Add(-r.stretch(r.Started))
	if r.Alert != nil && r.Started > 0 && r.Review != nil {
		r.planCorrection(r.over().Add(-r.moments(60, 120)), debriefv1.Milestone_MILESTONE_STARTED, started,
			"The graphs show that it began before the alert fired.")
	}
	if r.Correction == nil {
		return
	}
	milestone, was := debriefv1.Milestone_MILESTONE_STARTED, started
	if r.Correction.Milestone == "MITIGATED" {
		milestone, was = debriefv1.Milestone_MILESTONE_MITIGATED, r.at(r.Mitigated.After)
	}
	r.planCorrection(r.at(r.Correction.After), milestone, was.Add(r.stretch(r.Correction.Shift)), r.Correction.Reason)
}

func (r *response) planCorrection(at time.Time, milestone debriefv1.Milestone, to time.Time, reason string) {
	r.add(at, func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.lead, &debriefv1.CorrectMilestoneRequest{
			Name: r.name, Milestone: milestone, Time: timestamppb.New(to), Reason: r.text(reason),
		}, r.services.Incidents.CorrectMilestone)
		return err
	})
}

// planEnd is what follows when it is over: a post-mortem, or a reason for none, and what is done.
func (r *response) planEnd() {
	if r.Canceled != nil {
		return
	}
	if r.Review != nil {
		r.planReview()
		return
	}
	if r.Acknowledged == 0 {
		r.planBriefing(r.over().Add(r.moments(900, 9000)))
	}
	for _, action := range r.Actions {
		r.planAction(action, r.over().Add(r.moments(600, 20_000)))
	}
	if r.random.IntN(10) > 0 {
		r.planClosing(workday(r.over().Add(r.moments(3000, 200_000)), 9+r.random.IntN(8)), r.Waiver)
	}
}

// planClosing ends the work, with a reason why there is no post-mortem. One of another incident may have covered it
// meanwhile, whose publication has closed it.
func (r *response) planClosing(at time.Time, waiver string) {
	r.add(at, func(ctx context.Context) error {
		present, err := call(ctx, r.year, r.lead, &debriefv1.GetIncidentRequest{Name: r.name}, r.services.Incidents.GetIncident)
		if err != nil || present.GetState() == debriefv1.Incident_STATE_CLOSED {
			return err
		}
		_, err = call(ctx, r.year, r.lead, &debriefv1.CloseIncidentRequest{Name: r.name, WaiverReason: r.text(waiver)}, r.services.Incidents.CloseIncident)
		return err
	})
}

// link leads to a page of Wrenpost's, which does not exist (RFC 2606).
func link(title, format string, arguments ...any) *debriefv1.Link {
	return &debriefv1.Link{Title: title, Uri: "https://" + fmt.Sprintf(format, arguments...)}
}
