package sqlite

import (
	"fmt"

	"github.com/debriefhq/debrief/repository"
)

// source finds, by indexes alone, all rows that may meet a condition.
type source struct {
	// arms are SELECTs of positions; one may come from several of them.
	arms []fragment
	// covers says that nothing else needs to be checked on what is found, beside what the statement checks.
	covers bool
}

// maxArms bounds what is put together to one source, at each level.
const maxArms = 8

// positions is a SELECT of what is found.
func (s source) positions() fragment {
	all := join(s.arms, " UNION ALL ")
	if len(s.arms) > 1 {
		return all.surround("SELECT DISTINCT position FROM (", ")")
	}
	return all
}

// sources are those of the conditions that a walk does not begin or end with anyway.
func (p *planner) sources() []source {
	if p.scoped || isHuge(p.query.Where) {
		return nil
	}
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
	case repository.NumberRange, repository.NumberUnset, repository.IDRange:
		filter, _ := p.filter(condition)
		return []fragment{filter.surround("SELECT t.position FROM "+quote(p.name)+" t WHERE ", "")}
	case repository.Or:
		if len(condition) > maxArms {
			return nil
		}
		var all []fragment
		for _, each := range condition {
			arms := p.arms(each)
			if arms == nil {
				return nil
			}
			all = append(all, arms...)
		}
		return all
	case repository.And:
		for _, each := range condition {
			if arms := p.arms(each); arms != nil {
				return arms
			}
		}
		return nil
	default:
		return nil
	}
}

func (p *planner) search(found match) fragment {
	return fragment{fmt.Sprintf("SELECT rowid AS position FROM %s WHERE %[1]s MATCH ?", p.terms()), values(found.text)}
}
