package server

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	tracing "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"

	"github.com/debriefhq/debrief/service"
)

// Offline are the services over a store, in this process and without a listener: for whoever may open the store, and so may do
// everything.
type Offline struct {
	grpc.ClientConnInterface

	// Close waits for calls that are under way, and closes the store.
	Close func(context.Context) error
}

// OpenOffline opens the store that a URL names, as Config.Store does; empty: the one that DefaultStore names. A server may serve the
// same store meanwhile. What is changed is written into the audit trail, without a principal.
func OpenOffline(ctx context.Context, store string) (*Offline, error) {
	config := DefaultConfig()
	config.Store, config.LogOutput = store, io.Discard
	if err := config.complete(); err != nil {
		return nil, err
	}
	quiet := &telemetry{
		logger: slog.New(slog.DiscardHandler), meters: noop.NewMeterProvider(), tracers: tracing.NewTracerProvider(),
		propagators: propagation.NewCompositeTextMapPropagator(),
	}
	opened, err := config.openStore(ctx, quiet)
	if err != nil {
		return nil, err
	}
	calls, err := offlineCalls(config, quiet, service.Options{Repository: opened, Access: service.AccessOptions{Audit: true}}) //nolint:contextcheck // As in Server.serve.
	if err != nil {
		return nil, errors.Join(err, opened.Close(ctx))
	}
	return &Offline{ClientConnInterface: calls, Close: func(ctx context.Context) error {
		return errors.Join(calls.close(ctx), opened.Close(ctx))
	}}, nil
}

func offlineCalls(config Config, quiet *telemetry, options service.Options) (*inProcess, error) {
	services, err := service.New(options)
	if err != nil {
		return nil, err
	}
	passed, err := newPassage(config, quiet, services)
	if err != nil {
		return nil, err
	}
	return passed.inProcess(services), nil
}
