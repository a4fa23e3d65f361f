package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// The states of a delivery.
const (
	deliveryPending = "PENDING"
	deliveryDone    = "DONE"
	deliveryFailed  = "FAILED"
)

const (
	// leftBehind is how long after its receipt a delivery is left to the process that took it.
	leftBehind = 15 * time.Second
	// maxAttempts is how often a delivery is worked off before it counts as failed; firstBackoff and maxBackoff are how long
	// is waited in between, twice as long each time.
	maxAttempts  = 12
	firstBackoff = 5 * time.Second
	maxBackoff   = 10 * time.Minute
	// deliveriesAtOnce and alertsInLot bound what is worked off together.
	deliveriesAtOnce = 500
	alertsInLot      = 2000
	// maxQueued and maxQueuedBytes bound what waits in a process.
	maxQueued      = 20_000
	maxQueuedBytes = 64 << 20
	// maxReadBytes is up to how many bytes that wait what was read of them waits as well: it takes several times as much memory
	// as they do. What comes beyond that is read again when its turn comes.
	maxReadBytes = 4 << 20
	// shortQueue is among how many deliveries, its own included, a sender waits to see its own worked off.
	shortQueue = 4
	maxProblem = 1024
)

// queue holds the deliveries that this process has taken and not worked off, in the order of their receipt.
type queue struct {
	mutex sync.Mutex
	jobs  []*job
	// held are those that wait or are worked off, by id.
	held         map[string]bool
	count, bytes int
	// came has room for one word that there is something to do.
	came chan struct{}
}

// job is one delivery to work off.
type job struct {
	kept repository.Delivery
	// delivery is what was read when it came; nil where it is to be read when its turn comes, as its integration says then.
	delivery *intake.Delivery
	size     int
	done     chan struct{}
}

func newQueue() *queue { return &queue{held: map[string]bool{}, came: make(chan struct{}, 1)} }

// place is room in the queue that is kept for a delivery.
type place struct {
	*queue

	size int
}

// reserve keeps room for a delivery; nil: there is none.
func (q *queue) reserve(size int) *place {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.count >= maxQueued || q.count > 0 && q.bytes+size > maxQueuedBytes {
		return nil
	}
	q.count++
	q.bytes += size
	return &place{queue: q, size: size}
}

// cancel gives the room back.
func (p *place) cancel() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.count--
	p.bytes -= p.size
}

// put puts a delivery into its place. What it answers is closed when it was worked off; nil where that may take long.
func (p *place) put(kept repository.Delivery, delivery intake.Delivery) <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	one := &job{kept: kept, size: p.size, done: make(chan struct{})}
	if p.bytes <= maxReadBytes {
		one.delivery = &delivery
	}
	p.jobs = append(p.jobs, one)
	p.held[kept.ID] = true
	select {
	case p.came <- struct{}{}:
	default:
	}
	if p.count > shortQueue {
		return nil
	}
	return one.done
}

// next are the next deliveries to work off together.
func (q *queue) next() []*job {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	count, alerts := 0, 0
	for count < min(len(q.jobs), deliveriesAtOnce) && (count == 0 || alerts+int(q.jobs[count].kept.AlertCount) <= alertsInLot) {
		alerts += int(q.jobs[count].kept.AlertCount)
		count++
	}
	jobs := slices.Clone(q.jobs[:count])
	clear(q.jobs[:count]) // What was worked off is not to be held by those that wait behind it.
	q.jobs = q.jobs[count:]
	if len(q.jobs) == 0 {
		q.jobs = nil
	}
	return jobs
}

// finish lets go of deliveries that were worked off.
func (q *queue) finish(jobs []*job) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, one := range jobs {
		delete(q.held, one.kept.ID)
		q.count--
		q.bytes -= one.size
		close(one.done)
	}
}

func (q *queue) holds(id string) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.held[id]
}

