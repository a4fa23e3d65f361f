package question

import (
	"slices"
	"strconv"
	"time"
)

// unanswered are the alerts after which nobody did anything about them in time. It looks from the end, so that each entry
// is seen once.
func (c course) unanswered() []instance {
	var found []instance
	var next time.Time // of what could be an answer
	for _, e := range slices.Backward(c.Entries) {
		switch {
		case e.Kind == alert:
			limit := e.OccurTime.Add(AlertAnswered)
			acknowledged := c.Milestones.Acknowledged
			if (next.IsZero() || next.After(limit)) && (acknowledged.Before(e.OccurTime) || acknowledged.After(limit)) {
				found = append(found, hole(unansweredAlert, e.Name, e.values()))
			}
		case !e.Automatic && slices.Contains(workKinds, e.Kind):
			next = e.OccurTime
		}
	}
	return found
}

var (
	// workKinds are those that tell of people at work on what they were told.
	workKinds = []string{detection, diagnosis, action, repair, communication, keyMoment}
	// stepKinds are those whose order decides how the story is read.
	stepKinds = []string{detection, diagnosis, action, repair, keyMoment}
)

// unclear are the steps in the decisive minutes whose order to the next cannot be told.
func (c course) unclear() []instance {
	var found []instance
	var before *Entry
	for i := range c.told {
		e := &c.told[i]
		if !slices.Contains(stepKinds, e.Kind) || !c.Milestones.decisive(e.OccurTime) {
			continue
		}
		if before != nil {
			rough := precision(*before) + precision(*e)
			if overlap := rough - e.OccurTime.Sub(before.OccurTime); rough > 0 && overlap > 0 {
				order := hole(unclearOrder, before.Name, before.values())
				order.telling = int64(overlap)
				found = append(found, order)
			}
		}
		before = e
	}
	return found
}

func precision(e Entry) time.Duration { return min(max(e.Precision, 0), MaxPrecision) }

// recorded are the holes that lie in how the entries came to be written.
func (c course) recorded() []instance {
	var found []instance
	late, longest := 0, time.Duration(0)
	oneVoice := len(c.told) >= minVoiceEntries && c.told[0].Voice != ""
	for _, e := range c.told {
		oneVoice = oneVoice && e.Voice == c.told[0].Voice
		if lag := between(e.OccurTime, e.RecordTime); lag >= LongLag {
			late, longest = late+1, max(longest, lag)
		}
	}
	if late > 0 {
		remembered := c.lasting(lateRecord, longest)
		remembered.values["count"] = strconv.Itoa(late)
		found = append(found, remembered)
	}
	if oneVoice {
		found = append(found, hole(singleVoice, c.Name, map[string]string{"count": strconv.Itoa(len(c.told))}))
	}
	return found
}
