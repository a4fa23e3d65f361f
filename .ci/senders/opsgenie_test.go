package senders

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	opsgenie "github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/sirupsen/logrus"
)

// newOpsgenie is Opsgenie's own SDK with another host; of a path on it the SDK knows nothing.
func newOpsgenie(t *testing.T, host, key string, over *http.Client) *opsgenie.Client {
	t.Helper()
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	made, err := opsgenie.NewClient(&client.Config{ApiKey: key, OpsGenieAPIURL: client.ApiUrl(host), HttpClient: over, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// done waits, as the SDK does, until a request is worked off, and answers the alert's id.
func done(t *testing.T, want string) func(*opsgenie.AsyncAlertResult, error) string {
	t.Helper()
	return func(taken *opsgenie.AsyncAlertResult, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if taken.Result != "Request will be processed" || taken.RequestId == "" {
			t.Errorf("the request is answered %v", taken)
		}
		status, err := taken.RetrieveStatus(t.Context())
		if err != nil {
			t.Fatalf("ask after the request: %v", err)
		}
		if !status.IsSuccess || status.Status != want || status.IntegrationId != "tested" || status.RequestId != taken.RequestId ||
			status.AlertID == "" || status.AlertID != status.Alias || status.ProcessedAt.IsZero() {
			t.Errorf("the request is said to be %+v, want %s", status, want)
		}
		return status.AlertID
	}
}

func TestOpsgenieSDKManagesAnAlert(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		c := newOpsgenie(t, d.host, d.integrate(t, "KIND_OPSGENIE"), nil)
		const alias = "disk of db-1"
		by := opsgenie.GetAlertRequest{IdentifierType: opsgenie.ALIAS, IdentifierValue: alias}
		create := &opsgenie.CreateAlertRequest{
			Message: "The disk fills", Alias: alias, Description: "Less than **5 %** is left.", Tags: []string{"db", "env:prod"},
			Details: map[string]string{"free": "5 %"}, Entity: "db-1", Source: "checks", Priority: opsgenie.P2,
			Responders: []opsgenie.Responder{{Type: opsgenie.TeamResponder, Name: "Databases"}}, Actions: []string{"Restart"},
		}
		if id := done(t, "Created alert")(c.Create(t.Context(), create)); id != alias {
			t.Errorf("the alert's id is %q", id)
		}
		opened := d.alerts(t, "FIRING")[0]
		want := alert{
			Integration: "integrations/tested", Status: "STATUS_FIRING", Title: "The disk fills", Summary: "Less than **5 %** is left.",
			Severity: "SEVERITY_SEV2", NotificationCount: "1", Annotations: map[string]string{"free": "5 %"},
			Labels: map[string]string{"alias": alias, "entity": "db-1", "source": "checks", "tags": "db,env:prod", "env": "prod"},
		}
		if diff := cmp.Diff(want, opened, cmpopts.IgnoreFields(alert{}, "Fingerprint", "StartTime", "Incident")); diff != "" {
			t.Errorf("the alert (-want +got):\n%s", diff)
		}
		told := &opsgenie.GetAlertResult{
			Id: alias, TinyId: alias, Alias: alias, Message: "The disk fills", Description: "Less than **5 %** is left.", Status: "open", Count: 1,
			Priority: opsgenie.P2, Tags: []string{"db", "env:prod"}, Details: map[string]string{"free": "5 %"}, Entity: "db-1", Source: "checks",
		}
		check := func() {
			t.Helper()
			got, err := c.Get(t.Context(), &by)
			if err != nil {
				t.Fatal(err)
			}
			if got.RequestId == "" || got.CreatedAt.IsZero() || got.UpdatedAt.Before(got.CreatedAt) || got.LastOccurredAt.IsZero() {
				t.Errorf("the alert is told as %+v", got)
			}
			if diff := cmp.Diff(told, got, cmpopts.IgnoreFields(opsgenie.GetAlertResult{}, "ResultMetadata", "CreatedAt", "UpdatedAt", "LastOccurredAt")); diff != "" {
				t.Errorf("the alert as it is told (-want +got):\n%s", diff)
			}
		}
		check()

		done(t, "Acknowledged alert")(c.Acknowledge(t.Context(), &opsgenie.AcknowledgeAlertRequest{
			IdentifierType: opsgenie.ALIAS, IdentifierValue: alias, User: "ada", Note: "Looking",
		}))
		d.alerts(t, "ACKNOWLEDGED")
		told.Acknowledged, told.Count, told.Details["user"], told.Details["note"] = true, 2, "ada", "Looking"
		check()

		done(t, "Closed alert")(c.Close(t.Context(), &opsgenie.CloseAlertRequest{IdentifierType: opsgenie.ALIAS, IdentifierValue: alias, Note: "Freed"}))
		closed := d.alerts(t, "RESOLVED")[0]
		told.Status, told.Acknowledged, told.Count, told.Details["note"] = "closed", false, 3, "Freed"
		check()
		over := incident{Title: "The disk fills", Summary: "Less than **5 %** is left.", State: "STATE_RESOLVED", Severity: "SEVERITY_SEV2"}
		if diff := cmp.Diff(over, d.incidentOf(t, closed)); diff != "" {
			t.Errorf("the incident (-want +got):\n%s", diff)
		}
	})
}

func TestOpsgenieSDKIsToldTheIDOfAnAlert(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		c := newOpsgenie(t, d.host, d.integrate(t, "KIND_OPSGENIE"), nil)
		id := done(t, "Created alert")(c.Create(t.Context(), &opsgenie.CreateAlertRequest{Message: "The disk fills"}))
		got, err := c.Get(t.Context(), &opsgenie.GetAlertRequest{IdentifierValue: id})
		if err != nil || got.Message != "The disk fills" || got.Priority != opsgenie.P3 {
			t.Errorf("the alert is told as %+v %v", got, err)
		}
		done(t, "Closed alert")(c.Close(t.Context(), &opsgenie.CloseAlertRequest{IdentifierValue: id}))
		d.alerts(t, "RESOLVED")
	})
}

