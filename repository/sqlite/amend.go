package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/debriefhq/debrief/repository"
)

const (
	// documentCount and documentBytes bound what Documents gives at once.
	documentCount = 500
	documentBytes = 8 << 20
)

// Amend implements [repository.Archive].
func (c *collection[T]) Amend(ctx context.Context, id string, change func(*T) error) (T, error) {
	return c.Update(ctx, id, func(resource *T) (repository.Effects, error) { return repository.Effects{}, change(resource) })
}

// Documents implements [repository.Portable].
func (r *Repository) Documents(ctx context.Context, kind, after string) (documents []repository.Document, err error) {
	ctx, end := r.observe(ctx, operationDump, kind)
	defer func() { err = end(ctx, err) }()
	place := slices.IndexFunc(r.shelves, func(s shelf) bool { return s.kind() == kind })
	if place < 0 {
		return nil, fmt.Errorf("%w: there are no %q", repository.ErrNotFound, kind)
	}
	err = r.readers.use(ctx, func(connection *connection) error {
		documents, err = someDocuments(ctx, connection, r.shelves[place], after)
		return err
	})
	return documents, err
}

func someDocuments(ctx context.Context, connection *connection, shelf shelf, after string) (documents []repository.Document, err error) {
	bytes := 0
	text := "SELECT id, revision, document FROM " + shelf.kind() + " WHERE id > ? ORDER BY id"
	err = connection.query(ctx, text, values(after), func(row []driver.Value) error {
		document, err := shelf.pack(row)
		if err != nil {
			return err
		}
		documents = append(documents, document)
		if bytes += len(document.Content); bytes >= documentBytes || len(documents) == documentCount {
			return errEnough
		}
		return nil
	})
	return documents, err
}
