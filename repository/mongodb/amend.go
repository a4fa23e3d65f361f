package mongodb

import (
	"context"
	"fmt"
	"slices"

	"github.com/debriefhq/debrief/repository"
)

// Amend implements [repository.Archive].
func (c *collection[T]) Amend(ctx context.Context, id string, change func(*T) error) (T, error) {
	return c.Update(ctx, id, func(resource *T) (repository.Effects, error) { return repository.Effects{}, change(resource) })
}

// Documents implements [repository.Portable].
func (r *Repository) Documents(ctx context.Context, kind, after string) ([]repository.Document, error) {
	place := slices.IndexFunc(r.shelves, func(s shelf) bool { return s.kind() == kind })
	if place < 0 {
		return nil, fmt.Errorf("%w: there are no %q", repository.ErrNotFound, kind)
	}
	return r.shelves[place].page(ctx, after)
}
