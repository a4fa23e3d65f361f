package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

const (
	// createAtOnce is how many resources one write creates.
	createAtOnce = 128
	// removeAtOnce is how many resources one write removes.
	removeAtOnce = 64
	// maxAttempts bounds how often an update starts over.
	maxAttempts = 500
)

// collection keeps the resources of one type. It implements repository.Collection for all of them.
type collection[T any] struct {
	codec[T]
	repository *Repository
}

// Get implements [repository.Reader].
func (c *collection[T]) Get(ctx context.Context, id string) (resource T, err error) {
	ctx, end := c.repository.observe(ctx, operationGet, c.name)
	defer func() { err = end(ctx, err) }()
	found, err := c.find(ctx, id)
	if err != nil {
		return resource, err
	}
	return c.decode(found)
}

// find reads the row of a resource.
func (c *collection[T]) find(ctx context.Context, id string) ([]driver.Value, error) {
	var found []driver.Value
	err := c.repository.readers.use(ctx, func(connection *connection) error {
		// It is over before a goroutine that waits for the context has begun.
		return connection.query(context.WithoutCancel(ctx), c.get, []driver.Value{id}, func(row []driver.Value) error {
			found = row
			return nil
		})
	})
	if err == nil && found == nil {
		err = fmt.Errorf("%w: %q of %s", repository.ErrNotFound, id, c.name)
	}
	return found, err
}

