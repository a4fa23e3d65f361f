package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// Alerts implements AlertService.
type Alerts struct {
	debriefv1.UnimplementedAlertServiceServer
	*base
}

var alertFields = fieldsOf(repository.AlertSchema, map[string]protoreflect.EnumDescriptor{
	"status":   debriefv1.Alert_Status(0).Descriptor(),
	"severity": debriefv1.Severity(0).Descriptor(),
	"noise":    debriefv1.Alert_Noise(0).Descriptor(),
	"outcome":  debriefv1.AlertRule_Outcome(0).Descriptor(),
})

// GetAlert reads an alert.
func (s *Alerts) GetAlert(ctx context.Context, request *debriefv1.GetAlertRequest) (*debriefv1.Alert, error) {
	alert, err := get(ctx, s.repository.Alerts(), request.GetName())
	if err != nil {
		return nil, err
	}
	return keptAlertToProto(alert), nil
}

// ListAlerts reads a page of alerts.
func (s *Alerts) ListAlerts(ctx context.Context, request *debriefv1.ListAlertsRequest) (*debriefv1.ListAlertsResponse, error) {
	list := listing[repository.Alert]{
		schema: repository.AlertSchema, reader: s.repository.Alerts(), fields: alertFields,
		orders: []string{"create_time", "start_time", "update_time"}, byID: "create_time",
	}
	alerts, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListAlertsResponse{Alerts: each(alerts, keptAlertToProto), NextPageToken: token}, nil
}

// MarkAlert says what an alert was worth.
func (s *Alerts) MarkAlert(ctx context.Context, request *debriefv1.MarkAlertRequest) (*debriefv1.Alert, error) {
	asked := update{name: request.GetName(), requestID: request.GetRequestId()}
	alert, err := apply(ctx, s.base, repository.AlertSchema, s.repository.Alerts(), asked,
		func(alert *repository.Alert, now time.Time) (repository.Effects, error) {
			before := keptAlertToProto(*alert)
			alert.Noise, alert.NoiseReason = nameOf(request.GetNoise()), request.GetReason()
			return s.updated(ctx, "ALERT_MARKED", request.GetName(), alert.Incident, alert.Revision+1, now, before, keptAlertToProto(*alert))
		})
	if err != nil {
		return nil, err
	}
	return keptAlertToProto(alert), nil
}

// ExplainAlert says why an alert went where it went.
func (s *Alerts) ExplainAlert(ctx context.Context, request *debriefv1.ExplainAlertRequest) (*debriefv1.AlertExplanation, error) {
	alert, err := get(ctx, s.repository.Alerts(), request.GetName())
	if err != nil {
		return nil, err
	}
	explanation := &debriefv1.AlertExplanation{
		Alert:         alertName(alert.ID),
		Integration:   alert.Integration,
		Steps:         each(alert.Steps, alertStepToProto),
		Rule:          alert.Rule,
		Outcome:       valueOf[debriefv1.AlertRule_Outcome](cmp.Or(alert.Outcome, string(rules.OutcomeOpen))),
		Group:         alert.Group,
		Incident:      alert.Incident,
		Deduplication: deduplication(alert),
	}
	explanation.Text = explained(alert, explanation.GetDeduplication())
	return explanation, nil
}

func alertStepToProto(step repository.AlertStep) *debriefv1.AlertExplanation_Step {
	return &debriefv1.AlertExplanation_Step{Rule: step.Rule, Matched: step.Matched, Text: step.Text}
}

// deduplication says by what repetitions are told from what is new.
func deduplication(alert repository.Alert) string {
	by := fmt.Sprintf("the fingerprint %q and when it began to fire, as %s says", alert.Fingerprint, alert.Source)
	if alert.InSeries {
		by = fmt.Sprintf("the fingerprint %q: what is said of it belongs to one episode until it is resolved", alert.Fingerprint)
	}
	return fmt.Sprintf("Notifications of one episode are told by %s. %d arrived.", by, alert.NotificationCount)
}

// explained is all that is known of the way of an alert, in a paragraph.
func explained(alert repository.Alert, deduplication string) string {
	through := "without a key"
	if alert.Integration != "" {
		through = "through " + alert.Integration
	}
	said := []string{fmt.Sprintf("The alert came from %s %s.", alert.Source, through)}
	if len(alert.Steps) == 0 {
		said = append(said, "No rule was asked, so it opens an incident.")
	}
	for _, step := range alert.Steps {
		said = append(said, step.Text)
	}
	switch grouped := alert.GroupKey != ""; {
	case alert.Incident != "" && grouped:
		said = append(said, fmt.Sprintf("With its group it is part of %s.", alert.Incident))
	case alert.Incident != "":
		said = append(said, fmt.Sprintf("It opened %s.", alert.Incident))
	case grouped:
		said = append(said, "It waits for others of its group, and is part of no incident.")
	default:
		said = append(said, "It is part of no incident.")
	}
	return strings.Join(append(said, deduplication), " ")
}