// detour sends the first question after a request astray, to one that nobody has made.
type detour struct{ taken bool }

func (d *detour) RoundTrip(r *http.Request) (*http.Response, error) {
	if before, _, found := strings.Cut(r.URL.Path, "/requests/"); found && !d.taken {
		d.taken = true
		r = r.Clone(r.Context())
		r.URL.Path = before + "/requests/01ARZ3NDEKTSV4RRFFQ69G5FAV"
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestOpsgenieSDKAsksUntilARequestIsWorkedOff sees to it that the first answer is that it is not.
func TestOpsgenieSDKAsksUntilARequestIsWorkedOff(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		way := &detour{}
		c := newOpsgenie(t, d.host, d.integrate(t, "KIND_OPSGENIE"), &http.Client{Transport: way})
		done(t, "Created alert")(c.Create(t.Context(), &opsgenie.CreateAlertRequest{Message: "The disk fills", Alias: "disk"}))
		if !way.taken {
			t.Error("the SDK did not ask")
		}
	})
}

// TestOpsgenieSDKSpeaksTLS has a proxy in front: to a host whose name has "api" in it the SDK speaks nothing but HTTPS.
func TestOpsgenieSDKSpeaksTLS(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		target, err := url.Parse(d.address)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
		t.Cleanup(proxy.Close)
		// The proxy's client trusts its certificate, and finds it by this name.
		c := newOpsgenie(t, "api.example.com", d.integrate(t, "KIND_OPSGENIE"), proxy.Client())
		done(t, "Created alert")(c.Create(t.Context(), &opsgenie.CreateAlertRequest{Message: "The disk fills", Alias: "disk"}))
		done(t, "Closed alert")(c.Close(t.Context(), &opsgenie.CloseAlertRequest{IdentifierType: opsgenie.ALIAS, IdentifierValue: "disk"}))
		d.alerts(t, "RESOLVED")
	})
}

func TestOpsgenieSDKIsToldWhatIsWrong(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "KIND_OPSGENIE")
		c, other := newOpsgenie(t, d.host, key, nil), newOpsgenie(t, d.host, key+"x", nil)
		refused := func(what string, status int, message string, err error) {
			t.Helper()
			var told *client.ApiError
			if !errors.As(err, &told) || told.StatusCode != status || !strings.HasPrefix(told.Message, message) {
				t.Errorf("%s: %v, want %d %s", what, err, status, message)
			}
		}
		_, err := other.Create(t.Context(), &opsgenie.CreateAlertRequest{Message: "The disk fills"})
		refused("a wrong key", http.StatusUnauthorized, "the key is not known", err)
		_, err = c.Create(t.Context(), &opsgenie.CreateAlertRequest{Message: "The disk fills", Alias: strings.Repeat("a", 513)})
		refused("an endless alias", http.StatusBadRequest, "alias has more than 512 characters", err)
		_, err = c.Snooze(t.Context(), &opsgenie.SnoozeAlertRequest{IdentifierValue: "disk", EndTime: time.Now().Add(time.Hour)})
		refused("another action", http.StatusBadRequest, "the delivery asks for an action that is not taken", err)
		_, err = c.Get(t.Context(), &opsgenie.GetAlertRequest{IdentifierType: opsgenie.ALIAS, IdentifierValue: "disk"})
		refused("an unknown alert", http.StatusNotFound, "Alert not found.", err)
		_, err = other.Get(t.Context(), &opsgenie.GetAlertRequest{IdentifierType: opsgenie.ALIAS, IdentifierValue: "disk"})
		refused("a question with a wrong key", http.StatusUnauthorized, "the key is not known", err)
		_, err = c.GetRequestStatus(t.Context(), &opsgenie.GetRequestStatusRequest{RequestId: "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
		refused("an unknown request", http.StatusNotFound, "Request not found.", err)
		d.alerts(t)
	})
}
