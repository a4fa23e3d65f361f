package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// trimmedAtOnce is how many documents one command removes.
const trimmedAtOnce = 500

// Trim implements [repository.Trimmer].
func (c *collection[T]) Trim(ctx context.Context, before string) error {
	if err := c.awaitEffects(ctx); err != nil {
		return err
	}
	newest, err := newestID(ctx, c.engine, c.settled)
	if isNotFound(err) {
		return nil
	}
	for err == nil {
		var last string
		if last, err = c.front(ctx, min(before, newest)); last == "" {
			break
		}
		err = c.do(ctx, c.command("delete"), func(ctx context.Context) error {
			_, err := c.stored.DeleteMany(ctx, compare(fieldID, "$lte", last))
			return err
		})
	}
	return err
}

// front is the last of the first ids that are less than before; empty where there is none.
func (c *collection[T]) front(ctx context.Context, before string) (last string, err error) {
	how := options.Find().SetSort(bson.D{{Key: fieldID, Value: 1}}).SetProjection(bson.D{{Key: fieldID, Value: 1}}).SetLimit(trimmedAtOnce)
	err = c.do(ctx, c.command("find"), func(ctx context.Context) error {
		cursor, err := c.stored.Find(ctx, compare(fieldID, "$lt", before), how)
		if err != nil {
			return err
		}
		return each(ctx, cursor, func(found bson.Raw) error {
			last = found.Lookup(fieldID).StringValue()
			return nil
		})
	})
	return last, err
}