const (
	qualityPeriod    = 30 * 24 * time.Hour
	maxQualityPeriod = 366 * 24 * time.Hour
	// maxCounted bounds each count, integrationsAtOnce how many integrations are read at once.
	maxCounted         = 1_000_000
	integrationsAtOnce = 500
)

// GetAlertQuality counts the alerts of each source, and how many of them were noise.
func (s *Alerts) GetAlertQuality(ctx context.Context, request *debriefv1.GetAlertQualityRequest) (*debriefv1.AlertQuality, error) {
	since, until, err := s.qualityPeriod(request)
	if err != nil {
		return nil, err
	}
	within := repository.IDRange{From: lowestID(since.UnixMilli()), Before: lowestID(until.UnixMilli())}
	sources, err := s.qualitySources(ctx)
	if err != nil {
		return nil, err
	}
	quality := &debriefv1.AlertQuality{StartTime: timeToProto(since), EndTime: timeToProto(until)}
	counted, err := concurrently(ctx, sources, func(ctx context.Context, source qualitySource) (*debriefv1.AlertQuality_SourceQuality, error) {
		return s.qualityOf(ctx, source, within)
	})
	if err != nil {
		return nil, err
	}
	for _, one := range counted {
		if one.GetAlertCount() == 0 {
			continue
		}
		quality.Sources = append(quality.Sources, one)
		quality.Capped = quality.GetCapped() || one.GetAlertCount() >= maxCounted
	}
	slices.SortStableFunc(quality.GetSources(), func(a, b *debriefv1.AlertQuality_SourceQuality) int { return int(noiseOf(b) - noiseOf(a)) })
	return quality, nil
}

func noiseOf(quality *debriefv1.AlertQuality_SourceQuality) int64 {
	return quality.GetFalsePositiveCount() + quality.GetNotActionableCount() + quality.GetLackingDetailCount()
}

func (s *Alerts) qualityPeriod(request *debriefv1.GetAlertQualityRequest) (since, until time.Time, err error) {
	until = s.present()
	if request.GetEndTime() != nil {
		if until, err = readTime("end_time", request.GetEndTime()); err != nil {
			return since, until, err
		}
	}
	since = until.Add(-qualityPeriod)
	if request.GetStartTime() != nil {
		if since, err = readTime("start_time", request.GetStartTime()); err != nil {
			return since, until, err
		}
	}
	if !since.Before(until) || until.Sub(since) > maxQualityPeriod {
		return since, until, invalid("start_time", "must be before end_time, and at most 366 days")
	}
	return since, until, nil
}

// qualitySource is a source that is counted by itself: an integration, or an intake without a key.
type qualitySource struct{ integration, source string }

func (s *Alerts) qualitySources(ctx context.Context) ([]qualitySource, error) {
	var sources []qualitySource
	for _, adapter := range adapters {
		sources = append(sources, qualitySource{source: adapter.Source})
	}
	query := repository.Query{Visible: repository.Deleted, Limit: integrationsAtOnce}
	for found, err := range everyPage(ctx, repository.IntegrationSchema, s.repository.Integrations(), query) {
		if err != nil {
			return nil, err
		}
		for _, integration := range found {
			source := strings.ToLower(integration.Kind)
			if adapter, known := adapterOfKind(integration.Kind); known {
				source = adapter.Source
			}
			sources = append(sources, qualitySource{integrationName(integration.ID), source})
		}
	}
	return sources, nil
}

func (s *Alerts) qualityOf(ctx context.Context, source qualitySource, within repository.IDRange) (*debriefv1.AlertQuality_SourceQuality, error) {
	of := repository.And{within, repository.TermIn{repository.Term("source", source.source)}}
	if source.integration == "" {
		of = append(of, repository.Not{Condition: repository.AnyTerm("integration")})
	} else {
		of = repository.And{within, repository.TermIn{repository.Term("integration", source.integration)}}
	}
	quality := &debriefv1.AlertQuality_SourceQuality{Integration: source.integration, Source: source.source}
	noise := func(kind string) repository.Condition { return repository.TermIn{repository.Term("noise", kind)} }
	for _, count := range []struct {
		to    *int64
		which repository.Condition
	}{
		{&quality.AlertCount, nil},
		{&quality.IncidentAlertCount, repository.AnyTerm("incident")},
		{&quality.FalsePositiveCount, noise("FALSE_POSITIVE")},
		{&quality.NotActionableCount, noise("NOT_ACTIONABLE")},
		{&quality.LackingDetailCount, noise("LACKING_DETAIL")},
	} {
		where := slices.Clone(of)
		if count.which != nil {
			where = append(where, count.which)
		}
		counted, err := s.repository.Alerts().Count(ctx, repository.Query{Where: where, Limit: maxCounted})
		if err != nil {
			return nil, err
		}
		if *count.to = int64(counted); quality.GetAlertCount() == 0 {
			return quality, nil
		}
	}
	return quality, nil
}
