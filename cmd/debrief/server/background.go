package server

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// startBackground starts what goes on beside the calls.
func (s *Server) startBackground(ctx context.Context, store repository.Repository, services *service.Services) error {
	gauges, err := newGauges(s.telemetry.meters, store)
	if err != nil {
		return err
	}
	s.closers.push("stop counting", repeat(ctx, func(ctx context.Context) {
		gauges.refresh(ctx, s.logger)
		for sleep(ctx, gaugeInterval) {
			gauges.refresh(ctx, s.logger)
		}
	}))
	s.closers.push("stop purging", repeat(ctx, func(ctx context.Context) {
		// Replicas that were started together are not to purge together.
		for sleep(ctx, rand.N(2*s.config.PurgeInterval)) { //nolint:gosec // Nobody gains by guessing when it is.
			s.purge(ctx, services)
		}
	}))
	return nil
}

func (s *Server) purge(ctx context.Context, services *service.Services) {
	if err := services.Purge(ctx); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "purge: will be tried again", "error", err)
	}
}

// repeat runs the loop, beyond the context, until it is closed; closing waits for it.
func repeat(ctx context.Context, loop func(context.Context)) func(context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		loop(running)
	}()
	return func(ctx context.Context) error {
		stop()
		return waitFor(ctx, func() { <-done })
	}
}

// sleep waits, and says whether the context still lives.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