// Find implements [repository.Reader].
func (c *collection[T]) Find(ctx context.Context, creationKeys ...string) (found map[string]T, err error) {
	ctx, end := c.repository.observe(ctx, operationFind, c.name)
	defer func() { err = end(ctx, err) }()
	found = make(map[string]T, len(creationKeys))
	err = c.repository.readers.use(ctx, func(connection *connection) error {
		for _, key := range creationKeys {
			if err := connection.query(ctx, c.byKey, []driver.Value{key}, func(row []driver.Value) error {
				resource, err := c.decode(row)
				if err == nil && c.schema.Header(&resource).Visibility != repository.Purged {
					found[key] = resource
				}
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// List implements [repository.Reader].
func (c *collection[T]) List(ctx context.Context, query repository.Query) (resources []T, err error) {
	ctx, end := c.repository.observe(ctx, operationList, c.name)
	defer func() { err = end(ctx, err) }()
	err = c.repository.readers.use(ctx, func(connection *connection) error {
		selection, err := plan(ctx, connection, c.table, query)
		if err != nil {
			return err
		}
		resources, err = c.read(ctx, connection, selection)
		return err
	})
	return resources, err
}

// read reads what a selection selects.
func (c *collection[T]) read(ctx context.Context, connection *connection, selection selection) ([]T, error) {
	var resources []T
	list := selection.list()
	err := connection.query(ctx, list.text, list.values, func(row []driver.Value) error {
		resource, err := c.decode(row)
		if err != nil {
			return err
		}
		if selection.check == nil || holds(&examined[T]{codec: c.codec, resource: &resource}, selection.check) {
			resources = append(resources, resource)
		}
		if len(resources) == selection.limit {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(resources) == selection.limit || selection.otherwise == nil {
		return resources, nil
	}
	if selection, err = selection.otherwise(ctx); err != nil {
		return nil, err
	}
	return c.read(ctx, connection, selection)
}

// Count implements [repository.Reader].
func (c *collection[T]) Count(ctx context.Context, query repository.Query) (count int, err error) {
	ctx, end := c.repository.observe(ctx, operationCount, c.name)
	defer func() { err = end(ctx, err) }()
	err = c.repository.readers.use(ctx, func(connection *connection) error {
		if query.After == nil {
			query.OrderBy = "" // Whatever the order, there are as many.
		}
		selection, err := plan(ctx, connection, c.table, query)
		if err != nil {
			return err
		}
		count, err = c.count(ctx, connection, selection)
		return err
	})
	return count, err
}

// count counts what a selection selects.
func (c *collection[T]) count(ctx context.Context, connection *connection, selection selection) (int, error) {
	if selection.check != nil {
		resources, err := c.read(ctx, connection, selection)
		return len(resources), err
	}
	counting := selection.count()
	number, err := connection.number(ctx, counting.text, counting.values...)
	if err != nil || int(number) == selection.limit || selection.otherwise == nil {
		return int(number), err
	}
	if selection, err = selection.otherwise(ctx); err != nil {
		return 0, err
	}
	return c.count(ctx, connection, selection)
}

// Create implements [repository.Writer].
func (c *collection[T]) Create(
	ctx context.Context, creations ...repository.Creation[T],
) (created []repository.Created[T], err error) {
	ctx, end := c.repository.observe(ctx, operationCreate, c.name)
	defer func() { err = end(ctx, err) }()
	created = make([]repository.Created[T], 0, len(creations))
	for len(creations) > 0 {
		n := min(len(creations), createAtOnce)
		some, err := c.create(ctx, creations[:n])
		if err != nil {
			return nil, err
		}
		created, creations = append(created, some...), creations[n:]
	}
	return created, nil
}

// insertion is a creation as it is laid out, and what came of it.
type insertion struct {
	row     row
	effects effects
	// existing is the row of the one that has the creation key.
	existing []driver.Value
	// taken says that the id is another's.
	taken bool
}

func (c *collection[T]) create(ctx context.Context, creations []repository.Creation[T]) ([]repository.Created[T], error) {
	created := make([]repository.Created[T], len(creations))
	insertions := make([]insertion, len(creations))
	size := 0
	for i := range creations {
		created[i].Resource = creations[i].Resource
		c.schema.Header(&created[i].Resource).Revision = 1
		var err error
		if insertions[i].row, err = c.encode(&created[i].Resource); err != nil {
			return nil, err
		}
		if insertions[i].effects, err = c.repository.encodeEffects(creations[i].Effects); err != nil {
			return nil, err
		}
		size += len(insertions[i].row.document) + insertions[i].effects.size
	}
	err := c.repository.writer.do(ctx, c.repository.writer.queue, size, func(tx *transaction) error {
		for i := range insertions {
			if err := c.insertOne(tx, &insertions[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return created, c.results(created, insertions)
}

func (c *collection[T]) insertOne(tx *transaction, insertion *insertion) error {
	insertion.existing, insertion.taken = nil, false
	inserted, err := tx.insert(c.table, &insertion.row)
	if err != nil {
		return err
	}
	if inserted {
		return c.repository.writeEffects(tx, &insertion.effects)
	}
	insertion.taken = true
	if insertion.row.creationKey == "" {
		return nil
	}
	key := []driver.Value{insertion.row.creationKey}
	return tx.query(c.byKey, key, func(row []driver.Value) error {
		insertion.existing, insertion.taken = row, false
		return nil
	})
}

// results fills in what the creations came to that did not come to what they were given.
func (c *collection[T]) results(created []repository.Created[T], insertions []insertion) error {
	for i, insertion := range insertions {
		if insertion.taken {
			return fmt.Errorf("%w: id %q of %s", repository.ErrAlreadyExists, insertion.row.id, c.name)
		}
		if insertion.existing != nil {
			resource, err := c.decode(insertion.existing)
			if err != nil {
				return err
			}
			created[i] = repository.Created[T]{Resource: resource, Existed: true}
		}
	}
	return nil
}

// Remove implements [repository.Writer].
func (c *collection[T]) Remove(ctx context.Context, ids ...string) (err error) {
	ctx, end := c.repository.observe(ctx, operationRemove, c.name)
	defer func() { err = end(ctx, err) }()
	for len(ids) > 0 {
		n := min(len(ids), removeAtOnce)
		if err := c.removeSome(ctx, ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (c *collection[T]) removeSome(ctx context.Context, ids []string) error {
	return c.repository.writer.do(ctx, c.repository.writer.queue, 0, func(tx *transaction) error {
		for _, id := range ids {
			if err := tx.remove(c.table, id); err != nil {
				return err
			}
		}
		return nil
	})
}
