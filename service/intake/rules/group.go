package rules

import (
	"slices"
	"time"
)

const (
	// MaxPlaced is how many signals a Group remembers, so that each is placed once.
	MaxPlaced = 256
	// maxAlso is how many alerts the remembered placements may name. Beyond it the oldest are forgotten, but never the
	// newest.
	maxAlso = 2 * MaxCount
)

// Group is what is known of the alerts that share a key. Its zero value is a group that had none yet. Its size is
// bounded: fewer alerts wait than the rule counts, and MaxPlaced signals are remembered.
//
// A group has one incident after another, each a generation. An alert belongs to the incident of the current generation
// if it comes no later than the rule's window after the group's last alert, however long that incident is open already;
// each alert that joins makes the window begin anew. An alert that comes later opens the next generation, or waits for
// it. So does every alert after [Leave]. An alert whose time is before that of others joins like any: what came late
// belongs to what is there.
//
// For OutcomeOpenAfter an alert waits until as many alerts, itself included, have come within one window, counted back
// from the latest. An alert is counted once, however often it is told.
type Group struct {
	// Generation counts the incidents of the group, from 1.
	Generation int64 `json:"generation,omitempty"`
	// IncidentID is the incident of this generation.
	IncidentID string `json:"incident_id,omitempty"`
	// OpenTime is the time of the alert that opened this generation, LastTime that of the group's latest alert in it.
	OpenTime time.Time `json:"open_time,omitempty,omitzero"`
	LastTime time.Time `json:"last_time,omitempty,omitzero"`
	// Left says that no more alerts join this generation.
	Left bool `json:"left,omitempty"`
	// Waiting are the alerts that are in no incident yet, in the order of arrival.
	Waiting []Waiting `json:"waiting,omitempty"`
	// Placed are the last signals, in the order of arrival.
	Placed []Placed `json:"placed,omitempty"`
}

// Waiting is an alert that waits for others.
type Waiting struct {
	AlertID string    `json:"alert_id"`
	Time    time.Time `json:"time"`
}

// Placed is a signal that has its place.
type Placed struct {
	SignalID  string    `json:"signal_id"`
	Placement Placement `json:"placement"`
}

// Occurrence is an alert that a rule put into the group.
type Occurrence struct {
	// AlertID names the alert, which is one episode.
	AlertID string
	// SignalID names what was worked off when it came: the same when that is done again. An empty one is never
	// recognized.
	SignalID string
	// IncidentID is what the incident will be called if this alert opens one. That it is chosen beforehand makes opening
	// one safe to repeat: group and incident are written one after the other, and both know the id.
	IncidentID string
	// Time is when the alert came. One that is after now counts as now.
	Time time.Time
}

// PlacementKind is what kind of a place an alert has.
type PlacementKind string

// The kinds of places.
const (
	// NotYet is an alert that waits for others.
	NotYet PlacementKind = "NOT_YET"
	// Opens is an alert that opens the incident of a generation.
	Opens PlacementKind = "OPENS"
	// Joins is an alert that joins the incident.
	Joins PlacementKind = "JOINS"
)

// Placement is the place of an alert.
type Placement struct {
	Kind PlacementKind `json:"kind"`
	// Generation and IncidentID name the incident, unless Kind is NotYet.
	Generation int64  `json:"generation,omitempty"`
	IncidentID string `json:"incident_id,omitempty"`
	// Also are the alerts that were waiting and belong to the incident too, if Kind is Opens.
	Also []string `json:"also,omitempty"`
}

// Join gives an alert its place in its group. The decision's outcome is OutcomeOpenAfter or OutcomeGroup, and its
// GroupKey that of the group. The Group that it was given stays as it is. A signal that was placed already has the place
// that it had, and changes nothing.
//
// Alerts whose times all lie within one window are in one incident, in whatever order they come: all of them for
// OutcomeGroup, and all or none, if they are too few, for OutcomeOpenAfter.
func Join(group Group, occurrence Occurrence, decision Decision, now time.Time) (Group, Placement) {
	for i := range group.Placed {
		if occurrence.SignalID != "" && group.Placed[i].SignalID == occurrence.SignalID {
			return group, group.Placed[i].Placement
		}
	}
	instant := occurrence.Time
	if instant.After(now) {
		instant = now
	}
	instant = instant.UTC().Truncate(time.Millisecond)
	placement := Placement{Kind: NotYet}
	switch {
	case group.takes(instant, decision.Window):
		placement = Placement{Kind: Joins, Generation: group.Generation, IncidentID: group.IncidentID}
		group.LastTime = latest(group.LastTime, instant)
	case decision.Outcome == OutcomeOpenAfter && !group.wait(occurrence.AlertID, instant, decision):
	default:
		placement = group.open(occurrence, instant)
	}
	group.remember(occurrence.SignalID, placement)
	return group, placement
}

// Leave says that an incident takes no more alerts, as it was closed or canceled. It changes nothing if the group has
// another incident by now.
func Leave(group Group, incidentID string) Group {
	if group.Generation > 0 && group.IncidentID == incidentID {
		group.Left = true
	}
	return group
}

// takes says whether an alert of a time belongs to the current incident.
func (g *Group) takes(instant time.Time, window time.Duration) bool {
	return g.Generation > 0 && !g.Left && instant.Sub(g.LastTime) <= window
}

// wait adds an alert to those that wait, and says whether they are enough.
func (g *Group) wait(alertID string, instant time.Time, decision Decision) bool {
	newest := instant
	waiting := make([]Waiting, 0, len(g.Waiting)+1)
	for _, there := range g.Waiting {
		newest = latest(newest, there.Time)
		if there.AlertID == alertID {
			instant = latest(instant, there.Time)
			continue
		}
		waiting = append(waiting, there)
	}
	waiting = append(waiting, Waiting{AlertID: alertID, Time: instant})
	g.Waiting = slices.DeleteFunc(waiting, func(w Waiting) bool { return newest.Sub(w.Time) > decision.Window })
	return len(g.Waiting) >= decision.Count
}

func (g *Group) open(occurrence Occurrence, instant time.Time) Placement {
	placement := Placement{Kind: Opens, Generation: g.Generation + 1, IncidentID: occurrence.IncidentID}
	last := instant
	for _, waiting := range g.Waiting {
		last = latest(last, waiting.Time)
		if waiting.AlertID != occurrence.AlertID {
			placement.Also = append(placement.Also, waiting.AlertID)
		}
	}
	g.Generation, g.IncidentID = placement.Generation, placement.IncidentID
	g.OpenTime, g.LastTime = instant, last
	g.Left, g.Waiting = false, nil
	return placement
}

func (g *Group) remember(signalID string, placement Placement) {
	if signalID == "" {
		return
	}
	placed := append(slices.Clone(g.Placed), Placed{SignalID: signalID, Placement: placement})
	first, also := len(placed)-1, len(placement.Also)
	for first > 0 && len(placed)-first < MaxPlaced && also+len(placed[first-1].Placement.Also) <= maxAlso {
		first--
		also += len(placed[first].Placement.Also)
	}
	g.Placed = placed[first:]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
