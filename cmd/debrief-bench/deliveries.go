package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	// manyAlerts is how many alerts a large delivery of the benchmark has.
	manyAlerts = 100
	// alertmanagerPath is where deliveries of Alertmanager go; the key of an integration may follow.
	alertmanagerPath = "/intake/alertmanager"
)

// deliveryTemplate is a webhook of Prometheus Alertmanager, version 4, with new alerts. The label names the phase, so that
// its incidents can be counted.
// Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
func deliveryTemplate(phase string, alerts int) template {
	var body strings.Builder
	body.WriteString(`{"version":"4","groupKey":"{}:{alertname=\"InstanceDown\"}","truncatedAlerts":0,"status":"firing","receiver":"debrief",` +
		`"groupLabels":{"alertname":"InstanceDown"},"commonLabels":{"alertname":"InstanceDown"},"commonAnnotations":{},` +
		`"externalURL":"http://alerts.example.com","alerts":[`)
	for i := range alerts {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"status":"firing","labels":{"alertname":"InstanceDown","severity":"critical","team":%q,"service":%q,`+
			`"instance":"host-%s:9100","job":"node","environment":"production","bench_phase":%q},`+
			`"annotations":{"summary":"Instance host is down","description":"It has not been reached for more than five minutes."},`+
			`"startsAt":%q,"endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://metrics.example.com/graph?g0.expr=up","fingerprint":"%s"}`,
			benchTeams[i%len(benchTeams)], benchServices[i%len(benchServices)], mark, phase,
			time.Now().UTC().Format(time.RFC3339), mark)
	}
	body.WriteString(`]}`)
	return newTemplate([]byte(body.String()))
}

// ofPhase is the filter that finds the incidents of a phase's alerts.
func ofPhase(phase string) string { return fmt.Sprintf("labels.bench_phase = %q", phase) }

// prepareDeliveries are deliveries of new alerts, each of which opens its incident.
func prepareDeliveries(alerts int) func(ctx context.Context, b *bench) (running, error) {
	return func(ctx context.Context, b *bench) (running, error) {
		if err := b.withREST(ctx); err != nil {
			return running{}, err
		}
		phase := fmt.Sprintf("phase-%d", b.numbers.Add(1))
		delivery := deliveryTemplate(phase, alerts)
		var delivered, refused atomic.Int64
		prepared, err := b.writing(ctx, int64(alerts), func(ctx context.Context, caller int, number int64) error {
			times, err := b.restCalls.deliver(ctx, caller, alertmanagerPath, delivery.copy(number))
			refused.Add(times)
			if err == nil {
				delivered.Add(int64(alerts))
			}
			return err
		})
		told := prepared.verify
		prepared.verify = func(ctx context.Context) (aftermath, error) {
			after, err := told(ctx)
			after.refused = refused.Load()
			if err != nil {
				return after, err
			}
			return after, b.checkIncidents(ctx, ofPhase(phase), delivered.Load())
		}
		return prepared, err
	}
}

// deliver sends a delivery as alerting systems do: one that is refused for a while is sent again as soon as it may be. It
// answers how often it was refused.
func (c *restCallers) deliver(ctx context.Context, caller int, path string, body []byte) (refused int64, err error) {
	for {
		answered, err := c.send(ctx, caller, http.MethodPost, path, body)
		switch {
		case err != nil:
			return refused, err
		case answered.status == http.StatusOK:
			return refused, nil
		case answered.status != http.StatusServiceUnavailable || answered.retryAfter <= 0:
			return refused, answered.unexpected(http.MethodPost, alertmanagerPath)
		}
		refused++
		select {
		case <-ctx.Done():
			return refused, ctx.Err()
		case <-time.After(answered.retryAfter):
		}
	}
}

// checkIncidents counts the incidents that match a filter: exactly as many as were answered for.
func (b *bench) checkIncidents(ctx context.Context, filter string, want int64) error {
	var found int64
	for token := ""; ; {
		page, err := b.grpcCalls.incidents().ListIncidents(ctx, &debriefv1.ListIncidentsRequest{Filter: filter, PageSize: 500, PageToken: token})
		if err != nil {
			return err
		}
		found += int64(len(page.GetIncidents()))
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if found != want {
		return fmt.Errorf("there are %d incidents of alerts that were answered with success, and not %d", found, want)
	}
	return nil
}
