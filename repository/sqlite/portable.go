package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"

	"github.com/debriefhq/debrief/repository"
)

// shelf is a collection, whatever the type of its resources.
type shelf interface {
	// kind is the collection's name.
	kind() string
	// layout is its table.
	layout() *table
	// pack makes a document of a row of id, revision and document.
	pack(row []driver.Value) (repository.Document, error)
	// unpack lays a document out.
	unpack(document repository.Document) (row, error)
}

func (c *collection[T]) kind() string   { return c.name }
func (c *collection[T]) layout() *table { return c.table }

func (c *collection[T]) pack(row []driver.Value) (repository.Document, error) {
	resource, err := c.decode(row)
	if err != nil {
		return repository.Document{}, err
	}
	return c.schema.Document(resource)
}

func (c *collection[T]) unpack(document repository.Document) (row, error) {
	resource, err := c.schema.Resource(document)
	if err != nil {
		return row{}, err
	}
	laidOut, err := c.encode(&resource)
	laidOut.revision = c.schema.Header(&resource).Revision
	return laidOut, err
}

// Dump implements [repository.Portable]: in one transaction that reads, so that it sees one moment.
func (r *Repository) Dump(ctx context.Context) iter.Seq2[repository.Document, error] {
	return repository.Dumped(func(hand func(repository.Document) bool) error { return r.dump(ctx, hand) })
}

// dump hands on each document, until hand says false.
func (r *Repository) dump(ctx context.Context, hand func(repository.Document) bool) (err error) {
	ctx, end := r.observe(ctx, operationDump, "")
	defer func() { err = end(ctx, err) }()
	return r.readers.use(ctx, func(connection *connection) error {
		return snapshot(ctx, connection, func() error {
			for _, shelf := range r.shelves {
				if more, err := dumpShelf(ctx, connection, shelf, hand); err != nil || !more {
					return err
				}
			}
			return nil
		})
	})
}

func dumpShelf(ctx context.Context, connection *connection, shelf shelf, hand func(repository.Document) bool) (more bool, err error) {
	more = true
	text := "SELECT id, revision, document FROM " + shelf.kind() + " ORDER BY id"
	err = connection.query(ctx, text, nil, func(row []driver.Value) error {
		document, err := shelf.pack(row)
		if err != nil {
			return err
		}
		if more = hand(document); !more {
			return errEnough
		}
		return nil
	})
	return more, err
}

// Load implements [repository.Portable].
func (r *Repository) Load(ctx context.Context, source string, documents iter.Seq2[repository.Document, error]) error {
	complete, err := r.beginLoad(ctx, source)
	if err != nil || complete {
		return err
	}
	for batch, err := range repository.Batches(documents) {
		if err != nil {
			return err
		}
		if err := r.loadBatch(ctx, batch); err != nil {
			return err
		}
	}
	return r.transact(ctx, 0, func(tx *transaction) error {
		_, err := tx.exec("UPDATE loads SET complete = 1 WHERE source = ?", source)
		return err
	})
}

// transact does work in a transaction, as one call of the store.
func (r *Repository) transact(ctx context.Context, size int, work func(*transaction) error) (err error) {
	ctx, end := r.observe(ctx, operationLoad, "")
	defer func() { err = end(ctx, err) }()
	return r.writer.do(ctx, r.writer.queue, size, work)
}

// beginLoad notes that a source is being loaded, unless the store has something else. It says whether it was loaded before.
func (r *Repository) beginLoad(ctx context.Context, source string) (complete bool, err error) {
	err = r.transact(ctx, 0, func(tx *transaction) error {
		known := false
		err := tx.query("SELECT complete FROM loads WHERE source = ?", values(source), func(row []driver.Value) error {
			known, complete = true, row[0] != int64(0)
			return nil
		})
		if err != nil || known {
			return err
		}
		others, err := tx.number("SELECT count(*) FROM loads")
		if err != nil {
			return err
		}
		if others > 0 {
			return fmt.Errorf("%w: something else was loaded into the store", repository.ErrConflict)
		}
		if err := r.requireNothing(tx); err != nil {
			return err
		}
		_, err = tx.exec("INSERT INTO loads (source, complete) VALUES (?, 0)", source)
		return err
	})
	return complete, err
}

func (r *Repository) requireNothing(tx *transaction) error {
	for _, shelf := range r.shelves {
		some, err := tx.number("SELECT EXISTS (SELECT 1 FROM " + shelf.kind() + ")")
		if err != nil {
			return err
		}
		if some > 0 {
			return fmt.Errorf("%w: the store is not empty: it has %s", repository.ErrConflict, shelf.kind())
		}
	}
	return nil
}

func (r *Repository) loadBatch(ctx context.Context, documents []repository.Document) error {
	type place struct {
		table *table
		row   row
	}
	places, size := make([]place, len(documents)), 0
	for i, document := range documents {
		shelf, err := r.shelf(document.Kind)
		if err != nil {
			return err
		}
		places[i].table = shelf.layout()
		if places[i].row, err = shelf.unpack(document); err != nil {
			return err
		}
		size += len(document.Content)
	}
	return r.transact(ctx, size, func(tx *transaction) error {
		for i := range places {
			if err := tx.load(places[i].table, &places[i].row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Repository) shelf(kind string) (shelf, error) {
	for _, shelf := range r.shelves {
		if shelf.kind() == kind {
			return shelf, nil
		}
	}
	return nil, fmt.Errorf("%w: there are no %q: a newer version of Debrief may know them", repository.ErrCorrupt, kind)
}

// load inserts a row that comes from elsewhere, unless it is there already.
func (tx *transaction) load(t *table, row *row) error {
	var (
		inserted bool
		err      error
	)
	if t.sequenced {
		inserted, err = tx.insertAt(t, row, repository.Sequence(row.id))
	} else {
		inserted, err = tx.insert(t, row)
	}
	if err != nil || inserted {
		return err
	}
	there, err := tx.number("SELECT count(*) FROM "+t.name+" WHERE id = ?", row.id)
	if err == nil && there == 0 {
		err = fmt.Errorf("%w: something else of %s has the place of %q", repository.ErrConflict, t.name, row.id)
	}
	return err
}

// refuseUnfinished refuses a store into which something was begun to be loaded, and not finished.
func refuseUnfinished(ctx context.Context, connection *connection) error {
	unfinished, err := connection.number(ctx, "SELECT count(*) FROM loads WHERE complete = 0")
	if err == nil && unfinished > 0 {
		err = refusal("an import into it was begun and is not finished: import the same file again, or begin with another store")
	}
	return err
}
