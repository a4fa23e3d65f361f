package service

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func TestIDsAscendAndTellTheirTime(t *testing.T) {
	t.Parallel()
	newID := NewIDs(rand.Reader)
	now := time.UnixMilli(1767225600123)
	var ids []string
	for i := range 5000 {
		ids = append(ids, newID(now.Add(time.Duration(i/1000)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("ids that are made one after the other do not ascend")
	}
	first, err := ulid.ParseStrict(ids[0])
	if err != nil || first.Time() != 1767225600123 {
		t.Errorf("id %s: time %d, error %v; want the time that it was made for", ids[0], first.Time(), err)
	}
}

// TestIDsOfOneMillisecondDifferInTheirCounters looks at what stores sort by before all else: an id that agrees with others
// in that has no place of its own.
func TestIDsOfOneMillisecondDifferInTheirCounters(t *testing.T) {
	t.Parallel()
	newID := NewIDs(rand.Reader)
	earlier := time.UnixMilli(1767225600123)
	seen := map[string]bool{}
	for i := range 3000 {
		// Who began earlier goes on with the time of the beginning.
		id := newID(earlier.Add(time.Duration(i%3) * time.Millisecond))
		if counted := id[:14]; seen[counted] {
			t.Fatalf("id %d, %s: another one of its millisecond has the same counter", i, id)
		} else {
			seen[counted] = true
		}
	}
}

func TestTheCounterOfIDsDoesNotEndWithinAMillisecond(t *testing.T) {
	t.Parallel()
	newID := NewIDs(rand.Reader)
	now := time.UnixMilli(1767225600123)
	for range 1<<counterBits - 10 {
		newID(now)
	}
	now = now.Add(time.Millisecond)
	if ids := []string{newID(now), newID(now), newID(now)}; !slices.IsSorted(ids) || ids[0][10:14] != "0000" {
		t.Errorf("the ids of the next millisecond are %v: want them to be counted anew", ids)
	}
}

// TestIDsDifferWhereTheClockJumps has the clock come to the same millisecond again and again.
func TestIDsDifferWhereTheClockJumps(t *testing.T) {
	newID := NewIDs(rand.Reader)
	now := time.UnixMilli(1767225600123)
	seen := map[string]bool{}
	for i := range 5000 {
		jump := []time.Duration{0, -time.Hour, 365 * 24 * time.Hour, time.Millisecond}[i%4]
		id := newID(now.Add(jump))
		if counted := id[:14]; seen[counted] {
			t.Fatalf("id %d, %s: another one of its millisecond has the same counter", i, id)
		} else {
			seen[counted] = true
		}
		if made, err := ulid.ParseStrict(id); err != nil || made.Time() != ulid.Timestamp(now.Add(jump)) {
			t.Fatalf("id %s: time %d, error %v; want the time that it was made for", id, made.Time(), err)
		}
	}
}

func TestIDsOfTwoProcessesDiffer(t *testing.T) {
	t.Parallel()
	one, other, now := NewIDs(rand.Reader), NewIDs(rand.Reader), time.UnixMilli(1767225600123)
	for range 1000 {
		if a, b := one(now), other(now); a == b {
			t.Fatalf("two processes made the id %s", a)
		}
	}
}
