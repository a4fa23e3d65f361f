package service

import (
	"context"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// SchedulePostMortem sets when the review is to be held.
func (s *PostMortems) SchedulePostMortem(ctx context.Context, request *debriefv1.SchedulePostMortemRequest) (*debriefv1.PostMortem, error) {
	reviewTime, err := readTime("review_time", request.GetReviewTime())
	if err != nil {
		return nil, err
	}
	return s.take(ctx, request, lifecycle.Schedule, "POST_MORTEM_SCHEDULED", func(p *repository.PostMortem, _ time.Time) error {
		p.ReviewTime = reviewTime
		return nil
	})
}

// ArchivePostMortem takes a published post-mortem out of the way.
func (s *PostMortems) ArchivePostMortem(ctx context.Context, request *debriefv1.ArchivePostMortemRequest) (*debriefv1.PostMortem, error) {
	return s.take(ctx, request, lifecycle.Archive, "POST_MORTEM_ARCHIVED", nil)
}

// take makes the step of a verb.
func (s *PostMortems) take(ctx context.Context, request verbRequest, verb, eventType string, more func(*repository.PostMortem, time.Time) error) (*debriefv1.PostMortem, error) {
	stepped := false
	herald := s.newHerald()
	p, err := heralded(ctx, herald, func() (repository.PostMortem, error) {
		return apply(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), asked(request),
			func(p *repository.PostMortem, now time.Time) (repository.Effects, error) {
				was := *p
				effects, err := s.step(ctx, p, verb, eventType, now, more)
				if err == nil {
					err = herald.askForReview(was, *p, now)
				}
				stepped = err == nil
				return effects, err
			})
	})
	if err != nil {
		return nil, err
	}
	if stepped {
		s.counts.reviewed(ctx, eventType)
	}
	return s.postMortemToProto(p), herald.done(ctx, s.settleReviewed(ctx, p))
}

func (s *PostMortems) step(ctx context.Context, p *repository.PostMortem, verb, eventType string, now time.Time, more func(*repository.PostMortem, time.Time) error) (repository.Effects, error) {
	before := s.postMortemToProto(*p)
	state, err := lifecycle.PostMortem.Step(verb, p.State)
	if err != nil {
		return repository.Effects{}, err
	}
	p.State = state
	if more != nil {
		if err := more(p, now); err != nil {
			return repository.Effects{}, err
		}
	}
	event := s.event(ctx, eventType, postMortemName(p.ID), soleIncident(*p), p.Revision+1, now, changesBetween(before, s.postMortemToProto(*p)))
	return repository.Effects{Events: []repository.Event{event}}, nil
}
