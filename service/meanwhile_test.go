package service_test

import (
	"context"
	"sync/atomic"

	"github.com/debriefhq/debrief/repository"
)

// meanwhile is a store in which something happens just before it is read, or written to, for the n-th time. Only what can be restricted
// counts, and what belongs to it.
type meanwhile struct {
	repository.Repository

	left    atomic.Int64
	happens func()
}

// step counts a read or a write.
func (m *meanwhile) step() {
	if m.left.Add(-1) == 0 {
		m.happens()
	}
}

// in has something happen before the n-th read or write, counted from 1.
func (m *meanwhile) in(n int64, happens func()) {
	m.happens = happens
	m.left.Store(n)
}

// happened says whether it has.
func (m *meanwhile) happened() bool { return m.left.Load() <= 0 }

func (m *meanwhile) Incidents() repository.Collection[repository.Incident] {
	return stepping(m, m.Repository.Incidents())
}

func (m *meanwhile) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return stepping(m, m.Repository.TimelineEntries())
}

func (m *meanwhile) PostMortems() repository.Collection[repository.PostMortem] {
	return stepping(m, m.Repository.PostMortems())
}

func (m *meanwhile) PostMortemRevisions() repository.Archive[repository.PostMortemRevision] {
	return steppingArchive[repository.PostMortemRevision]{m.Repository.PostMortemRevisions(), m}
}

func (m *meanwhile) ParticipantStatements() repository.Collection[repository.ParticipantStatement] {
	return stepping(m, m.Repository.ParticipantStatements())
}

func (m *meanwhile) MentalModels() repository.Collection[repository.MentalModel] {
	return stepping(m, m.Repository.MentalModels())
}

func (m *meanwhile) ActionItems() repository.Collection[repository.ActionItem] {
	return stepping(m, m.Repository.ActionItems())
}

func (m *meanwhile) Alerts() repository.Collection[repository.Alert] {
	return stepping(m, m.Repository.Alerts())
}

func (m *meanwhile) Deliveries() repository.Collection[repository.Delivery] {
	return stepping(m, m.Repository.Deliveries())
}

func (m *meanwhile) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return stepping(m, m.Repository.EventDeliveries())
}

func (m *meanwhile) Events() repository.Feed {
	feed := m.Repository.Events()
	return steppingFeed{steppingArchive[repository.Event]{feed, m}, feed}
}

// steppingCollection counts what is done with a collection.
type steppingCollection[T any] struct {
	repository.Collection[T]

	store *meanwhile
}

func stepping[T any](store *meanwhile, collection repository.Collection[T]) steppingCollection[T] {
	return steppingCollection[T]{collection, store}
}

func (c steppingCollection[T]) Get(ctx context.Context, id string) (T, error) {
	c.store.step()
	return c.Collection.Get(ctx, id)
}

func (c steppingCollection[T]) Find(ctx context.Context, creationKeys ...string) (map[string]T, error) {
	c.store.step()
	return c.Collection.Find(ctx, creationKeys...)
}

func (c steppingCollection[T]) List(ctx context.Context, query repository.Query) ([]T, error) {
	c.store.step()
	return c.Collection.List(ctx, query)
}

func (c steppingCollection[T]) Count(ctx context.Context, query repository.Query) (int, error) {
	c.store.step()
	return c.Collection.Count(ctx, query)
}

func (c steppingCollection[T]) Create(ctx context.Context, creations ...repository.Creation[T]) ([]repository.Created[T], error) {
	c.store.step()
	return c.Collection.Create(ctx, creations...)
}

func (c steppingCollection[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (T, error) {
	c.store.step()
	return c.Collection.Update(ctx, id, change)
}

// steppingArchive counts what is read in an archive.
type steppingArchive[T any] struct {
	repository.Archive[T]

	store *meanwhile
}

func (a steppingArchive[T]) Get(ctx context.Context, id string) (T, error) {
	a.store.step()
	return a.Archive.Get(ctx, id)
}

func (a steppingArchive[T]) List(ctx context.Context, query repository.Query) ([]T, error) {
	a.store.step()
	return a.Archive.List(ctx, query)
}

func (a steppingArchive[T]) Count(ctx context.Context, query repository.Query) (int, error) {
	a.store.step()
	return a.Archive.Count(ctx, query)
}

// steppingFeed is the same for the feed.
type steppingFeed struct {
	steppingArchive[repository.Event]
	repository.Trimmer
}
