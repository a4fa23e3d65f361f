package service

import (
	"context"

	"github.com/debriefhq/debrief/repository"
)

// guardedArchive is guarded for what never changes, but for what is taken out of it.
type guardedArchive[T any] struct {
	guardedReader[T]

	archive repository.Archive[T]
}

func guardArchive[T any](b *base, schema repository.Schema[T], archive repository.Archive[T], by seclusion[T]) guardedArchive[T] {
	return guardedArchive[T]{guardedReader: guardReader(b, schema, archive, by), archive: archive}
}

// Amend implements [repository.Archive].
func (g guardedArchive[T]) Amend(ctx context.Context, id string, change func(*T) error) (resource T, err error) {
	if _, err := g.Get(ctx, id); err != nil {
		return resource, err
	}
	return g.archive.Amend(ctx, id, change)
}

// guardedFeed is guarded for the feed. Nobody but Debrief itself trims it.
type guardedFeed struct {
	guardedArchive[repository.Event]
	repository.Trimmer
}
