package service_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// full is a store in which there is no room for deliveries of events, as often as it says.
type full struct {
	repository.Repository

	refusals atomic.Int32
}

func (f *full) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return fullDeliveries{f.Repository.EventDeliveries(), f}
}

type fullDeliveries struct {
	repository.Collection[repository.EventDelivery]

	full *full
}

func (d fullDeliveries) Create(ctx context.Context, creations ...repository.Creation[repository.EventDelivery]) ([]repository.Created[repository.EventDelivery], error) {
	if d.full.refusals.Add(-1) >= 0 {
		return nil, errors.New("the disk is full")
	}
	return d.Collection.Create(ctx, creations...)
}

// TestWhatCannotBeKeptIsNotToldAgain has a store take no writes for a while, in which it can be read.
func TestWhatCannotBeKeptIsNotToldAgain(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "debrief.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	filled := &full{Repository: store}
	d := serve(t, filled, toLoopback)
	r := newReceiver(t, ok)
	d.subscribe(t, "chat", r.URL)
	want := d.happen(t, 3, 2)
	filled.refusals.Store(5)
	timers := newTimers(d)
	dispatch(t, d.services, timers, "a")
	looks := 0
	await(t, timers, func() bool {
		kept, err := d.repository.EventDeliveries().Count(t.Context(), repository.Query{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if looks++; looks%500 == 0 { // Who was refused waits, and holds its lease meanwhile.
			timers.pass(time.Second)
		}
		return kept == len(want)
	})
	messages, _ := r.all()
	checkAll(t, want, messages)
	if len(messages) != len(want) {
		t.Errorf("%d messages came, want %d", len(messages), len(want))
	}
}
