package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/debriefhq/debrief/repository"
)

// transaction is what writes are made in. It is the writer's own, and nothing else writes while it is open.
type transaction struct {
	// endless is the context of its statements: none ends them halfway.
	endless    context.Context //nolint:containedctx // The transaction is what the context would be passed along with.
	connection *connection
	// sequence is that of the latest event; -1 while it is not known.
	sequence int64
	// states are those of the tables that were written to.
	states map[*table]*state
	values []driver.Value
}

// state is what is known of a table.
type state struct {
	// grown is how many rows there are more than at the beginning.
	grown int64
	// displaced says that not every row is at the position that its id asks for.
	displaced bool
}

func newTransaction(endless context.Context, connection *connection) *transaction {
	return &transaction{endless: endless, connection: connection, sequence: -1, states: map[*table]*state{}}
}

// exec executes a statement that changes something, and says how many rows it changed.
func (tx *transaction) exec(text string, values ...driver.Value) (int64, error) {
	return tx.connection.exec(tx.endless, text, values...)
}

// query executes a statement that gives rows.
func (tx *transaction) query(text string, values []driver.Value, each func([]driver.Value) error) error {
	return tx.connection.query(tx.endless, text, values, each)
}

// number executes a statement that gives one number; 0 where it gives none.
func (tx *transaction) number(text string, values ...driver.Value) (int64, error) {
	return tx.connection.number(tx.endless, text, values...)
}

// state reads what is known of a table, once.
func (tx *transaction) state(t *table) (*state, error) {
	if known, ok := tx.states[t]; ok {
		return known, nil
	}
	displaced, err := tx.number("SELECT displaced FROM collections WHERE name = ?", t.name)
	if err != nil {
		return nil, err
	}
	tx.states[t] = &state{displaced: displaced != 0}
	return tx.states[t], nil
}

// insert inserts a row. It says false where the id or the creation key is taken.
func (tx *transaction) insert(t *table, row *row) (bool, error) {
	if t.scoped {
		return tx.insertAt(t, row, 0)
	}
	state, err := tx.state(t)
	if err != nil {
		return false, err
	}
	if !state.displaced {
		inserted, err := tx.insertAt(t, row, position(row.id))
		if err != nil || inserted {
			return inserted, err
		}
	}
	taken, err := tx.taken(t, row)
	if err != nil || taken {
		return false, err
	}
	place, err := tx.place(t, row.id)
	if err != nil {
		return false, err
	}
	return tx.insertAt(t, row, place)
}

func (tx *transaction) taken(t *table, row *row) (bool, error) {
	count, err := tx.number("SELECT count(*) FROM "+t.name+" WHERE id = ? OR creation_key = ?", row.id, keyOrNull(row.creationKey))
	return count > 0, err
}

// insertAt inserts a row at a position. It says false where that, the id or the creation key is taken.
func (tx *transaction) insertAt(t *table, row *row, position int64) (bool, error) {
	values := tx.values[:0]
	if !t.scoped {
		values = append(values, position, row.signature)
	}
	values = append(values, row.id, row.parent, keyOrNull(row.creationKey), int64(row.visibility), max(row.revision, 1))
	values = append(values, row.numbers...)
	values = append(values, row.document)
	tx.values = values
	changed, err := tx.exec(t.insert, values...)
	if err != nil || changed == 0 || t.scoped {
		return changed > 0, err
	}
	state, err := tx.state(t)
	if err != nil {
		return false, err
	}
	state.grown++
	return true, tx.index(t, position, row.tokens)
}

func keyOrNull(key string) driver.Value {
	if key == "" {
		return nil
	}
	return key
}

// index enters a row into the full-text index.
func (tx *transaction) index(t *table, position int64, tokens string) error {
	_, err := tx.exec("INSERT INTO "+t.terms()+" (rowid, terms) VALUES (?, ?)", position, tokens)
	return err
}

// unindex takes a row out of the full-text index.
func (tx *transaction) unindex(t *table, position int64) error {
	_, err := tx.exec("DELETE FROM "+t.terms()+" WHERE rowid = ?", position)
	return err
}

// reindex replaces what the full-text index has of a row.
func (tx *transaction) reindex(t *table, id, tokens string) error {
	position, err := tx.number("SELECT position FROM "+t.name+" WHERE id = ?", id)
	if err != nil {
		return err
	}
	if err := tx.unindex(t, position); err != nil {
		return err
	}
	return tx.index(t, position, tokens)
}

// insertEvents inserts events behind the latest one: their positions are their sequences. Those whose creation key is
// taken are there already.
func (tx *transaction) insertEvents(t *table, events []row) error {
	if len(events) > 0 && tx.sequence < 0 {
		latest, err := tx.number("SELECT max(position) FROM " + t.name)
		if err != nil {
			return err
		}
		tx.sequence = latest
	}
	for i := range events {
		event := events[i]
		event.id = repository.EventID(tx.sequence + 1)
		inserted, err := tx.insertAt(t, &event, tx.sequence+1)
		if err != nil {
			return err
		}
		if inserted {
			tx.sequence++
		}
	}
	return nil
}

// remove removes a row that is purged, and passes over any other.
func (tx *transaction) remove(t *table, id string) error {
	position, err := tx.number("SELECT rowid FROM "+t.name+" WHERE id = ?", id)
	if err != nil {
		return err
	}
	removed, err := tx.exec(t.delete, id)
	if err != nil || removed == 0 {
		return err
	}
	return tx.removed(t, position)
}

// removed takes what was at a position out of what is known of a table.
func (tx *transaction) removed(t *table, position int64) error {
	if t.scoped {
		return nil
	}
	state, err := tx.state(t)
	if err != nil {
		return err
	}
	state.grown--
	return tx.unindex(t, position)
}

// finish writes down what became of the tables.
func (tx *transaction) finish() error {
	for t, state := range tx.states {
		if state.grown == 0 {
			continue
		}
		if _, err := tx.exec("UPDATE collections SET size = size + ? WHERE name = ?", state.grown, t.name); err != nil {
			return err
		}
	}
	return nil
}
