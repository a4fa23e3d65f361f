package mongodb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
)

// rememberedFor is how long the newest event is believed to be the newest without another look. Others may have told more, and what
// is in the place behind it may have been trimmed long after that: then nothing is in the way of an event that belongs elsewhere.
const rememberedFor = time.Minute

// longOutbox is how many changes an outbox may have before it is shortened even though the resource has changed again.
const longOutbox = 8

// delivery brings effects to their places. Whatever it does may be done again, by several at once.
type delivery struct {
	engine *engine
	// events is the feed, read as a majority has it.
	events *mongo.Collection
	// interrupt, where set, is asked before each step; the tests stop the world there.
	interrupt func(step string) error

	// placed and told are the latest ids and creation keys of what was delivered here. An outbox is often read again before
	// it is cleared.
	placed, told recent

	now func() time.Time

	lock sync.Mutex
	// last is the sequence of the newest event, as far as is known here since lastTime, which is zero before anything is known.
	last     int64
	lastTime time.Time
}

func newDelivery(engine *engine, now func() time.Time) *delivery {
	return &delivery{
		engine: engine, events: settled(engine, repository.EventSchema.Name),
		interrupt: func(string) error { return nil }, now: now,
	}
}

// deliver brings the effects of all parcels to their places, the events last.
func (d *delivery) deliver(ctx context.Context, parcels []parcel) error {
	var effects repository.Effects
	for _, parcel := range parcels {
		for _, change := range parcel.outbox {
			effects.TimelineEntries = append(effects.TimelineEntries, change.Effects.TimelineEntries...)
			effects.ActionItems = append(effects.ActionItems, change.Effects.ActionItems...)
			effects.PostMortemRevisions = append(effects.PostMortemRevisions, change.Effects.PostMortemRevisions...)
			effects.SystemRevisions = append(effects.SystemRevisions, change.Effects.SystemRevisions...)
			effects.Events = append(effects.Events, change.Effects.Events...)
		}
	}
	if err := d.interrupt("effects"); err != nil {
		return err
	}
	group, inserting := errgroup.WithContext(ctx)
	group.Go(func() error {
		return place(inserting, d, repository.TimelineEntrySchema, effects.TimelineEntries)
	})
	group.Go(func() error { return place(inserting, d, repository.ActionItemSchema, effects.ActionItems) })
	group.Go(func() error {
		return place(inserting, d, repository.PostMortemRevisionSchema, effects.PostMortemRevisions)
	})
	group.Go(func() error { return place(inserting, d, repository.SystemRevisionSchema, effects.SystemRevisions) })
	if err := group.Wait(); err != nil {
		return err
	}
	if err := d.interrupt("events"); err != nil {
		return err
	}
	return d.tell(ctx, effects.Events)
}

