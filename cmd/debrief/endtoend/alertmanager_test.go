package endtoend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// alertmanagerPackage is the Debian package, and the program in it.
const alertmanagerPackage = "prometheus-alertmanager"

// alertmanagerConfig has Alertmanager tell Debrief quickly, and again only when something changes.
const alertmanagerConfig = `
route: {receiver: debrief, group_by: [alertname], group_wait: 50ms, group_interval: 500ms, repeat_interval: 1h}
receivers:
  - name: debrief
    webhook_configs: [{url: 'http://%s/intake/alertmanager', send_resolved: true}]
`

// alertmanager is a real one that runs.
type alertmanager struct {
	*program
	address string
	client  *http.Client
}

// startAlertmanager starts one that tells the Debrief at the address.
func startAlertmanager(t *testing.T, debriefAddress string) *alertmanager {
	t.Helper()
	path, err := exec.LookPath(alertmanagerPackage)
	if err != nil {
		t.Skipf("Prometheus Alertmanager is not installed (on Debian: apt-get install %s)", alertmanagerPackage)
	}
	directory := t.TempDir()
	config := filepath.Join(directory, "alertmanager.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, alertmanagerConfig, debriefAddress), 0o600); err != nil {
		t.Fatal(err)
	}
	launched := launch(t, path, "--config.file="+config, "--storage.path="+filepath.Join(directory, "data"),
		"--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", "--log.format=json")
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	a := &alertmanager{program: launched, client: &http.Client{Transport: transport, Timeout: patience}}
	a.address = fmt.Sprint(launched.awaitRecord(t, "Listening on")["address"])
	eventually(t, "readiness of Alertmanager", func() bool {
		_, err := a.exchange(t.Context(), http.MethodGet, "/-/ready", nil)
		return err == nil
	})
	return a
}

func (a *alertmanager) exchange(ctx context.Context, method, path string, body any) (string, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+a.address+path, strings.NewReader(string(encoded)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, content))
	}
	return string(content), errors.Join(err, response.Body.Close())
}

// postedAlert is an alert as Prometheus posts it to Alertmanager's API v2.
type postedAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt,omitzero"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (a *alertmanager) post(t *testing.T, alerts ...postedAlert) {
	t.Helper()
	if _, err := a.exchange(t.Context(), http.MethodPost, "/api/v2/alerts", alerts); err != nil {
		t.Fatal(err)
	}
}

// deliveries are how many webhooks Alertmanager says to have sent: those that were taken, and those that failed.
func (a *alertmanager) deliveries(t *testing.T) (taken, failed float64) {
	t.Helper()
	metrics, err := a.exchange(t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	failed = sample(t, metrics, `alertmanager_notification_requests_failed_total{integration="webhook"}`)
	return sample(t, metrics, `alertmanager_notification_requests_total{integration="webhook"}`) - failed, failed
}

// sample is the value of a series in the text format of Prometheus.
func sample(t *testing.T, metrics, series string) float64 {
	t.Helper()
	_, rest, _ := strings.Cut(metrics, "\n"+series+" ")
	var value float64
	if _, err := fmt.Sscan(rest, &value); err != nil {
		t.Fatalf("%s: %v", series, err)
	}
	return value
}

// awaitDeliveries waits until so many deliveries of Alertmanager's were taken.
func (a *alertmanager) awaitDeliveries(t *testing.T, count float64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%v deliveries of Alertmanager", count), func() bool {
		taken, _ := a.deliveries(t)
		return taken >= count
	})
}

// since is a time that many minutes ago, as Alertmanager and Debrief both keep it.
func since(minutes int) time.Time {
	return time.Now().Add(-time.Duration(minutes) * time.Minute).UTC().Truncate(time.Second)
}

// awaitStates waits until the incidents, the oldest first, are in these states.
func (d *debrief) awaitStates(t *testing.T, want ...debriefv1.Incident_State) []*debriefv1.Incident {
	t.Helper()
	var incidents []*debriefv1.Incident
	eventually(t, fmt.Sprintf("incidents in the states %v", want), func() bool {
		incidents = d.listIncidents(t, "")
		var states []debriefv1.Incident_State
		for _, incident := range incidents {
			states = append(states, incident.GetState())
		}
		return cmp.Equal(want, states)
	})
	return incidents
}

const (
	triage   = debriefv1.Incident_STATE_TRIAGE
	resolved = debriefv1.Incident_STATE_RESOLVED
)

func TestAlertmanagerOpensAndResolvesIncidents(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store string) {
		d := serve(t, store)
		a := startAlertmanager(t, d.httpAddress)
		fired := since(10)
		alert := postedAlert{
			Labels:      map[string]string{"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
			Annotations: map[string]string{"summary": "Checkout answers 7 % of requests with 5xx", "description": "See the **runbook**."},
			StartsAt:    fired, GeneratorURL: "http://prometheus.example.com/graph?g0.expr=errors",
		}
		a.post(t, alert)
		opened := d.awaitStates(t, triage)[0]
		checkOpened(t, opened, alert)

		other := postedAlert{Labels: map[string]string{"alertname": "DiskFull", "severity": "warning"}, StartsAt: since(3)}
		a.post(t, other)
		d.awaitStates(t, triage, triage)

		alert.EndsAt = since(2)
		a.post(t, alert)
		over := d.awaitStates(t, resolved, triage)[0]
		if got := over.GetMilestones().GetResolveTime().AsTime(); !got.Equal(alert.EndsAt) {
			t.Errorf("resolved at %v, want %v", got, alert.EndsAt)
		}
		if got := over.GetOrigin().GetAlerts()[0]; got.GetStatus() != debriefv1.Alert_STATUS_RESOLVED || !got.GetEndTime().AsTime().Equal(alert.EndsAt) {
			t.Errorf("its alert: %v", got)
		}

		again := alert
		again.StartsAt, again.EndsAt = since(1), time.Time{}
		a.post(t, again)
		d.awaitStates(t, resolved, triage, triage)
		checkFeed(t, d.follow(t))
	})
}

