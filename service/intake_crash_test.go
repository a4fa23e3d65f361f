package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
	"github.com/debriefhq/debrief/service"
)

// endState is what came of all deliveries, without ids and times.
func (d *debrief) endState(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, incident := range d.all(t) {
		lines = append(lines, fmt.Sprintf("incident %v alerts %d", incident.GetState(), len(incident.GetOrigin().GetAlerts())))
		for _, entry := range d.entries(t, incident.GetName()) {
			lines = append(lines, "entry "+entry)
		}
		for _, alert := range d.listAlerts(t, fmt.Sprintf("incident = %q", incident.GetName())) {
			lines = append(lines, fmt.Sprintf("alert %s %v %d", alert.GetFingerprint(), alert.GetStatus(), alert.GetNotificationCount()))
		}
	}
	for _, kind := range types(d.feed(t, "")) {
		lines = append(lines, "event "+kind)
	}
	lines = append(lines, fmt.Sprintf("alerts %d", len(d.listAlerts(t, ""))))
	slices.Sort(lines)
	return lines
}

var errLastWrite = errors.New("the process ends here")

// lastWrite is a repository whose n-th write is the last: before or after it is made.
type lastWrite struct {
	repository.Repository

	mutex sync.Mutex
	left  int
	after bool
}

func (c *lastWrite) step(write func() error) error {
	c.mutex.Lock()
	c.left--
	left := c.left
	c.mutex.Unlock()
	if left < 0 || left == 0 && !c.after {
		return errLastWrite
	}
	err := write()
	if left == 0 {
		return errLastWrite
	}
	return err
}

type lastWriteCollection[T any] struct {
	repository.Collection[T]

	crash *lastWrite
}

func (c lastWriteCollection[T]) Create(ctx context.Context, creations ...repository.Creation[T]) (created []repository.Created[T], err error) {
	err = c.crash.step(func() error {
		created, err = c.Collection.Create(ctx, creations...)
		return err
	})
	return created, err
}

func (c lastWriteCollection[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (resource T, err error) {
	err = c.crash.step(func() error {
		resource, err = c.Collection.Update(ctx, id, change)
		return err
	})
	return resource, err
}

func (c *lastWrite) Incidents() repository.Collection[repository.Incident] {
	return lastWriteCollection[repository.Incident]{c.Repository.Incidents(), c}
}

func (c *lastWrite) Alerts() repository.Collection[repository.Alert] {
	return lastWriteCollection[repository.Alert]{c.Repository.Alerts(), c}
}

func (c *lastWrite) AlertSeries() repository.Collection[repository.AlertSeries] {
	return lastWriteCollection[repository.AlertSeries]{c.Repository.AlertSeries(), c}
}

func (c *lastWrite) AlertGroups() repository.Collection[repository.AlertGroup] {
	return lastWriteCollection[repository.AlertGroup]{c.Repository.AlertGroups(), c}
}

func (c *lastWrite) Deliveries() repository.Collection[repository.Delivery] {
	return lastWriteCollection[repository.Delivery]{c.Repository.Deliveries(), c}
}

// crashDeliveries are worked off one after the other: an episode, a group of those that waited, and its end.
func crashDeliveries(key string) [][2]string {
	sent := [][2]string{}
	for i := range 3 {
		sent = append(sent, [2]string{key, pagerDuty("trigger", fmt.Sprint("k", i), at(-30+i))})
	}
	return append(sent, [2]string{key, pagerDuty("trigger", "k0", at(-20))}, [2]string{key, pagerDuty("resolve", "k1", at(-19))},
		[2]string{key, pagerDuty("resolve", "k0", at(-18))}, [2]string{key, pagerDuty("resolve", "k2", at(-17))})
}

// TestACrashAnywhereLeadsToTheSameEnd ends the process at every write in turn, and starts it again.
func TestACrashAnywhereLeadsToTheSameEnd(t *testing.T) {
	t.Parallel()
	for _, rule := range []*debriefv1.AlertRule{
		{Title: "Open", Outcome: debriefv1.AlertRule_OUTCOME_OPEN},
		{Title: "Group", Outcome: debriefv1.AlertRule_OUTCOME_GROUP, Window: durationpb.New(time.Hour)},
		{Title: "Three", Outcome: debriefv1.AlertRule_OUTCOME_OPEN_AFTER, Window: durationpb.New(time.Hour), Count: 3},
	} {
		t.Run(rule.GetTitle(), func(t *testing.T) {
			store := func(t *testing.T) *debrief {
				t.Helper()
				opened, err := sqlite.Open(t.Context(), sqlitetest.NewFile(t), sqlite.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return serve(t, opened, service.Options{})
			}
			run := func(t *testing.T, write int, after bool) (state []string, crashed bool) {
				t.Helper()
				d := store(t)
				key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY, Rules: []*debriefv1.AlertRule{rule}})
				for _, sent := range crashDeliveries(key) {
					if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", sent[1], sent[0]); err != nil {
						t.Fatal(err)
					}
				}
				// Another process finds what this one has left behind, one delivery after the other.
				d.advance(2 * time.Minute)
				crash := &lastWrite{Repository: d.repository, left: write, after: after}
				dying, err := service.New(service.Options{Repository: crash, Now: d.now})
				if err != nil {
					t.Fatal(err)
				}
				_ = dying.WorkDeliveries(t.Context()) // It ends as it ends.
				for range 3 {
					d.advance(20 * time.Minute)
					if err := fresh(t, d).WorkDeliveries(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				return d.endState(t), crash.left < 0
			}
			want, _ := run(t, 1<<30, false)
			for write := 1; ; write++ {
				crashed := false
				for _, after := range []bool{false, true} {
					var got []string
					got, crashed = run(t, write, after)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("crash at write %d, after it: %v (-want +got):\n%s", write, after, diff)
					}
				}
				if !crashed {
					return
				}
			}
		})
	}
}

// fresh are services that were just started over the same store.
func fresh(t *testing.T, d *debrief) *service.Services {
	t.Helper()
	services, err := service.New(service.Options{Repository: d.repository, Now: d.now})
	if err != nil {
		t.Fatal(err)
	}
	return services
}

func TestTwoReplicasWorkTheSameDeliveriesOff(t *testing.T) {
	t.Parallel()
	const alerts = 20
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "pager", grouping())
		for i := range alerts {
			for _, action := range []string{"trigger", "trigger"} {
				if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", pagerDuty(action, fmt.Sprint("k", i), at(-30)), key); err != nil {
					t.Fatal(err)
				}
			}
		}
		d.advance(2 * time.Minute)
		var group sync.WaitGroup
		group.Go(func() { d.services.Intake.WorkOffWaiting(t.Context()) })
		for range 2 {
			other := fresh(t, d)
			group.Go(func() {
				if err := other.WorkDeliveries(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		d.advance(time.Hour)
		if err := fresh(t, d).WorkDeliveries(t.Context()); err != nil {
			t.Fatal(err)
		}
		if incidents := d.all(t); len(incidents) != 1 {
			t.Errorf("%d incidents, want 1", len(incidents))
		}
		all := d.listAlerts(t, `incident != ""`)
		if len(all) != alerts {
			t.Errorf("%d alerts in incidents, want %d", len(all), alerts)
		}
		for _, alert := range all {
			if alert.GetNotificationCount() != 2 {
				t.Errorf("%s was counted %d times, want 2", alert.GetFingerprint(), alert.GetNotificationCount())
			}
		}
	})
}
