package sqlite

import (
	"context"
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

// planner makes the statement for a query.
type planner struct {
	*table
	query repository.Query
	// filters are what the statement checks each row for, and rest the conditions that it does not.
	filters []fragment
	rest    repository.And
	// match is what the full-text index finds for the rest.
	match match
	ids   bounds
	// inVain is how many rows are looked at before a walk is given up.
	inVain int64
}

// selection is a planned query: what comes after SELECT and its columns.
type selection struct {
	table *table
	// from is the table t with what it is found by, and where what must all hold.
	from  fragment
	where []fragment
	order string
	limit int
	// sorted selections read the documents of only those rows that are asked for.
	sorted bool
	// check is what each row is to be checked for; nil: nothing.
	check repository.Condition
	// countable is a SELECT of as many rows that does not look at them; empty where there is none.
	countable fragment
	// otherwise plans what to select instead where this selects less than the limit; nil: then there is no more.
	otherwise func(context.Context) (selection, error)
}

func newPlanner(t *table, query repository.Query) *planner {
	p := &planner{table: t, query: query, inVain: int64(maxInVain * query.Limit)}
	p.divide()
	return p
}

// divide divides the query's conditions by who is to check them.
func (p *planner) divide() {
	p.filters = []fragment{{text: fmt.Sprintf("t.visibility <= %d", p.query.Visible)}}
	if p.query.Parent != "" || p.scoped {
		p.filters = append(p.filters, fragment{"t.parent = ?", values(p.query.Parent)})
	}
	if p.query.OrderBy == "" && p.query.After != nil {
		p.ids.after(p.query.After.ID, p.query.Descending)
	}
	if isHuge(p.query.Where) {
		p.rest = repository.And{p.query.Where}
		return
	}
	for _, condition := range conjuncts(p.query.Where) {
		if ids, ok := condition.(repository.IDRange); ok && p.query.OrderBy == "" {
			p.ids.within(ids)
			continue
		}
		if filter, ok := p.filter(condition); ok {
			p.filters = append(p.filters, filter)
		} else {
			p.rest = append(p.rest, condition)
		}
	}
	if len(p.rest) > 0 && !p.scoped {
		p.match = matching(p.rest)
	}
}

// sort answers by sorting what a source finds.
func (p *planner) sort(found source) selection {
	return p.selection(found.covers, selection{
		from:   found.positions().surround("(", ") s CROSS JOIN "+quote(p.name)+" t ON t.position = s.position"),
		where:  p.bounds(),
		order:  p.order(),
		sorted: true,
	})
}

// walkWithin answers by walking the index of the order within what a source finds.
func (p *planner) walkWithin(found source) selection {
	return p.selection(found.covers, selection{
		from:  fragment{text: quote(p.name) + " t " + p.index(p.query.OrderBy)},
		where: append(p.bounds(), found.positions().surround("t.position IN (", ")")),
		order: p.order(),
	})
}

// walk answers by walking the index of the order.
func (p *planner) walk() selection {
	return p.selection(false, selection{
		from:  fragment{text: quote(p.name) + " t " + p.index(p.query.OrderBy)},
		where: p.bounds(),
		order: p.order(),
	})
}

// walkMatches answers by walking the matches of the full-text index, in the order of positions.
func (p *planner) walkMatches() selection {
	order := "f.rowid"
	if p.query.Descending {
		order += " DESC"
	}
	found := fragment{fmt.Sprintf("f.%s MATCH ?", p.terms()), values(p.match.text)}
	found = join(append([]fragment{found}, p.ids.fragments(p.table, "f.rowid")...), " AND ")
	s := p.selection(p.match.exact, selection{
		from:  fragment{text: p.terms() + " f CROSS JOIN " + quote(p.name) + " t ON t.position = f.rowid"},
		where: []fragment{found},
		order: order,
	})
	if s.check == nil && len(p.filters) == 1 {
		s.countable = found.surround("SELECT 1 FROM "+p.terms()+" f WHERE ", fmt.Sprintf(
			" AND f.rowid NOT IN (SELECT position FROM %s WHERE visibility > 0 AND visibility > %d)", p.name, p.query.Visible))
	}
	return s
}

// selection fills in what all selections have. Where it does not cover the rest, that is checked on each row.
func (p *planner) selection(covers bool, s selection) selection {
	s.table, s.limit = p.table, p.query.Limit
	s.where = append(s.where, p.filters...)
	if len(p.rest) > 0 && !covers {
		s.check = p.rest
		if p.match.text != "" {
			s.where = append(s.where, p.match.sieve)
		}
	}
	return s
}

// bounds are where a walk begins and ends.
func (p *planner) bounds() []fragment {
	if p.query.OrderBy == "" {
		return p.ids.fragments(p.table, "t."+p.key(p.query.OrderBy))
	}
	if p.query.After == nil {
		return nil
	}
	return []fragment{p.behind()}
}

func (p *planner) order() string {
	direction := ""
	if p.query.Descending {
		direction = " DESC"
	}
	order := "t." + p.key(p.query.OrderBy) + direction
	if p.query.OrderBy != "" {
		order = "t." + quote(p.query.OrderBy) + direction + ", " + order
	}
	return order
}

// list is the statement that reads the rows.
func (s selection) list() fragment {
	body := join([]fragment{s.from, join(s.where, " AND ")}, " WHERE ").surround(" FROM ", " ORDER BY "+s.order+" LIMIT ?")
	limit := int64(s.limit)
	if s.check != nil {
		limit = -1
	}
	body.values = append(body.values, limit)
	if !s.sorted {
		return body.surround("SELECT t.id, t.revision, t.document", "")
	}
	return body.surround("SELECT t.id, t.revision, t.document FROM (SELECT t.position AS position",
		") s CROSS JOIN "+quote(s.table.name)+" t ON t.position = s.position ORDER BY "+s.order)
}

// count is the statement that counts the rows, where there is nothing to be checked beside.
func (s selection) count() fragment {
	rows := s.countable
	if rows.text == "" {
		rows = join([]fragment{s.from, join(s.where, " AND ")}, " WHERE ").surround("SELECT 1 FROM ", "")
	}
	body := rows.surround("SELECT count(*) FROM (", " LIMIT ?)")
	body.values = append(body.values, int64(s.limit))
	return body
}
