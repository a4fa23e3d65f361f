package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/ratelimit"
)

var start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

func TestEachHasABucket(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(10, 3)
	type outcome struct {
		Wait    time.Duration
		Allowed bool
	}
	for i, step := range []struct {
		name  string
		after time.Duration
		want  outcome
	}{
		{"ana", 0, outcome{0, true}},
		{"ana", 0, outcome{0, true}},
		{"ana", 0, outcome{0, true}},
		{"ana", 0, outcome{100 * time.Millisecond, false}},
		{"ana", 0, outcome{100 * time.Millisecond, false}}, // To be refused costs nothing.
		{"ben", 0, outcome{0, true}},
		{"ana", 60 * time.Millisecond, outcome{40 * time.Millisecond, false}},
		{"ana", 100 * time.Millisecond, outcome{0, true}},
		{"ana", 100 * time.Millisecond, outcome{100 * time.Millisecond, false}},
		{"ana", time.Hour, outcome{0, true}},
		{"ana", time.Hour, outcome{0, true}},
		{"ana", time.Hour, outcome{0, true}},
		{"ana", time.Hour, outcome{100 * time.Millisecond, false}}, // A long rest fills the bucket, and no more.
	} {
		wait, allowed := limiter.Allow(step.name, start.Add(step.after))
		if diff := cmp.Diff(step.want, outcome{wait.Round(time.Microsecond), allowed}); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestZeroIsNoLimit(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(0, 0)
	for range 1000 {
		if wait, allowed := limiter.Allow("ana", start); !allowed || wait != 0 {
			t.Fatalf("%v, %v", wait, allowed)
		}
	}
}

// TestManyNamesDoNotRefillABucket has very many others come and go: whoever has used up a bucket does not get a new one by that.
func TestManyNamesDoNotRefillABucket(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.New(0.001, 1)
	limiter.Allow("ana", start)
	for i := range 20_000 {
		limiter.Allow(fmt.Sprint(i), start)
	}
	if _, allowed := limiter.Allow("ana", start.Add(time.Second)); allowed {
		t.Error("the bucket was thrown away")
	}
}
