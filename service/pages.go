package service

import (
	"context"
	"iter"

	"github.com/debriefhq/debrief/repository"
)

// everyPage reads all resources that match a query, in its order, as many at once as its Limit says. What was read may be
// changed before the next page is; an error ends it.
func everyPage[T any](ctx context.Context, schema repository.Schema[T], reader repository.Reader[T], query repository.Query) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for {
			page, err := reader.List(ctx, query)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			last := len(page) < query.Limit
			position := schema.Position(query, &page[len(page)-1])
			query.After = &position
			if !yield(page, nil) || last {
				return
			}
		}
	}
}
