package mongodb

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// clients is how many goroutines call at the same time.
const clients = 16

// alertIncident is an incident as an alert opens it.
func alertIncident() repository.Incident {
	id, at := ulid.Make().String(), time.Now().UTC().Truncate(time.Millisecond)
	labels := map[string]string{
		"alertname": "HighLatency", "service": "checkout", "namespace": "shop", "severity": "page",
		"instance": "10.0.0." + id[22:24] + ":9090", "pod": "checkout-" + id[20:],
	}
	return repository.Incident{
		Header:     repository.Header{ID: id, CreationKey: "alertmanager/" + id, CreateTime: at, UpdateTime: at},
		Title:      "HighLatency (checkout shop " + id[20:] + ")",
		Summary:    "The 99th percentile of the checkout's answers is above one second for five minutes.",
		Kind:       "INCIDENT",
		Severity:   "SEV2",
		State:      "ACTIVE",
		Labels:     labels,
		Milestones: repository.Milestones{StartTime: at, DetectTime: at},
		Origin: repository.Origin{Actor: "alertmanager", Alerts: []repository.IncidentAlert{{
			Fingerprint: id, Status: "FIRING", Labels: labels, StartTime: at, NotificationCount: 1, LastNotificationTime: at,
			Annotations:  map[string]string{"summary": "The checkout is slow", "runbook_url": "https://runbooks.example/checkout"},
			GeneratorURL: "http://prometheus.example:9090/graph?g0.expr=latency",
		}}},
	}
}

// personIncident is an incident as a person opens it.
func personIncident() repository.Incident {
	id, at := ulid.Make().String(), time.Now().UTC().Truncate(time.Millisecond)
	return repository.Incident{
		Header:     repository.Header{ID: id, CreateTime: at, UpdateTime: at},
		Title:      "Checkout answers slowly in Europe",
		Summary:    "The 99th percentile of the checkout's answers is above one second since the release of this morning.",
		Kind:       "INCIDENT",
		Severity:   "SEV2",
		State:      "ACTIVE",
		Impact:     repository.Impact{Services: []string{"checkout", "payments"}},
		Labels:     map[string]string{"team": "shop", "region": "eu-west-1"},
		Milestones: repository.Milestones{StartTime: at, DetectTime: at},
		Lead:       "ada@example.com",
		Origin:     repository.Origin{Actor: "ada@example.com"},
	}
}

func opened(incident repository.Incident) repository.Event {
	return repository.Event{
		Header: repository.Header{CreationKey: ulid.Make().String(), CreateTime: incident.CreateTime, UpdateTime: incident.CreateTime},
		Type:   "INCIDENT_OPENED", Resource: "incidents/" + incident.ID, ResourceRevision: 1, Incident: "incidents/" + incident.ID,
		Time: incident.CreateTime, Actor: "alertmanager",
	}
}

func firing(incident repository.Incident) repository.TimelineEntry {
	return repository.TimelineEntry{
		Header: repository.Header{ID: ulid.Make().String(), Parent: incident.ID, CreateTime: incident.CreateTime, UpdateTime: incident.CreateTime},
		Statement: repository.Statement{
			Kind: "DETECTION", Text: "Alert HighLatency began to fire.", OccurTime: incident.CreateTime, Actor: "alertmanager",
			ReviseTime: incident.CreateTime,
		},
		Source: "ALERT",
	}
}

// benchmarkCalls makes the calls from all clients at once, and reports how many things were done in a second.
func benchmarkCalls(b *testing.B, each int, call func(ctx context.Context) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for range clients {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N*each)/b.Elapsed().Seconds(), "things/s")
}

func BenchmarkFloorInsertOne(b *testing.B) {
	bare := bareCollection(b)
	benchmarkCalls(b, 1, func(ctx context.Context) error {
		stored, err := encode(personIncident())
		if err != nil {
			return err
		}
		_, err = bare.InsertOne(ctx, stored)
		return err
	})
}

func BenchmarkFloorFindOne(b *testing.B) {
	bare := bareCollection(b)
	stored, err := encode(alertIncident())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := bare.InsertOne(b.Context(), stored); err != nil {
		b.Fatal(err)
	}
	id := stored.Lookup(fieldID).StringValue()
	benchmarkCalls(b, 1, func(ctx context.Context) error {
		_, err := bare.FindOne(ctx, bson.D{{Key: fieldID, Value: id}}).Raw()
		return err
	})
}

// bareCollection is a collection without indexes, used by the driver alone.
func bareCollection(b *testing.B) *mongo.Collection {
	b.Helper()
	store := open(b, mongodbtest.NewDatabase(b), Options{})
	return store.engine.database.Collection("bare")
}

func BenchmarkGet(b *testing.B) {
	store := open(b, mongodbtest.NewDatabase(b), Options{})
	created, err := store.Incidents().Create(b.Context(), repository.Creation[repository.Incident]{Resource: alertIncident()})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkCalls(b, 1, func(ctx context.Context) error {
		_, err := store.Incidents().Get(ctx, created[0].Resource.ID)
		return err
	})
}

// BenchmarkCreate creates incidents, each with an event and a timeline entry. It reports how many were created in a second,
// and how many were settled: all effects in their places, and the outboxes cleared.
func BenchmarkCreate(b *testing.B) {
	for _, test := range []struct {
		name string
		size int
		make func() repository.Incident
	}{
		{"person", 1, personIncident},
		{"alert", 1, alertIncident},
		{"alerts=100", 100, alertIncident},
	} {
		b.Run(test.name, func(b *testing.B) {
			store := open(b, mongodbtest.NewDatabase(b), Options{})
			benchmarkCalls(b, test.size, func(ctx context.Context) error {
				creations := make([]repository.Creation[repository.Incident], test.size)
				for i := range creations {
					incident := test.make()
					creations[i] = repository.Creation[repository.Incident]{Resource: incident, Effects: repository.Effects{
						Events: []repository.Event{opened(incident)}, TimelineEntries: []repository.TimelineEntry{firing(incident)},
					}}
				}
				_, err := store.Incidents().Create(ctx, creations...)
				return err
			})
			store.relay.drain()
			store.relaying.Wait()
			b.ReportMetric(float64(b.N*test.size)/b.Elapsed().Seconds(), "settled/s")
		})
	}
}
