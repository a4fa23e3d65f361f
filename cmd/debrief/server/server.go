// Package server runs Debrief: it builds the store, the services and the two listeners, and takes them down again.
//
// gRPC and REST are two doors to the same room: a REST call becomes a call of the gRPC method that its path names, and
// passes the same interceptors.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/outbound"
	"github.com/debriefhq/debrief/service/outbound/sns"
)

// Server is a Debrief that runs.
type Server struct {
	config    Config
	telemetry *telemetry
	logger    *slog.Logger
	addresses Addresses
	closers   closers
	// serving are the goroutines that listeners are served by.
	serving sync.WaitGroup
	// died takes the error of a listener that ended without being asked to.
	died chan error
}

// Addresses are where a server listens.
type Addresses struct {
	GRPC, HTTP net.Addr
}

// Run starts a server, lets it serve until the context ends or a listener dies, and stops it. Its error says why it could not
// start, why it ended by itself, or what was cut off when it stopped.
func Run(ctx context.Context, config Config) error {
	server, err := Start(ctx, config)
	if err != nil {
		return err
	}
	otel.SetErrorHandler(&complaints{logger: server.telemetry.written, told: map[string]time.Time{}})
	server.logger.InfoContext(ctx, "serving", "grpc", server.addresses.GRPC.String(), "http", server.addresses.HTTP.String(),
		"tls", server.config.certificates != nil)
	err = server.Wait(ctx)
	server.logger.InfoContext(ctx, "stopping")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, server.Stop(stopping))
}

// Start builds everything and begins to serve. The context bounds the start alone. After an error nothing is left open.
func Start(ctx context.Context, config Config) (*Server, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	s := &Server{config: config, died: make(chan error, 2)}
	if err := s.build(ctx); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.ShutdownTimeout)
		defer cancel()
		return nil, errors.Join(err, s.Stop(closing))
	}
	return s, nil
}

// build starts from the bottom: each thing needs those before it, and is closed before them.
func (s *Server) build(ctx context.Context) error {
	var err error
	if s.telemetry, err = startTelemetry(ctx, s.config, &s.closers); err != nil {
		return err
	}
	s.logger = s.telemetry.logger
	grpcListener, httpListener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	store, err := s.config.openStore(ctx, s.telemetry)
	if err != nil {
		return err
	}
	s.closers.push("close the store", store.Close)
	return s.serve(ctx, store, grpcListener, httpListener)
}

// listen opens both addresses before anything that takes longer, so that a port that is taken is known at once.
func (s *Server) listen(ctx context.Context) (grpcListener, httpListener net.Listener, err error) {
	if grpcListener, err = s.config.listen(ctx, "grpc-addr", s.config.GRPCAddr); err != nil {
		return nil, nil, err
	}
	s.closers.push("close the gRPC listener", closeListener(grpcListener))
	if httpListener, err = s.config.listen(ctx, "http-addr", s.config.HTTPAddr); err != nil {
		return nil, nil, err
	}
	s.closers.push("close the HTTP listener", closeListener(httpListener))
	s.addresses = Addresses{GRPC: grpcListener.Addr(), HTTP: httpListener.Addr()}
	s.warnOfClearText(ctx)
	return grpcListener, httpListener, nil
}

func (s *Server) serve(ctx context.Context, store repository.Repository, grpcListener, httpListener net.Listener) error {
	alerts := s.config.Alerts
	amazon := sns.NewClient(outbound.NewClient(outbound.Options{}))
	alerts.RequireKeys = alerts.RequireKeys || s.config.RequireAuthentication
	alerts.Confirm, alerts.Certificates = amazon.Confirm, amazon
	services, err := service.New(service.Options{
		Repository:    store,
		Retention:     s.config.Retention,
		Retentions:    s.config.Retentions,
		LookBack:      s.config.LookBack,
		PublicURL:     s.config.PublicURL,
		ClockPolicies: s.config.policies,
		Alerts:        alerts,
		Language:      s.config.Language,
		Webhooks:      s.config.Webhooks,
		Email:         s.config.email,
		Access:        s.config.access(),
		Limits: service.LimitOptions{
			CallsPerSecond: s.config.MaxCallRate, DeliveriesPerSecond: s.config.MaxDeliveryRate, CallsAtOnce: s.config.MaxCalls,
		},
		MeterProvider: s.telemetry.meters,
		Logger:        s.logger,
	})
	if err != nil {
		return err
	}
	if err := s.startBackground(ctx, store, services); err != nil {
		return err
	}
	calls, err := newCalls(s.config, s.telemetry, services) //nolint:contextcheck // Streams have contexts of their own.
	if err != nil {
		return err
	}
	if err := observeReadiness(s.telemetry.meters, calls.health); err != nil {
		return err
	}
	s.startGRPC(calls, grpcListener)
	site, err := newSite(ctx, s.config, s.telemetry, calls, services)
	if err != nil {
		return err
	}
	s.startHTTP(site, httpListener)
	s.closers.push("end streams", func(context.Context) error {
		services.EndStreams()
		return nil
	})
	s.startReadiness(ctx, store, calls)
	return nil
}

// Addresses are where the server listens.
func (s *Server) Addresses() Addresses { return s.addresses }

// Wait waits until the context ends, or the server can't go on because one of its listeners has died: that is an error.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.died:
		return err
	}
}

// Stop says that the server is not ready any more, lets what is under way come to its end, and closes everything. What
// takes longer than the context allows is cut off, which is an error. It is safe to repeat.
func (s *Server) Stop(ctx context.Context) error {
	err := s.closers.close(ctx)
	s.serving.Wait()
	return err
}

// goServe serves a listener until it is closed.
func (s *Server) goServe(name string, serve func() error, expected error) {
	s.serving.Go(func() {
		if err := serve(); err != nil && !errors.Is(err, expected) {
			s.died <- fmt.Errorf("%s listener: %w", name, err)
		}
	})
}

func closeListener(listener net.Listener) func(context.Context) error {
	return func(context.Context) error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