// checkOpened holds an incident against the alert that opened it.
func checkOpened(t *testing.T, incident *debriefv1.Incident, alert postedAlert) {
	t.Helper()
	fired := timestamppb.New(alert.StartsAt)
	got := incident.GetOrigin().GetAlerts()
	if len(got) != 1 || got[0].GetFingerprint() == "" || got[0].GetExternalUrl() == "" {
		t.Fatalf("the alerts of the incident: %v", got)
	}
	want := &debriefv1.Incident{
		Title: alert.Annotations["summary"], Summary: alert.Annotations["description"], Labels: alert.Labels,
		Kind: debriefv1.Incident_KIND_INCIDENT, Severity: debriefv1.Severity_SEVERITY_SEV2, State: triage,
		Impact:     &debriefv1.Impact{Services: []string{"checkout"}},
		Milestones: &debriefv1.Milestones{StartTime: fired, DetectTime: fired},
		Links: []*debriefv1.Link{
			{Title: "Alert rule", Uri: alert.GeneratorURL}, {Title: "Alerting system", Uri: got[0].GetExternalUrl()},
		},
		Origin: &debriefv1.Origin{Actor: "intake/alertmanager", Alerts: []*debriefv1.Alert{{
			Fingerprint: got[0].GetFingerprint(), Status: debriefv1.Alert_STATUS_FIRING, StartTime: fired, NotificationCount: 1,
			Labels: alert.Labels, Annotations: alert.Annotations, GeneratorUrl: alert.GeneratorURL, ExternalUrl: got[0].GetExternalUrl(),
		}}},
	}
	if diff := cmp.Diff(want, incident, protocmp.Transform(),
		protocmp.IgnoreFields(&debriefv1.Incident{}, "name", "etag", "review_clock", "follow_up_clock", "create_time", "update_time"),
		protocmp.IgnoreFields(&debriefv1.Alert{}, "last_notification_time"),
	); diff != "" {
		t.Errorf("the incident (-want +got):\n%s", diff)
	}
}

func TestTwoAlertmanagersOpenOneIncident(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store string) {
		d := serve(t, store)
		pair := []*alertmanager{startAlertmanager(t, d.httpAddress), startAlertmanager(t, d.httpAddress)}
		alert := postedAlert{Labels: map[string]string{"alertname": "HighErrorRate"}, StartsAt: since(10)}
		tell := func(deliveries float64) {
			for _, a := range pair {
				a.post(t, alert)
			}
			for _, a := range pair {
				a.awaitDeliveries(t, deliveries)
			}
			d.awaitDeliveries(t)
		}
		tell(1)
		incident := d.awaitStates(t, triage)[0]
		if got := incident.GetOrigin().GetAlerts()[0].GetNotificationCount(); got != 2 {
			t.Errorf("the episode was notified %d times, want 2", got)
		}
		alert.EndsAt = since(1)
		tell(2)
		d.awaitStates(t, resolved)
		events := d.follow(t)
		checkFeed(t, events)
		once := map[string]int{incident.GetName(): 1}
		for _, eventType := range []debriefv1.Event_Type{debriefv1.Event_TYPE_INCIDENT_OPENED, debriefv1.Event_TYPE_INCIDENT_RESOLVED} {
			if diff := cmp.Diff(once, eventsOf(events, eventType)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", eventType, diff)
			}
		}
	})
}

func TestAlertFiresWhileDebriefIsDown(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store string) {
		d := serve(t, store)
		a := startAlertmanager(t, d.httpAddress)
		d.kill(t)
		a.post(t, postedAlert{Labels: map[string]string{"alertname": "HighErrorRate", "severity": "page"}, StartsAt: since(10)})
		eventually(t, "a delivery that failed", func() bool {
			_, failed := a.deliveries(t)
			return failed > 0
		})
		back := restart(t, d, store)
		back.awaitStates(t, triage)
		a.awaitDeliveries(t, 1)
		back.awaitStates(t, triage)
	})
}

// restart starts a server where one was before. Anybody may have been given its HTTP port by the system in the
// meantime, for a connection of their own: then it is tried again.
func restart(t *testing.T, before *debrief, store string) *debrief {
	t.Helper()
	var launched *program
	eventually(t, "a server at "+before.httpAddress, func() bool {
		launched = launch(t, binaryPath(t), "serve", "--store", store, "--grpc-addr", "127.0.0.1:0", "--http-addr", before.httpAddress)
		eventually(t, "a server or its end", func() bool { return launched.log.find("serving") != nil || launched.gone() })
		return !strings.Contains(launched.log.String(), "address already in use")
	})
	return ready(t, launched)
}