// Work works off what this process has taken, until the context ends, and then what is left of it. Should the process end
// before that, it is worked off by others.
func (s *Intake) Work(ctx context.Context) {
	for {
		s.WorkOffWaiting(context.WithoutCancel(ctx))
		select {
		case <-ctx.Done():
			s.WorkOffWaiting(context.WithoutCancel(ctx))
			return
		case <-s.queue.came:
		}
	}
}

// WorkOffWaiting works off what this process has taken, and comes to an end.
func (s *Intake) WorkOffWaiting(ctx context.Context) {
	for jobs := s.queue.next(); len(jobs) > 0 && ctx.Err() == nil; jobs = s.queue.next() {
		s.workOff(ctx, jobs)
		s.queue.finish(jobs)
	}
}

// workOff works deliveries off, those of one sender together. Where that fails, each is tried by itself: one that can't be
// worked off does not hold up the others.
func (s *Intake) workOff(ctx context.Context, jobs []*job) {
	type sender struct{ source, integration string }
	var order []sender
	lots := map[sender][]*job{}
	for _, one := range jobs {
		from := sender{one.kept.Source, one.kept.Integration}
		if lots[from] == nil {
			order = append(order, from)
		}
		lots[from] = append(lots[from], one)
	}
	for _, from := range order {
		together := lots[from]
		err := s.tryLot(ctx, together)
		if err == nil {
			continue
		}
		if len(together) == 1 || errors.Is(err, repository.ErrUnavailable) || ctx.Err() != nil {
			s.putOff(ctx, together, err)
			continue
		}
		for _, one := range together {
			if err := s.tryLot(ctx, []*job{one}); err != nil {
				s.putOff(ctx, []*job{one}, err)
			}
		}
	}
}

// tryLot works deliveries of one sender off, and writes down that it was done.
func (s *Intake) tryLot(ctx context.Context, jobs []*job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	one, err := s.newLot(ctx, jobs[0].kept)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if job.delivery == nil {
			read, err := s.reread(job.kept, one.integration)
			if err != nil {
				return err
			}
			job.delivery = &read
		}
		one.works = append(one.works, &work{id: job.kept.ID, received: job.kept.CreateTime, delivery: *job.delivery})
	}
	if err := one.run(ctx); err != nil {
		return err
	}
	_, err = concurrentlyAt(ctx, len(jobs), func(ctx context.Context, i int) (struct{}, error) {
		if err := s.confirm(ctx, jobs[i]); err != nil {
			s.putOff(ctx, jobs[i:i+1], err) // The others are done all the same.
			return struct{}{}, nil
		}
		return struct{}{}, s.markDone(ctx, jobs[i], one.works[i].alerts)
	})
	return err
}

// confirm asks the address that a sender wants to be asked before it begins to send. To ask twice does no harm.
func (s *Intake) confirm(ctx context.Context, one *job) error {
	if one.delivery.ConfirmURL == "" {
		return nil
	}
	if s.options.Confirm == nil {
		s.logger.WarnContext(ctx, "a sender waits to be confirmed, which this server is not set up to do", "delivery", deliveryName(one.kept.ID))
		return nil
	}
	if err := s.options.Confirm(ctx, one.delivery.ConfirmURL); err != nil {
		return fmt.Errorf("%w: %w", errNotConfirmed, err)
	}
	return nil
}

// errNotConfirmed says that the sender could not be told that it may begin to send.
var errNotConfirmed = errors.New("the sender could not be told that it may begin to send")

func (s *Intake) newLot(ctx context.Context, kept repository.Delivery) (*lot, error) {
	one := &lot{Intake: s, source: kept.Source}
	if kept.Integration == "" {
		return one, nil
	}
	integration, err := s.repository.Integrations().Get(ctx, lastID(kept.Integration))
	if errors.Is(err, repository.ErrNotFound) {
		// It is gone for good, and its rules with it.
		integration = repository.Integration{Header: repository.Header{ID: lastID(kept.Integration)}}
	} else if err != nil {
		return nil, fmt.Errorf("read %s: %w", kept.Integration, err)
	}
	one.integration = &integration
	entry, err := s.engines.of(integration)
	one.engine = entry.engine
	return one, err
}

