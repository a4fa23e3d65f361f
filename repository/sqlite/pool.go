package sqlite

import (
	"context"
	"errors"
	"sync"
)

// pool keeps the connections that read. They are opened when they are needed, and again when one has failed.
type pool struct {
	open func(context.Context) (*connection, error)
	// slots holds one value per connection that may be; nil where it is not open.
	slots  chan *connection
	closed chan struct{}
	once   sync.Once
	// left is how many slots are still to be closed, and for whom holds the lock.
	left int
	lock sync.Mutex
}

func newPool(size int, open func(context.Context) (*connection, error)) *pool {
	p := &pool{open: open, slots: make(chan *connection, size), closed: make(chan struct{}), left: size}
	for range size {
		p.slots <- nil
	}
	return p
}

// use waits for a connection and has work read with it. A connection with which something failed is not used again.
func (p *pool) use(ctx context.Context, work func(*connection) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closed:
		return errClosed
	default:
	}
	select {
	case slot := <-p.slots:
		slot, err := p.work(ctx, slot, work)
		p.slots <- slot
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return errClosed
	}
}

// work returns what the slot holds from now on.
func (p *pool) work(ctx context.Context, slot *connection, work func(*connection) error) (*connection, error) {
	if slot == nil {
		var err error
		if slot, err = p.open(ctx); err != nil {
			return nil, err
		}
	}
	if err := work(slot); err != nil {
		return nil, errors.Join(err, slot.close())
	}
	return slot, nil
}

// close waits for those that read, until the context ends, and closes what is open.
func (p *pool) close(ctx context.Context) error {
	p.once.Do(func() { close(p.closed) })
	p.lock.Lock()
	defer p.lock.Unlock()
	var errs []error
	for p.left > 0 {
		select {
		case slot := <-p.slots:
			p.left--
			if slot != nil {
				errs = append(errs, slot.close())
			}
		case <-ctx.Done():
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
	return errors.Join(errs...)
}
