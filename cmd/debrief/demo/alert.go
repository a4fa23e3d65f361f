package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/intake"
)

// alertSeverity is what the alert rules of Wrenpost say for a severity.
var alertSeverity = map[string]string{"SEV1": "critical", "SEV2": "critical", "SEV3": "error", "SEV4": "warning", "SEV5": "info"}

// firing is an alert that fires.
type firing struct {
	labels, annotations map[string]string
	fingerprint         string
	began               time.Time
}

// webhook is the message of Prometheus Alertmanager, version 4.
// Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type webhook struct {
	Version     string         `json:"version"`
	GroupKey    string         `json:"groupKey"`
	Status      string         `json:"status"`
	Receiver    string         `json:"receiver"`
	ExternalURL string         `json:"externalURL"`
	Alerts      []webhookAlert `json:"alerts"`
}

type webhookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

func (r *response) newFiring(rule alarm, began time.Time) firing {
	service := rule.Service
	if service == "" {
		service = r.Services[0]
	}
	return firing{
		labels: map[string]string{
			"alertname": rule.Name, "severity": alertSeverity[r.Severity], "service": service,
			"team": r.Team, "region": r.region, "environment": "production",
		},
		annotations: map[string]string{"summary": r.text(rule.Summary), "dashboard": "https://graphs.wrenpost.example/d/" + service},
		fingerprint: fmt.Sprintf("%016x", r.random.Uint64()),
		began:       began,
	}
}

// planAlert has an alert open an incident. Wrenpost has a pair of Alertmanagers, so that now and then both tell of it.
func (r *response) planAlert(alert firing, opened func(name string)) {
	arrived := alert.began.Add(r.moments(5, 35))
	r.add(arrived, func(ctx context.Context) error {
		if err := r.deliver(ctx, alert, time.Time{}); err != nil {
			return err
		}
		name, err := r.find(ctx, alert)
		opened(name)
		return err
	})
	if r.random.IntN(4) == 0 {
		r.planDelivery(arrived.Add(r.moments(1, 8)), alert, time.Time{})
	}
}

func (r *response) planDelivery(at time.Time, alert firing, ended time.Time) {
	r.add(at, func(ctx context.Context) error { return r.deliver(ctx, alert, ended) })
}

// planAlertEnd has the alert go on until it is over, told again every four hours, and then stop.
func (r *response) planAlertEnd() {
	ends := r.at(r.Resolves)
	if r.Resolves == 0 {
		ends = r.firstEnd().Add(r.moments(60, 240))
	}
	for again := r.detected.Add(4 * time.Hour); again.Before(ends); again = again.Add(4 * time.Hour) {
		r.planDelivery(again, r.alert, time.Time{})
	}
	r.planDelivery(ends.Add(r.moments(5, 35)), r.alert, ends)
}

// firstEnd is when people said for the first time that it was over.
func (r *response) firstEnd() time.Time {
	if r.Resolved != nil {
		return r.at(r.Resolved.After)
	}
	return r.over()
}

// deliver tells of an alert as an Alertmanager does; ended: when it stopped, the zero time while it fires.
func (r *response) deliver(ctx context.Context, alert firing, ended time.Time) error {
	status := "firing"
	if !ended.IsZero() {
		status = "resolved"
	}
	body, err := json.Marshal(webhook{
		Version: "4", GroupKey: fmt.Sprintf(`{}:{alertname=%q}`, alert.labels["alertname"]), Status: status, Receiver: "debrief",
		ExternalURL: "https://alerts.wrenpost.example",
		Alerts: []webhookAlert{{
			Status: status, Labels: alert.labels, Annotations: alert.annotations, StartsAt: alert.began, EndsAt: ended,
			GeneratorURL: "https://metrics.wrenpost.example/graph?g0.expr=" + alert.labels["alertname"], Fingerprint: alert.fingerprint,
		}},
	})
	if err != nil {
		return err
	}
	delivery, err := intake.ParseAlertmanager(body)
	if err != nil {
		return err
	}
	return r.services.Intake.DeliverAlerts(ctx, delivery)
}

// find is the name of the incident that an alert opened.
func (r *response) find(ctx context.Context, alert firing) (string, error) {
	answer, err := call(ctx, r.year, r.operations, &debriefv1.ListIncidentsRequest{
		PageSize: 1, Filter: fmt.Sprintf("origin.alerts.fingerprint = %q", alert.fingerprint),
	}, r.services.Incidents.ListIncidents)
	if err != nil {
		return "", err
	}
	if len(answer.GetIncidents()) == 0 {
		return "", fmt.Errorf("the alert %s has opened no incident", alert.labels["alertname"])
	}
	return answer.GetIncidents()[0].GetName(), nil
}

// planEcho is another alert of the same trouble. The lead sees that it belongs here, and merges its incident.
func (r *response) planEcho(i int) {
	name := ""
	alert := r.newFiring(r.Echoes[i], r.detected.Add(r.moments(60, 160)))
	r.planAlert(alert, func(opened string) { name = opened })
	merged := r.at(r.Acknowledged).Add(r.moments(240, 900))
	r.add(merged, func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.lead, &debriefv1.MergeIncidentRequest{
			Name: name, Into: r.name, Time: timestamppb.New(r.present), Note: "Another sign of the same trouble.",
		}, r.services.Incidents.MergeIncident)
		return err
	})
	r.planDelivery(r.over().Add(r.moments(10, 200)), alert, r.over())
}
