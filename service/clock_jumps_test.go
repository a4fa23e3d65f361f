package service_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// jumps are what may happen to the clock of a machine: it is set right, or wrong.
var jumps = map[string]time.Duration{
	"an hour back": -time.Hour, "a year forth": 365 * 24 * time.Hour, "a year back": -365 * 24 * time.Hour, "a second back": -time.Second,
}

// TestIncidentsGoOnWhereTheClockJumps has the clock jump in the midst of an incident: it goes on from one state to the next, what is made
// has ids of its own, and the feed goes on where it was.
func TestIncidentsGoOnWhereTheClockJumps(t *testing.T) {
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, d *debrief) {
				before := d.open(t, "Before")
				d.advance(jump)
				after := d.open(t, "After")
				for _, step := range []func(name string) (*debriefv1.Incident, error){
					func(name string) (*debriefv1.Incident, error) {
						return d.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: name})
					},
					func(name string) (*debriefv1.Incident, error) {
						return d.incidents.MitigateIncident(t.Context(), &debriefv1.MitigateIncidentRequest{Name: name})
					},
					func(name string) (*debriefv1.Incident, error) {
						return d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: name})
					},
				} {
					for _, incident := range []*debriefv1.Incident{before, after} {
						must[*debriefv1.Incident](t)(step(incident.GetName()))
					}
					d.advance(-jump) // And back again.
					jump = -jump
				}
				ids := map[string]bool{}
				for i, event := range d.feed(t, "") {
					if event.GetSequence() != int64(i+1) || ids[event.GetId()] {
						t.Errorf("the event at place %d is %v", i+1, event)
					}
					ids[event.GetId()] = true
				}
				if got := d.all(t); len(got) != 2 {
					t.Errorf("there are %v, want both incidents once", got)
				}
				for _, incident := range []*debriefv1.Incident{before, after} {
					if got := len(d.entries(t, incident.GetName())); got != 4 {
						t.Errorf("%s has %d timeline entries, want 4", incident.GetTitle(), got)
					}
				}
			})
		})
	}
}

// TestClocksAreToldOnceWhereTheClockJumps has the clock jump to and fro while clocks run out and action items fall due.
func TestClocksAreToldOnceWhereTheClockJumps(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.resolved(t, "Incident")
		d.dueIn(t, 20*time.Hour)
		for _, jump := range []time.Duration{0, -time.Hour, 20 * time.Hour, -2 * time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour, time.Hour, 48 * time.Hour} {
			d.advance(jump)
			d.tell(t)
			d.tell(t)
		}
		want := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
			"AT_RISK review RUNNING→AT_RISK 18h0m0s", "AT_RISK follow_up RUNNING→AT_RISK 18h0m0s",
			"BREACHED review AT_RISK→BREACHED 24h0m0s", "BREACHED follow_up AT_RISK→BREACHED 24h0m0s",
		}
		if diff := cmp.Diff(want, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		reminders := d.reminders(t)
		if slices.Sort(reminders); len(slices.Compact(slices.Clone(reminders))) != len(reminders) || len(reminders) != 2 {
			t.Errorf("reminders are %v, want that it is due and that it is overdue", reminders)
		}
	})
}

// TestDeliveriesAreWorkedOffWhereTheClockJumps has the clock jump between the receipt of deliveries, whose process is killed, and another's
// look at them.
func TestDeliveriesAreWorkedOffWhereTheClockJumps(t *testing.T) {
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, d *debrief) {
				key := d.integrate(t, "pager", grouping())
				const alerts = 5
				for i := range alerts {
					if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", pagerDuty("trigger", fmt.Sprint("k", i), at(-30)), key); err != nil {
						t.Fatal(err)
					}
				}
				d.advance(jump + time.Minute)
				for range 2 {
					if err := fresh(t, d).WorkDeliveries(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for _, alert := range d.listAlerts(t, "") {
					if alert.GetNotificationCount() != 1 {
						t.Errorf("%v was notified %d times, want once", alert.GetFingerprint(), alert.GetNotificationCount())
					}
				}
				if got := len(d.listAlerts(t, "")); got != alerts {
					t.Errorf("%d alerts are known, want %d", got, alerts)
				}
			})
		})
	}
}

// TestWebhooksAreTriedAgainWhereTheClockJumps has a webhook wait to be tried again when the clock is set: it is taken within two hours, by
// the same process, or by another one.
func TestWebhooksAreTriedAgainWhereTheClockJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
				var up atomic.Bool
				r := newReceiver(t, func(message, *http.Request) int {
					if up.Load() {
						return http.StatusOK
					}
					return http.StatusServiceUnavailable
				})
				d.subscribe(t, "chat", r.URL)
				timers := newTimers(d)
				stop := dispatch(t, d.services, timers, "a")
				for i, restarts := range []bool{false, true} {
					up.Store(false)
					d.open(t, "It is slow")
					await(t, timers, func() bool { return len(d.pending(t)) == 1 })
					if restarts {
						stop()
					}
					timers.jump(jump)
					if restarts {
						dispatch(t, d.services, timers, "b")
					}
					up.Store(true)
					timers.pass(2 * time.Hour)
					await(t, timers, func() bool {
						_, taken := r.all()
						return len(taken) > i
					})
					await(t, timers, func() bool { return len(d.pending(t)) == 0 })
				}
			})
		})
	}
}

// TestEmailIsWrittenWhereTheClockJumps has an e-mail wait for others when the clock is set.
func TestEmailIsWrittenWhereTheClockJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
				timers := newTimers(d)
				d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{DigestInterval: durationpb.New(time.Hour)})
				dispatch(t, d.services, timers, "a")
				d.open(t, "It is slow")
				await(t, timers, func() bool { return len(d.pending(t)) == 1 })
				timers.jump(jump)
				timers.pass(2 * time.Hour)
				await(t, timers, func() bool { return len(mail.Messages()) == 1 })
			})
		})
	}
}
