package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// Trim implements [repository.Trimmer].
func (c *collection[T]) Trim(ctx context.Context, before string) (err error) {
	ctx, end := c.repository.observe(ctx, operationTrim, c.name)
	defer func() { err = end(ctx, err) }()
	for removed := removeAtOnce; removed == removeAtOnce; {
		err := c.repository.writer.do(ctx, c.repository.writer.queue, 0, func(tx *transaction) (err error) {
			removed, err = tx.trim(c.table, before, removeAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trim removes the first rows whose ids are less than before, but not the last row, and says how many these were.
func (tx *transaction) trim(t *table, before string, limit int) (int, error) {
	var positions []int64
	text := fmt.Sprintf("SELECT rowid FROM %s WHERE id < ? AND id < (SELECT max(id) FROM %s) ORDER BY id LIMIT %d", t.name, t.name, limit)
	err := tx.query(text, []driver.Value{before}, func(row []driver.Value) error {
		position, _ := row[0].(int64)
		positions = append(positions, position)
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, position := range positions {
		if _, err := tx.exec("DELETE FROM "+t.name+" WHERE rowid = ?", position); err != nil {
			return 0, err
		}
		if err := tx.removed(t, position); err != nil {
			return 0, err
		}
	}
	return len(positions), nil
}
