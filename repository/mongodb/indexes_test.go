package mongodb

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestOpenAtOnce has several replicas start on an empty database at the same time: each can be written to at once, and
// creation keys are unique from the first write on.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	const replicas = 6
	uri := mongodbtest.NewDatabase(t)
	var all sync.WaitGroup
	for n := range replicas {
		all.Go(func() {
			store := open(t, uri, Options{})
			creation := newIncident(n)
			creation.Resource.CreationKey = "key"
			if _, err := store.Incidents().Create(t.Context(), creation); err != nil {
				t.Errorf("Create: %v", err)
			}
		})
	}
	all.Wait()
	store := open(t, uri, Options{})
	incidents, err := store.Incidents().List(t.Context(), repository.Query{Limit: replicas})
	if err != nil || len(incidents) != 1 {
		t.Errorf("%d incidents, %v, want 1", len(incidents), err)
	}
	missing, err := store.engine.missing(t.Context(), repository.IncidentSchema.Name, indexes(repository.IncidentSchema, true))
	if err != nil || len(missing) > 0 {
		t.Errorf("missing are the indexes %v, %v, want none", missing, err)
	}
}

// TestOpenAgain creates no index twice, and drops none.
func TestOpenAgain(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	first := open(t, uri, Options{})
	own := mongo.IndexModel{Keys: bson.D{{Key: "summary", Value: 1}}}
	if _, err := first.incidents.stored.Indexes().CreateOne(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	before := indexNames(t, first.incidents.stored)
	spans := tracetest.NewSpanRecorder()
	open(t, uri, Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))})
	for _, span := range spans.Ended() {
		if strings.HasPrefix(span.Name(), "createIndexes") {
			t.Errorf("the second start runs %q", span.Name())
		}
	}
	equal(t, "indexes", indexNames(t, first.incidents.stored), before)
}

func indexNames(t *testing.T, collection *mongo.Collection) []string {
	t.Helper()
	specifications, err := collection.Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, specification := range specifications {
		names = append(names, specification.Name)
	}
	slices.Sort(names)
	return names
}

// TestOpenOfFullCollection waits, where there are documents, only for the indexes that keep keys unique; the others are
// built while Debrief serves.
func TestOpenOfFullCollection(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	stored := store.engine.database.Collection("grown")
	if _, err := stored.InsertOne(t.Context(), bson.D{{Key: fieldID, Value: "1"}}); err != nil {
		t.Fatal(err)
	}
	wanted := indexes(repository.IncidentSchema, true)
	later, err := store.engine.ensure(t.Context(), "grown", wanted)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "indexes that are there", indexNames(t, stored), []string{"_id_", "creation_key_1_where_set_unique"})
	equal(t, "indexes for later", len(later), len(wanted)-1)
	store.buildLater(t.Context(), map[string][]index{"grown": later})
	equal(t, "indexes", len(indexNames(t, stored)), len(wanted)+1)
}
