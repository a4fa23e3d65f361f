package server

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/filters"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/stats"

	"github.com/debriefhq/debrief/service"
)

const (
	// maxRequest bounds a request, in bytes, over gRPC and over HTTP.
	maxRequest = 4 << 20
	// maxMetadata bounds the metadata of a call, and the header of an HTTP request, in bytes.
	maxMetadata = 32 << 10
	// maxStreams bounds the calls under way on one connection.
	maxStreams = 100
	// streamWorkers is how many goroutines are kept for calls; when all of them are at work, new ones are started.
	streamWorkers = 32
)

// calls are the services, ready to be called: over the network by server, by the gateway over inProcess.
type calls struct {
	server    *grpc.Server
	inProcess *inProcess
	health    *health.Server
	// services are the full names of what the gateway offers.
	services []string
}

func newCalls(config Config, telemetry *telemetry, services *service.Services) (*calls, error) {
	passed, err := newPassage(config, telemetry, services)
	if err != nil {
		return nil, err
	}
	c := &calls{
		server: grpc.NewServer(slices.Concat(limits(), encrypted(config.certificates, telemetry.logger), []grpc.ServerOption{
			grpc.InTapHandle(newGate(config.DefaultDeadline).admit),
			grpc.StatsHandler(passed.observer),
			grpc.ChainUnaryInterceptor(passed.interceptors...),
			grpc.ChainStreamInterceptor(passed.streamInterceptors...),
		})...),
		inProcess: passed.inProcess(services),
		health:    health.NewServer(),
	}
	services.Register(c.server)
	for name := range c.server.GetServiceInfo() {
		c.services = append(c.services, name)
	}
	slices.Sort(c.services)
	healthpb.RegisterHealthServer(c.server, c.health)
	reflection.Register(c.server)
	return c, nil
}

// passage is what every call passes, whichever way it comes by.
type passage struct {
	interceptors       []grpc.UnaryServerInterceptor
	streamInterceptors []grpc.StreamServerInterceptor
	observer           stats.Handler
}

func newPassage(config Config, telemetry *telemetry, services *service.Services) (*passage, error) {
	rules, err := services.Interceptors()
	if err != nil {
		return nil, err
	}
	streamRules, err := services.StreamInterceptors()
	if err != nil {
		return nil, err
	}
	return &passage{
		interceptors: append([]grpc.UnaryServerInterceptor{
			logCalls(telemetry.logger),
			recovery.UnaryServerInterceptor(onPanic(telemetry.logger)),
			defaultDeadline(config.DefaultDeadline),
		}, rules...),
		streamInterceptors: append([]grpc.StreamServerInterceptor{
			logStreams(telemetry.logger),
			recovery.StreamServerInterceptor(onPanic(telemetry.logger)),
		}, streamRules...),
		observer: observeCalls(telemetry),
	}, nil
}

// inProcess has the services called in this process.
func (p *passage) inProcess(services *service.Services) *inProcess {
	calls := newInProcess(chained(p.interceptors), chainedStreams(p.streamInterceptors), p.observer)
	services.Register(calls)
	return calls
}

// observeCalls makes a span and measurements of each call, but for those that machines make every few seconds.
func observeCalls(telemetry *telemetry) stats.Handler {
	return otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(telemetry.tracers),
		otelgrpc.WithMeterProvider(telemetry.meters),
		otelgrpc.WithPropagators(telemetry.propagators),
		otelgrpc.WithFilter(filters.None(filters.HealthCheck(), filters.ServicePrefix("grpc.reflection"))),
	)
}

func limits() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequest),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxMetadata),
		// It bounds the TLS handshake as well.
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		// Stop must not return before the last handler has: the store is closed after it.
		grpc.WaitForHandlers(true),
		// Goroutines whose stacks have grown already answer faster than new ones.
		grpc.NumStreamWorkers(streamWorkers),
	}
}

// startGRPC serves calls until it is closed: then those under way come to their end, but for those that take too long.
func (s *Server) startGRPC(calls *calls, listener net.Listener) {
	s.goServe("gRPC", func() error { return calls.server.Serve(listener) }, grpc.ErrServerStopped)
	s.closers.push("drain gRPC", func(ctx context.Context) error { return drainGRPC(ctx, calls.server) })
	s.closers.push("drain REST", calls.inProcess.close)
}

func drainGRPC(ctx context.Context, server *grpc.Server) error {
	patience := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		// Those that are cut off need time to notice.
		patience, cancel = context.WithTimeout(ctx, time.Until(deadline)*3/4)
		defer cancel()
	}
	err := waitFor(patience, server.GracefulStop)
	if err == nil {
		return nil
	}
	if stopErr := waitFor(ctx, server.Stop); stopErr != nil {
		return stopErr
	}
	return err
}
