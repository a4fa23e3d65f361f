package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// interleaving is a store in which something happens within the update of a post-mortem of a given number, each time.
type interleaving struct {
	repository.Repository
	at, count int
	happen    func()
}

func (i *interleaving) PostMortems() repository.Collection[repository.PostMortem] {
	return interleaved{i.Repository.PostMortems(), i}
}

type interleaved struct {
	repository.Collection[repository.PostMortem]
	store *interleaving
}

func (i interleaved) Update(ctx context.Context, id string, change func(*repository.PostMortem) (repository.Effects, error)) (repository.PostMortem, error) {
	i.store.count++
	number, done := i.store.count, false
	return i.Collection.Update(ctx, id, func(p *repository.PostMortem) (repository.Effects, error) {
		effects, err := change(p)
		if number == i.store.at && !done {
			done = true
			i.store.happen()
		}
		return effects, err
	})
}

// TestNothingToDoIsSaidOnlyWhereThereIsNothing adds an action item within each of the updates that a conclusion makes.
func TestNothingToDoIsSaidOnlyWhereThereIsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at      int
		refused bool
	}{
		"nothing is added":                         {0, false},
		"something is added with the announcement": {1, true},
		"something is added with the conclusion":   {2, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, d *debrief) {
				p := d.startReview(t, d.resolved(t, "x").GetName()).GetName()
				added := ""
				store := &interleaving{Repository: d.repository, at: test.at, happen: func() {
					added = must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
						ActionItem: &debriefv1.ActionItem{Title: "Bound the queue", PostMortem: p},
					})).GetName()
				}}
				services := must[*service.Services](t)(service.New(service.Options{Repository: store, Now: d.now}))
				request := &debriefv1.ConcludePostMortemReviewRequest{
					Name: p, Conclusion: debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO, RequestId: "conclude-1",
				}
				concluded, err := services.PostMortems.ConcludePostMortemReview(t.Context(), request)
				if test.refused {
					if err == nil {
						t.Errorf("%s exists, and the conclusion is that there is nothing to do: %v", added, concluded)
					}
					_, err := d.postMortems.ConcludePostMortemReview(t.Context(), request)
					if got, _ := refused(t, err); got.Reason != "SOMETHING_TO_DO" {
						t.Errorf("refused by %+v", got)
					}
					return
				}
				if err != nil || concluded.GetConclusion() != request.GetConclusion() {
					t.Fatalf("concluded %v, %v", concluded, err)
				}
				again := must[*debriefv1.PostMortem](t)(d.postMortems.ConcludePostMortemReview(t.Context(), request))
				if again.GetEtag() != concluded.GetEtag() {
					t.Errorf("the same request has concluded again: %s, was %s", again.GetEtag(), concluded.GetEtag())
				}
			})
		})
	}
}

// TestPublishingAgainClosesWhatWasLeftOpen interrupts a publication without a request id before it closes the incident.
func TestPublishingAgainClosesWhatWasLeftOpen(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.resolved(t, "x").GetName()
		p := d.startReview(t, incident)
		p.ContributingFactors = []*debriefv1.ContributingFactor{{Description: "The queue had no limit."}}
		p.Summary = "The queue was full."
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: p}))
		request := &debriefv1.PublishPostMortemRequest{Name: p.GetName()}
		dying := must[*service.Services](t)(service.New(service.Options{
			Repository: crashing{d.repository, &atomic.Bool{}}, Now: d.now,
		}))
		if _, err := dying.PostMortems.PublishPostMortem(t.Context(), request); !errors.Is(err, errCrash) {
			t.Fatalf("it did not die, but answered %v", err)
		}
		if got := d.get(t, incident).GetState(); got != debriefv1.Incident_STATE_RESOLVED {
			t.Fatalf("before: %v", got)
		}
		again := must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), request))
		if again.GetState() != debriefv1.PostMortem_STATE_PUBLISHED || again.GetLatestRevision() != 1 {
			t.Errorf("published: %v", again)
		}
		if got := d.get(t, incident).GetState(); got != debriefv1.Incident_STATE_CLOSED {
			t.Errorf("the incident: %v", got)
		}
		_, err := d.postMortems.PublishPostMortem(t.Context(), request)
		if got, _ := refused(t, err); got.Reason != "NOTHING_TO_PUBLISH" {
			t.Errorf("with nothing left: %v", err)
		}
	})
}
