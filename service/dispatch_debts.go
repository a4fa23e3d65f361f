package service

import (
	"context"
	"sync"
)

// debts are what is still to be kept of what was sent. Nothing else is sent before: while a store takes no writes, what it can't keep
// would be sent again and again.
type debts struct {
	mutex sync.Mutex
	owed  []func(context.Context) error
}

// settle keeps something, or has it wait to be kept. What is to be kept may be kept more than once.
func (d *debts) settle(ctx context.Context, keep func(context.Context) error) error {
	err := keep(ctx)
	if err != nil {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		d.owed = append(d.owed, keep)
	}
	return err
}

// pay keeps what waits, up to what still can't be kept.
func (d *debts) pay(ctx context.Context) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for len(d.owed) > 0 {
		if err := d.owed[0](ctx); err != nil {
			return err
		}
		d.owed = d.owed[1:]
	}
	return nil
}
