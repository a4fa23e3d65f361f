package mongodb

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"github.com/debriefhq/debrief/repository"
)

// maxAttempts is how often a write is tried that others were faster with.
const maxAttempts = 64

// collection keeps the resources of one type.
type collection[T any] struct {
	*engine
	schema repository.Schema[T]
	stored *mongo.Collection
	// settled is stored, read as a majority of the replica set has it.
	settled *mongo.Collection
	finds   *combiner[*lookup]
	inserts *combiner[*record]
	turns   *turns
	relay   *relay
	// receives says that effects of other resources' changes are brought here.
	receives bool
	// window is how many documents the first window holds, where what is found by terms is looked for window by window; else 0.
	window int64
	now    func() time.Time
}

func newCollection[T any](r *Repository, schema repository.Schema[T], receives bool) *collection[T] {
	stored := r.engine.database.Collection(schema.Name)
	finds := newCombiner(findLimits, &r.combining, finder{r.engine.inside(), stored}.find)
	inserts := newCombiner(insertLimits, &r.combining, inserter{r.engine.inside(), stored}.insert)
	r.combiners = append(r.combiners, finds, inserts)
	made := &collection[T]{
		engine:   r.engine,
		schema:   schema,
		stored:   stored,
		settled:  settled(r.engine, schema.Name),
		finds:    finds,
		inserts:  inserts,
		turns:    newTurns(),
		relay:    r.relay,
		receives: receives,
		now:      r.now,
	}
	place, _ := slices.BinarySearchFunc(r.shelves, schema.Name, func(s shelf, name string) int { return strings.Compare(s.kind(), name) })
	r.shelves = slices.Insert(r.shelves, place, shelf(made))
	return made
}

// settled is a collection as a majority of the replica set has it: what is read there is never taken back.
func settled(engine *engine, name string) *mongo.Collection {
	return engine.database.Collection(name, options.Collection().SetReadConcern(readconcern.Majority()))
}

func (c *collection[T]) command(operation string) command {
	return command{operation: operation, collection: c.schema.Name}
}

// Get reads a resource by its id.
func (c *collection[T]) Get(ctx context.Context, id string) (T, error) {
	var resource T
	stored, err := c.read(ctx, id)
	if err != nil {
		return resource, err
	}
	if err := decode(stored, &resource); err != nil {
		return resource, err
	}
	if c.schema.Header(&resource).Visibility == repository.Purged {
		var none T
		return none, c.notFound(id)
	}
	return resource, nil
}

// Find reads resources by their creation keys.
func (c *collection[T]) Find(ctx context.Context, creationKeys ...string) (map[string]T, error) {
	found, err := c.having(ctx, fieldCreationKey, creationKeys)
	maps.DeleteFunc(found, func(_ string, resource T) bool { return c.schema.Header(&resource).Visibility == repository.Purged })
	return found, err
}

func (c *collection[T]) notFound(id string) error {
	return fmt.Errorf("%w: %s %q", repository.ErrNotFound, c.schema.Name, id)
}

// read reads a stored document. One that is not there may be an effect on its way here, which arrives perhaps between the
// look and a later question whether any is on its way; so that is asked first.
func (c *collection[T]) read(ctx context.Context, id string) (bson.Raw, error) {
	onTheWay := c.receives && c.relay.pending()
	found := &lookup{id: id}
	err := c.finds.submit(ctx, 1, found)
	if err == nil && found.raw == nil && onTheWay {
		if err := c.relay.await(ctx); err != nil {
			return nil, err
		}
		found = &lookup{id: id}
		err = c.finds.submit(ctx, 1, found)
	}
	switch {
	case err != nil:
		return nil, err // What was found may still be written: whoever looked may have been left behind by the context.
	case found.raw == nil:
		return nil, c.notFound(id)
	default:
		return found.raw, nil
	}
}

// List reads the resources that match the query, in its order.
func (c *collection[T]) List(ctx context.Context, query repository.Query) ([]T, error) {
	if err := c.awaitEffects(ctx); err != nil {
		return nil, err
	}
	return c.list(ctx, query, repository.IDRange{})
}

