package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

// Update reads the resource, has change make it what it is to be, and stores it in the place of what it was.
func (c *collection[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (T, error) {
	var wanted proposal[T]
	stored, err := c.attempt(ctx, id, &wanted, change)
	if err != nil || stored {
		return wanted.resource, err
	}
	done := c.turns.take(ctx, id)
	defer done()
	for range maxAttempts {
		if err := pause(ctx, 1); err != nil {
			return wanted.resource, err
		}
		if stored, err := c.attempt(ctx, id, &wanted, change); err != nil || stored {
			return wanted.resource, err
		}
	}
	return wanted.resource, fmt.Errorf("%w: others changed %s %q all the time", repository.ErrConflict, c.schema.Name, id)
}

// attempt does what Update does, once. It is false where others were faster.
func (c *collection[T]) attempt(
	ctx context.Context, id string, wanted *proposal[T], change func(*T) (repository.Effects, error),
) (bool, error) {
	current, err := c.current(ctx, id)
	if err != nil {
		return false, err
	}
	if c.schema.Header(&current.document.Resource).Revision != wanted.base {
		*wanted, err = c.propose(current.document, change)
	}
	if errors.Is(err, repository.ErrUnchanged) {
		wanted.resource, err = c.decodeAgain(current)
		return true, err
	}
	if err != nil {
		return false, err
	}
	return c.replace(ctx, id, current.document, *wanted)
}

// proposal is what is to take the place of a resource at the base revision.
type proposal[T any] struct {
	base     int64
	resource T
	effects  repository.Effects
}

// current is a resource as it is stored now.
type current[T any] struct {
	raw      bson.Raw
	document document[T]
}

func (c *collection[T]) current(ctx context.Context, id string) (current[T], error) {
	var found current[T]
	raw, err := c.read(ctx, id)
	if err != nil {
		return found, err
	}
	found.raw = raw
	if err := decode(raw, &found.document); err != nil {
		return found, err
	}
	if c.schema.Header(&found.document.Resource).Visibility == repository.Purged {
		return found, c.notFound(id)
	}
	return found, nil
}

// decodeAgain is the resource as it was read, whatever a change did to it.
func (c *collection[T]) decodeAgain(current current[T]) (T, error) {
	var resource T
	err := decode(current.raw, &resource)
	return resource, err
}

// propose has change make the next revision.
func (c *collection[T]) propose(current document[T], change func(*T) (repository.Effects, error)) (proposal[T], error) {
	before := *c.schema.Header(&current.Resource)
	proposed := proposal[T]{base: before.Revision, resource: current.Resource}
	var err error
	if proposed.effects, err = change(&proposed.resource); err != nil {
		return proposal[T]{}, err
	}
	header := c.schema.Header(&proposed.resource)
	header.ID, header.Parent, header.CreationKey = before.ID, before.Parent, before.CreationKey
	header.Revision = before.Revision + 1
	return proposed, nil
}

// replace stores what is wanted where the current document still is. A relay may have shortened the outbox meanwhile
// without changing the revision: what it has brought away must not come back.
func (c *collection[T]) replace(ctx context.Context, id string, current document[T], wanted proposal[T]) (bool, error) {
	next := c.next(current, wanted)
	stored, err := encodeBounded(next)
	if err != nil {
		return false, err
	}
	oldest := bson.E{Key: fieldOutbox + ".0", Value: bson.D{{Key: "$exists", Value: false}}}
	if len(current.Outbox) > 0 {
		oldest = bson.E{Key: fieldOutbox + ".0." + fieldRevision, Value: current.Outbox[0].Revision}
	}
	var matched int64
	err = c.do(ctx, c.command("replaceOne"), func(ctx context.Context) error {
		result, err := c.stored.ReplaceOne(ctx, bson.D{{Key: fieldID, Value: id}, {Key: fieldRevision, Value: wanted.base}, oldest}, stored)
		if err == nil {
			matched = result.MatchedCount
		}
		return err
	})
	if err != nil || matched == 0 {
		return false, err
	}
	c.relay.add(c.parcel(ctx, next, len(stored)))
	return true, nil
}

// next is the document that takes the place of the current one. What is in the outbox stays in it, before what comes.
func (c *collection[T]) next(current document[T], wanted proposal[T]) document[T] {
	next := newDocument(c.schema, wanted.resource)
	next.Outbox = current.Outbox
	if !isEmpty(wanted.effects) {
		next.Outbox = append(next.Outbox, change{Revision: wanted.base + 1, Effects: wanted.effects})
		next.OutboxTime = c.now()
	} else if len(next.Outbox) > 0 {
		next.OutboxTime = current.OutboxTime
	}
	return next
}
