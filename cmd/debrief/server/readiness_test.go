package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// fakePing is a store that answers as the test says.
type fakePing struct{ err error }

func (f *fakePing) Ping(context.Context) error { return f.err }

func TestReadinessFollowsTheStore(t *testing.T) {
	store, checker := &fakePing{}, health.NewServer()
	r := &readiness{store: store, health: checker, services: []string{"debrief.v1.IncidentService", ""}, logger: slog.New(slog.DiscardHandler)}
	r.set(true)
	for _, step := range []struct {
		name  string
		err   error
		want  healthpb.HealthCheckResponse_ServingStatus
		ready int
	}{
		{"the store is there", nil, healthpb.HealthCheckResponse_SERVING, http.StatusOK},
		{"one ping fails", errors.New("connection refused"), healthpb.HealthCheckResponse_SERVING, http.StatusOK},
		{"the next does not", nil, healthpb.HealthCheckResponse_SERVING, http.StatusOK},
		{"one fails again", errors.New("connection refused"), healthpb.HealthCheckResponse_SERVING, http.StatusOK},
		{"two have failed in a row", errors.New("connection refused"), healthpb.HealthCheckResponse_NOT_SERVING, http.StatusServiceUnavailable},
		{"it is still away", errors.New("connection refused"), healthpb.HealthCheckResponse_NOT_SERVING, http.StatusServiceUnavailable},
		{"it is back", nil, healthpb.HealthCheckResponse_SERVING, http.StatusOK},
	} {
		store.err = step.err
		r.check(t.Context())
		for _, service := range r.services {
			answer, err := checker.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil || answer.GetStatus() != step.want {
				t.Errorf("%s: the health of %q is %v (%v), want %v", step.name, service, answer.GetStatus(), err, step.want)
			}
		}
		recorder := httptest.NewRecorder()
		ready(checker)(recorder, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		if recorder.Code != step.ready {
			t.Errorf("%s: /readyz says %d, want %d", step.name, recorder.Code, step.ready)
		}
	}
}

// slowPing is a store that does not answer.
type slowPing struct{}

func (slowPing) Ping(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAStoreThatDoesNotAnswerIsAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &readiness{store: slowPing{}, health: health.NewServer(), logger: slog.New(slog.DiscardHandler), ready: true}
		began := time.Now()
		r.check(t.Context())
		if took := time.Since(began); r.ready || took != 5*time.Second {
			t.Errorf("after %v it is ready: %t, want it not to be after 5s", took, r.ready)
		}
	})
}

func TestAServerThatStopsIsNotReadyAgain(t *testing.T) {
	checker := health.NewServer()
	r := &readiness{store: &fakePing{}, health: checker, services: []string{""}, logger: slog.New(slog.DiscardHandler)}
	r.set(true)
	checker.Shutdown()
	r.ready = false
	r.check(t.Context())
	answer, err := checker.Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health is %v (%v), want NOT_SERVING", answer.GetStatus(), err)
	}
}
