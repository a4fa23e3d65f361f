package service

import (
	"context"
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

// guarded is a collection in which there is nothing that is concealed from the caller: who asks for it is answered as if there was
// none, whatever they ask by.
type guarded[T any] struct {
	guardedReader[T]

	writer repository.Writer[T]
}

// guardedReader is the same for what is only read.
type guardedReader[T any] struct {
	seclusion[T]

	base   *base
	reader repository.Reader[T]
	schema repository.Schema[T]
}

// seclusion tells what is concealed from the rest of a collection.
type seclusion[T any] struct {
	// hides says whether a resource is concealed from the caller.
	hides func(context.Context, *base, *T) (bool, error)
	// where holds for the resources that are; nil where the collection is listed by parents, or can't be asked.
	where func(*concealed) repository.Condition
}

// secluded is a seclusion by what a resource belongs to.
func secluded[T any](belongs func(*concealed, *T) bool, where func(*concealed) repository.Condition) seclusion[T] {
	return seclusion[T]{where: where, hides: func(ctx context.Context, b *base, resource *T) (bool, error) {
		hidden, err := b.concealedFrom(ctx)
		return hidden != nil && belongs(hidden, resource), err
	}}
}

func guardReader[T any](b *base, schema repository.Schema[T], reader repository.Reader[T], by seclusion[T]) guardedReader[T] {
	return guardedReader[T]{seclusion: by, base: b, reader: reader, schema: schema}
}

func guardCollection[T any](b *base, schema repository.Schema[T], collection repository.Collection[T], by seclusion[T]) repository.Collection[T] {
	return guarded[T]{guardedReader: guardReader(b, schema, collection, by), writer: collection}
}

// Get implements [repository.Reader].
func (g guardedReader[T]) Get(ctx context.Context, id string) (T, error) {
	resource, err := g.reader.Get(ctx, id)
	if err != nil {
		return resource, err
	}
	if err := g.mayBeKnown(ctx, &resource); err != nil {
		var none T
		return none, err
	}
	return resource, nil
}

// mayBeKnown answers what the store says of what is not there, where a resource is concealed.
func (g guardedReader[T]) mayBeKnown(ctx context.Context, resource *T) error {
	hidden, err := g.hides(ctx, g.base, resource)
	if err == nil && hidden {
		err = fmt.Errorf("%w: %q of %s", repository.ErrNotFound, g.schema.Header(resource).ID, g.schema.Name)
	}
	return err
}

// Find implements [repository.Reader].
func (g guardedReader[T]) Find(ctx context.Context, creationKeys ...string) (map[string]T, error) {
	found, err := g.reader.Find(ctx, creationKeys...)
	for key, resource := range found {
		hidden, err := g.hides(ctx, g.base, &resource)
		if err != nil {
			return nil, err
		}
		if hidden {
			delete(found, key)
		}
	}
	return found, err
}

// List implements [repository.Reader]. What can't be left out by a condition is passed over.
func (g guardedReader[T]) List(ctx context.Context, query repository.Query) ([]T, error) {
	query, passing, err := g.without(ctx, query)
	if err != nil {
		return nil, err
	}
	if !passing {
		return g.reader.List(ctx, query)
	}
	var left []T
	for page, err := range everyPage(ctx, g.schema, g.reader, query) {
		if err != nil {
			return nil, err
		}
		for i := range page {
			hidden, err := g.hides(ctx, g.base, &page[i])
			if err != nil {
				return nil, err
			}
			if !hidden {
				left = append(left, page[i])
			}
			if len(left) == query.Limit {
				return left, nil
			}
		}
	}
	return left, nil
}

// Count implements [repository.Reader].
func (g guardedReader[T]) Count(ctx context.Context, query repository.Query) (int, error) {
	query, passing, err := g.without(ctx, query)
	if err != nil {
		return 0, err
	}
	if passing {
		left, err := g.List(ctx, query)
		return len(left), err
	}
	return g.reader.Count(ctx, query)
}

// without has a query leave out what is concealed, or says that it has to be passed over.
func (g guardedReader[T]) without(ctx context.Context, query repository.Query) (repository.Query, bool, error) {
	hidden, err := g.base.concealedFrom(ctx)
	if err != nil || hidden == nil {
		return query, false, err
	}
	if g.where == nil {
		return query, true, nil
	}
	query.Where = both(query.Where, repository.Not{Condition: g.where(hidden)})
	return query, false, nil
}

// Create implements [repository.Writer]. A creation key that a concealed resource has is one that nobody can use.
func (g guarded[T]) Create(ctx context.Context, creations ...repository.Creation[T]) ([]repository.Created[T], error) {
	for i := range creations {
		if err := g.mayBeKnown(ctx, &creations[i].Resource); err != nil {
			return nil, err
		}
	}
	created, err := g.writer.Create(ctx, creations...)
	for i := range created {
		if !created[i].Existed {
			continue
		}
		if err := g.mayBeKnown(ctx, &created[i].Resource); err != nil {
			return nil, err
		}
	}
	return created, err
}

// Update implements [repository.Writer].
func (g guarded[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (T, error) {
	return g.writer.Update(ctx, id, func(resource *T) (repository.Effects, error) {
		if err := g.mayBeKnown(ctx, resource); err != nil {
			return repository.Effects{}, err
		}
		return change(resource)
	})
}

// Remove implements [repository.Writer]. Nobody but Debrief itself removes.
func (g guarded[T]) Remove(ctx context.Context, ids ...string) error {
	return g.writer.Remove(ctx, ids...)
}
