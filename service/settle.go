package service

import (
	"context"
	"errors"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// What meets a clock happens to another resource than the one that has the clock, and there are no transactions over two.
// So the incidents are told after the change itself, also when the same request comes again, which mends what a crash
// between the two has left. Where no request comes again, the teller looks for it: before it says that time is short, and
// where a herald has announced it.

// settleReviewClocks tells the incidents that a review of a post-mortem that covers them was held.
func (b *base) settleReviewClocks(ctx context.Context, incidents []string, held time.Time) error {
	return b.settle(ctx, incidents, clock.Review, doing{held, reasonReviewed})
}

// settleFollowUpClocks tells the incidents that somebody began to act on them, or why nobody needs to.
func (b *base) settleFollowUpClocks(ctx context.Context, incidents []string, started time.Time, why string) error {
	return b.settle(ctx, incidents, clock.FollowUp, doing{started, why})
}

// doing is what meets a clock: when it was, and what.
type doing struct {
	time time.Time
	what string
}

func (b *base) settle(ctx context.Context, incidents []string, kind clock.Kind, done doing) error {
	if done.time.IsZero() {
		return nil
	}
	for _, name := range incidents {
		_, err := apply(ctx, b, repository.IncidentSchema, b.repository.Incidents(), update{name: name, deleted: true},
			func(incident *repository.Incident, _ time.Time) (repository.Effects, error) {
				if !meet(incident, kind, done) {
					return repository.Effects{}, repository.ErrUnchanged
				}
				return repository.Effects{}, nil
			})
		if _, gone := errors.AsType[*stateError](err); gone {
			continue // It was purged.
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// meet keeps what meets a clock, if it is the first thing to do so since the last reset.
func meet(incident *repository.Incident, kind clock.Kind, done doing) bool {
	kept := clockOf(incident, kind)
	if done.time.IsZero() || done.time.Before(incident.ClockResetTime) || !kept.MetTime.IsZero() && !done.time.Before(kept.MetTime) {
		return false
	}
	kept.MetTime, kept.MetReason = done.time, done.what
	return true
}

// settleReviewed tells the incidents of a post-mortem what is known of its review.
func (b *base) settleReviewed(ctx context.Context, p repository.PostMortem) error {
	return errors.Join(
		b.settleReviewClocks(ctx, p.Incidents, p.ReviewStartTime),
		b.settleReviewClocks(ctx, p.Incidents, p.PublishTime),
		b.settleFollowUpClocks(ctx, p.Incidents, learned(p), reasonNothingTo),
	)
}

// conclusionNothingToDo is the conclusion of a review from which nothing is to be done, as it is stored.
const conclusionNothingToDo = "NOTHING_TO_DO"

// learned is when the review concluded that there is nothing to do; the zero time where it did not.
func learned(p repository.PostMortem) time.Time {
	if p.Conclusion != conclusionNothingToDo {
		return time.Time{}
	}
	return p.ReviewEndTime
}

// settleStarted tells the incidents that an action item is about that somebody has started it.
func (b *base) settleStarted(ctx context.Context, item repository.ActionItem) error {
	if item.StartTime.IsZero() {
		return nil
	}
	incidents, err := b.incidentsAbout(ctx, item)
	if err != nil {
		return err
	}
	hidden, err := b.concealedFrom(asOutsider(ctx))
	if err != nil {
		return err
	}
	return b.settleFollowUpClocks(ctx, incidents, item.StartTime, acted(hidden, item))
}

// acted is the reason that an action item was started. It does not name one of which not everybody may know.
func acted(hidden *concealed, item repository.ActionItem) string {
	name := actionItemName(item.ID)
	if hidden != nil && hidden.of(name) {
		return reasonActed
	}
	return reasonActed + ": " + name
}

// incidentsAbout are the incidents that an action item is about: its own, and those of its post-mortem.
func (b *base) incidentsAbout(ctx context.Context, item repository.ActionItem) ([]string, error) {
	var incidents []string
	if item.Incident != "" {
		incidents = append(incidents, item.Incident)
	}
	if item.PostMortem == "" {
		return incidents, nil
	}
	p, err := b.repository.PostMortems().Get(ctx, lastID(item.PostMortem))
	if err != nil && !errors.Is(err, repository.ErrNotFound) {
		return nil, err
	}
	return append(incidents, p.Incidents...), nil
}

const (
	// maxReviews and maxActions bound what is looked through for what has met a clock.
	maxReviews, maxActions = 100, 500
)

// doings are what has met an incident's clocks since their last reset, by kind, as its post-mortems and action items say.
type doings map[clock.Kind]doing

func (d doings) add(kind clock.Kind, reset time.Time, done doing) {
	if done.time.IsZero() || done.time.Before(reset) {
		return
	}
	if first, ok := d[kind]; !ok || done.time.Before(first.time) {
		d[kind] = done
	}
}

// lookForDoings finds what the incident may not have been told.
func (b *base) lookForDoings(ctx context.Context, incident repository.Incident) (doings, error) {
	ctx = seeingAll(ctx) // What is concealed from a caller has met the clock all the same.
	found := doings{}
	name := incidentName(incident.ID)
	reviews, err := b.repository.PostMortems().List(ctx, repository.Query{
		Where: repository.TermIn{repository.Term("incidents", name)}, Descending: true, Limit: maxReviews,
	})
	if err != nil {
		return nil, err
	}
	about := repository.TermIn{repository.Term("incident", name)}
	for _, p := range reviews {
		about = append(about, repository.Term("post_mortem", postMortemName(p.ID)))
		found.add(clock.Review, incident.ClockResetTime, doing{p.ReviewStartTime, reasonReviewed})
		found.add(clock.Review, incident.ClockResetTime, doing{p.PublishTime, reasonReviewed})
		found.add(clock.FollowUp, incident.ClockResetTime, doing{learned(p), reasonNothingTo})
	}
	items, err := b.repository.ActionItems().List(ctx, repository.Query{
		Where: repository.And{about, repository.NumberRange{Field: "start_time", Min: repository.Unset + 1, Max: b.present().Add(maxClockSkew).UnixMilli()}},
		Limit: maxActions,
	})
	if err != nil || len(items) == 0 {
		return found, err
	}
	hidden, err := b.concealedFrom(asOutsider(ctx))
	for _, item := range items {
		found.add(clock.FollowUp, incident.ClockResetTime, doing{item.StartTime, acted(hidden, item)})
	}
	return found, err
}

// catchUp tells incidents what has met their clocks before they had to do with it.
func (b *base) catchUp(ctx context.Context, incidents []string) error {
	for _, name := range incidents {
		incident, err := b.repository.Incidents().Get(ctx, lastID(name))
		if errors.Is(err, repository.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		found, err := b.lookForDoings(ctx, incident)
		if err != nil {
			return err
		}
		for _, kind := range clockKinds {
			if err := b.settle(ctx, []string{name}, kind, found[kind]); err != nil {
				return err
			}
		}
	}
	return nil
}
