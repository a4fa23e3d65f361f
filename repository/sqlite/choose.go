package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/debriefhq/debrief/repository"
)

// A list is answered in one of four ways, whichever is likely to be the shortest:
//
//   - sort: find by indexes the few rows that may meet one of the conditions, and sort them. It takes as long as there
//     are such rows, each of which is looked at.
//   - walk within: find them, and walk the index of the order, passing over what is not among them. It does not look at
//     the rows that it finds or passes over: that takes far less for each. In the order of ids it passes over nothing.
//   - walk matches: in the order of ids, walk the matches of the full-text index.
//   - walk: walk the index of the order, and look at each row. It and the walk of matches begin behind the query's
//     position, and end when the limit is reached: they take as long as matches are rare.
//
// A few rows are sorted. Else, in the order of a number, a walk is tried at first, up to where it has looked at many rows
// in vain: for what is common, that is the whole answer, and how common it is need not be found out.
//
// So what is rare is found, what is common is walked to, and all stay fast however many rows there are and however far
// behind the beginning the page is. Conditions that the statement can't check are checked on each row that it gives,
// until there are enough.
//
// Statements name the indexes that they are to use: SQLite would choose by rules of thumb, not knowing what is rare.

// The costs of the ways, in microseconds as they were measured on a store of a million incidents; only their proportions
// matter.
const (
	sortedCost   = 10  // for each row that is found and sorted
	foundCost    = 0.7 // for each row that is counted, and found to be walked within
	passedCost   = 0.3 // for each row that is passed over in an index
	examinedCost = 3.5 // for each row that is looked at
	// maxCounted is up to where it is found out how many rows meet a condition, and maxFew before a walk is tried.
	maxCounted, maxFew = 30000, 1000
	// maxInVain is how many rows a walk looks at for each that it is to give, before it is given up.
	maxInVain = 40
)

// plan chooses how to answer a query.
func plan(ctx context.Context, connection *connection, t *table, query repository.Query) (selection, error) {
	if query.OrderBy != "" && !t.hasNumber(query.OrderBy) {
		return selection{}, fmt.Errorf("%w: %s has no order %q", repository.ErrUnavailable, t.name, query.OrderBy)
	}
	p := newPlanner(t, query)
	sources := p.sources()
	switch {
	case len(sources) > 0:
		return p.choose(ctx, connection, sources)
	case query.OrderBy == "" && p.match.text != "":
		return p.walkMatches(), nil
	default:
		return p.walk(), nil
	}
}

func (p *planner) choose(ctx context.Context, connection *connection, sources []source) (selection, error) {
	// What is found out for the plan is over before a goroutine that waits for the context has begun.
	ctx = context.WithoutCancel(ctx)
	rows, err := connection.number(ctx, "SELECT size FROM collections WHERE name = ?", p.name)
	if err != nil {
		return selection{}, err
	}
	size := float64(rows)
	if p.query.OrderBy == "" {
		return p.chooseByID(ctx, connection, sources, size)
	}
	few, err := p.rarest(ctx, connection, sources, maxFew)
	if err != nil {
		return selection{}, err
	}
	if few.rows > 0 {
		return p.sortOrWalk(few, size), nil
	}
	return p.walkAtFirst(ctx, connection, func(ctx context.Context) (selection, error) {
		best, err := p.rarest(ctx, connection, sources, maxCounted)
		if best.rows == 0 {
			best = found{sources[len(sources)-1], maxCounted}
		}
		return p.sortOrWalk(best, size), err
	})
}

// chooseByID chooses for the order of ids.
func (p *planner) chooseByID(ctx context.Context, connection *connection, sources []source, size float64) (selection, error) {
	// With more rows than that, walking to as many as are asked for takes less, where these are spread evenly.
	most := math.Sqrt(float64(p.query.Limit) * size * examinedCost / foundCost)
	best, err := p.rarest(ctx, connection, sources, max(maxFew, min(int64(most), maxCounted)))
	switch {
	case err != nil:
		return selection{}, err
	case best.rows > 0:
		return p.walkWithin(best.source), nil
	case p.match.text != "":
		return p.walkMatches(), nil
	default:
		return p.walk(), nil
	}
}

// sortOrWalk sorts what is found, or walks within it.
func (p *planner) sortOrWalk(best found, size float64) selection {
	passed := float64(p.query.Limit) * size / best.rows
	if best.rows*sortedCost < best.rows*foundCost+passed*passedCost {
		return p.sort(best.source)
	}
	return p.walkWithin(best.source)
}

// walkAtFirst walks the index of the order up to where it would be in vain, and otherwise does something else.
func (p *planner) walkAtFirst(
	ctx context.Context, connection *connection, otherwise func(context.Context) (selection, error),
) (selection, error) {
	walk := p.walk()
	end, ok, err := p.endOfWalk(ctx, connection)
	if err == nil && ok {
		walk.where, walk.otherwise = append(walk.where, end), otherwise
	}
	return walk, err
}

// found is a source, and how many rows it finds, and one more; 0: there is no such source.
type found struct {
	source
	rows float64
}

// rarest finds the source with the fewest rows, where these are fewer than most.
func (p *planner) rarest(ctx context.Context, connection *connection, sources []source, most int64) (found, error) {
	var best found
	for _, source := range sources {
		count := join(source.arms, " UNION ALL ").surround("SELECT count(*) FROM (", " LIMIT ?)")
		rows, err := connection.number(ctx, count.text, append(count.values, most)...)
		if err != nil {
			return found{}, err
		}
		if rows < most {
			best, most = found{source, float64(rows + 1)}, rows
		}
	}
	return best, nil
}
