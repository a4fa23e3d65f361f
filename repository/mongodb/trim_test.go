package mongodb

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestPlacesThatWereTrimmedStayEmpty has a replica tell nothing for long. The place behind the newest event that it remembers was
// taken by another one, and is free again.
func TestPlacesThatWereTrimmedStayEmpty(t *testing.T) {
	t.Parallel()
	database := mongodbtest.NewDatabase(t)
	var passed atomic.Int64
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	quiet, busy := open(t, database, Options{Now: now}), open(t, database, Options{})
	quiet.mustCreate(t, newIncident(1))
	if got := len(quiet.eventKeys(t)); got != 2 {
		t.Fatalf("there are %d events, want 2", got)
	}
	busy.mustCreate(t, newIncident(2), newIncident(3))
	if err := busy.Events().Trim(t.Context(), repository.EventID(6)); err != nil {
		t.Fatal(err)
	}
	passed.Store(int64(2 * rememberedFor))
	if err := quiet.touch(t.Context(), 1, 3); err != nil {
		t.Fatal(err)
	}
	events, err := quiet.Events().List(t.Context(), repository.Query{Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	var sequences []int64
	for _, event := range events {
		sequences = append(sequences, event.Sequence())
	}
	if diff := cmp.Diff([]int64{6, 7}, sequences); diff != "" {
		t.Errorf("sequences (-want +got):\n%s", diff)
	}
}
