package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

// firing is what Alertmanager really sends.
func firing(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "service", "intake", "testdata", "alertmanager-0.34-firing.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAlertsBecomeIncidents(t *testing.T) {
	server := start(t, nil)
	for range 2 { // A delivery may come twice.
		got := server.send(t, http.MethodPost, "/intake/alertmanager", firing(t), "Content-Type", asJSON)
		if got.StatusCode != http.StatusOK || got.body != "{}" {
			t.Fatalf("got %d %s, want 200 {}", got.StatusCode, got.body)
		}
	}
	delivery, err := intake.ParseAlertmanager([]byte(firing(t)))
	if err != nil {
		t.Fatal(err)
	}
	var page debriefv1.ListIncidentsResponse
	if err := protojson.Unmarshal([]byte(server.send(t, http.MethodGet, "/v1/incidents", "").body), &page); err != nil {
		t.Fatal(err)
	}
	if len(page.GetIncidents()) != len(delivery.Alerts) {
		t.Errorf("there are %d incidents, want %d", len(page.GetIncidents()), len(delivery.Alerts))
	}
}

func TestADeliveryThatMakesNoSenseIsKept(t *testing.T) {
	server := start(t, nil)
	if got := server.send(t, http.MethodPost, "/intake/alertmanager", `{"version":"3"}`, "Content-Type", asJSON); got.StatusCode != http.StatusBadRequest {
		t.Fatalf("got %d %s, want 400", got.StatusCode, got.body)
	}
	var page debriefv1.ListRejectedDeliveriesResponse
	if err := protojson.Unmarshal([]byte(server.send(t, http.MethodGet, "/v1/rejectedDeliveries", "").body), &page); err != nil {
		t.Fatal(err)
	}
	if len(page.GetRejectedDeliveries()) != 1 {
		t.Fatalf("kept are %d, want 1", len(page.GetRejectedDeliveries()))
	}
	kept := page.GetRejectedDeliveries()[0]
	if string(kept.GetBody()) != `{"version":"3"}` || kept.GetSource() != "alertmanager" || kept.GetContentType() != asJSON ||
		kept.GetSizeBytes() != 15 || !strings.Contains(kept.GetReason(), "version") {
		t.Errorf("kept is %v", kept)
	}
}

// testAdapters are the adapters of a server.
var testAdapters = []intake.Adapter{{
	Kind: "ALERTMANAGER", Source: intake.Alertmanager,
	Parse: func(request intake.Request, _ intake.Options) (intake.Delivery, error) {
		return intake.ParseAlertmanager(request.Body)
	},
}}

// fakeIntake answers as the test says.
type fakeIntake struct {
	deliver func(context.Context) error
	reject  error
}

func (f *fakeIntake) Admits(context.Context, intake.Adapter, string) error { return nil }

func (f *fakeIntake) Receive(ctx context.Context, adapter intake.Adapter, request intake.Request, _ string) (service.Receipt, error) {
	delivery, err := adapter.Parse(request, intake.Options{})
	if err == nil {
		err = f.deliver(ctx)
	}
	return service.Receipt{Request: request, Delivery: delivery}, err
}

func (f *fakeIntake) AskOpsgenie(context.Context, intake.OpsgenieQuestion, string) (intake.Answer, error) {
	return intake.Answer{Status: http.StatusNotFound}, nil
}
func (f *fakeIntake) Reject(context.Context, service.RejectedDelivery) error { return f.reject }

func asIs(_ context.Context, err error) error { return err }

func TestADeliveryIsAnsweredSoThatAlertmanagerDoesTheRightThing(t *testing.T) {
	for name, test := range map[string]struct {
		body            string
		deliver, reject error
		want            int
		retry           bool
	}{
		"it is durable":                    {body: firing(t), want: 200},
		"the store is away":                {body: firing(t), deliver: status.Error(codes.Unavailable, "away"), want: 503, retry: true},
		"the store is slow":                {body: firing(t), deliver: status.Error(codes.DeadlineExceeded, "slow"), want: 503, retry: true},
		"the store is full":                {body: firing(t), deliver: status.Error(codes.ResourceExhausted, "full"), want: 503, retry: true},
		"others were faster":               {body: firing(t), deliver: status.Error(codes.Aborted, "conflict"), want: 503, retry: true},
		"something is broken":              {body: firing(t), deliver: status.Error(codes.Internal, "broken"), want: 500},
		"it makes no sense":                {body: "{}", want: 400},
		"it is empty":                      {body: "", want: 400},
		"it makes no sense, and is lost":   {body: "{}", reject: status.Error(codes.Unavailable, "away"), want: 503, retry: true},
		"it is a number that is no number": {body: `{"version":"4","alerts":NaN}`, want: 400},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := &intakes{
				adapters: testAdapters,
				intake:   &fakeIntake{deliver: func(context.Context) error { return test.deliver }, reject: test.reject},
				toStatus: asIs, bodies: newBodies(maxBodies, time.Hour), slots: make(chan struct{}, 1), deadline: time.Hour, logger: slog.New(slog.DiscardHandler),
			}
			got := deliver(t, endpoint, test.body)
			if got.Code != test.want || (got.Header().Get("Retry-After") != "") != test.retry {
				t.Errorf("got %d, retry after %q: %s; want %d", got.Code, got.Header().Get("Retry-After"), got.Body, test.want)
			}
		})
	}
}

