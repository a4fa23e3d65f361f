package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// scenario is something that happens once and takes as long as it takes, on a server and a store of its own. F are its figures.
type scenario[F any] struct {
	name string
	run  func(ctx context.Context, b *bench) (F, error)
}

// performed is a scenario: all its runs, and the one in the middle.
type performed[F any] struct {
	Name   string `json:"name"`
	Median F      `json:"median"`
	Runs   []F    `json:"runs"`
}

// perform runs those scenarios that are wanted. The one in the middle is told by what is to be small.
func perform[F any](ctx context.Context, s settings, in stores, all []scenario[F], small func(F) float64, progress io.Writer) ([]performed[F], error) {
	wanted := slices.DeleteFunc(all, func(one scenario[F]) bool { return !s.wanted(one.name) })
	told := make([]performed[F], len(wanted))
	for number := range s.runs {
		for i, one := range wanted {
			fmt.Fprintf(progress, "run %d of %d: %s\n", number+1, s.runs, one.name)
			figures, err := one.perform(ctx, s, in, progress)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			told[i].Name, told[i].Runs = one.name, append(told[i].Runs, figures)
		}
	}
	for i := range told {
		sorted := slices.SortedFunc(slices.Values(told[i].Runs), func(a, b F) int { return cmp.Compare(small(a), small(b)) })
		told[i].Median = sorted[len(sorted)/2]
	}
	return told, nil
}

func (one scenario[F]) perform(ctx context.Context, s settings, in stores, progress io.Writer) (figures F, err error) {
	b := &bench{settings: s, stores: in, ids: newFloorIDs()}
	closing := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, b.close(closing)) }()
	if err := b.startServer(ctx, "scenario", progress); err != nil {
		return figures, err
	}
	return one.run(ctx, b)
}

// effort is the processor time of the server and the load together since a moment.
type effort struct {
	*bench

	served, load time.Duration
}

func (b *bench) begin() effort {
	return effort{bench: b, served: b.server.processorTime(), load: processorTime("self")}
}

// perSecond is how many things were done for each second of processor time.
func (e effort) perSecond(things int64) float64 {
	used := e.server.processorTime() - e.served + processorTime("self") - e.load
	if used <= 0 {
		return 0
	}
	return float64(things) / used.Seconds()
}

// patiently asks again and again until something is so, but not for ever.
func patiently(ctx context.Context, what string, isSo func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, scenarioTimeout)
	defer cancel()
	for {
		so, err := isSo(ctx)
		if err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if so {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// scenarioTimeout bounds how long a scenario may take.
const scenarioTimeout = 20 * time.Minute
