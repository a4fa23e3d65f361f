package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/debriefhq/debrief/repository"
)

func TestCallsAreObserved(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "debrief.db"), Options{
		TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(spans)),
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(reader)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	incidents := store.Incidents()
	_, created := incidents.Create(ctx, alert(1))
	_, updated := incidents.Update(ctx, alertID(1), func(*repository.Incident) (repository.Effects, error) {
		return repository.Effects{}, nil
	})
	_, listed := incidents.List(ctx, repository.Query{Limit: 1})
	_, counted := store.Events().Count(ctx, repository.Query{Limit: 1})
	for _, err := range []error{created, updated, listed, counted, incidents.Remove(ctx, "none"), store.Ping(ctx)} {
		if err != nil {
			t.Error(err)
		}
	}
	_, missing := incidents.Get(ctx, "none")
	if err := store.Close(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
	_, closed := incidents.Get(ctx, alertID(1))
	if missing == nil || closed == nil {
		t.Errorf("Get = %v and %v, want errors", missing, closed)
	}

	want := []string{
		"create incidents", "update incidents", "list incidents", "count events", "remove incidents", "ping",
		"get incidents", "get incidents, failed: unavailable",
	}
	if diff := cmp.Diff(want, describe(spans.Ended())); diff != "" {
		t.Errorf("spans: -want +got\n%s", diff)
	}
	checkDurations(t, reader, len(want))
}

func describe(spans []trace.ReadOnlySpan) []string {
	var all []string
	for _, span := range spans {
		attributes := attribute.NewSet(span.Attributes()...)
		value := func(key attribute.Key) string {
			value, _ := attributes.Value(key)
			return value.AsString()
		}
		text := value("db.operation.name")
		if name := value("db.collection.name"); name != "" {
			text += " " + name
		}
		if text != span.Name() || value("db.system.name") != "sqlite" {
			text += " with the name " + span.Name() + " on " + value("db.system.name")
		}
		if span.Status().Code == codes.Error {
			text += ", failed: " + value("error.type")
		}
		all = append(all, text)
	}
	return all
}

func checkDurations(t *testing.T, reader *metric.ManualReader, calls int) {
	t.Helper()
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.WithoutCancel(t.Context()), &collected); err != nil {
		t.Fatal(err)
	}
	found := collected.ScopeMetrics[0].Metrics[0]
	histogram, ok := found.Data.(metricdata.Histogram[float64])
	if !ok || found.Name != "db.client.operation.duration" || found.Unit != "s" {
		t.Fatalf("metric %q in %q of type %T", found.Name, found.Unit, found.Data)
	}
	var sum uint64
	for _, point := range histogram.DataPoints {
		sum += point.Count
	}
	if sum != uint64(calls) {
		t.Errorf("%d calls were measured, want %d", sum, calls)
	}
}
