package server

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// minClockWait is how long is waited at least before clocks are looked at again.
const minClockWait = 10 * time.Millisecond

// startBackground starts what goes on beside the calls.
func (s *Server) startBackground(ctx context.Context, store repository.Repository, services *service.Services) error {
	if err := s.followCertificates(ctx); err != nil {
		return err
	}
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
			s.rewindClocks(ctx, services) // What a replica has wound meanwhile that has not got the new policies yet.
		}
	}))
	s.closers.push("stop looking for deliveries", repeat(ctx, func(ctx context.Context) {
		for sleep(ctx, s.config.DeliveryInterval) {
			s.workDeliveries(ctx, services)
		}
	}))
	// What is under way comes to its end; what waits behind it is found by others, or after the next start.
	s.closers.push("stop working deliveries off", repeat(ctx, services.Intake.Work))
	s.closers.push("stop telling what time brings", repeat(ctx, func(ctx context.Context) {
		// A clock that has more time by now is not to be told of first.
		for !s.rewindClocks(ctx, services) {
			if !sleep(ctx, s.config.ClockInterval) {
				return
			}
		}
		for !s.scheduleReminders(ctx, services) {
			if !sleep(ctx, s.config.ClockInterval) {
				return
			}
		}
		for sleep(ctx, s.tell(ctx, services)) {
		}
	}))
	s.closers.push("stop delivering events", repeat(ctx, func(ctx context.Context) {
		services.Dispatch(ctx, service.DispatchOptions{})
	}))
	return nil
}

// tell tells what time has brought, and answers how long to wait before it is to look again: until what it knows to be next,
// but no longer than the interval, as resources change meanwhile.
func (s *Server) tell(ctx context.Context, services *service.Services) time.Duration {
	next, err := services.Tell(ctx)
	if err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "tell what time has brought: will be tried again", "error", err)
	}
	if err != nil || next.IsZero() {
		return s.config.ClockInterval
	}
	return max(minClockWait, min(time.Until(next), s.config.ClockInterval))
}

// rewindClocks winds the clocks anew whose policies have changed, and says whether that is done.
func (s *Server) rewindClocks(ctx context.Context, services *service.Services) bool {
	err := services.RewindClocks(ctx)
	if err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "wind clocks under new policies: will be tried again", "error", err)
	}
	return err == nil
}

// scheduleReminders sees to the action items of versions that had no reminders, and says whether that is done.
func (s *Server) scheduleReminders(ctx context.Context, services *service.Services) bool {
	err := services.ScheduleReminders(ctx)
	if err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "schedule reminders: will be tried again", "error", err)
	}
	return err == nil
}

func (s *Server) workDeliveries(ctx context.Context, services *service.Services) {
	if err := services.WorkDeliveries(ctx); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "work off deliveries: will be tried again", "error", err)
	}
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
