package server

import (
	"context"
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

// fakeIntake answers as the test says.
type fakeIntake struct {
	deliver func(context.Context) error
	reject  error
}

func (f *fakeIntake) DeliverAlerts(ctx context.Context, _ intake.Delivery) error {
	return f.deliver(ctx)
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
			endpoint := &alertmanager{
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
	endpoint := &alertmanager{
		intake: &fakeIntake{deliver: func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				return fmt.Errorf("a delivery without a deadline")
			}
			entered <- struct{}{}
			<-leave
			return nil
		}},
		toStatus: asIs, bodies: newBodies(maxBodies, time.Hour), slots: make(chan struct{}, limit), deadline: time.Hour, logger: slog.New(slog.DiscardHandler),
	}
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
			endpoint := &alertmanager{
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
