package episode

import (
	"slices"
	"time"

	"github.com/debriefhq/debrief/service/intake"
)

// Apply adds a signal to what is known. The Series that it was given stays as it is. A signal that was applied already
// gives the Decision that it gave then, and changes nothing; so does one of an unknown status, which is dropped.
func Apply(series Series, signal Signal) (Series, Decision) {
	id := remembered(signal.ID)
	if decision, found := series.find(id); found {
		return series, decision
	}
	if !known(signal.Status) {
		return series, Decision{Change: Dropped}
	}
	if signal.Status != intake.Firing && series.forgot(signal.Time) {
		series.remember(id, Decision{Change: Dropped})
		return series, Decision{Change: Dropped}
	}
	mark := Mark{Status: signal.Status, Time: series.timeOf(signal)}
	at := position(series.Marks, mark)
	marks := slices.Insert(slices.Clone(series.Marks), at, mark)
	episodes, last := read(series.Past, series.LastEpisode, marks)
	decision := decide(marks[at], episodes, series.LastEpisode)

	series.Marks, series.LastEpisode = marks, last
	series.forget()
	series.remember(id, decision)
	return series, decision
}

// remember keeps the decision about a signal that has an id.
func (s *Series) remember(id string, decision Decision) {
	if id == "" {
		return
	}
	applied := append(slices.Clone(s.Applied), Applied{ID: id, Decision: decision})
	s.Applied = applied[max(0, len(applied)-Memory):]
}

// forgot says whether a time is before that of a signal that was forgotten.
func (s Series) forgot(instant time.Time) bool {
	return !instant.IsZero() && instant.UTC().Truncate(time.Millisecond).Before(s.PastTime)
}

// timeOf is the time of a signal in whole milliseconds, as stores keep it, and not before what was forgotten.
func (s Series) timeOf(signal Signal) time.Time {
	instant := signal.Time.UTC().Truncate(time.Millisecond)
	if signal.Time.IsZero() && len(s.Marks) > 0 {
		instant = s.Marks[len(s.Marks)-1].Time
	}
	for _, earliest := range []time.Time{s.PastTime, time.UnixMilli(0).UTC()} {
		if instant.Before(earliest) {
			instant = earliest
		}
	}
	return instant
}

func (s Series) find(id string) (Decision, bool) {
	if id == "" {
		return Decision{}, false
	}
	for i := range s.Applied {
		if s.Applied[i].ID == id {
			return s.Applied[i].Decision, true
		}
	}
	return Decision{}, false
}

func remembered(id string) string {
	if len(id) <= MaxID {
		return id
	}
	return intake.Digest(id)
}

func known(status intake.Status) bool {
	return status == intake.Firing || status == intake.Acknowledged || status == intake.Resolved
}

// position is where a mark belongs among those that are there.
func position(marks []Mark, mark Mark) int {
	at := len(marks)
	for at > 0 && marks[at-1].Time.After(mark.Time) {
		at--
	}
	for at > 0 && marks[at-1].Time.Equal(mark.Time) && precedes(mark, marks[at-1]) {
		at--
	}
	return at
}

// precedes says whether a mark comes before one of the same time that was there first.
func precedes(mark, there Mark) bool {
	switch mark.Status {
	case intake.Firing:
		return there.Episode == 0 || there.Status == intake.Acknowledged
	case intake.Acknowledged:
		return there.Status == intake.Resolved
	default:
		return false
	}
}

// read tells the episodes of the marks, and writes their numbers into the marks. Past is what went before them, last the
// highest number that was given. It returns the episodes and the highest number then.
func read(past Episode, last int64, marks []Mark) ([]Episode, int64) {
	var episodes []Episode
	if past.Number != 0 {
		episodes = append(episodes, past)
	}
	for i := range marks {
		current := latest(episodes)
		if marks[i].Status == intake.Firing && !current.IsOpen() {
			number := numberAt(marks[i:], current.Number)
			if number == 0 {
				last++
				number = last
			}
			episodes = append(episodes, Episode{Number: number})
		}
		marks[i].Episode = 0
		if current := latest(episodes); current.IsOpen() {
			marks[i].Episode = current.Number
			episodes[len(episodes)-1] = extended(current, marks[i])
		}
	}
	return episodes, last
}

func latest(episodes []Episode) Episode {
	if len(episodes) == 0 {
		return Episode{}
	}
	return episodes[len(episodes)-1]
}

// numberAt is the number that the triggers of the episode that begins the marks had already; 0 if none had one, or only
// that of the episode before, from which they were parted.
func numberAt(marks []Mark, before int64) int64 {
	for _, mark := range marks {
		if mark.Status == intake.Resolved {
			return 0
		}
		if mark.Status == intake.Firing && mark.Episode != 0 && mark.Episode != before {
			return mark.Episode
		}
	}
	return 0
}

// extended is an open episode with one more mark.
func extended(episode Episode, mark Mark) Episode {
	switch mark.Status {
	case intake.Firing:
		if episode.StartTime.IsZero() {
			episode.StartTime = mark.Time
		}
	case intake.Acknowledged:
		if episode.AcknowledgeTime.IsZero() {
			episode.AcknowledgeTime = mark.Time
		}
	case intake.Resolved:
		episode.EndTime = mark.Time
	}
	return episode
}

// decide says what a mark did, last being the highest number of an episode before it came.
func decide(mark Mark, episodes []Episode, last int64) Decision {
	if mark.Episode == 0 {
		return Decision{Change: Dropped}
	}
	var decision Decision
	for _, episode := range episodes {
		switch {
		case episode.Number == mark.Episode:
			decision.Episode = episode
		case episode.Number > last:
			decision.Also = episode
		}
	}
	switch {
	case mark.Status == intake.Acknowledged:
		decision.Change = Acknowledged
	case mark.Status == intake.Resolved:
		decision.Change = Resolved
	case mark.Episode <= last:
		decision.Change = Repeated
	case decision.Episode.IsOpen():
		decision.Change = Opened
	default:
		decision.Change = OpenedResolved
	}
	return decision
}

// forget folds the earliest marks into the past, until no more are left than may be remembered.
func (s *Series) forget() {
	for len(s.Marks) > Memory {
		mark := s.Marks[0]
		if mark.Status == intake.Firing && !s.Past.IsOpen() {
			s.Past = Episode{Number: mark.Episode}
		}
		if s.Past.IsOpen() {
			s.Past = extended(s.Past, mark)
		}
		s.PastTime = mark.Time
		s.Marks = s.Marks[1:]
	}
}
