package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	clocks "github.com/debriefhq/debrief/service/clock"
)

// errCrash is what a store answers whose server died.
var errCrash = errors.New("the server died")

// crashing is a store of a server that dies as soon as a post-mortem or an action item has changed.
type crashing struct {
	repository.Repository
	dead *atomic.Bool
}

func (c crashing) Incidents() repository.Collection[repository.Incident] {
	return deadly[repository.Incident]{c.Repository.Incidents(), c.dead, false}
}

func (c crashing) PostMortems() repository.Collection[repository.PostMortem] {
	return deadly[repository.PostMortem]{c.Repository.PostMortems(), c.dead, true}
}

func (c crashing) ActionItems() repository.Collection[repository.ActionItem] {
	return deadly[repository.ActionItem]{c.Repository.ActionItems(), c.dead, true}
}

type deadly[T any] struct {
	repository.Collection[T]
	dead  *atomic.Bool
	kills bool
}

func (d deadly[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (T, error) {
	if d.dead.Load() {
		var none T
		return none, errCrash
	}
	changed, err := d.Collection.Update(ctx, id, change)
	if err == nil && d.kills {
		d.dead.Store(true)
	}
	return changed, err
}

// dying are services that die as soon as a post-mortem or an action item has changed.
func (d *debrief) dying(t *testing.T) *service.Services {
	t.Helper()
	return must[*service.Services](t)(service.New(service.Options{
		Repository: crashing{d.repository, &atomic.Bool{}}, Now: d.now,
	}))
}

// TestAnIncidentFindsByItselfWhatNobodyToldIt has the server die between what meets a clock, after its breach was told, and
// telling the incident. No request comes again.
func TestAnIncidentFindsByItselfWhatNobodyToldIt(t *testing.T) {
	t.Parallel()
	breached := []string{
		"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
		"AT_RISK review RUNNING→AT_RISK 18h0m0s", "AT_RISK follow_up RUNNING→AT_RISK 18h0m0s",
		"BREACHED review AT_RISK→BREACHED 24h0m0s", "BREACHED follow_up AT_RISK→BREACHED 24h0m0s",
	}
	for name, test := range map[string]struct {
		// prepare is done before the breach, and answers what is done when the server dies.
		prepare func(t *testing.T, d *debrief, incident string) func(*service.Services) error
		want    string
	}{
		"a review was held": {func(t *testing.T, d *debrief, incident string) func(*service.Services) error {
			t.Helper()
			p := d.covering(t, incident).GetName()
			return func(dying *service.Services) error {
				d.readRules(t, p)
				_, err := dying.PostMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: p})
				return err
			}
		}, "MET review BREACHED→MET 30h0m0s"},
		"an action item was started": {func(t *testing.T, d *debrief, incident string) func(*service.Services) error {
			t.Helper()
			item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
				ActionItem: &debriefv1.ActionItem{Title: "Bound the queue", Owner: "payments", FirstStep: "Measure it.", Incident: incident},
			})).GetName()
			return func(dying *service.Services) error {
				_, err := dying.ActionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item})
				return err
			}
		}, "MET follow_up BREACHED→MET 30h0m0s"},
		"a review that was held covers it now, too": {func(t *testing.T, d *debrief, incident string) func(*service.Services) error {
			t.Helper()
			other := d.open(t, "another").GetName()
			p := d.startReview(t, other).GetName()
			return func(dying *service.Services) error {
				_, err := dying.PostMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
					PostMortem: &debriefv1.PostMortem{Name: p, Incidents: []string{other, incident}},
				})
				return err
			}
		}, "MET review BREACHED→MET 30h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, d *debrief) {
				incident := d.resolved(t, "x").GetName()
				change := test.prepare(t, d, incident)
				d.advance(30 * time.Hour)
				d.tell(t)
				if diff := cmp.Diff(breached, d.clockFeed(t)); diff != "" {
					t.Fatalf("before (-want +got):\n%s", diff)
				}
				if err := change(d.dying(t)); !errors.Is(err, errCrash) {
					t.Fatalf("it did not die, but answered %v", err)
				}
				next := d.tell(t)
				if want := d.now().Add(5 * time.Minute); !next.Equal(want) {
					t.Errorf("it is to be looked after at %v, want %v", next, want)
				}
				d.advance(5 * time.Minute)
				if next := d.tell(t); !next.IsZero() {
					t.Errorf("it is to be looked after again, at %v", next)
				}
				if diff := cmp.Diff(append(slices.Clone(breached), test.want), d.clockFeed(t)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAnAnnouncementIsTakenBack leaves nothing to do where nobody dies, nor where nothing came of what was announced.
func TestAnAnnouncementIsTakenBack(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		told, untold := d.resolved(t, "told").GetName(), d.resolved(t, "untold").GetName()
		first, second := d.covering(t, told).GetName(), d.covering(t, untold).GetName()
		d.advance(30 * time.Hour)
		d.tell(t)
		d.readRules(t, first)
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: first}))
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("there is something to look after at %v", next)
		}
		d.readRules(t, second)
		dead := &atomic.Bool{}
		dying := must[*service.Services](t)(service.New(service.Options{Repository: dyingBefore{crashing{d.repository, dead}}, Now: d.now}))
		if _, err := dying.PostMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: second}); !errors.Is(err, errCrash) {
			t.Fatalf("it did not die, but answered %v", err)
		}
		etag := d.get(t, untold).GetEtag()
		d.advance(5 * time.Minute)
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("there is still something to look after at %v", next)
		}
		if got := d.get(t, untold); got.GetReviewClock().GetState() != debriefv1.Clock_STATE_BREACHED || got.GetEtag() == etag {
			t.Errorf("it was not looked after: %v", got)
		}
	})
}

