package demo

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// planOpening opens the incident: an alert does, or somebody who noticed.
func (r *response) planOpening() {
	if r.Alert != nil {
		r.alert = r.newFiring(*r.Alert, r.detected)
		r.planAlert(r.alert, func(name string) { r.name = name })
		return
	}
	r.add(r.detected.Add(r.moments(5, 35)), func(ctx context.Context) error {
		person := r.support
		if r.kind() != debriefv1.Incident_KIND_INCIDENT {
			person = r.operations
		}
		incident, err := call(ctx, r.year, person, &debriefv1.CreateIncidentRequest{
			Incident:   &debriefv1.Incident{Title: r.text(r.Title), Kind: r.kind(), Labels: r.labels(), Impact: &debriefv1.Impact{Services: r.Services[:1]}},
			StartTime:  timestamppb.New(r.detected.Add(-r.stretch(r.Started))),
			DetectTime: timestamppb.New(r.detected),
		}, r.services.Incidents.CreateIncident)
		r.name = incident.GetName()
		return err
	})
}

func (r *response) kind() debriefv1.Incident_Kind {
	if r.Kind == "" {
		return debriefv1.Incident_KIND_INCIDENT
	}
	return debriefv1.Incident_Kind(debriefv1.Incident_Kind_value["KIND_"+r.Kind])
}

func (r *response) severity() debriefv1.Severity {
	return debriefv1.Severity(debriefv1.Severity_value["SEVERITY_"+r.Severity])
}

func (r *response) labels() map[string]string {
	return map[string]string{"team": r.Team, "region": r.region, "service": r.Services[0], "environment": "production"}
}

// planBriefing says what it is, how bad, and who is there.
func (r *response) planBriefing(at time.Time) {
	labels := r.labels()
	if r.Alert != nil {
		labels["alertname"], labels["severity"] = r.Alert.Name, alertSeverity[r.Severity]
	}
	briefing := &debriefv1.Incident{
		Title: r.text(r.Title), Summary: r.text(r.Summary), Kind: r.kind(), Severity: r.severity(), Labels: labels,
		Impact: &debriefv1.Impact{Services: r.Services}, Lead: r.lead, Responders: r.responders(),
		Links: []*debriefv1.Link{
			link("Chat channel", "chat.wrenpost.example/incident-%s", r.detected.Format("20060102-1504")),
			link("Dashboard", "graphs.wrenpost.example/d/%s", r.Services[0]),
		},
	}
	r.planUpdate(at, r.lead, briefing, "title", "summary", "kind", "severity", "labels", "impact.services", "lead", "responders", "links")
}

// planImpact says what it did, and to whom, when that is known.
func (r *response) planImpact(at time.Time) {
	if r.Impact == "" {
		return
	}
	impact := &debriefv1.Impact{Summary: r.text(r.Impact)}
	if r.customers > 0 {
		impact.CustomersAffected = new(r.customers)
	}
	r.planUpdate(at, r.communications, &debriefv1.Incident{Impact: impact}, "impact.summary", "impact.customers_affected")
}

func (r *response) planUpdate(at time.Time, actor string, incident *debriefv1.Incident, fields ...string) {
	r.add(at, func(ctx context.Context) error {
		incident.Name = r.name
		_, err := call(ctx, r.year, actor, &debriefv1.UpdateIncidentRequest{
			Incident: incident, UpdateMask: &fieldmaskpb.FieldMask{Paths: fields},
		}, r.services.Incidents.UpdateIncident)
		return err
	})
}

func (r *response) responders() []*debriefv1.Responder {
	responders := []*debriefv1.Responder{
		{Person: r.lead, Role: leadRole},
		{Person: r.operations, Role: operationsRole},
	}
	seen := map[string]bool{}
	for _, moment := range r.Timeline {
		person, role := r.by(moment.By)
		if moment.Anonymous || seen[role] || role == leadRole || role == operationsRole {
			continue
		}
		seen[role] = true
		responders = append(responders, &debriefv1.Responder{Person: person, Role: role})
	}
	return responders
}

// planMoment writes a timeline entry: within minutes, or as late as the story says.
func (r *response) planMoment(told moment) {
	person, role := r.by(told.By)
	occurred := r.at(told.After)
	recorded := occurred.Add(r.moments(20, 200) + r.stretch(told.Late))
	if earliest := r.detected.Add(4 * time.Minute); recorded.Before(earliest) {
		recorded = earliest
	}
	entry := &debriefv1.TimelineEntry{
		Kind:      debriefv1.TimelineEntry_Kind(debriefv1.TimelineEntry_Kind_value["KIND_"+told.Kind]),
		OccurTime: timestamppb.New(occurred), Text: r.text(told.Text), AuthorRole: role, Anonymous: told.Anonymous,
	}
	if told.Anonymous {
		entry.AuthorRole = ""
	}
	if told.Precision > 0 {
		entry.Precision = durationpb.New(told.Precision)
	}
	if told.Excerpt != "" {
		entry.Evidence = []*debriefv1.Evidence{{Title: "As it was logged", Excerpt: r.text(told.Excerpt)}}
	}
	r.add(recorded, func(ctx context.Context) error {
		written, err := call(ctx, r.year, person, &debriefv1.CreateTimelineEntryRequest{Parent: r.name, TimelineEntry: entry}, r.services.Timeline.CreateTimelineEntry)
		entry.Name = written.GetName()
		return err
	})
	if !told.Anonymous && r.random.IntN(12) == 0 {
		r.planAmendment(entry, person, recorded.Add(r.moments(3600, 80_000)))
	}
}

// planAmendment makes an entry more precise on the day after, when somebody has looked at the clock of the chat channel.
func (r *response) planAmendment(entry *debriefv1.TimelineEntry, person string, at time.Time) {
	occurred := entry.GetOccurTime().AsTime().Add(-r.moments(30, 110))
	if occurred.Before(r.detected) {
		return
	}
	r.add(at, func(ctx context.Context) error {
		_, err := call(ctx, r.year, person, &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: &debriefv1.TimelineEntry{
				Name: entry.GetName(), OccurTime: timestamppb.New(occurred),
				Text: entry.GetText() + "\n\nThe time is that of the message in the chat channel.",
			},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"occur_time", "text"}},
		}, r.services.Timeline.UpdateTimelineEntry)
		return err
	})
}
