package sqlite

import (
	"database/sql/driver"
	"errors"
	"math"
	"slices"
)

// place finds a position for an id where the one that it asks for is taken, or where such a thing has happened before:
// between its neighbours in the order of ids. Ids that ask for the same are rare: two processes have made them in the
// same millisecond, or they are no ULIDs.
func (tx *transaction) place(t *table, id string) (int64, error) {
	state, err := tx.state(t)
	if err != nil {
		return 0, err
	}
	if !state.displaced {
		state.displaced = true
		if _, err := tx.exec("UPDATE collections SET displaced = 1 WHERE name = ?", t.name); err != nil {
			return 0, err
		}
	}
	low, err := tx.number("SELECT coalesce((SELECT position FROM "+t.name+" WHERE id < ? ORDER BY id DESC LIMIT 1), ?)", id, int64(-1))
	if err != nil {
		return 0, err
	}
	high, err := tx.number("SELECT coalesce((SELECT position FROM "+t.name+" WHERE id > ? ORDER BY id LIMIT 1), ?)", id, int64(math.MaxInt64))
	if err != nil {
		return 0, err
	}
	if high-low < 2 {
		return low + 1, tx.makeRoom(t, high)
	}
	return max(low+1, min(position(id), high-1)), nil
}

// errFull says that there is no position left behind those that are taken.
var errFull = errors.New("no position left")

// makeRoom frees a position: it moves the rows from there on, up to the next free position, by one.
func (tx *transaction) makeRoom(t *table, from int64) error {
	taken, err := tx.run(t, from)
	if err != nil {
		return err
	}
	for _, position := range slices.Backward(taken) {
		if err := tx.move(t, position); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a query that has given what was wanted of it.
var errEnough = errors.New("enough")

// run lists the positions from one on that are taken without a gap.
func (tx *transaction) run(t *table, from int64) ([]int64, error) {
	var taken []int64
	text := "SELECT position FROM " + t.name + " WHERE position >= ? ORDER BY position"
	err := tx.query(text, values(from), func(row []driver.Value) error {
		next, _ := row[0].(int64)
		if next != from+int64(len(taken)) {
			return errEnough
		}
		taken = append(taken, next)
		return nil
	})
	if err == nil && from+int64(len(taken)) <= 0 {
		err = errFull
	}
	return taken, err
}

// move moves a row to the next position, which is free.
func (tx *transaction) move(t *table, from int64) error {
	var document []byte
	text := "SELECT document FROM " + t.name + " WHERE position = ?"
	err := tx.query(text, values(from), func(row []driver.Value) error {
		document, _ = row[0].([]byte)
		return nil
	})
	if err != nil {
		return err
	}
	tokens, err := t.tokens(document)
	if err != nil {
		return err
	}
	if err := tx.unindex(t, from); err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE "+t.name+" SET position = ? WHERE position = ?", from+1, from); err != nil {
		return err
	}
	return tx.index(t, from+1, tokens)
}
