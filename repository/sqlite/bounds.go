package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"

	"github.com/debriefhq/debrief/repository"
)

// bounds are the ids that a walk is between: a walk begins at the one that is the nearest, whoever has set it.
type bounds struct {
	// from is the least id, or the one before it where it is excluded.
	from     string
	excluded bool
	// before is the id after the last; empty: none.
	before string
}

// within narrows the bounds.
func (b *bounds) within(ids repository.IDRange) {
	if ids.From > b.from {
		b.from, b.excluded = ids.From, false
	}
	if ids.Before != "" {
		b.end(ids.Before)
	}
}

// after narrows the bounds to what is behind an id in the order.
func (b *bounds) after(id string, descending bool) {
	switch {
	case descending:
		b.end(id)
	case id >= b.from:
		b.from, b.excluded = id, true
	}
}

func (b *bounds) end(before string) {
	if b.before == "" || before < b.before {
		b.before = before
	}
}

// fragments are conditions on the key of a table's rows.
func (b *bounds) fragments(t *table, key string) []fragment {
	var all []fragment
	if b.from != "" || b.excluded {
		operator := " >= "
		if b.excluded {
			operator = " > "
		}
		all = append(all, t.bound(key, " >= ", operator, b.from))
	}
	if b.before != "" {
		all = append(all, t.bound(key, " < ", " >= ", b.before))
	}
	return all
}

// bound compares the key with that of the first row whose id is at, or behind, another.
func (t *table) bound(key, operator, at, id string) fragment {
	if t.scoped {
		if operator == " >= " {
			operator = at
		}
		return fragment{key + operator + "?", values(id)}
	}
	return t.first(at, id).surround(key+operator, "")
}

// first is the position of the first row whose id is at, or behind, another; greater than all where there is none.
func (t *table) first(at, id string) fragment {
	return fragment{
		fmt.Sprintf("coalesce((SELECT b.position FROM %s b WHERE b.id%s? ORDER BY b.id LIMIT 1), %d)", quote(t.name), at, int64(math.MaxInt64)),
		values(id),
	}
}

// behind holds for what is behind the query's position in the order of a number.
func (p *planner) behind() fragment {
	after := p.query.After
	row := fmt.Sprintf("(t.%s, t.%s)", quote(p.query.OrderBy), p.key(p.query.OrderBy))
	operator, at := " >= ", " > "
	if p.query.Descending {
		operator, at = " < ", " >= "
	}
	if p.scoped {
		if !p.query.Descending {
			operator = at
		}
		return fragment{row + operator + "(?, ?)", values(after.Number, after.ID)}
	}
	first := p.first(at, after.ID)
	return fragment{row + operator + "(?, " + first.text + ")", append(values(after.Number), first.values...)}
}

// endOfWalk holds up to where a walk in the order of a number would have looked at many rows. It says false where the walk
// ends before.
func (p *planner) endOfWalk(ctx context.Context, connection *connection) (fragment, bool, error) {
	number := quote(p.query.OrderBy)
	walk := join(append(p.bounds(), fragment{text: "1"}), " AND ").surround(
		fmt.Sprintf("SELECT t.%s, t.place FROM %s t %s WHERE ", number, quote(p.name), p.index(p.query.OrderBy)),
		" ORDER BY "+p.order()+" LIMIT 1 OFFSET ?")
	var end []driver.Value
	err := connection.query(ctx, walk.text, append(walk.values, p.inVain), func(row []driver.Value) error {
		end = append(end, row...)
		return nil
	})
	operator := " <= "
	if p.query.Descending {
		operator = " >= "
	}
	return fragment{fmt.Sprintf("(t.%s, t.place)%s(?, ?)", number, operator), end}, len(end) > 0, err
}

func values(all ...driver.Value) []driver.Value { return all }
