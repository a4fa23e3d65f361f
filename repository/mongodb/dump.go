package mongodb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
)

const (
	// dumpCount and dumpBytes bound what is read of a collection at once.
	dumpCount = 500
	dumpBytes = 8 << 20
)

// shelf is a collection, whatever the type of its resources.
type shelf interface {
	// kind is the collection's name.
	kind() string
	// page reads documents behind an id, in the order of ids; none where there are no more.
	page(ctx context.Context, after string) ([]repository.Document, error)
	// load stores documents, and passes over those that are there already.
	load(ctx context.Context, documents []repository.Document) error
}

func (c *collection[T]) kind() string { return c.schema.Name }

// Dump implements [repository.Portable]. It first brings away what is in outboxes, so that nothing is in two places. It can't
// see one moment: where it finds at its end that others wrote meanwhile, that is a conflict.
func (r *Repository) Dump(ctx context.Context) iter.Seq2[repository.Document, error] {
	return repository.Dumped(func(hand func(repository.Document) bool) error { return r.dump(ctx, hand) })
}

// dump hands on each document, until hand says false.
func (r *Repository) dump(ctx context.Context, hand func(repository.Document) bool) error {
	if err := r.settle(ctx); err != nil {
		return err
	}
	before, err := r.marks(ctx)
	if err == nil && before.outboxes > 0 {
		err = errOthersWrite
	}
	if err != nil {
		return err
	}
	for _, shelf := range r.shelves {
		if more, err := walk(ctx, shelf, hand); err != nil || !more {
			return err
		}
	}
	after, err := r.marks(ctx)
	if err == nil && after != before {
		err = errOthersWrite
	}
	return err
}

// errOthersWrite says that one moment can't be told.
var errOthersWrite = fmt.Errorf("%w: others write to the store: stop every Debrief that uses it first", repository.ErrConflict)

func walk(ctx context.Context, shelf shelf, hand func(repository.Document) bool) (more bool, err error) {
	after := ""
	for {
		page, err := shelf.page(ctx, after)
		if err != nil || len(page) == 0 {
			return err == nil, err
		}
		for _, document := range page {
			if !hand(document) {
				return false, nil
			}
		}
		after = page[len(page)-1].ID
	}
}

// settle brings away everything that is in outboxes, whoever left it there and when.
func (r *Repository) settle(ctx context.Context) error {
	if err := r.relay.awaitCleared(ctx); err != nil {
		return err
	}
	return r.sweeper.sweepSince(ctx, time.Time{})
}

// marks are what a Debrief that uses the store leaves in it sooner or later: its newest event, its latest ping, and its
// outboxes.
type marks struct {
	event    string
	ping     time.Time
	outboxes int64
}

func (r *Repository) marks(ctx context.Context) (marks, error) {
	var (
		left marks
		err  error
	)
	if left.event, err = newestID(ctx, r.engine, r.events.settled); err != nil && !isNotFound(err) {
		return left, err
	}
	var ping struct {
		Time time.Time `bson:"time"`
	}
	err = r.engine.do(ctx, command{operation: "findOne", collection: pings}, func(ctx context.Context) error {
		return r.engine.database.Collection(pings).FindOne(ctx, bson.D{}).Decode(&ping)
	})
	if err != nil && !isNotFound(err) {
		return left, err
	}
	left.ping = ping.Time
	left.outboxes, err = r.waiting(ctx, time.Time{})
	return left, err
}

// waiting counts the resources that have effects in their outboxes to which nothing was added since; zero: all.
func (r *Repository) waiting(ctx context.Context, since time.Time) (int64, error) {
	var all int64
	for _, place := range r.sweeper.places {
		err := r.engine.do(ctx, command{operation: "count", collection: place.Name()}, func(ctx context.Context) error {
			count, err := place.CountDocuments(ctx, leftBehind(since))
			all += count
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return all, nil
}

func (c *collection[T]) page(ctx context.Context, after string) ([]repository.Document, error) {
	var documents []repository.Document
	err := c.do(ctx, c.command("find"), func(ctx context.Context) error {
		documents = nil
		how := options.Find().SetSort(bson.D{{Key: fieldID, Value: 1}}).SetLimit(dumpCount)
		cursor, err := c.settled.Find(ctx, compare(fieldID, "$gt", after), how)
		if err != nil {
			return err
		}
		bytes := 0
		err = each(ctx, cursor, func(found bson.Raw) error {
			document, err := c.pack(found)
			if err != nil {
				return err
			}
			documents = append(documents, document)
			if bytes += len(found); bytes >= dumpBytes {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return err
	})
	return documents, err
}

// errEnough ends a reading that has given what was wanted of it.
var errEnough = errors.New("enough")

func (c *collection[T]) pack(found bson.Raw) (repository.Document, error) {
	var resource T
	if err := decode(found, &resource); err != nil {
		return repository.Document{}, err
	}
	return c.schema.Document(resource)
}
