package lifecycle

import (
	"fmt"
	"time"
)

// Milestone is one of the points that an incident reaches, in their order.
type Milestone int

const (
	// Started is when the impact began.
	Started Milestone = iota
	// Detected is when somebody or something noticed.
	Detected
	// Acknowledged is when somebody said that they are on it.
	Acknowledged
	// MitigatedAt is when the impact was over.
	MitigatedAt
	// ResolvedAt is when the system was as it should be.
	ResolvedAt
	// ClosedAt is when the work was over.
	ClosedAt
	milestoneCount
)

var (
	milestoneNames  = [...]string{"STARTED", "DETECTED", "ACKNOWLEDGED", "MITIGATED", "RESOLVED", "CLOSED"}
	milestoneFields = [...]string{"start_time", "detect_time", "acknowledge_time", "mitigate_time", "resolve_time", "close_time"}
)

// String is the milestone's name in the API, without its prefix.
func (m Milestone) String() string { return milestoneNames[m] }

// Field is the milestone's field in the API's Milestones.
func (m Milestone) Field() string { return milestoneFields[m] }

// Milestones are the times of all milestones by their number; the zero time: not reached.
type Milestones [milestoneCount]time.Time

// OrderError says that two milestones are the wrong way round.
type OrderError struct {
	Earlier, Later         Milestone
	EarlierTime, LaterTime time.Time
}

// Error names both milestones and their times.
func (e *OrderError) Error() string {
	return fmt.Sprintf("%s (%s) can't be later than %s (%s)", e.Earlier, e.EarlierTime.Format(time.RFC3339Nano),
		e.Later, e.LaterTime.Format(time.RFC3339Nano))
}

// Check answers an *OrderError where two milestones that were reached are the wrong way round.
func (m Milestones) Check() error {
	last := Milestone(-1)
	for i, t := range m {
		if t.IsZero() {
			continue
		}
		if last >= 0 && t.Before(m[last]) {
			return &OrderError{Earlier: last, Later: Milestone(i), EarlierTime: m[last], LaterTime: t}
		}
		last = Milestone(i)
	}
	return nil
}

// Latest is the time of the last milestone that was reached.
func (m Milestones) Latest() time.Time {
	for i := len(m) - 1; i >= 0; i-- {
		if !m[i].IsZero() {
			return m[i]
		}
	}
	return time.Time{}
}
