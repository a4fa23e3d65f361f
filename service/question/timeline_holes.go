package question

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// From where on a time is long enough to be asked about. The first is the practice's; the others are where most teams
// would begin to wonder.
const (
	// LongSilence is from one entry to the next.
	LongSilence = 40 * time.Minute
	// LongDetection is from the start of the impact to its detection.
	LongDetection = 15 * time.Minute
	// LongAcknowledgement is from the detection to the acknowledgement.
	LongAcknowledgement = 15 * time.Minute
	// LongResolution is from the mitigation to the resolution.
	LongResolution = 4 * time.Hour
	// LongLag is from when something happened to when it was written down: memory fades within hours.
	LongLag = 4 * time.Hour
	// LongWithoutWord is how long an incident of SEV1 or SEV2 may last without a message to others.
	LongWithoutWord = 30 * time.Minute
	// AlertAnswered is the time after an alert within which something follows from it, or nothing does.
	AlertAnswered = 30 * time.Minute
	// MaxPrecision is what a greater precision is taken for.
	MaxPrecision = 30 * 24 * time.Hour
)

const (
	minVoiceEntries = 3
	minServices     = 3
)

// The holes in the timeline of an incident.
const (
	// noTimeline: no person wrote an entry.
	noTimeline = "no-timeline"
	// noDetection: there are entries, and none of kind DETECTION or ALERT.
	noDetection = "no-detection"
	// noNormal: there are entries, and none from before the detection.
	noNormal = "no-normal"
	// silence: LongSilence or more from an entry to the next, from the start of the impact until it was resolved.
	silence = "silence"
	// actionBeforeDiagnosis: the first ACTION or REPAIR comes before the first DIAGNOSIS.
	actionBeforeDiagnosis = "action-before-diagnosis"
	// unansweredAlert: an ALERT is followed neither by an entry that tells of work nor by an acknowledgement.
	unansweredAlert = "unanswered-alert"
	// unclearOrder: two steps between detection and mitigation that are nearer to each other than their precisions allow
	// to tell.
	unclearOrder = "unclear-order"
	// The stretches between milestones that took long.
	slowDetection       = "slow-detection"
	slowAcknowledgement = "slow-acknowledgement"
	slowResolution      = "slow-resolution"
	// noCommunication: SEV1 or SEV2, LongWithoutWord or more from detection to mitigation, no entry COMMUNICATION.
	noCommunication = "no-communication"
	// noRecoveryEntry: people wrote entries and the impact ended, but there is no ACTION or REPAIR.
	noRecoveryEntry = "no-recovery-entry"
	// lateRecord: people's entries with a lag of LongLag or more.
	lateRecord = "late-record"
	// singleVoice: three or more entries by people, all by the same one.
	singleVoice = "single-voice"
	// severalServices: three or more were hit.
	severalServices = "several-services"
)

// The kinds of timeline entries that holes are told by.
const (
	detection     = "DETECTION"
	diagnosis     = "DIAGNOSIS"
	action        = "ACTION"
	repair        = "REPAIR"
	communication = "COMMUNICATION"
	alert         = "ALERT"
	keyMoment     = "KEY_MOMENT"
)

// course is an incident's timeline, in order.
type course struct {
	Incident
	// told are the entries by people.
	told []Entry
}

func (i Incident) holes() []instance {
	entries := slices.Clone(i.Entries)
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(a.OccurTime.Compare(b.OccurTime), strings.Compare(a.Name, b.Name))
	})
	i.Entries = entries
	c := course{Incident: i}
	for _, e := range entries {
		if !e.Automatic {
			c.told = append(c.told, e)
		}
	}
	found := slices.Concat(c.slow(), c.silences())
	if len(c.told) == 0 {
		found = append(found, hole(noTimeline, i.Name, nil))
	} else {
		found = slices.Concat(found, c.missing(), c.unanswered(), c.unclear(), c.recorded())
	}
	if services := slices.Compact(slices.Sorted(slices.Values(i.Services))); len(services) >= minServices {
		found = append(found, hole(severalServices, i.Name, map[string]string{"count": strconv.Itoa(len(services))}))
	}
	return found
}

