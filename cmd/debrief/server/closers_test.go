package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasOpenedLastIsClosedFirst(t *testing.T) {
	var closed []string
	var opened closers
	for _, name := range []string{"telemetry", "store", "listener"} {
		opened.push(name, func(context.Context) error {
			closed = append(closed, name)
			return nil
		})
	}
	if err := opened.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"listener", "store", "telemetry"}, closed); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestWhatFailsToCloseKeepsNothingElseOpen(t *testing.T) {
	broken := errors.New("broken")
	var storeClosed bool
	var opened closers
	opened.push("store", func(context.Context) error {
		storeClosed = true
		return nil
	})
	opened.push("listener", func(context.Context) error { return broken })
	err := opened.close(t.Context())
	if !errors.Is(err, broken) || err.Error() != "listener: broken" {
		t.Errorf("error is %q, want it to say what failed and why", err)
	}
	if !storeClosed {
		t.Error("the store is still open")
	}
}

func TestWhatIsClosedTwiceIsClosedOnce(t *testing.T) {
	count := 0
	var opened closers
	opened.push("store", func(context.Context) error {
		count++
		return nil
	})
	for range 2 {
		if err := opened.close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if count != 1 {
		t.Errorf("closed %d times, want once", count)
	}
}

func TestWhoIsSlowToCloseLeavesTimeForTheOthers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	end, _ := ctx.Deadline()
	var opened closers
	opened.push("slow", func(ctx context.Context) error {
		own, ok := ctx.Deadline()
		if !ok || end.Sub(own) < 29*time.Minute {
			t.Errorf("may take until %v of the whole that ends %v, want about half of it", own, end)
		}
		return nil
	})
	if err := opened.close(ctx); err != nil {
		t.Fatal(err)
	}
}
