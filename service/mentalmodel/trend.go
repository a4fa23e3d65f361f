package mentalmodel

import (
	"cmp"
	"slices"
	"time"
)

// GapRecord is a gap that somebody's model had, on the day of an incident.
type GapRecord struct {
	// System, Component and Kind say what was not known, HeldBy the role or team that held the model.
	System, Component string
	Kind              GapKind
	HeldBy            string
	// Time is when the incident was.
	Time time.Time
	// Updated is true once something has updated the model since.
	Updated bool
}

// Trend says where a count goes.
type Trend string

// The trends.
const (
	Falls   Trend = "FALLS"
	Rises   Trend = "RISES"
	Level   Trend = "LEVEL"
	TooFew  Trend = "TOO_FEW_TO_SAY"
	minGaps       = 4
	minSpan       = 3
)

// TrendPolicy says over which periods gaps are counted: calendar months in UTC.
type TrendPolicy struct {
	// From and To bound the time; To is not in it. The first period begins with the month of From.
	From, To time.Time
	// Months is the length of a period, at least 1: 1 for months, 3 for quarters.
	Months int
}

// MaxPeriods is how many periods are counted at most; what lies before the last of them is left out.
const MaxPeriods = 120

// Unknown counts how often people did not know something about a component.
type Unknown struct {
	System, Component string
	Kind              GapKind
	// Total is all gaps of the time, Open those that nothing has updated since.
	Total, Open int
	// HeldBy are the roles and teams that held such a model, by name, each once.
	HeldBy []string
	// Counts are the gaps of each period.
	Counts []int
	// Tau is Kendall's rank correlation between periods and counts, from -1 to 1: of all pairs of periods the share in
	// which the later one has more gaps, less the share in which it has fewer (M. Kendall, 1938, tau-a).
	Tau float64
	// Trend is Falls where Tau is at most -1/3, Rises where it is at least 1/3, and Level between them. With fewer than
	// three periods or four gaps it is TooFew.
	Trend Trend
}

// MostUnknown counts gaps by system, component and kind, the most frequent first; what is equally frequent by name. It
// returns the beginning of each period, too.
func MostUnknown(records []GapRecord, policy TrendPolicy) (unknown []Unknown, periods []time.Time) {
	periods = policy.periods()
	type part struct {
		system, component string
		kind              GapKind
	}
	numbers := make(map[part]int)
	for _, record := range records {
		period := policy.period(record.Time, periods)
		if period < 0 {
			continue
		}
		about := part{record.System, record.Component, record.Kind}
		i, known := numbers[about]
		if !known {
			i = len(unknown)
			numbers[about] = i
			unknown = append(unknown, Unknown{
				System: record.System, Component: record.Component, Kind: record.Kind, Counts: make([]int, len(periods)),
			})
		}
		unknown[i].count(record, period)
	}
	for i := range unknown {
		unknown[i].HeldBy = slices.Compact(slices.Sorted(slices.Values(unknown[i].HeldBy)))
		unknown[i].Tau, unknown[i].Trend = trendOf(unknown[i].Counts)
	}
	slices.SortFunc(unknown, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.System, b.System), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Kind, b.Kind))
	})
	return unknown, periods
}

func (u *Unknown) count(record GapRecord, period int) {
	u.Total++
	u.Counts[period]++
	if !record.Updated {
		u.Open++
	}
	if record.HeldBy != "" {
		u.HeldBy = append(u.HeldBy, record.HeldBy)
	}
}

func (p TrendPolicy) periods() []time.Time {
	months := max(p.Months, 1)
	from := p.From.UTC()
	begin := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
	count := monthsBetween(begin, p.To.UTC()) / months
	if begin.AddDate(0, count*months, 0).Before(p.To) {
		count++
	}
	begin = begin.AddDate(0, max(count-MaxPeriods, 0)*months, 0)
	var periods []time.Time
	for ; begin.Before(p.To) && len(periods) < MaxPeriods; begin = begin.AddDate(0, months, 0) {
		periods = append(periods, begin)
	}
	return periods
}

func monthsBetween(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// period is the number of the period in which a time lies; -1 outside of all.
func (p TrendPolicy) period(at time.Time, periods []time.Time) int {
	if at.Before(p.From) || !at.Before(p.To) || len(periods) == 0 || at.Before(periods[0]) {
		return -1
	}
	return min(monthsBetween(periods[0], at.UTC())/max(p.Months, 1), len(periods)-1)
}

func trendOf(counts []int) (tau float64, trend Trend) {
	total, score := 0, 0
	for later, count := range counts {
		total += count
		for earlier := range later {
			score += cmp.Compare(count, counts[earlier])
		}
	}
	if len(counts) < minSpan || total < minGaps {
		return 0, TooFew
	}
	tau = float64(score) / float64(len(counts)*(len(counts)-1)/2)
	switch {
	case tau <= -1.0/3:
		return tau, Falls
	case tau >= 1.0/3:
		return tau, Rises
	default:
		return tau, Level
	}
}