// list answers a query, as far as ids are within the range, in the way that suits the engine.
func (c *collection[T]) list(ctx context.Context, query repository.Query, within repository.IDRange) ([]T, error) {
	if c.window > 0 && query.OrderBy == "" && byTerms(query.Where) {
		return c.findInWindows(ctx, query, within)
	}
	return c.find(ctx, query, within)
}

func (c *collection[T]) find(
	ctx context.Context, query repository.Query, within repository.IDRange, further ...options.Lister[options.FindOptions],
) ([]T, error) {
	conditions := []bson.D{filter(query)}
	if within != (repository.IDRange{}) {
		conditions = append(conditions, idRange(within))
	}
	how := options.Find().SetSort(order(query)).SetLimit(int64(query.Limit)).SetBatchSize(int32(query.Limit))
	var resources []T
	err := c.do(ctx, c.command("find"), func(ctx context.Context) error {
		cursor, err := c.stored.Find(ctx, all(conditions), append(further, how)...)
		if err != nil {
			return err
		}
		resources, err = decodeAll[T](ctx, cursor)
		return err
	})
	return resources, err
}

// decodeAll reads everything that the cursor has, and closes it.
func decodeAll[T any](ctx context.Context, cursor *mongo.Cursor) ([]T, error) {
	var values []T
	err := each(ctx, cursor, func(found bson.Raw) error {
		var value T
		err := decode(found, &value)
		values = append(values, value)
		return err
	})
	return values, err
}

// each calls the function with everything that the cursor has, and closes the cursor. What the function gets is valid
// until it returns.
func each(ctx context.Context, cursor *mongo.Cursor, call func(bson.Raw) error) (err error) {
	defer func() {
		if closed := cursor.Close(ctx); err == nil {
			err = closed
		}
	}()
	for cursor.Next(ctx) {
		if err := call(cursor.Current); err != nil {
			return err
		}
	}
	return cursor.Err()
}

// Count counts the resources that match the query, but not beyond its Limit.
func (c *collection[T]) Count(ctx context.Context, query repository.Query) (int, error) {
	if err := c.awaitEffects(ctx); err != nil {
		return 0, err
	}
	var count int64
	err := c.do(ctx, c.command("count"), func(ctx context.Context) (err error) {
		count, err = c.stored.CountDocuments(ctx, filter(query), options.Count().SetLimit(int64(query.Limit)))
		return err
	})
	return int(count), err
}

func (c *collection[T]) awaitEffects(ctx context.Context) error {
	if !c.receives {
		return nil
	}
	return c.relay.await(ctx)
}

// Remove takes purged resources away for good.
func (c *collection[T]) Remove(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := c.relay.awaitCleared(ctx); err != nil {
		return err
	}
	named := bson.E{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}}
	purged := bson.E{Key: fieldVisibility, Value: repository.Purged}
	err := c.do(ctx, c.command("delete"), func(ctx context.Context) error {
		told := bson.E{Key: fieldOutboxTime, Value: bson.D{{Key: "$exists", Value: false}}}
		_, err := c.stored.DeleteMany(ctx, bson.D{named, purged, told})
		return err
	})
	if err != nil {
		return err
	}
	var left int64
	err = c.do(ctx, c.command("count"), func(ctx context.Context) (err error) {
		left, err = c.stored.CountDocuments(ctx, bson.D{named, purged}, options.Count().SetLimit(1))
		return err
	})
	if err == nil && left > 0 {
		return fmt.Errorf("%w: effects of %s are still on their way", repository.ErrConflict, c.schema.Name)
	}
	return err
}

// pause lets others finish before the next attempt: longer with each, and never as long as theirs.
func pause(ctx context.Context, attempt int) error {
	longest := time.Millisecond << min(attempt, 6)
	timer := time.NewTimer(rand.N(longest)) //nolint:gosec // It spreads callers, and hides nothing.
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
