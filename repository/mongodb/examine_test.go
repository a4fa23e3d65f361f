package mongodb

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

func examined(t *testing.T, uri string, settings Options) Examination {
	t.Helper()
	found, err := Examine(t.Context(), uri, settings)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// names are those of the collections that a database has.
func (r *Repository) names(t *testing.T) []string {
	t.Helper()
	names, err := r.engine.database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestExamineMakesNothing(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	if found := examined(t, uri, Options{}); !found.Empty {
		t.Errorf("Examine = %+v, want it empty", found)
	}
	looking, err := connectReadOnly(t.Context(), uri, Options{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "collections", len(looking.names(t)), 0)
	if err := looking.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestExamineFindsWhatIsMissingAndLeft(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	store := openWithoutRelay(t, uri, "effects")
	store.mustCreate(t, newIncident(1), newIncident(2))
	store.mustSettle(t)
	if err := store.incidents.stored.Indexes().DropOne(t.Context(), termsIndex.name()); err != nil {
		t.Fatal(err)
	}
	found := examined(t, uri, Options{Now: later})
	equal(t, "missing", found.Missing, map[string][]string{"incidents": {termsIndex.name()}})
	equal(t, "left", found.Left, 2)
	equal(t, "left a moment ago", examined(t, uri, Options{}).Left, 0)
}

// TestExamineComparesClocks has a clock of this machine that is an hour late.
func TestExamineComparesClocks(t *testing.T) {
	t.Parallel()
	late := func() time.Time { return time.Now().Add(-time.Hour) }
	found := examined(t, mongodbtest.NewDatabase(t), Options{Now: late})
	if !found.Known || (found.Ahead-time.Hour).Abs() > found.Uncertainty+5*time.Second {
		t.Errorf("the server is ahead by %v, give or take %v; known: %t", found.Ahead, found.Uncertainty, found.Known)
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	open(t, uri, Options{}).mustCreate(t, newIncident(1))
	store, err := OpenReadOnly(t.Context(), uri, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Incidents().Get(t.Context(), newIncident(1).Resource.ID); err != nil {
		t.Error(err)
	}
	if _, err := store.Events().List(t.Context(), repository.Query{Limit: 10}); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(context.Context) error{
		"Ping":   store.Ping,
		"Update": func(ctx context.Context) error { return store.touch(ctx, 1, 3) },
		"Create": func(ctx context.Context) error {
			_, err := store.Incidents().Create(ctx, newIncident(2))
			return err
		},
	} {
		if err := change(t.Context()); !errors.Is(err, repository.ErrUnavailable) {
			t.Errorf("%s = %v", name, err)
		}
	}
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

func TestExamineWhereNobodyIs(t *testing.T) {
	t.Parallel()
	_, err := Examine(t.Context(), "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", Options{})
	if !errors.Is(err, repository.ErrUnavailable) {
		t.Errorf("Examine = %v", err)
	}
}
