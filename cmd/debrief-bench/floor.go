package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// floor is a bare driver: the least that Debrief can cost.
type floor interface {
	// insert stores a document for good under an id, in a commit of its own.
	insert(ctx context.Context, id string, number int64) error
	// find reads a document.
	find(ctx context.Context, id string) error
	close(ctx context.Context) error
}

// floorIDs are ids for a floor, and those that were used, to find them again.
type floorIDs struct {
	next func(time.Time) string
	used []string
	last atomic.Int64
}

func newFloorIDs() *floorIDs {
	return &floorIDs{next: service.NewIDs(rand.Reader)}
}

// floorShare is the part of the base that a floor begins with.
const floorShare = 5

// fill gives a floor what is found in it.
func (f *floorIDs) fill(ctx context.Context, to floor, documents int) error {
	for number := range int64(documents) {
		id := f.next(time.Now())
		if err := to.insert(ctx, id, number); err != nil {
			return fmt.Errorf("fill the floor: %w", err)
		}
		f.used = append(f.used, id)
	}
	return nil
}

func (f *floorIDs) inserting(to floor) operation {
	return func(ctx context.Context, _ int) error {
		return to.insert(ctx, f.next(time.Now()), f.last.Add(1))
	}
}

func (f *floorIDs) finding(in floor) operation {
	return func(ctx context.Context, _ int) error {
		return in.find(ctx, f.used[mathrand.IntN(len(f.used))]) //nolint:gosec // Which one is read is no secret.
	}
}

// documents are the incidents of the requests, as a store keeps them.
func documents() ([][]byte, error) {
	random := mathrand.New(mathrand.NewPCG(1, 1)) //nolint:gosec // The same figures from the same documents.
	var encoded [][]byte
	for range variants {
		incident := newIncident(random, time.Now().UTC().Truncate(time.Millisecond))
		incident.Origin = repository.Origin{Actor: "benchmark"}
		document, err := json.Marshal(incident)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, document)
	}
	return encoded, nil
}

var errNotFound = errors.New("a document that was stored is not there")
