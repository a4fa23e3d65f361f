package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// bench is a benchmark that is running: the server and what else is measured, and the callers of both.
type bench struct {
	settings
	stores stores
	// server is what is measured, echo its floor over gRPC, bare its floor in the store.
	server, echo         *child
	grpcCalls, echoCalls grpcCallers
	restCalls            *restCallers
	bare                 floor
	ids                  *floorIDs
	// names are those of the incidents that are read.
	names []string
	// atRest is the server's memory before anybody called it.
	atRest int64
	// numbers tells what is sent apart, over all phases.
	numbers atomic.Int64
	closers []func(context.Context) error
}

// benchmark runs everything and tells the results.
func benchmark(ctx context.Context, s settings, out, progress io.Writer) (err error) {
	in, err := s.stores()
	if err != nil {
		return err
	}
	closing := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, in.close(closing)) }()
	told := report{Machine: machine(), Store: in.kind(), Clients: s.clients, Duration: s.duration.String(), Runs: s.runs}
	if err := runPhases(ctx, s, in, &told, progress); err != nil {
		return err
	}
	if told.Storms, err = perform(ctx, s, in, storms(), func(one storm) float64 { return one.WorkedOff }, progress); err != nil {
		return err
	}
	if told.FanOuts, err = perform(ctx, s, in, fanOuts(), func(one fanOut) float64 { return one.P99 }, progress); err != nil {
		return err
	}
	if told.Growth, err = measureGrowth(ctx, s, in, progress); err != nil {
		return err
	}
	if s.json {
		return told.writeJSON(out)
	}
	return told.writeTables(out)
}

func runPhases(ctx context.Context, s settings, in stores, told *report, progress io.Writer) (err error) {
	b := &bench{settings: s, stores: in, ids: newFloorIDs()}
	phases := b.wantedPhases()
	if len(phases) == 0 {
		return nil
	}
	closing := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, b.close(closing)) }()
	if err := b.start(ctx, progress); err != nil {
		return err
	}
	told.Start = started{Incidents: s.base, Ready: milliseconds(b.server.ready), MemoryAtRest: b.atRest}
	for number := range s.runs {
		for _, phase := range phases {
			fmt.Fprintf(progress, "run %d of %d: %s\n", number+1, s.runs, phase.name)
			measured, err := b.measure(ctx, phase)
			if err != nil {
				return fmt.Errorf("%s: %w", phase.name, err)
			}
			told.add(phase, measured)
		}
	}
	told.finish(phases)
	_, told.Start.MemoryAtMost = b.server.memory()
	return nil
}

// start starts the server on a filled store, and what it is compared to, and connects the callers.
func (b *bench) start(ctx context.Context, progress io.Writer) error {
	if err := b.startServer(ctx, "phases", progress); err != nil {
		return err
	}
	b.atRest = b.resting(ctx)
	var err error
	if b.echo, err = startChild(ctx, b.serverLog, "echo"); err != nil {
		return err
	}
	b.closers = append(b.closers, func(context.Context) error { return b.echo.stop() })
	if b.echoCalls, err = dial(b.echo.GRPC, b.clients); err != nil {
		return err
	}
	b.closers = append(b.closers, func(context.Context) error { return b.echoCalls.close() })
	if err := b.openFloor(ctx); err != nil {
		return err
	}
	if err := b.ids.fill(ctx, b.bare, b.base/floorShare); err != nil {
		return err
	}
	b.names, err = b.grpcCalls.listNames(ctx, b.base)
	return err
}

// startServer fills a store of that name, starts the server on it, and connects the callers.
func (b *bench) startServer(ctx context.Context, name string, progress io.Writer) error {
	b.closers = append(b.closers, func(ctx context.Context) error { return b.stores.remove(ctx, name) })
	if _, err := fill(ctx, b.stores, name, b.base, progress); err != nil {
		return err
	}
	var err error
	if b.server, err = startChild(ctx, b.serverLog, "server", "--store", b.stores.url(name), "--cpu-profile", b.profile); err != nil {
		return err
	}
	b.closers = append(b.closers, func(context.Context) error { return b.server.stop() })
	if b.grpcCalls, err = dial(b.server.GRPC, b.clients); err != nil {
		return err
	}
	b.closers = append(b.closers, func(context.Context) error { return b.grpcCalls.close() })
	return nil
}

// openFloor opens the bare driver, on a store of its own.
func (b *bench) openFloor(ctx context.Context) error {
	var err error
	if b.bare, err = b.stores.openFloor(ctx); err == nil {
		b.closers = append(b.closers, b.bare.close)
	}
	return err
}

func (b *bench) close(ctx context.Context) error {
	var problems []error
	for _, closer := range slices.Backward(b.closers) {
		problems = append(problems, closer(ctx))
	}
	return errors.Join(problems...)
}

// resting is the memory of the server when nobody calls it.
func (b *bench) resting(ctx context.Context) int64 {
	select {
	case <-ctx.Done():
	case <-time.After(b.rest):
	}
	now, _ := b.server.memory()
	return now
}

// measure runs a phase once, warm-up first.
func (b *bench) measure(ctx context.Context, p phase) (measured, error) {
	running, err := p.prepare(ctx, b)
	if err != nil {
		return measured{}, err
	}
	warmUp := load{clients: b.clients, duration: b.duration / 5, most: b.most}
	if _, err := warmUp.run(ctx, running.call); err != nil {
		return measured{}, fmt.Errorf("warm-up: %w", err)
	}
	before, err := b.usage(ctx, p.where)
	if err != nil {
		return measured{}, err
	}
	taken, err := load{clients: b.clients, duration: b.duration, most: b.most}.run(ctx, running.call)
	if err != nil {
		return measured{}, err
	}
	after, err := b.usage(ctx, p.where)
	if err != nil {
		return measured{}, err
	}
	result := newMeasured(p, taken, before, after)
	if running.verify != nil {
		after, err := running.verify(ctx)
		result.Lag, result.Refused = after.lag, after.refused
		return result, err
	}
	return result, nil
}

// usage is what a phase has used of the machine since the processes were started.
type usage struct {
	allocations  float64
	served, load time.Duration
}

// The processes in which allocations are counted.
const (
	inServer = "server"
	inEcho   = "echo"
	inLoad   = "load"
)

func (b *bench) usage(ctx context.Context, where string) (usage, error) {
	u := usage{load: processorTime("self")}
	var err error
	switch where {
	case inServer:
		u.served = b.server.processorTime()
		u.allocations, err = b.server.allocations(ctx)
	case inEcho:
		u.served = b.echo.processorTime()
		u.allocations, err = b.echo.allocations(ctx)
	case inLoad:
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		u.allocations = float64(memory.Mallocs)
	}
	return u, err
}
