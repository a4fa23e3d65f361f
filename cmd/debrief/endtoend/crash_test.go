package endtoend_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestStormAndCrashes kills the server again and again while a thousand alerts come in, or more where it is killed more often, each
// time after a number of acknowledged deliveries that the seed decides. Nothing is lost, and nothing is there twice.
func TestStormAndCrashes(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store string) {
		kills := killsWanted(t, 5)
		const alertsBetween = 50
		s := newStormOf(max(1000, kills*alertsBetween), 4, 10)
		survivor, crashes := s.sendWithCrashes(t, store, kills)
		if crashes != kills {
			t.Errorf("there were %d crashes, want %d", crashes, kills)
		}
		s.check(t, survivor)
	})
}

// sendWithCrashes delivers a storm to a server that is killed some times meanwhile, and answers the one that is left.
func (s *storm) sendWithCrashes(t *testing.T, store string, kills int) (survivor *debrief, crashes int) {
	t.Helper()
	moments := s.moments(kills)
	var current atomic.Pointer[debrief]
	current.Store(serve(t, store))
	ctx, cancel := context.WithTimeout(t.Context(), killsPatience)
	defer cancel()
	var senders errgroup.Group
	done := make(chan struct{})
	var count atomic.Int64
	senders.Go(func() error {
		defer close(done)
		return s.send(ctx, current.Load, func(by *debrief) {
			if slices.Contains(moments, int(count.Add(1))) {
				_ = by.command.Process.Kill() // It is gone already where the moment before was the same.
			}
		})
	})
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-current.Load().exited:
			crashes++
			current.Store(serve(t, store))
		}
	}
	if err := senders.Wait(); err != nil {
		t.Fatal(err)
	}
	return current.Load(), crashes
}

// moments are the numbers of acknowledged deliveries after which the server is killed. They lie so far apart that no two
// of them can come from one server.
func (s *storm) moments(count int) []int {
	width := s.deliveryCount() / (count + 1)
	moments := make([]int, count)
	for i := range moments {
		moments[i] = i*width + 1 + s.random.IntN(width-sendersAtOnce)
	}
	return moments
}

// byFingerprint are all incidents, by the fingerprint of the alert that opened each.
func (d *debrief) byFingerprint(t *testing.T) map[string]*debriefv1.Incident {
	t.Helper()
	incidents := map[string]*debriefv1.Incident{}
	for _, incident := range d.listIncidents(t, "") {
		for _, alert := range incident.GetOrigin().GetAlerts() {
			if other, ok := incidents[alert.GetFingerprint()]; ok {
				t.Errorf("the alert %s has two incidents: %s and %s", alert.GetFingerprint(), other.GetName(), incident.GetName())
			}
			incidents[alert.GetFingerprint()] = incident
		}
	}
	return incidents
}

// checkIncident holds an incident and its timeline against what was delivered of its group.
func (g group) checkIncident(t *testing.T, d *debrief, incident *debriefv1.Incident) {
	t.Helper()
	state, over := triage, 0
	if g.resolved {
		state, over = resolved, 1
	}
	if incident.GetState() != state {
		t.Errorf("%s is %v, want %v", incident.GetName(), incident.GetState(), state)
	}
	count := incident.GetOrigin().GetAlerts()[0].GetNotificationCount()
	// What fired is not counted where it was worked off after what resolved it, by a server that took over.
	if !g.resolved && count < int64(len(g.deliveries)) {
		t.Errorf("%s counts %d notifications of %d", incident.GetName(), count, len(g.deliveries))
	}
	want := map[string]int{"The alert began to fire": 1}
	if g.resolved {
		want["The alert stopped firing"], want["Resolved"] = 1, 1
	}
	var got map[string]int
	eventually(t, "the timeline of "+incident.GetName(), func() bool {
		got = map[string]int{}
		for _, entry := range d.listEntries(t, incident.GetName()) {
			beginning, _, _ := strings.Cut(entry.GetText(), ":")
			got[beginning]++
		}
		// That it goes on is told once, unless what says so was worked off together with what came before or after.
		if count-int64(over) >= 2 && got["The alert still fires"] <= 1 {
			delete(got, "The alert still fires")
		}
		return len(got) >= len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the timeline of %s (-want +got):\n%s", incident.GetName(), diff)
	}
}

// covers says whether there is something of everything that is wanted.
func covers(got, want map[string]int) bool {
	for name := range want {
		if got[name] == 0 {
			return false
		}
	}
	return true
}

// checkEvents holds what the feed has of the storm against the incidents. Notifications that were worked off together are told
// together.
func (s *storm) checkEvents(t *testing.T, d *debrief, incidents map[string]*debriefv1.Incident, isOthers func(resource string) bool) {
	t.Helper()
	opened, over, notified := map[string]int{}, map[string]int{}, map[string]int{}
	for _, incident := range incidents {
		name, count := incident.GetName(), int(incident.GetOrigin().GetAlerts()[0].GetNotificationCount())
		opened[name] = 1
		if incident.GetState() == resolved {
			over[name] = 1
		}
		if repeated := count - 1 - over[name]; repeated > 0 {
			notified[name] = repeated
		}
	}
	var events []*debriefv1.Event
	eventually(t, "the events of all incidents", func() bool {
		events = d.follow(t)
		return covers(eventsOf(events, debriefv1.Event_TYPE_INCIDENT_OPENED), opened) &&
			covers(eventsOf(events, debriefv1.Event_TYPE_INCIDENT_RESOLVED), over)
	})
	checkFeed(t, events)
	for eventType, want := range map[debriefv1.Event_Type]map[string]int{
		debriefv1.Event_TYPE_INCIDENT_OPENED:         opened,
		debriefv1.Event_TYPE_INCIDENT_ALERT_RESOLVED: over,
		debriefv1.Event_TYPE_INCIDENT_RESOLVED:       over,
	} {
		got := eventsOf(events, eventType)
		maps.DeleteFunc(got, func(name string, _ int) bool { return isOthers(name) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", eventType, diff)
		}
	}
	for name, told := range eventsOf(events, debriefv1.Event_TYPE_INCIDENT_ALERT_NOTIFIED) {
		if !isOthers(name) && told > notified[name] {
			t.Errorf("%s is told to be notified %d times, and was %d times", name, told, notified[name])
		}
	}
}