func deliver(t *testing.T, endpoint http.Handler, body string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/intake/alertmanager", strings.NewReader(body))
	request.Header.Set("Content-Type", asJSON)
	recorder := httptest.NewRecorder()
	endpoint.ServeHTTP(recorder, request)
	return recorder
}

func TestDeliveriesBeyondTheLimitAreToComeAgain(t *testing.T) {
	const limit = 2
	entered, leave := make(chan struct{}), make(chan struct{})
	endpoint := slowEndpoint(limit, 0, entered, leave)
	statuses := make(chan int)
	for range limit {
		go func() { statuses <- deliver(t, endpoint, firing(t)).Code }()
		<-entered
	}
	beyond := deliver(t, endpoint, firing(t))
	code, reason := readError(t, beyond.Body.String())
	if diff := cmp.Diff([]any{503, codes.Unavailable, "TOO_MANY_DELIVERIES"}, []any{beyond.Code, code, reason}); diff != "" {
		t.Errorf("one too many (-want +got):\n%s", diff)
	}
	close(leave)
	for range limit {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("one within the limit: %d, want 200", got)
		}
	}
	go func() { <-entered }()
	if again := deliver(t, endpoint, firing(t)); again.Code != http.StatusOK {
		t.Errorf("the one that came again: %d, want 200", again.Code)
	}
}

func TestADeliveryBeyondTheLimitWaitsForAWhile(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	endpoint := slowEndpoint(1, time.Hour, entered, leave)
	statuses := make(chan int)
	for range 2 {
		go func() { statuses <- deliver(t, endpoint, firing(t)).Code }()
	}
	<-entered // One of them, whichever it is. The other one goes in when it has left.
	leave <- struct{}{}
	<-entered
	leave <- struct{}{}
	for range 2 {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("a delivery that waited, or did not: %d, want 200", got)
		}
	}
}

// slowEndpoint says when it works on a delivery, and goes on when it may.
func slowEndpoint(limit int, patience time.Duration, entered chan<- struct{}, leave <-chan struct{}) *intakes {
	return &intakes{
		adapters: testAdapters,
		intake: &fakeIntake{deliver: func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				return fmt.Errorf("a delivery without a deadline")
			}
			entered <- struct{}{}
			<-leave
			return nil
		}},
		toStatus: asIs, bodies: newBodies(maxBodies, time.Hour), slots: make(chan struct{}, limit), patience: patience, deadline: time.Hour,
		logger: slog.New(slog.DiscardHandler),
	}
}

func TestADeliveryIsLoggedWithTheCodeOfItsAnswer(t *testing.T) {
	roomy, full := newBodies(maxBodies, time.Hour), newBodies(0, 0)
	tooMuch := strings.Repeat("x", maxRequest+1)
	for name, test := range map[string]struct {
		body, contentType string
		bodies            *bodies
		deliver, reject   error
		status            int
		want              codes.Code
	}{
		"it is durable":           {firing(t), asJSON, roomy, nil, nil, 200, codes.OK},
		"it is too large":         {tooMuch, asJSON, roomy, nil, nil, 413, codes.ResourceExhausted},
		"it is no JSON":           {"{}", "text/plain", roomy, nil, nil, 415, codes.InvalidArgument},
		"it makes no sense":       {"{}", asJSON, roomy, nil, nil, 400, codes.InvalidArgument},
		"it is bad, and is lost":  {tooMuch, asJSON, roomy, nil, status.Error(codes.Unavailable, "away"), 503, codes.Unavailable},
		"there is no room for it": {firing(t), asJSON, full, nil, errors.New("nothing is wrong with it"), 503, codes.Unavailable},
		"the store is away":       {firing(t), asJSON, roomy, status.Error(codes.Unavailable, "away"), nil, 503, codes.Unavailable},
		"something is broken":     {firing(t), asJSON, roomy, status.Error(codes.Internal, "broken"), nil, 500, codes.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			log := &logBuffer{}
			endpoint := &intakes{
				adapters: testAdapters,
				intake:   &fakeIntake{deliver: func(context.Context) error { return test.deliver }, reject: test.reject},
				toStatus: asIs, bodies: test.bodies, slots: make(chan struct{}, 1), deadline: time.Hour,
				logger: slog.New(slog.NewJSONHandler(log, nil)),
			}
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/intake/alertmanager", strings.NewReader(test.body))
			request.Header.Set("Content-Type", test.contentType)
			recorder := httptest.NewRecorder()
			endpoint.ServeHTTP(recorder, request)
			if recorder.Code != test.status || !strings.Contains(log.String(), `"code":"`+test.want.String()+`"`) {
				t.Errorf("got %d and the log %s, want %d and %v", recorder.Code, log, test.status, test.want)
			}
		})
	}
}