// decisive is true from the detection to the mitigation, as far as these are known.
func (m Milestones) decisive(t time.Time) bool {
	end := cmp.Or(m.Mitigated, m.Resolved)
	return !t.Before(m.Detected) && (end.IsZero() || !t.After(end))
}

// between is how long it took from one milestone to another, 0 where one of them is not known.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from)
}

func (c course) slow() []instance {
	m := c.Milestones
	var found []instance
	for _, stretch := range []struct {
		hole string
		took time.Duration
		long time.Duration
	}{
		{slowDetection, between(m.Started, m.Detected), LongDetection},
		{slowAcknowledgement, between(m.Detected, m.Acknowledged), LongAcknowledgement},
		{slowResolution, between(m.Mitigated, m.Resolved), LongResolution},
	} {
		if stretch.took >= stretch.long {
			found = append(found, c.lasting(stretch.hole, stretch.took))
		}
	}
	took := between(cmp.Or(m.Detected, m.Started), cmp.Or(m.Mitigated, m.Resolved))
	if (c.Severity == "SEV1" || c.Severity == "SEV2") && took >= LongWithoutWord && !c.has(communication) {
		found = append(found, c.lasting(noCommunication, took))
	}
	return found
}

func (c course) lasting(key string, took time.Duration) instance {
	found := hole(key, c.Name, map[string]string{"duration": span(took)})
	found.telling = int64(took)
	return found
}

func (c course) has(kinds ...string) bool { return c.first(kinds...) >= 0 }

// first is the place of the first entry of one of the kinds, or -1.
func (c course) first(kinds ...string) int {
	return slices.IndexFunc(c.Entries, func(e Entry) bool { return slices.Contains(kinds, e.Kind) })
}

func (c course) silences() []instance {
	var found []instance
	for i := 1; i < len(c.Entries); i++ {
		before, from, to := c.Entries[i-1], c.Entries[i-1].OccurTime, c.Entries[i].OccurTime
		if from.Before(c.Milestones.Started) {
			from = c.Milestones.Started
		}
		if end := c.Milestones.Resolved; !end.IsZero() && to.After(end) {
			to = end
		}
		took := to.Sub(from)
		if took < LongSilence {
			continue
		}
		silent := hole(silence, before.Name, map[string]string{"duration": span(took)})
		silent.values["from"], silent.values["to"] = moments(from, to)
		silent.telling = int64(took)
		found = append(found, silent)
	}
	return found
}

// missing are the kinds of entries that a timeline would be expected to have.
func (c course) missing() []instance {
	var found []instance
	if !c.has(detection, alert) {
		found = append(found, hole(noDetection, c.Name, nil))
	}
	if detected := c.detected(); !detected.IsZero() && !c.Entries[0].OccurTime.Before(detected) {
		found = append(found, hole(noNormal, c.Name, nil))
	}
	step, diagnosed := c.first(action, repair), c.first(diagnosis)
	if step >= 0 && (diagnosed < 0 || step < diagnosed) {
		found = append(found, hole(actionBeforeDiagnosis, c.Entries[step].Name, c.Entries[step].values()))
	}
	if step < 0 && !cmp.Or(c.Milestones.Mitigated, c.Milestones.Resolved).IsZero() {
		found = append(found, hole(noRecoveryEntry, c.Name, nil))
	}
	return found
}

// detected is when the trouble came to light, by the milestone or else by the timeline; the zero time: not known.
func (c course) detected() time.Time {
	if first := c.first(detection, alert); c.Milestones.Detected.IsZero() && first >= 0 {
		return c.Entries[first].OccurTime
	}
	return c.Milestones.Detected
}
