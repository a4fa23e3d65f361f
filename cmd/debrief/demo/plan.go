package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

const (
	day = 24 * time.Hour
	// told is how long before its end the year begins.
	told = 365 * day
	// reviewed is how many of a hundred stories have a post-mortem, and reviewedAgain how many once all of those were told:
	// what was learned from seldom happens again.
	reviewed, reviewedAgain = 25, 5
)

// latest are how long before the end the last incidents are detected, so that some are still going on.
var latest = []time.Duration{5 * time.Hour, 2 * time.Hour, 38 * time.Minute, 4 * time.Minute}

// plan decides what happens in the year.
func (y *year) plan(incidents int) {
	chosen := y.choose(incidents)
	times := y.times(len(chosen))
	for i, chosen := range chosen {
		r := y.newResponse(chosen, times[i])
		y.responses = append(y.responses, r)
		r.plan()
	}
}

// chosen is a story that is told, and how many of its echoes are heard.
type chosen struct {
	*story
	echoes int
}

// choose picks stories that make the number of incidents. Each is told once before one is told again.
func (y *year) choose(incidents int) []chosen {
	large := newDeck(y.random, slices.DeleteFunc(slices.Clone(y.stories), func(s *story) bool { return s.Review == nil }))
	small := newDeck(y.random, slices.DeleteFunc(slices.Clone(y.stories), func(s *story) bool { return s.Review != nil }))
	var picked []chosen
	for incidents > 0 {
		share := reviewed
		if large.used {
			share = reviewedAgain
		}
		deck := small
		if y.random.IntN(100) < share {
			deck = large
		}
		next := deck.draw()
		echoes := min(len(next.Echoes), incidents-1)
		picked = append(picked, chosen{story: next, echoes: echoes})
		incidents -= 1 + echoes
	}
	return picked
}

// deck is a pile of stories that is shuffled again when it is used up.
type deck struct {
	random *rand.Rand
	all    []*story
	left   []*story
	// used says that each was drawn once.
	used bool
}

func newDeck(random *rand.Rand, all []*story) *deck { return &deck{random: random, all: all} }

func (d *deck) draw() *story {
	if len(d.left) == 0 {
		d.left = shuffled(d.random, d.all)
	}
	drawn := d.left[0]
	d.left = d.left[1:]
	d.used = d.used || len(d.left) == 0
	return drawn
}

// times are when incidents are detected, the earliest first.
func (y *year) times(count int) []time.Time {
	var times []time.Time
	for _, before := range latest[max(0, len(latest)-count/10-1):] {
		times = append(times, y.until.Add(-before))
	}
	for len(times) < count {
		at := y.until.Add(-8*time.Hour - time.Duration(y.random.Int64N(int64(told-8*time.Hour)))).Truncate(time.Second)
		if y.random.IntN(100) < business(at) {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[:count]
}

// business says how busy a parcel company is at a time, from 0 to 100: by day, on weekdays, before Christmas.
func business(at time.Time) int {
	busy := 40
	if hour := at.Hour(); hour >= 5 && hour < 19 {
		busy += 30
	}
	if at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
		busy += 15
	}
	if at.Month() >= time.November {
		busy += 15
	}
	return busy
}

// workday is the next moment at the hour of a day on which people are at work.
func workday(after time.Time, hour int) time.Time {
	at := time.Date(after.Year(), after.Month(), after.Day(), hour, 0, 0, 0, time.UTC)
	for at.Before(after) || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.Add(day)
	}
	return at
}