// place stores resources that are effects, in the order of their ids, as inserter does. Those that are there already are
// passed over.
func place[T any](ctx context.Context, d *delivery, schema repository.Schema[T], resources []T) error {
	name := func(resource T) string { return schema.Name + "/" + schema.Header(&resource).ID }
	resources = slices.DeleteFunc(resources, func(resource T) bool { return d.placed.has(name(resource)) })
	if len(resources) == 0 {
		return nil
	}
	slices.SortStableFunc(resources, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	resources = slices.CompactFunc(resources, func(a, b T) bool { return name(a) == name(b) })
	documents, names := make([]bson.Raw, len(resources)), make([]string, len(resources))
	for i, resource := range resources {
		schema.Header(&resource).Revision = 1
		names[i] = name(resource)
		var err error
		if documents[i], err = encodeBounded(newDocument(schema, resource)); err != nil {
			return err
		}
	}
	err := d.engine.do(ctx, command{"insertMany", schema.Name, len(documents)}, func(ctx context.Context) error {
		_, err := d.engine.database.Collection(schema.Name).InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
		return passOverDuplicates(err)
	})
	if err == nil {
		d.placed.add(names)
	}
	return err
}

func passOverDuplicates(err error) error {
	errs, single := writeErrors(err)
	if !single {
		return err
	}
	var others error
	for _, err := range errs {
		if !errors.Is(err, repository.ErrAlreadyExists) {
			others = errors.Join(others, err)
		}
	}
	return others
}

// tell appends the events to the feed, those that are not in it yet.
//
// Sequences have no gap, because each event is inserted with the one after the newest's, in order, and only one can have
// that. Whoever is too late looks again at what is there.
func (d *delivery) tell(ctx context.Context, events []repository.Event) error {
	events = d.fresh(events)
	keys := make([]string, len(events))
	for i, event := range events {
		keys[i] = event.CreationKey
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	for attempt := 0; len(events) > 0; attempt++ {
		var err error
		if attempt > 0 || d.now().Sub(d.lastTime).Abs() > rememberedFor {
			if events, err = d.untold(ctx, events); err != nil {
				return err
			}
		}
		if err = d.append(ctx, events); err == nil {
			break
		}
		if !errors.Is(err, repository.ErrAlreadyExists) || attempt == maxAttempts {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	d.told.add(keys)
	return nil
}

// fresh are the events that were not told here lately: of those with the same key the first.
func (d *delivery) fresh(events []repository.Event) []repository.Event {
	seen := make(map[string]bool, len(events))
	var fresh []repository.Event
	for _, event := range events {
		if key := event.CreationKey; !seen[key] && !d.told.has(key) {
			seen[key] = true
			fresh = append(fresh, event)
		}
	}
	return fresh
}

// append inserts the events behind the last. ErrAlreadyExists where one of them is told already, or its place is taken.
func (d *delivery) append(ctx context.Context, events []repository.Event) error {
	if len(events) == 0 {
		return nil
	}
	documents := make([]bson.Raw, len(events))
	for i, event := range events {
		event.ID, event.Revision = repository.EventID(d.last+int64(i)+1), 1
		var err error
		if documents[i], err = encodeBounded(newDocument(repository.EventSchema, event)); err != nil {
			return err
		}
	}
	err := d.engine.do(ctx, command{"insertMany", d.events.Name(), len(documents)}, func(ctx context.Context) error {
		_, err := d.events.InsertMany(ctx, documents)
		return err
	})
	if err == nil {
		d.last, d.lastTime = d.last+int64(len(events)), d.now()
	}
	return err
}

// untold finds out which of the events are not in the feed, and which event is the last there. Only what a majority has
// counts: what could still be taken back must not be believed to be told.
func (d *delivery) untold(ctx context.Context, events []repository.Event) ([]repository.Event, error) {
	asked := d.now()
	newest, err := newestID(ctx, d.engine, d.events)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	keys := make([]string, len(events))
	for i, event := range events {
		keys[i] = event.CreationKey
	}
	told, err := d.find(ctx, keys)
	if err != nil {
		return nil, err
	}
	d.last, d.lastTime = sequence(newest), asked
	var left []repository.Event
	for _, event := range events {
		if !told[event.CreationKey] {
			left = append(left, event)
		}
	}
	return left, nil
}

// find finds out which of the keys are those of events in the feed.
func (d *delivery) find(ctx context.Context, keys []string) (map[string]bool, error) {
	told := map[string]bool{}
	err := d.engine.do(ctx, command{operation: "find", collection: d.events.Name()}, func(ctx context.Context) error {
		how := options.Find().SetProjection(bson.D{{Key: fieldCreationKey, Value: 1}})
		cursor, err := d.events.Find(ctx, compare(fieldCreationKey, "$in", keys), how)
		if err != nil {
			return err
		}
		found, err := decodeAll[repository.Event](ctx, cursor)
		for _, event := range found {
			told[event.CreationKey] = true
		}
		return err
	})
	return told, err
}

// clear empties the outboxes that were delivered, provided that the resources have not changed again: then whoever
// changed them brings away what is in there. Only an outbox that grows long meanwhile is shortened.
func (d *delivery) clear(ctx context.Context, parcels []parcel) error {
	if len(parcels) == 0 {
		return nil
	}
	if err := d.interrupt("clear"); err != nil {
		return err
	}
	type revision struct {
		from     *mongo.Collection
		revision int64
	}
	delivered := map[revision][]string{}
	var failed error
	for _, parcel := range parcels {
		revision := revision{parcel.from, parcel.revision}
		delivered[revision] = append(delivered[revision], parcel.id)
		if len(parcel.outbox) > longOutbox {
			failed = errors.Join(failed, d.shorten(ctx, parcel))
		}
	}
	for revision, ids := range delivered {
		slices.Sort(ids)
		failed = errors.Join(failed, d.empty(ctx, revision.from, revision.revision, ids))
	}
	return failed
}

func (d *delivery) empty(ctx context.Context, from *mongo.Collection, revision int64, ids []string) error {
	return d.engine.do(ctx, command{"updateMany", from.Name(), len(ids)}, func(ctx context.Context) error {
		_, err := from.UpdateMany(ctx,
			bson.D{{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}}, {Key: fieldRevision, Value: revision}},
			bson.D{{Key: "$unset", Value: bson.D{{Key: fieldOutbox, Value: ""}, {Key: fieldOutboxTime, Value: ""}}}})
		return err
	})
}

func (d *delivery) shorten(ctx context.Context, parcel parcel) error {
	return d.engine.do(ctx, command{"updateOne", parcel.from.Name(), 1}, func(ctx context.Context) error {
		delivered := bson.D{{Key: fieldRevision, Value: bson.D{{Key: "$lte", Value: parcel.revision}}}}
		_, err := parcel.from.UpdateOne(ctx,
			bson.D{{Key: fieldID, Value: parcel.id}, {Key: fieldRevision, Value: bson.D{{Key: "$gt", Value: parcel.revision}}}},
			bson.D{{Key: "$pull", Value: bson.D{{Key: fieldOutbox, Value: delivered}}}})
		return err
	})
}
