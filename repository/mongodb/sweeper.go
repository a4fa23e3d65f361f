package mongodb

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	// sweepAge is how old what is in an outbox must be to be taken for left behind.
	sweepAge = 2 * time.Second
	// sweepInterval lies between two looks, longestSweepInterval while the engine can't be reached.
	sweepInterval        = time.Second
	longestSweepInterval = 30 * time.Second
	maxSweep             = 200
)

// sweeper brings away what processes left in outboxes: those that crashed, and those that could not reach the engine.
type sweeper struct {
	engine   *engine
	delivery *delivery
	// places are the collections whose documents have outboxes, read as a majority has them.
	places []*mongo.Collection
	logger *slog.Logger
	now    func() time.Time
}

// run sweeps every now and then until the context ends.
func (s *sweeper) run(ctx context.Context) {
	interval := sweepInterval
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		interval = min(interval*2, longestSweepInterval)
		if err := s.sweep(ctx); err == nil {
			interval = sweepInterval
		} else if ctx.Err() == nil {
			s.logger.WarnContext(ctx, "effects that were left behind could not be brought away", slog.Any("error", err))
		}
		timer.Reset(interval)
	}
}

// sweep brings away all that was left behind.
func (s *sweeper) sweep(ctx context.Context) error { return s.sweepSince(ctx, s.now().Add(-sweepAge)) }

// sweepSince brings away what is in outboxes to which nothing was added since; zero: what is in all of them.
func (s *sweeper) sweepSince(ctx context.Context, since time.Time) error {
	var failed error
	for _, place := range s.places {
		for {
			parcels, err := s.leftBehind(ctx, place, since)
			err = errors.Join(err, s.bringAway(ctx, parcels))
			failed = errors.Join(failed, err)
			if err != nil || len(parcels) < maxSweep {
				break
			}
		}
	}
	return failed
}

// bringAway delivers the parcels: together, or where that fails each alone, so that none is in the way of the others.
func (s *sweeper) bringAway(ctx context.Context, parcels []parcel) error {
	err := s.settle(ctx, parcels)
	if err == nil || len(parcels) < 2 {
		return err
	}
	var failed error
	for i := range parcels {
		failed = errors.Join(failed, s.settle(ctx, parcels[i:i+1]))
	}
	return failed
}

func (s *sweeper) settle(ctx context.Context, parcels []parcel) error {
	if len(parcels) == 0 {
		return nil
	}
	if err := s.delivery.deliver(ctx, parcels); err != nil {
		return err
	}
	return s.delivery.clear(ctx, parcels)
}

// leftBehind reads outboxes to which nothing was added since, the oldest first. One that can't be read is not in the way of
// the others.
func (s *sweeper) leftBehind(ctx context.Context, place *mongo.Collection, since time.Time) ([]parcel, error) {
	how := options.Find().SetSort(bson.D{{Key: fieldOutboxTime, Value: 1}}).SetLimit(maxSweep).
		SetProjection(bson.D{{Key: fieldRevision, Value: 1}, {Key: fieldOutbox, Value: 1}})
	var (
		parcels    []parcel
		unreadable error
	)
	err := s.engine.do(ctx, command{operation: "find", collection: place.Name()}, func(ctx context.Context) error {
		cursor, err := place.Find(ctx, leftBehind(since), how)
		if err != nil {
			return err
		}
		return each(ctx, cursor, func(raw bson.Raw) error {
			var found struct {
				ID       string   `bson:"_id"`
				Revision int64    `bson:"revision"`
				Outbox   []change `bson:"outbox"`
			}
			if err := decode(raw, &found); err != nil {
				unreadable = errors.Join(unreadable, err)
				return nil
			}
			parcels = append(parcels, parcel{from: place, id: found.ID, revision: found.Revision, outbox: found.Outbox})
			return nil
		})
	})
	return parcels, errors.Join(err, unreadable)
}

// leftBehind holds for outboxes that nothing was added to since; zero: for all, whatever the clocks said that they were
// written by. That it exists is said because not every engine knows
// that otherwise no document would do that is not in the index.
func leftBehind(since time.Time) bson.D {
	times := bson.D{{Key: "$exists", Value: true}}
	if !since.IsZero() {
		times = append(times, bson.E{Key: "$lt", Value: since})
	}
	return bson.D{{Key: fieldOutboxTime, Value: times}}
}
