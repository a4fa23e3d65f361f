package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/debriefhq/debrief/repository"
)

// Update implements [repository.Writer].
func (c *collection[T]) Update(
	ctx context.Context, id string, change func(*T) (repository.Effects, error),
) (resource T, err error) {
	ctx, end := c.repository.observe(ctx, operationUpdate, c.name)
	defer func() { err = end(ctx, err) }()
	for range maxAttempts {
		resource, err = c.attempt(ctx, id, change)
		if !errors.Is(err, errOutrun) {
			return resource, err
		}
	}
	return resource, err
}

// errOutrun says that others have changed a resource between its reading and its writing.
var errOutrun = fmt.Errorf("%w: others changed it first", repository.ErrConflict)

// replacement is what takes a row's place.
type replacement struct {
	row      row
	revision int64
	effects  effects
	// columns are the places in row.numbers that differ.
	columns []int
	// retold says that the tokens differ.
	retold bool
}

func (c *collection[T]) attempt(
	ctx context.Context, id string, change func(*T) (repository.Effects, error),
) (resource T, err error) {
	found, err := c.find(ctx, id)
	if err != nil {
		return resource, err
	}
	if resource, err = c.decode(found); err != nil {
		return resource, err
	}
	before := c.index(&resource)
	effects, err := change(&resource)
	if errors.Is(err, repository.ErrUnchanged) {
		return c.decode(found)
	}
	if err != nil {
		return resource, changeError{err}
	}
	*c.schema.Header(&resource) = before.keep(*c.schema.Header(&resource))
	replacement, err := c.replace(before, &resource)
	if err != nil {
		return resource, err
	}
	if replacement.effects, err = c.repository.encodeEffects(effects); err != nil {
		return resource, err
	}
	return resource, c.store(ctx, &replacement)
}

// changeError is an error of the function that was given to Update, which is returned as it is.
type changeError struct{ error }

// indexed is what a resource's row holds beside the document.
type indexed struct {
	header  repository.Header
	numbers []driver.Value
	tokens  string
}

func (c *collection[T]) index(resource *T) indexed {
	tokens, _ := c.encodeTokens(resource)
	return indexed{header: *c.schema.Header(resource), numbers: c.encodeNumbers(resource), tokens: tokens}
}

// keep sets what a change can't change.
func (b indexed) keep(header repository.Header) repository.Header {
	header.ID, header.Parent, header.CreationKey = b.header.ID, b.header.Parent, b.header.CreationKey
	header.Revision = b.header.Revision + 1
	return header
}

func (c *collection[T]) replace(before indexed, resource *T) (replacement, error) {
	row, err := c.encode(resource)
	if err != nil {
		return replacement{}, err
	}
	r := replacement{row: row, revision: before.header.Revision, retold: row.tokens != before.tokens}
	for i, number := range row.numbers {
		if number != before.numbers[i] {
			r.columns = append(r.columns, i)
		}
	}
	return r, nil
}

// store puts the replacement in the place of what it was made from, unless something else has taken that.
func (c *collection[T]) store(ctx context.Context, r *replacement) error {
	outrun := false
	size := len(r.row.document) + r.effects.size
	err := c.repository.writer.do(ctx, c.repository.writer.queue, size, func(tx *transaction) error {
		replaced, err := c.replaceRow(tx, r)
		if outrun = !replaced; err != nil || outrun {
			return err
		}
		if r.retold {
			if err := tx.reindex(c.table, r.row.id, r.row.tokens); err != nil {
				return err
			}
		}
		return c.repository.writeEffects(tx, &r.effects)
	})
	if err == nil && outrun {
		err = errOutrun
	}
	return err
}

// replaceRow sets only the numbers that differ: an index on one that is set is written, whether it differs or not.
func (c *collection[T]) replaceRow(tx *transaction, r *replacement) (bool, error) {
	var assignments strings.Builder
	values := []driver.Value{r.revision + 1, int64(r.row.visibility), r.row.document}
	if r.retold {
		assignments.WriteString(", signature = ?")
		values = append(values, r.row.signature)
	}
	for _, i := range r.columns {
		assignments.WriteString(", " + quote(c.numbers[i].field) + " = ?")
		values = append(values, r.row.numbers[i])
	}
	text := fmt.Sprintf("UPDATE %s SET revision = ?, visibility = ?, document = ?%s WHERE id = ? AND revision = ? AND visibility < %d",
		c.name, assignments.String(), repository.Purged)
	changed, err := tx.exec(text, append(values, r.row.id, r.revision)...)
	return changed == 1, err
}
