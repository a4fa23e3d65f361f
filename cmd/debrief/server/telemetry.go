package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// telemetry is what the server tells about itself. Nothing of it is global, so that several servers fit in a process.
//
// Metrics are always to be had at /metrics. Traces, metrics and logs are sent out where the standard OTEL_* variables
// ask for it (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/): where OTEL_<SIGNAL>_EXPORTER
// names an exporter, or an OTLP endpoint is set.
type telemetry struct {
	logger *slog.Logger
	// written is the part of logger that writes to the output alone, for what is wrong with sending.
	written     *slog.Logger
	tracers     trace.TracerProvider
	meters      metric.MeterProvider
	propagators propagation.TextMapPropagator
	registry    *prometheus.Registry
}

func startTelemetry(ctx context.Context, config Config, opened *closers) (*telemetry, error) {
	about, err := describe(ctx, config.Version)
	if err != nil {
		return nil, fmt.Errorf("telemetry: describe this server: %w", err)
	}
	t := &telemetry{
		propagators: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		registry:    prometheus.NewRegistry(),
	}
	for _, start := range []func(context.Context, Config, *resource.Resource, *closers) error{
		t.startLogs, t.startTraces, t.startMetrics,
	} {
		if err := start(ctx, config, about, opened); err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
	}
	return t, nil
}

// describe says which server it is; what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say goes first.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", "debrief"),
			attribute.String("service.version", version),
			attribute.String("service.instance.id", uuid.NewString()),
		),
		resource.WithFromEnv(),
	)
}

// exported says whether the environment asks for a signal to be sent out: TRACES, METRICS or LOGS.
func exported(signal string) bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

func notExported(signal string, err error) error {
	variable := "OTEL_" + signal + "_EXPORTER"
	return settingsErrorf("%s is %q: %w", variable, os.Getenv(variable), err)
}

// ifPossible makes what could not be sent at the end a matter of the log: the server itself has stopped in good order.
func (t *telemetry) ifPossible(signal string, shutdown func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := shutdown(ctx); err != nil {
			t.written.WarnContext(ctx, "telemetry: the last of it could not be sent", "signal", signal, "error", err)
		}
		return nil
	}
}

// startTraces makes spans that are sent out. Where nobody wants them nothing is recorded, and spans do no more than to
// give each call an id for the log.
func (t *telemetry) startTraces(ctx context.Context, _ Config, about *resource.Resource, opened *closers) error {
	if !exported("TRACES") {
		t.tracers = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return notExported("TRACES", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	opened.push("send the last spans", t.ifPossible("traces", provider.Shutdown))
	t.tracers = provider
	return nil
}

func (t *telemetry) startMetrics(ctx context.Context, _ Config, about *resource.Resource, opened *closers) error {
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page, err := otelprometheus.New(otelprometheus.WithRegisterer(t.registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return err
	}
	options := []sdkmetric.Option{sdkmetric.WithReader(page), sdkmetric.WithResource(about)}
	if exported("METRICS") {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return notExported("METRICS", err)
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	opened.push("send the last metrics", t.ifPossible("metrics", provider.Shutdown))
	t.meters = provider
	return nil
}