// TestAKeyIsTakenFromWhereverSendersCanPutIt also looks that it is in no log.
func TestAKeyIsTakenFromWhereverSendersCanPutIt(t *testing.T) {
	log := &logBuffer{}
	server := start(t, func(config *Config) { config.LogOutput = log })
	made := server.send(t, http.MethodPost, "/v1/integrations?integrationId=monitors", `{"title":"Monitors","kind":"KIND_ALERTMANAGER"}`, "Content-Type", asJSON)
	var answer debriefv1.IntegrationWithKey
	if err := protojson.Unmarshal([]byte(made.body), &answer); err != nil {
		t.Fatal(err, made.body)
	}
	key, wrong := answer.GetKey(), "dbk_"+strings.Repeat("a", 43)
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	for name, test := range map[string]struct {
		path, header string
		want         int
	}{
		"bearer":         {"", "Bearer " + key, 200},
		"password":       {"", basic("debrief", key), 200},
		"user":           {"", basic(key, ""), 200},
		"last segment":   {"/" + key, "", 200},
		"parameter":      {"?token=" + key, "", 200},
		"a wrong bearer": {"", "Bearer " + wrong, 401},
		"a wrong path":   {"/" + wrong, "", 401},
		"none":           {"", "", 200},
	} {
		headers := []string{"Content-Type", asJSON}
		if test.header != "" {
			headers = append(headers, "Authorization", test.header)
		}
		if got := server.send(t, http.MethodPost, "/intake/alertmanager"+test.path, firing(t), headers...); got.StatusCode != test.want {
			t.Errorf("%s: got %d %s, want %d", name, got.StatusCode, got.body, test.want)
		}
	}
	if strings.Contains(log.String(), key) || strings.Contains(log.String(), wrong) {
		t.Error("a key is in the log")
	}
	deliveries := server.send(t, http.MethodGet, "/v1/deliveries?filter=integration%3D%22integrations/monitors%22", "").body
	if strings.Contains(deliveries, key) || strings.Count(deliveries, `"deliveries/`) != 5 {
		t.Errorf("deliveries: %s", deliveries)
	}
}

func TestQuestionsOfSendersAreAnswered(t *testing.T) {
	server := start(t, nil)
	asked := server.send(t, http.MethodOptions, "/intake/cloudevents", "", "WebHook-Request-Origin", "events.example.com")
	if asked.StatusCode != http.StatusOK || asked.Header.Get("WebHook-Allowed-Origin") != "events.example.com" {
		t.Errorf("CloudEvents: %d %v", asked.StatusCode, asked.Header)
	}
	taken := server.send(t, http.MethodPost, "/intake/opsgenie/v2/alerts", `{"message":"Disk full","alias":"disk"}`, "Content-Type", asJSON)
	var accepted struct{ RequestID string }
	if err := json.Unmarshal([]byte(taken.body), &accepted); err != nil || taken.StatusCode != http.StatusAccepted {
		t.Fatal(taken.StatusCode, taken.body, err)
	}
	for path, want := range map[string]int{"/" + accepted.RequestID: 200, "/01ARZ3NDEKTSV4RRFFQ69G5FAV": 404} {
		if got := server.send(t, http.MethodGet, "/intake/opsgenie/v2/alerts/requests"+path, ""); got.StatusCode != want {
			t.Errorf("the request %s: %d %s, want %d", path, got.StatusCode, got.body, want)
		}
	}
	if got := server.send(t, http.MethodPost, "/intake/opsgenie/v2/alerts/disk/close?identifierType=alias", `{}`, "Content-Type", asJSON); got.StatusCode != http.StatusAccepted {
		t.Errorf("close: %d %s", got.StatusCode, got.body)
	}
	if alerts := server.send(t, http.MethodGet, "/v1/alerts", "").body; !strings.Contains(alerts, "STATUS_RESOLVED") {
		t.Errorf("alerts: %s", alerts)
	}
	for alias, want := range map[string]int{"disk": 200, "memory": 404} {
		got := server.send(t, http.MethodGet, "/intake/opsgenie/v2/alerts/"+alias+"?identifierType=alias", "")
		if got.StatusCode != want || strings.Contains(got.body, `"status":"closed"`) != (want == 200) {
			t.Errorf("the alert %s: %d %s, want %d", alias, got.StatusCode, got.body, want)
		}
	}
	if got := server.send(t, http.MethodGet, "/intake/opsgenie/v2/alerts", ""); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a list of alerts: %d %s", got.StatusCode, got.body)
	}
}
