package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// operation makes one call as one of the callers, which are numbered from 0 on.
type operation func(ctx context.Context, caller int) error

// load is how many callers do something at the same time, and for how long.
type load struct {
	clients  int
	duration time.Duration
	// most bounds the calls, warm-up not included.
	most int
}

// patience is how much longer than its duration a load may take before it is an error.
const patience = time.Minute

// sample is what a load has measured.
type sample struct {
	// took is how long each call took, in order of length.
	took []time.Duration
	// wall is from the first call to the end of the last one.
	wall time.Duration
}

// run has every caller make one call after the other until the time is up, or there were too many. What is under way then
// comes to its end and counts. The first error ends everything.
func (l load) run(ctx context.Context, call operation) (sample, error) {
	var (
		mutex  sync.Mutex
		result sample
		made   atomic.Int64
	)
	ctx, cancel := context.WithTimeout(ctx, l.duration+patience)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	end := start.Add(l.duration)
	for caller := range l.clients {
		group.Go(func() error {
			took := make([]time.Duration, 0, 1<<14)
			for begin := time.Now(); begin.Before(end) && made.Add(1) <= int64(l.most); {
				if err := call(ctx, caller); err != nil {
					return fmt.Errorf("call %d of caller %d: %w", len(took)+1, caller, err)
				}
				done := time.Now()
				took = append(took, done.Sub(begin))
				begin = done
			}
			mutex.Lock()
			defer mutex.Unlock()
			result.took = append(result.took, took...)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return result, err
	}
	result.wall = time.Since(start)
	slices.Sort(result.took)
	return result, nil
}

// percentile is the time within which that share of the calls was answered, by the nearest-rank method; 0 < share <= 1.
func (s sample) percentile(share float64) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	rank := int(share*float64(len(s.took))+0.999999) - 1
	return s.took[min(max(rank, 0), len(s.took)-1)]
}

// perSecond is how many calls were answered a second.
func (s sample) perSecond() float64 {
	if s.wall == 0 {
		return 0
	}
	return float64(len(s.took)) / s.wall.Seconds()
}
