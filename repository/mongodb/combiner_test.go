package mongodb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/debriefhq/debrief/repository"
)

// gate is a combiner that does each group only when it is let.
type gate struct {
	*combiner[int]
	all    sync.WaitGroup
	let    chan error
	groups [][]int
}

func newGate(limits limits) *gate {
	g := &gate{let: make(chan error)}
	g.combiner = newCombiner(limits, &g.all, func(_ context.Context, work []int) error {
		g.groups = append(g.groups, slices.Sorted(slices.Values(work)))
		return <-g.let
	})
	return g
}

// submitted has each share submitted by a caller of its own, one after the other, and returns their errors when they
// have them.
func (g *gate) submitted(ctx context.Context, shares ...[]int) func() []error {
	errs := make([]error, len(shares))
	var callers sync.WaitGroup
	for i, share := range shares {
		callers.Go(func() { errs[i] = g.submit(ctx, int64(len(share)), share...) })
		synctest.Wait()
	}
	return func() []error {
		callers.Wait()
		return errs
	}
}

func TestCombiner(t *testing.T) {
	t.Parallel()
	roomy := limits{running: 1, count: 4, weight: 100, waiting: 100}
	for _, test := range []struct {
		name   string
		limits limits
		shares [][]int
		want   [][]int
	}{
		{"what queues while another group is done is one group", roomy, [][]int{{1}, {2}, {3}, {4}}, [][]int{{1}, {2, 3, 4}}},
		{"a group has a bounded count", roomy, [][]int{{1}, {2}, {3, 4, 5}, {6}}, [][]int{{1}, {2, 3, 4, 5}, {6}}},
		{"what one caller has is not split", roomy, [][]int{{1}, {2, 3, 4, 5, 6}, {7}}, [][]int{{1}, {2, 3, 4, 5, 6}, {7}}},
		{"a group has a bounded weight", limits{1, 9, 2, 100}, [][]int{{1}, {2}, {3}, {4}}, [][]int{{1}, {2, 3}, {4}}},
		{"several groups are done at once", limits{2, 9, 9, 100}, [][]int{{1}, {2}, {3}, {4}}, [][]int{{1}, {2}, {3, 4}}},
		{"more than may wait goes alone", limits{1, 9, 9, 2}, [][]int{{1, 2, 3}, {4}}, [][]int{{1, 2, 3}, {4}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gate := newGate(test.limits)
				finished := gate.submitted(t.Context(), test.shares...)
				for range test.want {
					gate.let <- nil
					synctest.Wait()
				}
				equal(t, "errors", finished(), make([]error, len(test.shares)))
				equal(t, "groups", gate.groups, test.want)
				gate.all.Wait()
			})
		})
	}
}

func TestCombinerErrors(t *testing.T) {
	t.Parallel()
	one := limits{running: 1, count: 2, weight: 9, waiting: 9}
	synctest.Test(t, func(t *testing.T) {
		gate := newGate(one)
		finished := gate.submitted(t.Context(), []int{1}, []int{2}, []int{3}, []int{4})
		for _, err := range []error{nil, repository.ErrUnavailable, nil} {
			gate.let <- err
		}
		for i, err := range finished() {
			if failed := i == 1 || i == 2; failed != errors.Is(err, repository.ErrUnavailable) {
				t.Errorf("caller %d gets %v", i+1, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		gate := newGate(one)
		first := gate.submitted(t.Context(), []int{1})
		ctx, cancel := context.WithCancel(t.Context())
		gone := gate.submitted(ctx, []int{2})
		last := gate.submitted(t.Context(), []int{3})
		cancel()
		if err := gone()[0]; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that has gone gets %v", err)
		}
		gate.let <- nil
		gate.let <- nil
		equal(t, "errors", append(first(), last()...), []error{nil, nil})
		equal(t, "groups", gate.groups, [][]int{{1}, {3}})
		gate.close()
		if err := gate.submit(t.Context(), 1, 4); !errors.Is(err, repository.ErrUnavailable) {
			t.Errorf("after close: %v, want ErrUnavailable", err)
		}
	})
}