// dyingBefore is a store of a server that dies between the announcement and what was announced.
type dyingBefore struct{ crashing }

func (d dyingBefore) Incidents() repository.Collection[repository.Incident] {
	return deadly[repository.Incident]{d.Repository.Incidents(), d.dead, true}
}

// renewed are services whose policies differ.
func (d *debrief) renewed(t *testing.T, policies string) *service.Services {
	t.Helper()
	return must[*service.Services](t)(service.New(service.Options{
		Repository: d.repository, Now: d.now, ClockPolicies: must[clocks.Policies](t)(clocks.ParsePolicies([]byte(policies))),
	}))
}

func TestClocksTakeNewPolicies(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		running, open := d.resolved(t, "running").GetName(), d.open(t, "open").GetName()
		canceled := d.resolved(t, "canceled").GetName()
		must[*debriefv1.Incident](t)(d.incidents.CancelIncident(t.Context(), &debriefv1.CancelIncidentRequest{Name: canceled}))
		d.advance(2 * time.Hour)
		untouched := []string{d.get(t, open).GetEtag(), d.get(t, canceled).GetEtag()}
		longer := d.renewed(t, "clocks: {review: {default: {length: 48h}}}")
		for range 2 {
			if err := longer.RewindClocks(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := d.get(t, running)
			if due := got.GetReviewClock().GetDueTime().AsTime(); !due.Equal(start.Add(48*time.Hour)) || got.GetEtag() != "3" {
				t.Errorf("due at %v, revision %s", due, got.GetEtag())
			}
			if due := got.GetFollowUpClock().GetDueTime().AsTime(); !due.Equal(start.Add(24 * time.Hour)) {
				t.Errorf("the other clock is due at %v", due)
			}
			if diff := cmp.Diff(start, got.GetUpdateTime().AsTime()); diff != "" {
				t.Errorf("it seems as if somebody had changed it: %s", diff)
			}
		}
		shorter := d.renewed(t, "clocks: {review: {default: {length: 1h}}, follow_up: {default: {off: true}}}")
		if err := shorter.RewindClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"BREACHED review RUNNING→BREACHED 2h0m0s", "RESET follow_up RUNNING→NOT_STARTED 2h0m0s"}
		if told := d.clockFeed(t); !cmp.Equal(want, told[len(told)-2:]) {
			t.Errorf("told: %v", told)
		}
		if diff := cmp.Diff(untouched, []string{d.get(t, open).GetEtag(), d.get(t, canceled).GetEtag()}); diff != "" {
			t.Errorf("those that do not run have changed (-before +after):\n%s", diff)
		}
	})
}

// TestReplicasRewindOnce has three replicas do so at the same time, after one was interrupted.
func TestReplicasRewindOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const incidents = 130
		for i := range incidents {
			d.resolved(t, fmt.Sprint(i))
		}
		d.advance(2 * time.Hour)
		const policies = "clocks: {review: {default: {length: 1h}}}"
		interrupted, stop := context.WithCancel(t.Context())
		counted := &counting{Repository: d.repository, left: 7, stop: stop}
		cut := must[*service.Services](t)(service.New(service.Options{
			Repository: counted, Now: d.now, ClockPolicies: must[clocks.Policies](t)(clocks.ParsePolicies([]byte(policies))),
		}))
		if err := cut.RewindClocks(interrupted); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %v", err)
		}
		var group sync.WaitGroup
		for range 3 {
			replica := d.renewed(t, policies)
			group.Go(func() {
				if err := replica.RewindClocks(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		told := map[string]int{}
		for _, event := range d.feed(t, "type = CLOCK_BREACHED") {
			told[event.GetIncident()]++
		}
		if len(told) != incidents {
			t.Errorf("%d are breached, want %d", len(told), incidents)
		}
		for name, times := range told {
			if times != 1 {
				t.Errorf("%s was told %d times", name, times)
			}
		}
	})
}

// counting is a store that ends a context after some updates of incidents.
type counting struct {
	repository.Repository
	left int
	stop func()
}

func (c *counting) Incidents() repository.Collection[repository.Incident] {
	return countedIncidents{c.Repository.Incidents(), c}
}

type countedIncidents struct {
	repository.Collection[repository.Incident]
	store *counting
}

func (c countedIncidents) Update(ctx context.Context, id string, change func(*repository.Incident) (repository.Effects, error)) (repository.Incident, error) {
	if c.store.left--; c.store.left < 0 {
		c.store.stop()
	}
	return c.Collection.Update(ctx, id, change)
}
