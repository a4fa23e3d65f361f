package service

import (
	"cmp"
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

const exercise = "EXERCISE"

// counts are the domain's metrics. Exercises are never in them.
type counts struct {
	incidentsOpened   metric.Int64Counter
	incidentsResolved metric.Int64Counter
	incidentsClosed   metric.Int64Counter
	reviewsStarted    metric.Int64Counter
	published         metric.Int64Counter
	alerts            metric.Int64Counter
	rejected          metric.Int64Counter
	clockChanges      metric.Int64Counter
	refusals          metric.Int64Counter
}

func newCounts(provider metric.MeterProvider) (*counts, error) {
	if provider == nil {
		provider = noop.NewMeterProvider()
	}
	meter := provider.Meter("github.com/debriefhq/debrief/service")
	c := &counts{}
	var errs []error
	for _, counter := range []struct {
		to                      *metric.Int64Counter
		name, unit, description string
	}{
		{&c.incidentsOpened, "debrief.incidents.opened", "{incident}", "Incidents and near misses that were opened, by kind, severity and origin."},
		{&c.incidentsResolved, "debrief.incidents.resolved", "{incident}", "Incidents and near misses that were resolved, by kind and severity."},
		{&c.incidentsClosed, "debrief.incidents.closed", "{incident}", "Incidents and near misses that were closed, by kind and severity."},
		{&c.reviewsStarted, "debrief.post_mortems.reviewed", "{post_mortem}", "Post-mortem reviews that were started."},
		{&c.published, "debrief.post_mortems.published", "{revision}", "Revisions of post-mortems that were published."},
		{&c.alerts, "debrief.alerts.received", "{alert}", "Alerts that were taken in, by source and status."},
		{&c.clockChanges, "debrief.clock.changes", "{change}", "Changes of the clocks of incidents and near misses, by clock and the state that they led to."},
		{&c.rejected, "debrief.deliveries.rejected", "{delivery}", "Deliveries of alerting systems that made no sense, by source."},
		{&c.refusals, "debrief.calls.refused", "{call}", "Calls, and deliveries of alerts, that were refused because of who called, by reason."},
	} {
		made, err := meter.Int64Counter(counter.name, metric.WithUnit(counter.unit), metric.WithDescription(counter.description))
		*counter.to = made
		errs = append(errs, err)
	}
	return c, errors.Join(errs...)
}

func (c *counts) opened(ctx context.Context, incident repository.Incident) {
	origin := "person"
	if len(incident.Origin.Alerts) > 0 {
		origin = "alert"
	}
	if incident.Kind != exercise {
		c.incidentsOpened.Add(ctx, 1, ofIncident(incident, attribute.String("origin", origin)))
	}
}

// changed counts what an event tells of an incident.
func (c *counts) changed(ctx context.Context, eventType string, incident repository.Incident) {
	if incident.Kind == exercise {
		return
	}
	switch eventType {
	case resolveIncident.event:
		c.incidentsResolved.Add(ctx, 1, ofIncident(incident))
	case closeIncident.event:
		c.incidentsClosed.Add(ctx, 1, ofIncident(incident))
	}
}

func (c *counts) clocksChanged(ctx context.Context, incident repository.Incident, changes []clockChange) {
	if incident.Kind == exercise {
		return
	}
	for _, change := range changes {
		c.clockChanges.Add(ctx, 1, metric.WithAttributes(attribute.String("clock", change.kind.String()), attribute.String("state", change.State.String())))
	}
}

func (c *counts) reviewed(ctx context.Context, eventType string) {
	switch eventType {
	case "POST_MORTEM_REVIEW_STARTED":
		c.reviewsStarted.Add(ctx, 1)
	case "POST_MORTEM_PUBLISHED":
		c.published.Add(ctx, 1)
	}
}

// refused counts a call, or a delivery, that was refused because of who called.
func (c *counts) refused(ctx context.Context, reason string) {
	c.refusals.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
}

func ofIncident(incident repository.Incident, more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(more, attribute.String("kind", incident.Kind), attribute.String("severity", cmp.Or(incident.Severity, "UNSPECIFIED")))...)
}

func (c *counts) received(ctx context.Context, delivery intake.Delivery) {
	for _, status := range []intake.Status{intake.Firing, intake.Resolved} {
		count := 0
		for _, alert := range delivery.Alerts {
			if alert.Status == status {
				count++
			}
		}
		c.alerts.Add(ctx, int64(count), metric.WithAttributes(attribute.String("source", delivery.Source), attribute.String("status", string(status))))
	}
}

func (c *counts) reject(ctx context.Context, source string) {
	c.rejected.Add(ctx, 1, metric.WithAttributes(attribute.String("source", source)))
}
