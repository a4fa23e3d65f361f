package service_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// TestWhatFellDueMeanwhileIsToldInOrder tells after days in which nobody did.
func TestWhatFellDueMeanwhileIsToldInOrder(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		first := d.resolved(t, "first")
		d.advance(time.Hour)
		d.resolved(t, "second")
		d.advance(72 * time.Hour)
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("there is more to tell at %v", next)
		}
		want := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
			"STARTED review NOT_STARTED→RUNNING 1h0m0s", "STARTED follow_up NOT_STARTED→RUNNING 1h0m0s",
			"AT_RISK review RUNNING→AT_RISK 18h0m0s", "AT_RISK follow_up RUNNING→AT_RISK 18h0m0s",
			"AT_RISK review RUNNING→AT_RISK 19h0m0s", "AT_RISK follow_up RUNNING→AT_RISK 19h0m0s",
			"BREACHED review AT_RISK→BREACHED 24h0m0s", "BREACHED follow_up AT_RISK→BREACHED 24h0m0s",
			"BREACHED review AT_RISK→BREACHED 25h0m0s", "BREACHED follow_up AT_RISK→BREACHED 25h0m0s",
		}
		if diff := cmp.Diff(want, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		told := d.get(t, first.GetName())
		if !told.GetUpdateTime().AsTime().Equal(start) || told.GetEtag() == first.GetEtag() {
			t.Errorf("telling has made it %v, %s", told.GetUpdateTime().AsTime(), told.GetEtag())
		}
		d.tell(t)
		if got := len(d.clockFeed(t)); got != len(want) {
			t.Errorf("telling again has told: there are %d events", got)
		}
	})
}

func TestTheTellerKnowsWhenToComeAgain(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("with nothing to tell: %v", next)
		}
		name := d.resolved(t, "x").GetName()
		for _, hours := range []int{18, 24} {
			at := start.Add(time.Duration(hours) * time.Hour)
			if next := d.tell(t); !next.Equal(at) {
				t.Errorf("next: %v, want %v", next, at)
			}
			d.advance(at.Sub(d.now()))
		}
		must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: name}))
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("of what is deleted: %v", next)
		}
	})
}

// TestReplicasTellEachChangeOnce has three replicas, whose clocks differ, tell at the same time, again and again.
func TestReplicasTellEachChangeOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const incidents = 30
		for i := range incidents {
			d.resolved(t, fmt.Sprint(i))
			d.advance(time.Second)
		}
		var replicas []*service.Services
		for _, ahead := range []time.Duration{-time.Second, 0, time.Second} {
			replicas = append(replicas, must[*service.Services](t)(service.New(service.Options{
				Repository: d.repository, Now: func() time.Time { return d.now().Add(ahead) },
			})))
		}
		for range 4 {
			d.advance(6*time.Hour + 500*time.Millisecond)
			var group sync.WaitGroup
			for _, replica := range replicas {
				group.Go(func() {
					if _, err := replica.Tell(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		}
		d.advance(time.Minute)
		d.tell(t)
		told := map[string]int{}
		for _, event := range d.feed(t, "type = CLOCK_BREACHED OR type = CLOCK_AT_RISK") {
			told[event.GetIncident()+event.GetChanges()[0].String()]++
		}
		for what, times := range told {
			if times != 1 {
				t.Errorf("%s was told %d times", what, times)
			}
		}
		if len(told) != 4*incidents {
			t.Errorf("%d changes were told, want %d", len(told), 4*incidents)
		}
	})
}

// TestTheTellerFindsWhatACrashHasLeft has a review held, and an action item started, of which nobody told the incident.
func TestTheTellerFindsWhatACrashHasLeft(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		p := d.covering(t, name)
		d.advance(time.Hour)
		if _, err := d.repository.PostMortems().Update(t.Context(), strings.TrimPrefix(p.GetName(), "postMortems/"), func(p *repository.PostMortem) (repository.Effects, error) {
			p.State, p.ReviewStartTime = "IN_REVIEW", start.Add(time.Hour)
			return repository.Effects{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.repository.ActionItems().Create(t.Context(), repository.Creation[repository.ActionItem]{Resource: repository.ActionItem{
			Header: repository.Header{ID: service.NewIDs(strings.NewReader(strings.Repeat("x", 100)))(start), CreateTime: start, UpdateTime: start},
			Title:  "Bound the queue", State: "IN_PROGRESS", PostMortem: p.GetName(), StartTime: start.Add(2 * time.Hour),
		}}); err != nil {
			t.Fatal(err)
		}
		d.advance(48 * time.Hour)
		d.tell(t)
		want := []string{
			"STARTED review NOT_STARTED→RUNNING 0s", "STARTED follow_up NOT_STARTED→RUNNING 0s",
			"MET review RUNNING→MET 1h0m0s", "MET follow_up RUNNING→MET 2h0m0s",
		}
		if diff := cmp.Diff(want, d.clockFeed(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestARepeatedRequestMendsWhatACrashHasLeft stops between the review and what it means to the incident.
func TestARepeatedRequestMendsWhatACrashHasLeft(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.resolved(t, "x").GetName()
		p := d.covering(t, name)
		d.readRules(t, p.GetName())
		request := &debriefv1.StartPostMortemReviewRequest{Name: p.GetName(), RequestId: "start-1"}
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), request))
		if _, err := d.repository.Incidents().Update(t.Context(), strings.TrimPrefix(name, "incidents/"), func(incident *repository.Incident) (repository.Effects, error) {
			incident.ReviewClock.MetTime = time.Time{}
			return repository.Effects{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), request))
		if got := d.get(t, name).GetReviewClock().GetState(); got != debriefv1.Clock_STATE_MET {
			t.Errorf("review: %v", got)
		}
	})
}

// failing is a context that is over.
func failing(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestTheTellerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.resolved(t, "x")
		d.advance(48 * time.Hour)
		if _, err := d.services.Tell(failing(t)); err == nil {
			t.Error("it did not fail")
		}
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("next: %v", next)
		}
	})
}
