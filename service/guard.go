package service

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/debriefhq/debrief/repository"
)

// guarded is a collection in which there is nothing that is concealed from the caller: who asks for it is answered as if there was
// none, whatever they ask by.
//
// It reads first, and looks then for what is concealed: so what somebody creates and restricts in between is not shown.
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
	// hides says whether a resource is concealed.
	hides func(*concealed, *T) bool
	// where holds for the resources that are; nil where they are listed by their parents alone.
	where func(*concealed) repository.Condition
	// alone says that nothing counts but their own restriction, for which nothing has to be looked for.
	alone bool
}

func guardReader[T any](b *base, schema repository.Schema[T], reader repository.Reader[T], by seclusion[T]) guardedReader[T] {
	return guardedReader[T]{seclusion: by, base: b, reader: reader, schema: schema}
}

func guardCollection[T any](b *base, schema repository.Schema[T], collection repository.Collection[T], by seclusion[T]) guarded[T] {
	return guarded[T]{guardedReader: guardReader(b, schema, collection, by), writer: collection}
}

// look finds what is concealed from the caller; nil where that is nothing.
func (g guardedReader[T]) look(ctx context.Context) (*concealed, error) {
	if !g.alone {
		return g.base.concealedFrom(ctx)
	}
	principal, shown := whoseSight(ctx)
	if !shown {
		return nil, nil //nolint:nilnil // Nothing is concealed.
	}
	return &concealed{principal: principal}, nil
}

// missing is what the store says of what is not there.
func (g guardedReader[T]) missing(resource *T) error {
	return fmt.Errorf("%w: %q of %s", repository.ErrNotFound, g.schema.Header(resource).ID, g.schema.Name)
}

// Get implements [repository.Reader].
func (g guardedReader[T]) Get(ctx context.Context, id string) (resource T, err error) {
	found, err := g.reader.Get(ctx, id)
	if err != nil {
		return found, err
	}
	return g.unlessHidden(ctx, found)
}

// unlessHidden is what was found, unless that is concealed by now.
func (g guardedReader[T]) unlessHidden(ctx context.Context, found T) (resource T, err error) {
	hidden, err := g.look(ctx)
	if err != nil {
		return resource, err
	}
	if hidden != nil && g.hides(hidden, &found) {
		return resource, g.missing(&found)
	}
	return found, nil
}

// Find implements [repository.Reader].
func (g guardedReader[T]) Find(ctx context.Context, creationKeys ...string) (map[string]T, error) {
	found, err := g.reader.Find(ctx, creationKeys...)
	if err != nil {
		return nil, err
	}
	hidden, err := g.look(ctx)
	if hidden != nil {
		maps.DeleteFunc(found, func(_ string, resource T) bool { return g.hides(hidden, &resource) })
	}
	return found, err
}

// List implements [repository.Reader]. Where something is concealed of what it has read, it reads again, without that.
func (g guardedReader[T]) List(ctx context.Context, query repository.Query) ([]T, error) {
	var without *concealed
	for {
		page, err := g.list(ctx, query, without)
		if err != nil {
			return nil, err
		}
		hidden, err := g.look(ctx)
		if err != nil {
			return nil, err
		}
		if hidden == nil || !slices.ContainsFunc(page, func(resource T) bool { return g.hides(hidden, &resource) }) {
			return page, nil
		}
		if g.where == nil {
			return g.pass(ctx, query, hidden)
		}
		without = hidden
	}
}

// pass reads resources, passing over what is concealed.
func (g guardedReader[T]) pass(ctx context.Context, query repository.Query, hidden *concealed) (left []T, err error) {
	for page, err := range everyPage(ctx, g.schema, g.reader, query) {
		if err != nil {
			return nil, err
		}
		left = append(left, slices.DeleteFunc(page, func(resource T) bool { return g.hides(hidden, &resource) })...)
		if len(left) >= query.Limit {
			return left[:query.Limit], nil
		}
	}
	return left, nil
}

func (g guardedReader[T]) list(ctx context.Context, query repository.Query, without *concealed) ([]T, error) {
	if without != nil {
		query.Where = both(query.Where, repository.Not{Condition: g.where(without)})
	}
	return g.reader.List(ctx, query)
}

// Count implements [repository.Reader]. It counts again where something else is concealed after it has counted than before.
func (g guardedReader[T]) Count(ctx context.Context, query repository.Query) (int, error) {
	hidden, err := g.look(ctx)
	for err == nil {
		before := hidden
		count, failed := g.count(ctx, query, before)
		if failed != nil {
			return 0, failed
		}
		if hidden, err = g.look(ctx); err == nil && hidden.equal(before) {
			return count, nil
		}
	}
	return 0, err
}

// count counts without what is concealed. Where it is listed by its parent alone all of it is, or nothing.
func (g guardedReader[T]) count(ctx context.Context, query repository.Query, hidden *concealed) (int, error) {
	switch {
	case hidden == nil:
	case g.where != nil:
		query.Where = both(query.Where, repository.Not{Condition: g.where(hidden)})
	default:
		first := query
		first.Limit = 1
		if shown, err := g.pass(ctx, first, hidden); err != nil || len(shown) == 0 {
			return 0, err
		}
	}
	return g.reader.Count(ctx, query)
}

// Create implements [repository.Writer]. A creation key that a concealed resource has is one that nobody can use.
func (g guarded[T]) Create(ctx context.Context, creations ...repository.Creation[T]) ([]repository.Created[T], error) {
	created, err := g.writer.Create(ctx, creations...)
	if err != nil || !slices.ContainsFunc(created, func(one repository.Created[T]) bool { return one.Existed }) {
		return created, err
	}
	hidden, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	for i := range created {
		if created[i].Existed && hidden != nil && g.hides(hidden, &created[i].Resource) {
			return nil, g.missing(&created[i].Resource)
		}
	}
	return created, nil
}

// Update implements [repository.Writer]. What is restricted itself meanwhile is not changed; of what belongs to that nothing is answered.
func (g guarded[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (resource T, err error) {
	principal, shown := whoseSight(ctx)
	if !shown {
		return g.writer.Update(ctx, id, change)
	}
	hidden, err := g.look(ctx)
	if err != nil {
		return resource, err
	}
	if hidden == nil {
		hidden = &concealed{principal: principal}
	}
	changed, err := g.writer.Update(ctx, id, func(resource *T) (repository.Effects, error) {
		if g.hides(hidden, resource) {
			return repository.Effects{}, g.missing(resource)
		}
		return change(resource)
	})
	if err != nil {
		return changed, err
	}
	return g.unlessHidden(ctx, changed)
}

// Remove implements [repository.Writer]. Nobody but Debrief itself removes.
func (g guarded[T]) Remove(ctx context.Context, ids ...string) error {
	return g.writer.Remove(ctx, ids...)
}
