package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

const (
	// fillBatch is how many incidents are handed to the store at once, and fillers how many such calls there are at a time.
	fillBatch = 500
	fillers   = 4
	// span is how far the incidents of a filled store go back.
	span = 4 * 365 * 24 * time.Hour
)

// fill stores incidents that were opened one after the other over four years. It writes no events: lists read none, and
// what a change costs with its event is measured by the phases.
func fill(ctx context.Context, in stores, name string, incidents int, progress io.Writer) (took time.Duration, err error) {
	if err := in.remove(ctx, name); err != nil {
		return 0, err
	}
	store, err := in.open(ctx, name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	start := time.Now()
	began := start.Add(-span)
	random := rand.New(rand.NewPCG(uint64(incidents), 2)) //nolint:gosec // The same figures from the same documents.
	newID := service.NewIDs(rand.NewChaCha8([32]byte{}))
	group, filling := errgroup.WithContext(ctx)
	group.SetLimit(fillers)
	for from := 0; from < incidents && filling.Err() == nil; from += fillBatch {
		batch := make([]repository.Creation[repository.Incident], min(fillBatch, incidents-from))
		for i := range batch {
			opened := began.Add(span / time.Duration(incidents) * time.Duration(from+i)).UTC().Truncate(time.Millisecond)
			incident := newIncident(random, opened)
			incident.ID = newID(opened)
			batch[i].Resource = incident
		}
		group.Go(func() error {
			_, err := store.Incidents().Create(filling, batch...)
			return err
		})
		if done := from + len(batch); done%100_000 == 0 {
			fmt.Fprintf(progress, "filled %d of %d, %.0f/s\n", done, incidents, float64(done)/time.Since(start).Seconds())
		}
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("fill the store: %w", err)
	}
	return time.Since(start), nil
}
