package endtoend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// check holds a store against the ledger: what was acknowledged is there once, nothing is there in part, and everything that
// follows from it has happened once.
func (l *ledger) check(t *testing.T, d *debrief) {
	t.Helper()
	incidents := l.stories(t, d)
	var events []*debriefv1.Event
	eventually(t, "every clock is told to be breached, and every action item to be overdue", func() bool {
		events = d.follow(t)
		overdue := eventsOf(events, debriefv1.Event_TYPE_ACTION_ITEM_OVERDUE)
		for _, item := range l.items {
			if overdue[item.GetName()] == 0 {
				return false
			}
		}
		told := eventsOf(events, debriefv1.Event_TYPE_CLOCK_BREACHED)
		for name, incident := range incidents {
			if incident.GetState() == resolved && told[name] < 2 {
				return false
			}
		}
		return true
	})
	checkFeed(t, events)
	checkTold(t, incidents, events)
	l.checkReminders(t, d, events)
	for name, incident := range incidents {
		want := milestonesOf(incident)
		eventually(t, fmt.Sprintf("%d entries of %s", want, name), func() bool { return len(d.listEntries(t, name)) >= want })
		if got := len(d.listEntries(t, name)); got != want {
			t.Errorf("%v has %d timeline entries, want %d", incident, got, want)
		}
	}
}

// stories are the incidents of the ledger that are there, by their name: each that was acknowledged once, and in the state that was
// acknowledged last; and each that was given up once at most.
func (l *ledger) stories(t *testing.T, d *debrief) map[string]*debriefv1.Incident {
	t.Helper()
	byTitle, byName := map[string]*debriefv1.Incident{}, map[string]*debriefv1.Incident{}
	for _, incident := range d.listIncidents(t, "") {
		title := incident.GetTitle()
		if !strings.HasPrefix(title, l.name+" ") {
			continue
		}
		if other := byTitle[title]; other != nil {
			t.Errorf("%q is there twice: %s and %s", title, other.GetName(), incident.GetName())
		}
		byTitle[title], byName[incident.GetName()] = incident, incident
	}
	for title, told := range l.told {
		if got := byTitle[title]; got.GetName() != told.GetName() || got.GetState() != told.GetState() {
			t.Errorf("%q was acknowledged as %v, and is %v", title, told, got)
		}
	}
	for title, incident := range byTitle {
		if l.told[title] == nil && !strings.HasSuffix(title, " given up") {
			t.Errorf("nobody asked for %v", incident)
		}
	}
	if len(l.told) != int(l.done.Load()) {
		t.Errorf("%d stories were told of %d", len(l.told), l.done.Load())
	}
	return byName
}

// milestonesOf counts what happened to an incident: it was opened, acknowledged, resolved.
func milestonesOf(incident *debriefv1.Incident) int {
	switch incident.GetState() {
	case resolved:
		return 3
	case triage:
		return 1
	default:
		return 2
	}
}

// checkTold wants what happened to each incident told once and in its order, and of each clock its whole course.
func checkTold(t *testing.T, incidents map[string]*debriefv1.Incident, events []*debriefv1.Event) {
	t.Helper()
	told, courses := map[string][]debriefv1.Event_Type{}, map[string][]*debriefv1.Event{}
	for _, event := range events {
		name := event.GetResource()
		if event.GetType() >= debriefv1.Event_TYPE_CLOCK_STARTED && event.GetType() <= debriefv1.Event_TYPE_CLOCK_RESET {
			clock := name + " " + event.GetChanges()[0].GetField()
			courses[clock] = append(courses[clock], event)
			continue
		}
		told[name] = append(told[name], event.GetType())
	}
	for name, incident := range incidents {
		want := []debriefv1.Event_Type{
			debriefv1.Event_TYPE_INCIDENT_OPENED, debriefv1.Event_TYPE_INCIDENT_ACKNOWLEDGED, debriefv1.Event_TYPE_INCIDENT_RESOLVED,
		}[:milestonesOf(incident)]
		if got := told[name]; !slices.Equal(got, want) {
			t.Errorf("of %v is told %v, want %v", incident, got, want)
		}
		end := "NOT_STARTED"
		if incident.GetState() == resolved {
			end = "BREACHED"
		}
		for _, clock := range []string{"review_clock.state", "follow_up_clock.state"} {
			checkCourse(t, courses[name+" "+clock], end)
		}
	}
}

// checkCourse wants each change of a clock told once, up to how it ends: each leads on from where the one before it led to.
func checkCourse(t *testing.T, course []*debriefv1.Event, end string) {
	t.Helper()
	state := "NOT_STARTED"
	for _, event := range course {
		change := event.GetChanges()[0]
		if change.GetBefore() != state {
			t.Errorf("%v comes where a clock was told to be %s", event, state)
		}
		state = change.GetAfter()
	}
	if state != end {
		t.Errorf("a clock is told to be %s in the end, want %s: %v", state, end, course)
	}
}

// checkReminders wants each action item that was acknowledged there once, and told to be due and to be overdue once; one that was
// overdue when it was made is not told to be due.
func (l *ledger) checkReminders(t *testing.T, d *debrief, events []*debriefv1.Event) {
	t.Helper()
	told, names := map[string][]debriefv1.Event_Type{}, map[string]string{}
	for _, event := range events {
		told[event.GetResource()] = append(told[event.GetResource()], event.GetType())
	}
	for _, item := range d.listActionItems(t) {
		if other := names[item.GetTitle()]; other != "" {
			t.Errorf("%q is there twice: %s and %s", item.GetTitle(), other, item.GetName())
		}
		names[item.GetTitle()] = item.GetName()
	}
	for title, item := range l.items {
		want := []debriefv1.Event_Type{
			debriefv1.Event_TYPE_ACTION_ITEM_CREATED, debriefv1.Event_TYPE_ACTION_ITEM_DUE, debriefv1.Event_TYPE_ACTION_ITEM_OVERDUE,
		}
		if !item.GetDueTime().AsTime().After(item.GetCreateTime().AsTime()) {
			want = slices.Delete(want, 1, 2)
		}
		if got := told[item.GetName()]; names[title] != item.GetName() || !slices.Equal(got, want) {
			t.Errorf("of %v is told %v, want %v, and it is there as %s", item, got, want, names[title])
		}
	}
}

// checkAlerts waits until what was delivered is worked off, and holds the incidents that it led to against it.
func checkAlerts(t *testing.T, d *debrief, delivered []group) {
	t.Helper()
	d.awaitDeliveries(t)
	all, opened, names := d.byFingerprint(t), map[string]*debriefv1.Incident{}, map[string]bool{}
	for _, g := range delivered {
		for _, fingerprint := range g.fingerprints {
			incident, ok := all[fingerprint]
			if !ok {
				t.Errorf("the alert %s has no incident", fingerprint)
				continue
			}
			opened[fingerprint], names[incident.GetName()] = incident, true
			g.checkIncident(t, d, incident)
		}
	}
	if len(all) != len(opened) {
		t.Errorf("%d alerts have incidents, want %d", len(all), len(opened))
	}
	(&storm{groups: delivered}).checkEvents(t, d, opened, func(resource string) bool { return !names[resource] })
}
