// Package episode tells the episodes of one alert apart, for senders that name the alert and not its episodes. It is a
// state machine over what was said of the alert, and knows neither clock nor store.
//
// # What holds
//
// The episodes are what one reads when all signals are put in the order of their times: an episode begins with the first
// trigger, ends with the first resolve after it, and the next trigger begins the next one. An acknowledgement belongs to
// the episode that is open at its time. So the set of episodes, with their times of start, acknowledgement and end, is
// the same for every order of arrival and any number of repetitions, as long as
//
//   - no signal comes after Memory others of later times,
//   - no signal is repeated after Memory others,
//   - no trigger has the very time of a resolve.
//
// The numbers of the episodes follow the order in which they were found out, and so depend on the order of arrival. What
// an earlier [Decision] said may be overtaken by a later one; the last Decision about an episode is right.
//
// Beyond these bounds: a trigger that is older than what is remembered counts as coming right behind what was forgotten; an
// acknowledgement or a resolve that is older is dropped, as so much was said since. A signal that is repeated later is
// taken for a new one. Of signals of the same time, the one that came later counts as
// later, with these exceptions: a trigger comes before an acknowledgement, and before what belongs to no episode yet, so that
// a resolve that overtook it ends it; and an acknowledgement comes before a resolve. In every case a trigger is in an episode, never dropped.
package episode

import (
	"slices"
	"time"

	"github.com/debriefhq/debrief/service/intake"
)

// Memory is how many signals a Series remembers.
const Memory = 64

// MaxID is how many bytes of a signal's id are remembered as they are; of a longer one a hash is.
const MaxID = 64

// Signal is one thing that the sender said of the alert.
type Signal struct {
	// ID names the signal: the same when the same delivery is worked off again. An empty one is never recognized.
	ID string
	// Status is what was said: Firing triggers.
	Status intake.Status
	// Time is when that became so. The caller sees to it that it is never after the time of receipt: a resolve out of the
	// future would end whatever is triggered before it. A zero one counts as that of the latest signal, and one before
	// 1970 as its beginning.
	Time time.Time
}

// Episode is a stretch from a trigger to the resolve that follows.
type Episode struct {
	// Number counts from 1, in the order in which the episodes were found out.
	Number int64 `json:"number,omitempty"`
	// StartTime is the time of its first trigger.
	StartTime time.Time `json:"start_time,omitempty,omitzero"`
	// AcknowledgeTime is the time of its first acknowledgement; zero: none.
	AcknowledgeTime time.Time `json:"acknowledge_time,omitempty,omitzero"`
	// EndTime is the time of its resolve; zero: it is open.
	EndTime time.Time `json:"end_time,omitempty,omitzero"`
}

// IsOpen says whether it is an episode that has not ended.
func (e Episode) IsOpen() bool { return e.Number != 0 && e.EndTime.IsZero() }

// Change is what a signal did.
type Change string

// What a signal does.
const (
	// Opened means that it began an episode.
	Opened Change = "OPENED"
	// Repeated means that it triggers what was triggered already. It may have moved the start to an earlier time.
	Repeated Change = "REPEATED"
	// Acknowledged means that it acknowledged an episode.
	Acknowledged Change = "ACKNOWLEDGED"
	// Resolved means that it ended an episode, or moved its end to an earlier time.
	Resolved Change = "RESOLVED"
	// OpenedResolved means that it began an episode that a resolve that came before it had ended already.
	OpenedResolved Change = "OPENED_RESOLVED"
	// Dropped means that it is in no episode. It is remembered, for a trigger that it may have overtaken.
	Dropped Change = "DROPPED"
)

// Decision is what comes of a signal.
type Decision struct {
	Change Change `json:"change"`
	// Episode is the one that the signal is in, as it stands then; zero for Dropped.
	Episode Episode `json:"episode,omitempty,omitzero"`
	// Also is an episode that begins where a Resolved one turned out to end: the alert had been triggered again after a
	// resolve that came late. Its triggers had been taken for those of Episode until then. Zero for every other change.
	Also Episode `json:"also,omitempty,omitzero"`
}

// Series is all that is known of one alert's signals. Its zero value is an alert of which nothing was said yet. Its size
// is bounded: at most Memory marks and as many decisions, at most 32 KiB of JSON.
type Series struct {
	// LastEpisode is the highest number of an episode.
	LastEpisode int64 `json:"last_episode,omitempty"`
	// Past is the last episode of the signals that were forgotten, as those alone tell it.
	Past Episode `json:"past,omitempty,omitzero"`
	// PastTime is the latest time of a signal that was forgotten.
	PastTime time.Time `json:"past_time,omitempty,omitzero"`
	// Marks are the latest signals, in the order of their times.
	Marks []Mark `json:"marks,omitempty"`
	// Applied are the last signals, in the order of their arrival.
	Applied []Applied `json:"applied,omitempty"`
}

// Mark is a signal on the line of time.
type Mark struct {
	Status intake.Status `json:"status"`
	Time   time.Time     `json:"time"`
	// Episode is the number of the episode that it is in; 0: in none.
	Episode int64 `json:"episode,omitempty"`
}

// Applied is a signal that need not be applied again.
type Applied struct {
	ID       string   `json:"id"`
	Decision Decision `json:"decision"`
}

// Episodes are those that are remembered, in the order of their times. Those before were over when they were forgotten.
func (s Series) Episodes() []Episode {
	episodes, _ := read(s.Past, s.LastEpisode, slices.Clone(s.Marks))
	return episodes
}

// Open is the open episode, if there is one; it always is the latest.
func (s Series) Open() (Episode, bool) {
	episodes := s.Episodes()
	if len(episodes) == 0 || !episodes[len(episodes)-1].IsOpen() {
		return Episode{}, false
	}
	return episodes[len(episodes)-1], true
}