// markDone writes down that a delivery was worked off.
func (s *Intake) markDone(ctx context.Context, one *job, alerts []string) error {
	now := s.present()
	done := false
	_, err := s.repository.Deliveries().Update(ctx, one.kept.ID, func(delivery *repository.Delivery) (repository.Effects, error) {
		done = false
		if delivery.State == deliveryDone {
			return repository.Effects{}, repository.ErrUnchanged
		}
		done = true
		delivery.State, delivery.CompleteTime, delivery.UpdateTime = deliveryDone, now, now
		delivery.NextAttemptTime, delivery.Problem = time.Time{}, ""
		delivery.Attempts++
		delivery.Alerts = alerts
		return repository.Effects{}, nil
	})
	if err != nil && !errors.Is(err, repository.ErrNotFound) {
		return fmt.Errorf("keep that %s is done: %w", deliveryName(one.kept.ID), err)
	}
	if done && one.kept.ReplayCount == 0 {
		s.received(ctx, *one.delivery)
	}
	return nil
}

// putOff writes down when deliveries are to be tried again, or that they are not.
func (s *Intake) putOff(ctx context.Context, jobs []*job, cause error) {
	if ctx.Err() != nil {
		return // They are left to others.
	}
	s.logger.WarnContext(ctx, "deliveries could not be worked off", "deliveries", len(jobs), "source", jobs[0].kept.Source, "error", cause)
	_, err := concurrently(ctx, jobs, func(ctx context.Context, one *job) (struct{}, error) {
		return struct{}{}, s.markFailed(ctx, one.kept.ID, cause)
	})
	if err != nil {
		// They stay due, and are found by the next sweep.
		s.logger.WarnContext(ctx, "that could not be kept: they will be tried again", "error", err)
	}
}

func (s *Intake) markFailed(ctx context.Context, id string, cause error) error {
	now := s.present()
	_, err := s.repository.Deliveries().Update(ctx, id, func(delivery *repository.Delivery) (repository.Effects, error) {
		if delivery.State != deliveryPending {
			return repository.Effects{}, repository.ErrUnchanged
		}
		delivery.Attempts++
		delivery.Problem, delivery.UpdateTime = problemOf(cause), now
		delivery.NextAttemptTime = now.Add(backoff(delivery.Attempts))
		if delivery.Attempts >= maxAttempts || isHopeless(cause) {
			delivery.State, delivery.NextAttemptTime, delivery.CompleteTime = deliveryFailed, time.Time{}, now
		}
		return repository.Effects{}, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return nil
	}
	return err
}

// isHopeless says that no repetition helps.
func isHopeless(cause error) bool {
	_, invalid := errors.AsType[*intake.InvalidError](cause)
	_, unsupported := errors.AsType[*intake.UnsupportedError](cause)
	return invalid || unsupported || errors.Is(cause, errNoAdapter)
}

// problemOf is what people are told of a cause. What is none of theirs is in the log.
func problemOf(cause error) string {
	if invalid, ok := errors.AsType[*intake.InvalidError](cause); ok {
		return cut(invalid.Error(), maxProblem)
	}
	for _, known := range repositoryErrors {
		if errors.Is(cause, known.cause) {
			return known.message
		}
	}
	if errors.Is(cause, errNotConfirmed) {
		return errNotConfirmed.Error()
	}
	if errors.Is(cause, errNoAdapter) || errors.As(cause, new(*intake.UnsupportedError)) || errors.As(cause, new(*intake.MappingError)) || errors.As(cause, new(*rules.CompileError)) {
		return cut(cause.Error(), maxProblem)
	}
	return "an internal error, which the server's log tells about"
}

// backoff is how long to wait after the given number of attempts.
func backoff(attempts int32) time.Duration {
	return min(maxBackoff, firstBackoff<<min(max(attempts-1, 0), 16))
}
