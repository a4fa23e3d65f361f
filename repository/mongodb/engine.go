package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/debriefhq/debrief/repository"
)

// commandTimeout bounds a command whose caller sets no deadline.
const commandTimeout = 30 * time.Second

// entangledAttempts is how often a command is run that others get into the way of.
const entangledAttempts = 8

const scope = "github.com/debriefhq/debrief/repository/mongodb"

// engine is where every command goes through: it bounds it in time, tells the telemetry of it, after OpenTelemetry's
// semantic conventions for databases, and translates its error. No value of a query or document gets into the telemetry.
type engine struct {
	database *mongo.Database
	tracer   trace.Tracer
	duration metric.Float64Histogram
	// closed refuses commands once it is set.
	closed *atomic.Bool
	// readOnly refuses commands that may change something.
	readOnly bool
}

// command is what the telemetry is told of a command.
type command struct {
	operation  string
	collection string
	// batch is how many documents it writes, where there are several.
	batch int
}

func newEngine(database *mongo.Database, options Options) (*engine, error) {
	tracers, meters := options.TracerProvider, options.MeterProvider
	if tracers == nil {
		tracers = tracenoop.NewTracerProvider()
	}
	if meters == nil {
		meters = metricnoop.NewMeterProvider()
	}
	duration, err := dbconv.NewClientOperationDuration(meters.Meter(scope))
	if err != nil {
		return nil, fmt.Errorf("make the instrument %s: %w", dbconv.ClientOperationDuration{}.Name(), err)
	}
	return &engine{
		database: database,
		tracer:   tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		duration: duration.Inst(),
		closed:   new(atomic.Bool),
	}, nil
}

// inside is the engine for what has to go on while callers are refused already.
func (e *engine) inside() *engine {
	inside := *e
	inside.closed = new(atomic.Bool)
	return &inside
}

// quiet is the engine without traces, for what is asked again and again whether or not there is anything to do.
func (e *engine) quiet() *engine {
	quiet := *e
	quiet.tracer = tracenoop.NewTracerProvider().Tracer(scope)
	return &quiet
}

// do runs a command.
func (e *engine) do(ctx context.Context, command command, run func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.closed.Load() {
		return errClosed
	}
	if e.readOnly && !slices.Contains(reading, command.operation) {
		return errReadOnly
	}
	//nolint:spancheck // An error is not recorded, because its text may hold values; report tells of its kind.
	ctx, span := e.tracer.Start(ctx, command.operation+" "+command.collection, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	started := time.Now() //nolint:forbidigo // How long something took is measured, not told.
	err := bounded(ctx, func(ctx context.Context) error { return undeterred(ctx, run) })
	e.report(ctx, span, command, time.Since(started), err) //nolint:forbidigo // As above.
	return translate(ctx, err)                             //nolint:spancheck // As above.
}

// undeterred runs a command again that lost to another one with which it was entangled: nothing of it was done.
func undeterred(ctx context.Context, run func(context.Context) error) error {
	var err error
	for attempt := range entangledAttempts {
		if err = run(ctx); !isEntangled(err) || pause(ctx, attempt+3) != nil {
			break
		}
	}
	return err
}

// bounded runs a command within commandTimeout, where the caller sets no deadline.
func bounded(ctx context.Context, run func(context.Context) error) error {
	if _, ok := ctx.Deadline(); ok {
		return run(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	return run(ctx)
}

func (e *engine) report(ctx context.Context, span trace.Span, command command, took time.Duration, err error) {
	measured := e.duration.Enabled(ctx)
	if !measured && !span.IsRecording() {
		return
	}
	attributes := append(make([]attribute.KeyValue, 0, 8), semconv.DBSystemNameMongoDB,
		semconv.DBNamespace(e.database.Name()), semconv.DBCollectionName(command.collection), semconv.DBOperationName(command.operation))
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		attributes = append(attributes, failure(err)...)
		span.SetStatus(codes.Error, "")
	}
	if measured {
		e.duration.Record(ctx, took.Seconds(), metric.WithAttributes(attributes...))
	}
	if command.batch > 1 {
		attributes = append(attributes, semconv.DBOperationBatchSize(command.batch))
	}
	span.SetAttributes(attributes...)
}

// failure tells of an error without its text, which may hold values.
func failure(err error) []attribute.KeyValue {
	var answer mongo.ServerError
	if errors.As(err, &answer) && len(answer.ErrorCodes()) > 0 {
		code := strconv.Itoa(answer.ErrorCodes()[0])
		return []attribute.KeyValue{semconv.DBResponseStatusCode(code), semconv.ErrorTypeKey.String(code)}
	}
	return []attribute.KeyValue{semconv.ErrorType(err)}
}

var errClosed = fmt.Errorf("%w: it is closed", repository.ErrUnavailable)
