package service

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func TestIDsAscendAndTellTheirTime(t *testing.T) {
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

func TestIDsOfTwoProcessesDiffer(t *testing.T) {
	one, other, now := NewIDs(rand.Reader), NewIDs(rand.Reader), time.UnixMilli(1767225600123)
	for range 1000 {
		if a, b := one(now), other(now); a == b {
			t.Fatalf("two processes made the id %s", a)
		}
	}
}
