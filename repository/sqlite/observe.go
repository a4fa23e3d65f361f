package sqlite

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

const instrumentation = "github.com/debriefhq/debrief/repository/sqlite"

const (
	operationGet    = "get"
	operationFind   = "find"
	operationList   = "list"
	operationCount  = "count"
	operationCreate = "create"
	operationUpdate = "update"
	operationRemove = "remove"
	operationTrim   = "trim"
	operationPing   = "ping"
	operationDump   = "dump"
	operationLoad   = "load"
)

// observer tells of each call of the store, by OpenTelemetry's conventions for databases.
type observer struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	// calls are what calls have in common, by their names.
	calls sync.Map
}

func newObserver(options Options) (*observer, error) {
	if options.TracerProvider == nil {
		options.TracerProvider = tracenoop.NewTracerProvider()
	}
	if options.MeterProvider == nil {
		options.MeterProvider = metricnoop.NewMeterProvider()
	}
	duration, err := options.MeterProvider.Meter(instrumentation).Float64Histogram("db.client.operation.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of calls of the store."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10))
	return &observer{
		tracer:   options.TracerProvider.Tracer(instrumentation),
		duration: duration,
	}, err
}

// observe begins a call. What it returns ends it, and makes of its error one that a store may answer.
func (o *observer) observe(ctx context.Context, operation, collection string) (context.Context, func(context.Context, error) error) {
	begin := time.Now() //nolint:forbidigo // How long a call takes is measured, and changes nothing.
	call := o.call(operation, collection)
	ctx, span := o.tracer.Start(ctx, call.name, call.span...) //nolint:spancheck // The function that is returned ends it.
	return ctx, func(ctx context.Context, err error) error {  //nolint:spancheck // As above.
		o.duration.Record(ctx, time.Since(begin).Seconds(), call.metric...) //nolint:forbidigo // As above.
		err = translate(ctx, err)
		if isFailure(err) {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(attribute.String("error.type", kind(err)))
		}
		span.End()
		return err
	}
}

// call is what is the same for each call of an operation on a collection.
type call struct {
	name   string
	span   []trace.SpanStartOption
	metric []metric.RecordOption
}

func (o *observer) call(operation, collection string) call {
	name := operation
	if collection != "" {
		name += " " + collection
	}
	if known, ok := o.calls.Load(name); ok {
		return known.(call) //nolint:errcheck,forcetypeassert // Nothing else is stored.
	}
	attributes := []attribute.KeyValue{attribute.String("db.system.name", "sqlite"), attribute.String("db.operation.name", operation)}
	if collection != "" {
		attributes = append(attributes, attribute.String("db.collection.name", collection))
	}
	made := call{
		name:   name,
		span:   []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...)},
		metric: []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))},
	}
	o.calls.Store(name, made)
	return made
}
