package importer

import (
	"fmt"
	"time"
)

const (
	// about is the precision of a time that is said to be approximate, and aboutRound that of a round hour.
	about      = 5 * time.Minute
	aboutRound = 30 * time.Minute
	// wholeDay is the precision of a day without a time of day, of which its noon is shown.
	wholeDay = 12 * time.Hour
	// rollover is how far a time of day may go back before it is taken for one of the next day.
	rollover = 6 * time.Hour
)

// calendar makes times of stamps, by what was said before them.
type calendar struct {
	// zone is that of times without one. It is nil until a text names one; UTC is read then.
	zone *zone
	// assumed is true once a time was read as UTC that did not say so.
	assumed bool
	// today is the day of times without one, at midnight; zero while none is known.
	today time.Time
	// last is the time before, in the zone in which it was told, zero after a heading.
	last time.Time
	// begin is what T+5m counts from.
	begin time.Time
}

// setDay makes a day that of the times that follow. A day without a year is of the year of the day before.
func (c *calendar) setDay(s stamp) bool {
	day, ok := c.day(s)
	if ok {
		c.today, c.last = day, time.Time{}
	}
	return ok
}

// day is a stamp's day at midnight, or the one that it is taken for.
func (c *calendar) day(s stamp) (time.Time, bool) {
	if !s.hasDay() {
		return c.today, !c.today.IsZero()
	}
	year := s.year
	if year == 0 {
		if c.today.IsZero() {
			return time.Time{}, false
		}
		year = c.today.Year()
		if c.today.Month() == time.December && s.month == time.January { // over New Year
			year++
		}
	}
	return time.Date(year, s.month, s.day, 0, 0, 0, 0, time.UTC), true
}

// resolve makes a time of a stamp. The problem says why there is none, or what was taken for granted.
func (c *calendar) resolve(s stamp) (begin Moment, end time.Time, problem string) {
	if s.relative {
		if c.begin.IsZero() {
			return Moment{}, time.Time{}, "counts from a beginning that the text does not tell before"
		}
		return Moment{Time: c.begin.Add(s.offset), Precision: s.spread()}, time.Time{}, ""
	}
	local, problem, ok := c.local(s)
	if !ok {
		return Moment{}, time.Time{}, problem
	}
	z := c.zoneOf(s)
	if z.ambiguous != "" {
		problem = fmt.Sprintf("%s is also %s, and was read as UTC%+g", z.said, z.ambiguous, z.offset.Hours())
	}
	if s.end != nil {
		until, _, _ := c.local(*s.end)
		if until.Before(local) {
			until = until.AddDate(0, 0, 1)
		}
		end = z.utc(until)
	}
	return Moment{Time: z.utc(local), Precision: s.spread()}, end, problem
}

// local is the time in the zone in which it was told.
func (c *calendar) local(s stamp) (local time.Time, problem string, ok bool) {
	day, ok := c.day(s)
	if !ok {
		return time.Time{}, "tells no day, and none was told before", false
	}
	if s.swappable {
		problem = fmt.Sprintf("was read as %s %d, the month first", s.month, s.day)
	}
	if !s.hasTime {
		c.today, c.last = day, time.Time{}
		return day.Add(wholeDay), problem, true
	}
	local = day.Add(time.Duration(s.hour)*time.Hour + time.Duration(s.minute)*time.Minute +
		time.Duration(s.second)*time.Second + time.Duration(s.nanosecond))
	if !s.hasDay() && !c.last.IsZero() {
		switch {
		case c.last.Sub(local) > rollover:
			day, local = day.AddDate(0, 0, 1), local.AddDate(0, 0, 1)
		case local.Before(c.last):
			problem = "goes back in time"
		}
	}
	c.today, c.last = day, local
	return local, problem, true
}

func (c *calendar) zoneOf(s stamp) zone {
	switch {
	case s.zone != nil:
		return *s.zone
	case c.zone != nil:
		return *c.zone
	default:
		c.assumed = c.assumed || s.hasTime
		return zone{}
	}
}

// spread is how far off a stamp's time may be.
func (s *stamp) spread() time.Duration {
	switch {
	case s.precision > 0:
		return s.precision
	case !s.hasTime && !s.relative:
		return wholeDay
	case s.approximate && s.wholeHour:
		return aboutRound
	case s.approximate:
		return about
	default:
		return 0
	}
}
