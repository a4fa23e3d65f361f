package mongodb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
)

// loadedAtOnce is how many batches are stored at the same time.
const loadedAtOnce = 4

// Load implements [repository.Portable].
func (r *Repository) Load(ctx context.Context, source string, documents iter.Seq2[repository.Document, error]) error {
	complete, err := r.beginLoad(ctx, source)
	if err != nil || complete {
		return err
	}
	if err := r.loadAll(ctx, documents); err != nil {
		return err
	}
	return r.engine.do(ctx, command{operation: "updateOne", collection: loads}, func(ctx context.Context) error {
		_, err := r.engine.database.Collection(loads).UpdateOne(ctx, bson.D{{Key: fieldID, Value: loadID}, {Key: "source", Value: source}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "complete", Value: true}}}})
		return err
	})
}

const (
	// loads is the collection that has one document, where something was loaded into the store: its load.
	loads  = "loads"
	loadID = "load"
)

// load is what was loaded into the store from elsewhere, and whether all of it is here.
type load struct {
	ID       string `bson:"_id"`
	Source   string `bson:"source"`
	Complete bool   `bson:"complete"`
}

// lastLoad is what was loaded; its source is empty where nothing was.
func (e *engine) lastLoad(ctx context.Context) (load, error) {
	var found load
	err := e.do(ctx, command{operation: "findOne", collection: loads}, func(ctx context.Context) error {
		return settled(e, loads).FindOne(ctx, bson.D{{Key: fieldID, Value: loadID}}).Decode(&found)
	})
	if isNotFound(err) {
		err = nil
	}
	return found, err
}

// beginLoad notes that a source is being loaded, unless the store has something else. It says whether it was loaded before.
func (r *Repository) beginLoad(ctx context.Context, source string) (complete bool, err error) {
	found, err := r.engine.lastLoad(ctx)
	if err != nil {
		return false, err
	}
	switch found.Source {
	case source:
		return found.Complete, nil
	case "":
	default:
		return false, fmt.Errorf("%w: something else was loaded into the store", repository.ErrConflict)
	}
	for _, shelf := range r.shelves {
		empty, err := r.engine.isEmpty(ctx, shelf.kind())
		if err != nil {
			return false, err
		}
		if !empty {
			return false, fmt.Errorf("%w: the store is not empty: it has %s", repository.ErrConflict, shelf.kind())
		}
	}
	err = r.engine.do(ctx, command{operation: "insertOne", collection: loads}, func(ctx context.Context) error {
		_, err := r.engine.database.Collection(loads).InsertOne(ctx, load{ID: loadID, Source: source})
		return err
	})
	if errors.Is(err, repository.ErrAlreadyExists) {
		err = fmt.Errorf("%w: another process has begun to load into the store", repository.ErrConflict)
	}
	return false, err
}

// loadAll stores the documents, several batches at a time.
func (r *Repository) loadAll(ctx context.Context, documents iter.Seq2[repository.Document, error]) error {
	group, loading := errgroup.WithContext(ctx)
	group.SetLimit(loadedAtOnce)
	var given error
	for batch, err := range repository.Batches(documents) {
		if given = err; given != nil || loading.Err() != nil {
			break
		}
		group.Go(func() error { return r.loadBatch(loading, batch) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return given
}

func (r *Repository) loadBatch(ctx context.Context, batch []repository.Document) error {
	for len(batch) > 0 {
		kind := batch[0].Kind
		count := slices.IndexFunc(batch, func(d repository.Document) bool { return d.Kind != kind })
		if count < 0 {
			count = len(batch)
		}
		place := slices.IndexFunc(r.shelves, func(s shelf) bool { return s.kind() == kind })
		if place < 0 {
			return fmt.Errorf("%w: there are no %q: a newer version of Debrief may know them", repository.ErrCorrupt, kind)
		}
		if err := r.shelves[place].load(ctx, batch[:count]); err != nil {
			return err
		}
		batch = batch[count:]
	}
	return nil
}

func (c *collection[T]) load(ctx context.Context, documents []repository.Document) error {
	raws, ids := make([]bson.Raw, len(documents)), make([]string, len(documents))
	for i, document := range documents {
		resource, err := c.schema.Resource(document)
		if err != nil {
			return err
		}
		if raws[i], err = encodeBounded(newDocument(c.schema, resource)); err != nil {
			return err
		}
		ids[i] = document.ID
	}
	taken := false
	err := c.do(ctx, command{"insertMany", c.schema.Name, len(raws)}, func(ctx context.Context) error {
		_, err := c.stored.InsertMany(ctx, raws, options.InsertMany().SetOrdered(false))
		if err != nil {
			taken = true
		}
		return passOverDuplicates(err)
	})
	if err != nil || !taken {
		return err
	}
	return c.requireAll(ctx, ids)
}

// requireAll expects a resource of each id: what was in the way of one that was inserted is to be that one itself.
func (c *collection[T]) requireAll(ctx context.Context, ids []string) error {
	var there int64
	err := c.do(ctx, c.command("count"), func(ctx context.Context) (err error) {
		there, err = c.stored.CountDocuments(ctx, compare(fieldID, "$in", ids))
		return err
	})
	if err == nil && there < int64(len(ids)) {
		err = fmt.Errorf("%w: something else of %s is in the way", repository.ErrConflict, c.schema.Name)
	}
	return err
}

var errUnfinished = errors.New("an import into it was begun and is not finished: import the same file again, or begin with another database")

// refuseUnfinished refuses a store into which something was begun to be loaded, and not finished.
func (e *engine) refuseUnfinished(ctx context.Context) error {
	found, err := e.lastLoad(ctx)
	if err == nil && found.Source != "" && !found.Complete {
		err = errUnfinished
	}
	return err
}
