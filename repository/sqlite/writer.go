package sqlite

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// queueLength bounds how many writes wait.
	queueLength = 256
	// groupLength and groupSize bound what shares a commit, in writes and in bytes of their documents.
	groupLength = 400
	groupSize   = 8 << 20
)

// writer is the one goroutine of the process that writes. Everything that queued up while it wrote goes into its next
// transaction, so that many callers share one commit; none of them waits for others to come.
type writer struct {
	open func(context.Context) (*connection, error)
	// settle is called after each commit, when the callers have been answered.
	settle func(context.Context, *connection) error
	logger *slog.Logger
	queue  chan *write
	// urgent writes overtake those of the queue.
	urgent chan *write

	// endless is the context of what is brought to its end once it has begun, and waiting that of what ends when the
	// writer may no longer wait for another process.
	endless, waiting context.Context //nolint:containedctx // They are the goroutine's, not a call's.
	abandon          context.CancelFunc
	closing          chan struct{}
	once             sync.Once
	stopped          chan struct{}

	connection *connection
}

// write is something to do in a transaction.
type write struct {
	ctx context.Context //nolint:containedctx // It is the caller's, who waits for the write.
	// size is the bytes of its documents.
	size int
	// apply does it. It may be called again, in another transaction, after the first was rolled back. An error rolls the
	// transaction back: what is an answer to the caller is none.
	apply func(*transaction) error
	done  chan error
	gone  atomic.Bool
}

// newWriter starts a writer. The context has no end.
func newWriter(
	ctx context.Context, open func(context.Context) (*connection, error), settle func(context.Context, *connection) error,
	logger *slog.Logger,
) *writer {
	w := &writer{
		open: open, settle: settle, logger: logger, endless: ctx,
		queue: make(chan *write, queueLength), urgent: make(chan *write, queueLength),
		closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	w.waiting, w.abandon = context.WithCancel(ctx)
	go w.run()
	return w
}

// do has something written, and returns when it is durable, or the context ends; then it may be written or not.
func (w *writer) do(ctx context.Context, queue chan *write, size int, apply func(*transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	job := &write{ctx: ctx, size: size, apply: apply, done: make(chan error, 1)}
	select {
	case queue <- job:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return errClosed
	}
	return w.wait(ctx, job)
}

func (w *writer) wait(ctx context.Context, job *write) error {
	select {
	case err := <-job.done:
		return err
	case <-ctx.Done():
		job.gone.Store(true)
		return ctx.Err()
	case <-w.stopped:
	}
	select {
	case err := <-job.done:
		return err
	default:
		return errClosed
	}
}

// close ends the goroutine when everything in the queue is written, or the context has ended.
func (w *writer) close(ctx context.Context) error {
	w.once.Do(func() { close(w.closing) })
	defer w.abandon()
	select {
	case <-w.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) run() {
	defer close(w.stopped)
	for group := w.next(); len(group) > 0; group = w.next() {
		w.write(group)
	}
	if w.connection != nil {
		w.drop()
	}
}

// next waits for a write, and takes with it what else is there. It gives none when the writer is closing and the queue
// is empty.
func (w *writer) next() []*write {
	group := w.take(nil, w.urgent)
	if group = w.take(group, w.queue); len(group) > 0 {
		return group
	}
	var first *write
	select {
	case first = <-w.urgent:
	case first = <-w.queue:
	case <-w.closing:
		return w.take(w.take(nil, w.urgent), w.queue)
	}
	runtime.Gosched() // Others who are about to write come along.
	return w.take([]*write{first}, w.queue)
}

// take adds to the group what is in the queue, up to what a group may hold.
func (w *writer) take(group []*write, queue chan *write) []*write {
	size := 0
	for _, job := range group {
		size += job.size
	}
	for len(group) < groupLength && size < groupSize {
		select {
		case job := <-queue:
			group = append(group, job)
			size += job.size
		default:
			return group
		}
	}
	return group
}

// write writes a group and answers its callers. When one of several fails by its own fault, each is tried alone.
func (w *writer) write(group []*write) {
	group = present(group)
	if len(group) == 0 {
		return
	}
	err := w.attempt(group)
	if len(group) > 1 && isOwnFault(err) {
		for _, job := range group {
			job.done <- w.attempt([]*write{job})
		}
	} else {
		for _, job := range group {
			job.done <- err
		}
	}
	if w.connection != nil && err == nil {
		if err := w.settle(w.endless, w.connection); err != nil {
			w.replace(err)
		}
	}
}

// present leaves out the writes whose callers are gone.
func present(group []*write) []*write {
	var there []*write
	for _, job := range group {
		if err := job.ctx.Err(); err != nil || job.gone.Load() {
			job.done <- err
			continue
		}
		there = append(there, job)
	}
	return there
}

// attempt does the writes in one transaction: all of them or none.
func (w *writer) attempt(group []*write) error {
	if w.connection == nil {
		var err error
		if w.connection, err = w.open(w.waiting); err != nil {
			w.connection = nil
			return err
		}
	}
	if _, err := w.connection.exec(w.waiting, "BEGIN IMMEDIATE"); err != nil {
		w.recover(err, nil)
		return err
	}
	err := apply(newTransaction(w.endless, w.connection), group)
	if err == nil {
		_, err = w.connection.exec(w.endless, "COMMIT")
	}
	if err != nil {
		_, rollback := w.connection.exec(w.endless, "ROLLBACK")
		w.recover(err, rollback)
	}
	return err
}

func apply(tx *transaction, group []*write) error {
	for _, job := range group {
		if err := job.apply(tx); err != nil {
			return err
		}
	}
	return tx.finish()
}

// recover sees to it that the next transaction begins well: unless it is known that the connection is in order, another
// one is opened for it.
func (w *writer) recover(err, rollback error) {
	if rollback != nil || !isBusy(err) && !isOwnFault(err) {
		w.replace(errors.Join(err, rollback))
	}
}

// replace gives the connection up, with which something went wrong, so that the next transaction opens another.
func (w *writer) replace(err error) {
	w.logger.WarnContext(w.endless, "connection to the store is replaced", slog.Any("error", err))
	w.drop()
}

func (w *writer) drop() {
	if err := w.connection.close(); err != nil {
		w.logger.WarnContext(w.endless, "connection to the store did not close", slog.Any("error", err))
	}
	w.connection = nil
}
