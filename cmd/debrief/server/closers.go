package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// closers remember what was built, to take it down in the opposite order.
type closers struct {
	steps []closer
}

type closer struct {
	name  string
	close func(context.Context) error
}

// push adds what is to be closed before everything that is there already.
func (c *closers) push(name string, closeStep func(context.Context) error) {
	c.steps = append(c.steps, closer{name, closeStep})
}

// close closes everything, the last first. One that fails does not keep the others from being closed, and one that
// takes its time gets at most half of what is left until the context ends, so that there is some left for the others.
func (c *closers) close(ctx context.Context) error {
	var problems []error
	for _, step := range slices.Backward(c.steps) {
		if err := step.run(ctx); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", step.name, err))
		}
	}
	c.steps = nil
	return errors.Join(problems...)
}

func (c closer) run(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	return c.close(ctx)
}
