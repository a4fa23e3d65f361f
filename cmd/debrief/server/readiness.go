package server

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/debriefhq/debrief/repository"
)

const (
	// pingTimeout is after how long a store that does not answer counts as away.
	pingTimeout = 5 * time.Second
	// maxFailures is after how many failed pings in a row the store counts as away: one alone may be bad luck.
	maxFailures = 2
)

// readiness says by the health of all services whether calls can be served: while the store can be reached, and until
// the server is to stop.
type readiness struct {
	store interface {
		Ping(ctx context.Context) error
	}
	health   *health.Server
	services []string
	logger   *slog.Logger
	ready    bool
	// failures are the pings that failed since the last one that did not.
	failures int
}

// observeReadiness tells by a metric what /readyz answers.
func observeReadiness(meters metric.MeterProvider, health *health.Server) error {
	_, err := meters.Meter(instrumentation).Int64ObservableGauge("debrief.ready",
		metric.WithDescription("1 while calls can be served, 0 while the store can't be reached or the server is stopping."),
		metric.WithInt64Callback(func(ctx context.Context, observer metric.Int64Observer) error {
			ready := int64(0)
			if isServing(ctx, health) {
				ready = 1
			}
			observer.Observe(ready)
			return nil
		}))
	return err
}

func isServing(ctx context.Context, health *health.Server) bool {
	answer, err := health.Check(ctx, &healthpb.HealthCheckRequest{})
	return err == nil && answer.GetStatus() == healthpb.HealthCheckResponse_SERVING
}

// startReadiness says that the server is ready, follows the store from then on, and says that it is not ready any more as
// the first thing when it is to stop.
func (s *Server) startReadiness(ctx context.Context, store repository.Repository, calls *calls) {
	r := &readiness{store: store, health: calls.health, services: slices.Concat(calls.services, []string{""}), logger: s.logger}
	r.set(true)
	s.closers.push("watch the store", repeat(ctx, func(ctx context.Context) {
		for sleep(ctx, s.config.StoreCheckInterval) {
			r.check(ctx)
		}
	}))
	s.closers.push("say that the server is not ready", func(ctx context.Context) error {
		calls.health.Shutdown()
		sleep(ctx, s.config.DrainDelay)
		return nil
	})
}

// check asks the store, and says what changed.
func (r *readiness) check(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := r.store.Ping(bounded)
	switch {
	case ctx.Err() != nil: // The server is to stop.
	case err != nil:
		r.failures++
		if r.ready && (r.failures >= maxFailures || bounded.Err() != nil) {
			r.logger.ErrorContext(ctx, "the store is away: not ready", "error", err)
			r.set(false)
		}
	default:
		r.failures = 0
		if !r.ready {
			r.logger.InfoContext(ctx, "the store is back: ready")
			r.set(true)
		}
	}
}

func (r *readiness) set(ready bool) {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		status = healthpb.HealthCheckResponse_SERVING
	}
	for _, service := range r.services {
		r.health.SetServingStatus(service, status)
	}
	r.ready = ready
}
