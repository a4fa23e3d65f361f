package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

// creation is a resource on its way to be stored.
type creation[T any] struct {
	*record
	document document[T]
	// result is where its caller gets the result.
	result *repository.Created[T]
}

// Create stores each new resource, with its effects.
func (c *collection[T]) Create(ctx context.Context, creations ...repository.Creation[T]) ([]repository.Created[T], error) {
	results := make([]repository.Created[T], len(creations))
	var (
		chunk []creation[T]
		bytes int
	)
	for i, one := range creations {
		next, err := c.creation(one, &results[i])
		if err != nil {
			return nil, err
		}
		if len(chunk) == maxInserts || len(chunk) > 0 && bytes+len(next.raw) > maxInsertBytes {
			if err := c.create(ctx, chunk); err != nil {
				return nil, err
			}
			chunk, bytes = nil, 0
		}
		chunk, bytes = append(chunk, next), bytes+len(next.raw)
	}
	if err := c.create(ctx, chunk); err != nil {
		return nil, err
	}
	return results, nil
}

func (c *collection[T]) creation(given repository.Creation[T], result *repository.Created[T]) (creation[T], error) {
	header := c.schema.Header(&given.Resource)
	header.Revision = 1
	document := newDocument(c.schema, given.Resource)
	if !isEmpty(given.Effects) {
		document.Outbox = []change{{Revision: 1, Effects: given.Effects}}
		document.OutboxTime = c.now()
	}
	raw, err := encodeBounded(document)
	return creation[T]{record: &record{raw: raw, id: header.ID, key: header.CreationKey}, document: document, result: result}, err
}

// create stores the creations, and tries again what was neither stored nor found: what was in its way is gone, or is not
// settled yet.
func (c *collection[T]) create(ctx context.Context, creations []creation[T]) error {
	var failed error
	for attempt := range maxAttempts {
		taken, err := c.store(ctx, creations)
		failed = errors.Join(failed, err)
		if len(taken) == 0 {
			return failed
		}
		creations, err = c.resolve(ctx, taken)
		failed = errors.Join(failed, err)
		if len(creations) == 0 {
			return failed
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: others create and remove the same %s", repository.ErrConflict, c.schema.Name)
}

// store inserts the creations, and returns those whose id or creation key is taken.
func (c *collection[T]) store(ctx context.Context, creations []creation[T]) (taken []creation[T], err error) {
	if len(creations) == 0 {
		return nil, nil
	}
	records, bytes := make([]*record, len(creations)), 0
	for i, one := range creations {
		one.err = nil
		records[i], bytes = one.record, bytes+len(one.raw)
	}
	if err := c.inserts.submit(ctx, int64(bytes), records...); err != nil {
		return nil, err
	}
	parcels := make([]parcel, 0, len(creations))
	for _, one := range creations {
		switch {
		case one.err == nil:
			one.result.Resource = one.document.Resource
			parcels = append(parcels, c.parcel(ctx, one.document, len(one.raw)))
		case errors.Is(one.err, repository.ErrAlreadyExists):
			taken = append(taken, one)
		default:
			err = errors.Join(err, one.err)
		}
	}
	c.relay.add(parcels...)
	return taken, err
}

// resolve looks for what has the creations' keys and ids, and returns the creations for which it finds nothing.
func (c *collection[T]) resolve(ctx context.Context, taken []creation[T]) (left []creation[T], err error) {
	owners, err := c.owners(ctx, fieldCreationKey, taken, func(one creation[T]) string { return one.key })
	if err != nil {
		return nil, err
	}
	for _, one := range taken {
		if owner, ok := owners[one.key]; ok {
			*one.result = repository.Created[T]{Resource: owner, Existed: !one.entangled || c.schema.Header(&owner).ID != one.id}
		} else {
			left = append(left, one)
		}
	}
	owners, err = c.owners(ctx, fieldID, left, func(one creation[T]) string { return one.id })
	if err != nil {
		return nil, err
	}
	left = slices.DeleteFunc(left, func(one creation[T]) bool {
		_, exists := owners[one.id]
		if exists {
			err = errors.Join(err, fmt.Errorf("%w: %s %q", repository.ErrAlreadyExists, c.schema.Name, one.id))
		}
		return exists
	})
	return left, err
}

// owners reads, as a majority has them, the resources that have in the field what the creations have, by that.
func (c *collection[T]) owners(
	ctx context.Context, field string, taken []creation[T], value func(creation[T]) string,
) (map[string]T, error) {
	var values []string
	for _, one := range taken {
		if value := value(one); value != "" {
			values = append(values, value)
		}
	}
	return c.having(ctx, field, values)
}

// having reads, as a majority has them, the resources that have one of the values in the field, by that.
func (c *collection[T]) having(ctx context.Context, field string, values []string) (map[string]T, error) {
	owners := make(map[string]T, len(values))
	if len(values) == 0 {
		return owners, nil
	}
	err := c.do(ctx, c.command("find"), func(ctx context.Context) error {
		cursor, err := c.settled.Find(ctx, compare(field, "$in", values))
		if err != nil {
			return err
		}
		return each(ctx, cursor, func(found bson.Raw) error {
			var owner T
			err := decode(found, &owner)
			owners[found.Lookup(field).StringValue()] = owner
			return err
		})
	})
	return owners, err
}
