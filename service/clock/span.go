package clock

import (
	"slices"
	"sort"
	"time"
)

// span is a stretch of time, without its end; a zero end is none.
type span struct{ from, until time.Time }

func (s span) holds(t time.Time) bool {
	return !t.Before(s.from) && (s.until.IsZero() || t.Before(s.until))
}

// spans are in order, and neither touch nor overlap.
type spans []span

// merge puts stretches in order and joins those that touch or overlap. Empty ones vanish.
func merge(all []span) spans {
	all = slices.DeleteFunc(all, func(s span) bool { return !s.until.IsZero() && !s.until.After(s.from) })
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	var merged spans
	for _, next := range all {
		last := len(merged) - 1
		switch {
		case last < 0 || !merged[last].until.IsZero() && next.from.After(merged[last].until):
			merged = append(merged, next)
		case merged[last].until.IsZero():
			return merged
		case next.until.IsZero():
			merged[last].until = time.Time{}
		default:
			merged[last].until = later(merged[last].until, next.until)
		}
	}
	return merged
}

func (s spans) hold(t time.Time) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].from.After(t) })
	return i > 0 && s[i-1].holds(t)
}

// within is how much of the time from a to b the spans hold.
func (s spans) within(a, b time.Time) time.Duration {
	var held time.Duration
	for _, span := range s {
		from, until := later(span.from, a), span.until
		if until.IsZero() || until.After(b) {
			until = b
		}
		held += max(0, until.Sub(from))
	}
	return held
}
