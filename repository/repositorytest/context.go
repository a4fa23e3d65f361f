package repositorytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// testContext expects that a call whose context has ended says so, and does nothing.
func testContext(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), epoch.Add(-100*365*24*time.Hour))
	defer cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // The context is what the table is about.
		want error
	}{
		{"canceled", canceled, context.Canceled},
		{"expired", expired, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := newRepository(t)
			create(t, store.Incidents(), newIncident(1), repository.Effects{})
			ended(test.ctx, t, store, test.want)
			check(t, "stored", list(t, store.Incidents(), repository.Query{Limit: 5}), []repository.Incident{newIncident(1)})
			check(t, "events", allEvents(t, store), nil)
		})
	}
	t.Run("canceled inside an update", func(t *testing.T) { canceledInsideUpdate(t, newRepository(t)) })
}

// ended makes every call with a context that has ended.
func ended(ctx context.Context, t *testing.T, store repository.Repository, want error) {
	t.Helper()
	creation := repository.Creation[repository.Incident]{Resource: newIncident(2), Effects: withEvents(newEvent(2, 1))}
	for _, call := range []struct {
		name string
		err  error
	}{
		{"Get", second(store.Incidents().Get(ctx, newID(1)))},
		{"List", second(store.Incidents().List(ctx, repository.Query{Limit: 1}))},
		{"Count", second(store.Incidents().Count(ctx, repository.Query{Limit: 1}))},
		{"Create", second(store.Incidents().Create(ctx, creation))},
		{"Update", second(store.Incidents().Update(ctx, newID(1), rename))},
		{"Remove", store.Incidents().Remove(ctx, newID(1))},
		{"List of events", second(store.Events().List(ctx, repository.Query{Limit: 1}))},
		{"Ping", store.Ping(ctx)},
	} {
		if !errors.Is(call.err, want) {
			t.Errorf("%s = %v, want %v", call.name, call.err, want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func rename(incident *repository.Incident) (repository.Effects, error) {
	incident.Title = "Renamed"
	return withEvents(newEvent(1, 2)), nil
}

// canceledInsideUpdate has the context end between the reading and the writing: nothing may be written.
func canceledInsideUpdate(t *testing.T, store repository.Repository) {
	create(t, store.Incidents(), newIncident(1), repository.Effects{})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := store.Incidents().Update(ctx, newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		cancel()
		return rename(incident)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want %v", err, context.Canceled)
	}
	check(t, "stored", get(t, store.Incidents(), newID(1)), newIncident(1))
	check(t, "events", allEvents(t, store), nil)
}
