package service

import (
	"context"
	"slices"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake/rules"
)

const (
	// maxSamples is at how many alerts a test of rules looks, sampledAtOnce how many are read at once, maxExamples how many it
	// names for each rule.
	maxSamples    = 10_000
	sampledAtOnce = 500
	maxExamples   = 10
	defaultPeriod = 7 * 24 * time.Hour
)

// TestAlertRules says what other rules would have made of the alerts of the last days.
func (s *Integrations) TestAlertRules(ctx context.Context, request *debriefv1.TestAlertRulesRequest) (*debriefv1.TestAlertRulesResponse, error) {
	integration, err := get(ctx, s.repository.Integrations(), request.GetName())
	if err != nil {
		return nil, err
	}
	if len(request.GetRules()) > 0 {
		integration.Rules = each(request.GetRules(), alertRuleFromProto)
	}
	if found := ruleViolations("", integration); len(found) > 0 {
		return nil, &invalidError{Violations: found}
	}
	engine, err := rules.New(ruleSet(integration))
	if err != nil {
		return nil, err
	}
	period := defaultPeriod
	if request.GetPeriod() != nil {
		period = request.GetPeriod().AsDuration()
	}
	alerts, truncated, err := s.sampled(ctx, request.GetName(), s.present().Add(-period))
	if err != nil {
		return nil, err
	}
	report, err := engine.DryRun(ctx, each(alerts, sample))
	if err != nil {
		return nil, err
	}
	answer := effectsOf(integration.Rules, report)
	answer.Truncated = truncated
	answer.ActualIncidentCount = incidentsOf(alerts)
	return answer, nil
}

// sampled are the newest alerts of an integration since a time, the newest first.
func (s *Integrations) sampled(ctx context.Context, integration string, since time.Time) (alerts []repository.Alert, truncated bool, err error) {
	query := repository.Query{
		Where: repository.And{
			repository.IDRange{From: lowestID(since.UnixMilli())},
			repository.TermIn{repository.Term("integration", integration)},
		},
		Descending: true, Limit: sampledAtOnce,
	}
	for page, err := range everyPage(ctx, repository.AlertSchema, s.repository.Alerts(), query) {
		if err != nil {
			return nil, false, err
		}
		if alerts = append(alerts, page...); len(alerts) > maxSamples {
			break
		}
	}
	return alerts[:min(len(alerts), maxSamples)], len(alerts) > maxSamples, nil
}

func sample(alert repository.Alert) rules.Sample {
	return rules.Sample{ID: alert.ID, Time: alert.CreateTime, Alert: rules.Alert{
		Source: alert.Source, Integration: lastID(alert.Integration), Status: "FIRING", Title: alert.Title, Summary: alert.Summary,
		Severity: alert.SenderSeverity, Labels: alert.Labels, Annotations: alert.Annotations, Fingerprint: alert.Fingerprint, StartTime: alert.StartTime,
	}}
}

func incidentsOf(alerts []repository.Alert) int32 {
	incidents := map[string]bool{}
	for _, alert := range alerts {
		if alert.Incident != "" {
			incidents[alert.Incident] = true
		}
	}
	return int32(len(incidents))
}

// effectsOf counts what rules would have done, rule by rule, and then what none would have decided on.
func effectsOf(set []repository.AlertRule, report rules.Report) *debriefv1.TestAlertRulesResponse {
	answer := &debriefv1.TestAlertRulesResponse{AlertCount: int32(len(report.Results)), IncidentCount: int32(report.Total.Opened)}
	places := map[string]int{}
	for i, rule := range set {
		places[rule.Title] = i
		answer.Effects = append(answer.Effects, &debriefv1.TestAlertRulesResponse_RuleEffect{
			Rule: rule.Title, Outcome: valueOf[debriefv1.AlertRule_Outcome](rule.Outcome),
		})
	}
	undecided := &debriefv1.TestAlertRulesResponse_RuleEffect{Outcome: debriefv1.AlertRule_OUTCOME_OPEN}
	for _, result := range slices.Backward(report.Results) {
		effect := undecided
		if result.Decision.Rule != "" {
			effect = answer.GetEffects()[places[result.Decision.Rule]]
		} else if result.Decision.Maintenance != "" {
			continue
		}
		effect.AlertCount++
		if result.Opens {
			effect.IncidentCount++
		}
		if len(effect.GetExamples()) < maxExamples {
			effect.Examples = append(effect.Examples, alertName(result.ID))
		}
	}
	if undecided.GetAlertCount() > 0 {
		answer.Effects = append(answer.Effects, undecided)
	}
	return answer
}
