package sqlite

import (
	"context"
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

// A list is answered in one of four ways, whichever is likely to be the shortest:
//
//   - sort: find by indexes the few rows that may meet one of the conditions, and sort them. It takes as long as there
//     are such rows.
//   - walk within: find them, and walk the index of the order, passing over what is not among them. It does not look at
//     the rows that it finds or passes over: that takes far less for each.
//   - walk matches: in the order of ids, walk the matches of the full-text index.
//   - walk: walk the index of the order, and look at each row. It and the walk of matches begin behind the query's
//     position, and end when the limit is reached: they take as long as matches are rare. Where a walk has looked at many
//     rows in vain, because what it looks for is all at the other end, it is given up for a walk within.
//
// So what is rare is found, what is common is walked to, and all stay fast however many rows there are and however far
// behind the beginning the page is. Conditions that the statement can't check are checked on each row that it gives,
// until there are enough.
//
// Statements name the indexes that they are to use: SQLite would choose by rules of thumb, not knowing what is rare.

// The costs of the ways, in microseconds as they were measured on a store of a million incidents; only their proportions
// matter.
const (
	sortedCost   = 2.4 // for each row that is found and sorted
	foundCost    = 0.7 // for each row that is counted, and found to be walked within
	examinedCost = 3.5 // for each row that is looked at
	// It is found out how many rows meet a condition between these bounds.
	minCounted, maxCounted = 500, 30000
	// maxSorted is how many rows are sorted where they could be walked within.
	maxSorted = 3000
	// maxInVain is how many rows are looked at before a walk is given up.
	maxInVain = 5000
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
	// otherwise is what to select instead where this selects less than the limit; nil: then there is no more.
	otherwise *selection
}

// plan chooses how to answer a query.
func plan(ctx context.Context, connection *connection, t *table, query repository.Query) (selection, error) {
	p := planner{table: t, query: query, inVain: maxInVain}
	if query.OrderBy != "" && !t.hasNumber(query.OrderBy) {
		return selection{}, fmt.Errorf("%w: %s has no order %q", repository.ErrUnavailable, t.name, query.OrderBy)
	}
	p.divide()
	if t.scoped {
		return p.walk(), nil
	}
	return p.choose(ctx, connection)
}

func (p *planner) choose(ctx context.Context, connection *connection) (selection, error) {
	sources := p.sources()
	best, rows, err := p.rarest(ctx, connection, sources)
	switch {
	case err != nil:
		return selection{}, err
	case best != nil && (p.query.OrderBy == "" || rows <= maxSorted):
		return p.sort(*best), nil
	case best != nil:
		return p.walkWithin(*best), nil
	case p.query.OrderBy == "" && p.match.text != "":
		return p.walkMatches(), nil
	case p.query.OrderBy != "" && len(sources) > 0:
		return p.walkAtFirst(ctx, connection, sources[len(sources)-1])
	default:
		return p.walk(), nil
	}
}

// divide divides the query's conditions by who is to check them.
func (p *planner) divide() {
	p.filters = []fragment{{text: fmt.Sprintf("t.visibility <= %d", p.query.Visible)}}
	if p.query.Parent != "" || p.scoped {
		p.filters = append(p.filters, fragment{"t.parent = ?", values(p.query.Parent)})
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
	if p.query.OrderBy == "" && p.query.After != nil {
		p.ids.after(p.query.After.ID, p.query.Descending)
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

// walkAtFirst answers by walking the index of the order up to where it would be in vain, and otherwise within a source.
func (p *planner) walkAtFirst(ctx context.Context, connection *connection, found source) (selection, error) {
	walk := p.walk()
	end, ok, err := p.endOfWalk(ctx, connection)
	if err == nil && ok {
		within := p.walkWithin(found)
		walk.where, walk.otherwise = append(walk.where, end), &within
	}
	return walk, err
}

// walkMatches answers by walking the matches of the full-text index, in the order of positions.
func (p *planner) walkMatches() selection {
	order := "f.rowid"
	if p.query.Descending {
		order += " DESC"
	}
	found := fragment{fmt.Sprintf("f.%s MATCH ?", p.terms()), values(p.match.text)}
	return p.selection(p.match.exact, selection{
		from:  fragment{text: p.terms() + " f CROSS JOIN " + quote(p.name) + " t ON t.position = f.rowid"},
		where: append([]fragment{found}, p.ids.fragments(p.table, "f.rowid")...),
		order: order,
	})
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
	body := join([]fragment{s.from, join(s.where, " AND ")}, " WHERE ").surround("SELECT count(*) FROM (SELECT 1 FROM ", " LIMIT ?)")
	body.values = append(body.values, int64(s.limit))
	return body
}
