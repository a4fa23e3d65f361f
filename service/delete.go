package service

import (
	"context"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// deletion says how the deletion of a resource is told.
type deletion[T any] struct {
	// prefix begins the types of its events.
	prefix string
	// incident is the name of the incident that the resource is or belongs to.
	incident func(*T) string
	// refuse answers why a resource can't be deleted or undeleted; nil: it always can.
	refuse func(*T) error
}

// setDeleted deletes or undeletes a resource. Deleting a deleted one, or undeleting a live one, changes nothing: the call
// may be a repetition.
func setDeleted[T any](ctx context.Context, b *base, schema repository.Schema[T], writer repository.Writer[T], asked update, deleted bool, told deletion[T]) (T, error) {
	asked.deleted = true
	return apply(ctx, b, schema, writer, asked, func(resource *T, now time.Time) (repository.Effects, error) {
		header := schema.Header(resource)
		if deleted == (header.Visibility == repository.Deleted) {
			return repository.Effects{}, repository.ErrUnchanged
		}
		if told.refuse != nil {
			if err := told.refuse(resource); err != nil {
				return repository.Effects{}, err
			}
		}
		eventType := told.prefix + "_UNDELETED"
		header.Visibility, header.DeleteTime = repository.Live, time.Time{}
		if deleted {
			eventType = told.prefix + "_DELETED"
			header.Visibility, header.DeleteTime = repository.Deleted, now
		}
		event := b.event(ctx, eventType, asked.name, told.incident(resource), header.Revision+1, now, nil)
		return repository.Effects{Events: []repository.Event{event}}, nil
	})
}
