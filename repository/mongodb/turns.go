package mongodb

import (
	"context"
	"hash/maphash"
	"time"
)

// turnPatience is how long a turn is waited for. It bounds what an update inside an update would otherwise wait for ever.
const turnPatience = time.Second

// turns lets those who want to change the same resource, and got in each other's way, do so one after the other. It is no
// lock: nothing depends on it but how often they have to try.
type turns struct {
	seed maphash.Seed
	free [64]chan struct{}
}

func newTurns() *turns {
	t := &turns{seed: maphash.MakeSeed()}
	for i := range t.free {
		t.free[i] = make(chan struct{}, 1)
	}
	return t
}

// take waits for a turn with the resource, but not for ever, and returns what ends it.
func (t *turns) take(ctx context.Context, id string) func() {
	turn := t.free[maphash.String(t.seed, id)%uint64(len(t.free))]
	timer := time.NewTimer(turnPatience)
	defer timer.Stop()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }
	case <-timer.C:
	case <-ctx.Done():
	}
	return func() {}
}
