package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestTraces expects a client span for each command below the caller's, also for those that are run for several callers
// and for those that bring away effects, and no word of what is stored in any.
func TestTraces(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	store := open(t, mongodbtest.NewDatabase(t), Options{TracerProvider: provider})
	if _, err := store.Incidents().Get(t.Context(), "unsampled"); !errors.Is(err, repository.ErrNotFound) {
		t.Fatal(err)
	}
	equal(t, "spans of a caller that is not sampled", len(spans.Ended()), 0)

	sampled := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(t.Context(), sampled)
	creation := newIncident(1)
	creation.Resource.Title = "secret"
	for _, err := range []error{
		second(store.Incidents().Create(ctx, creation)),
		store.touch(ctx, 1, 3),
		second(store.Incidents().List(ctx, repository.Query{Where: repository.TermIn{"secret"}, Limit: 1})),
		store.relay.awaitCleared(ctx),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
		equal(t, "trace", span.SpanContext().TraceID(), sampled.TraceID())
		equal(t, "parent", span.Parent().SpanID(), sampled.SpanID())
		equal(t, "kind", span.SpanKind(), trace.SpanKindClient)
		equal(t, "system", value(span, "db.system.name"), "mongodb")
		equal(t, "name", value(span, "db.operation.name")+" "+value(span, "db.collection.name"), span.Name())
		if said := fmt.Sprint(span.Attributes(), span.Events(), span.Status()); strings.Contains(said, "secret") || strings.Contains(said, "01J") {
			t.Errorf("the span %q tells what is stored: %s", span.Name(), said)
		}
	}
	for _, want := range []string{
		"insertMany incidents", "find incidents", "replaceOne incidents", "insertMany timeline_entries", "insertMany events", "updateMany incidents",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no span %q in %q", want, names)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func value(span sdktrace.ReadOnlySpan, key attribute.Key) string {
	for _, attribute := range span.Attributes() {
		if attribute.Key == key {
			return attribute.Value.String()
		}
	}
	return ""
}

// TestTraceOfFailure expects an error's kind, and not its text, in its span.
func TestTraceOfFailure(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	store := open(t, mongodbtest.NewDatabase(t), Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))})
	err := store.engine.do(t.Context(), command{operation: "find", collection: "failing"}, func(ctx context.Context) error {
		return store.engine.database.RunCommand(ctx, map[string]string{"noSuchCommand": "secret"}).Err()
	})
	if !errors.Is(err, repository.ErrUnavailable) {
		t.Errorf("do = %v, want ErrUnavailable", err)
	}
	ended := spans.Ended()
	span := ended[len(ended)-1]
	equal(t, "status", span.Status(), sdktrace.Status{Code: codes.Error})
	equal(t, "error", value(span, "error.type"), "59")
	equal(t, "code", value(span, "db.response.status_code"), "59")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	store := open(t, mongodbtest.NewDatabase(t), Options{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	store.mustCreate(t, newIncident(1))
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	for _, metric := range collected.ScopeMetrics[0].Metrics {
		histogram, ok := metric.Data.(metricdata.Histogram[float64])
		if !ok || metric.Name != "db.client.operation.duration" {
			continue
		}
		for _, point := range histogram.DataPoints {
			if name, _ := point.Attributes.Value("db.operation.name"); name.AsString() == "insertMany" {
				return
			}
		}
	}
	t.Error("there is no db.client.operation.duration of insertMany")
}

// TestClose tells what was written before it ends, and refuses what comes after it.
func TestClose(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	store := open(t, uri, Options{})
	held := make(chan struct{})
	store.relay.delivery.interrupt = func(step string) error {
		if step == "effects" {
			<-held
		}
		return nil
	}
	store.mustCreate(t, newIncident(1))
	closed := make(chan error, 1)
	go func() { closed <- store.Close(t.Context()) }()
	for !store.engine.closed.Load() {
		if _, err := store.Incidents().Get(t.Context(), "any"); errors.Is(err, repository.ErrUnavailable) {
			break
		}
	}
	close(held)
	if err := <-closed; err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := store.Ping(t.Context()); !errors.Is(err, repository.ErrUnavailable) {
		t.Errorf("Ping = %v, want ErrUnavailable", err)
	}
	other := open(t, uri, Options{})
	equal(t, "events", other.eventKeys(t), []string{eventKey(1, 1), eventKey(1, 2)})
	equal(t, "outboxes", other.outboxes(t), 0)
}

// TestCloseWithoutEnd has effects that can't be brought away: Close ends with its context all the same.
func TestCloseWithoutEnd(t *testing.T) {
	t.Parallel()
	store, err := Open(t.Context(), mongodbtest.NewDatabase(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	store.relay.delivery.interrupt = func(string) error {
		cancel() // The time for closing is over while the relay is at work.
		return repository.ErrUnavailable
	}
	store.mustCreate(t, newIncident(1))
	if err := store.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v, want context.Canceled", err)
	}
}
