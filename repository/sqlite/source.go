package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/debriefhq/debrief/repository"
)

// source finds, by indexes alone, all rows that may meet a condition.
type source struct {
	// arms are SELECTs of positions; one may come from several of them.
	arms []fragment
	// covers says that nothing else needs to be checked on what is found, beside what the statement checks.
	covers bool
}

// positions is a SELECT of what is found.
func (s source) positions() fragment {
	all := join(s.arms, " UNION ALL ")
	if len(s.arms) > 1 {
		return all.surround("SELECT DISTINCT position FROM (", ")")
	}
	return all
}

// rarest finds the source with the fewest rows, and how many these are. There is none where walking takes less.
func (p *planner) rarest(ctx context.Context, connection *connection, sources []source) (*source, int64, error) {
	if len(sources) == 0 {
		return nil, 0, nil
	}
	size, err := connection.number(ctx, "SELECT size FROM collections WHERE name = ?", p.name)
	if err != nil {
		return nil, 0, err
	}
	most := p.most(float64(size))
	var best *source
	for i, source := range sources {
		count := join(source.arms, " UNION ALL ").surround("SELECT count(*) FROM (", " LIMIT ?)")
		rows, err := connection.number(ctx, count.text, append(count.values, most)...)
		if err != nil {
			return nil, 0, err
		}
		if rows < most {
			best, most = &sources[i], rows
		}
	}
	return best, most, nil
}

// most is with how many rows finding them takes as long as walking to as many as are asked for, where these are spread
// evenly over all rows.
func (p *planner) most(size float64) int64 {
	cost := sortedCost
	if p.query.OrderBy != "" {
		cost = foundCost
	}
	most := int64(math.Sqrt(float64(p.query.Limit) * size * examinedCost / cost))
	return max(minCounted, min(most, maxCounted))
}

// sources are those of the conditions that a walk does not begin or end with anyway.
func (p *planner) sources() []source {
	var sources []source
	for _, condition := range conjuncts(p.query.Where) {
		if number, ok := condition.(repository.NumberRange); ok && number.Field == p.query.OrderBy {
			continue
		}
		if _, ok := condition.(repository.IDRange); ok && p.query.OrderBy == "" || matching(condition).text != "" {
			continue
		}
		if arms := p.arms(condition); arms != nil {
			sources = append(sources, source{arms: arms, covers: len(p.rest) == 0})
		}
	}
	if p.match.text != "" && (p.query.OrderBy != "" || len(sources) > 0) {
		sources = append(sources, source{arms: []fragment{p.search(p.match)}, covers: p.match.exact})
	}
	return sources
}

// arms find what a condition may hold for; nil where no index helps.
func (p *planner) arms(condition repository.Condition) []fragment {
	if found := matching(condition); found.text != "" {
		return []fragment{p.search(found)}
	}
	switch condition := condition.(type) {
	case repository.NumberRange, repository.IDRange:
		filter, _ := p.filter(condition)
		return []fragment{filter.surround("SELECT t.position FROM "+quote(p.name)+" t WHERE ", "")}
	case repository.Or:
		var all []fragment
		for _, each := range condition {
			arms := p.arms(each)
			if arms == nil {
				return nil
			}
			all = append(all, arms...)
		}
		return all
	default:
		return nil
	}
}

func (p *planner) search(found match) fragment {
	return fragment{fmt.Sprintf("SELECT rowid AS position FROM %s WHERE %[1]s MATCH ?", p.terms()), values(found.text)}
}
