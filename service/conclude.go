package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// concludeAttempts is how often it is looked anew for what is to be done while others add it.
const concludeAttempts = 5

// ConcludePostMortemReview says that the meeting is over, and what came of it.
//
// That there is nothing to do is to be true when it is said, and there are no transactions over a post-mortem and its action
// items. So it is announced on the post-mortem first, then action items are looked for, and it is said only where the
// announcement is still there. Who adds an action item looks for an announcement afterwards, and takes it away. So either
// the action item is seen, or the announcement is gone, or the action item was not added yet when it was said.
func (s *PostMortems) ConcludePostMortemReview(ctx context.Context, request *debriefv1.ConcludePostMortemReviewRequest) (*debriefv1.PostMortem, error) {
	if request.GetConclusion() != debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO {
		return s.conclude(ctx, request, "", "")
	}
	for range concludeAttempts {
		p, err := s.concludeNothingToDo(ctx, request)
		if !errors.Is(err, errReadAnew) {
			return p, err
		}
	}
	return nil, repository.ErrConflict
}

// concludeNothingToDo concludes that there is nothing to do, or answers errReadAnew where something was added meanwhile.
func (s *PostMortems) concludeNothingToDo(ctx context.Context, request *debriefv1.ConcludePostMortemReviewRequest) (*debriefv1.PostMortem, error) {
	read, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	if request.GetRequestId() != "" && slices.Contains(read.RecentRequests, request.GetRequestId()) {
		return s.conclude(ctx, request, "", "")
	}
	// A first look refuses what is refused without leaving a trace; the one that counts comes later.
	todo, err := s.somethingToDo(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	if todo != "" {
		return s.conclude(ctx, request, "", todo)
	}
	announced, err := s.announceConclusion(ctx, request)
	if err != nil {
		return nil, err
	}
	if todo, err = s.somethingToDo(ctx, request.GetName()); err != nil {
		return nil, err
	}
	carriedOut := proto.CloneOf(request)
	if request.GetEtag() != "" {
		carriedOut.Etag = etag(announced.Header)
	}
	return s.conclude(ctx, carriedOut, announced.Concluding, todo)
}

// announceConclusion puts the announcement on the post-mortem.
func (s *PostMortems) announceConclusion(ctx context.Context, request *debriefv1.ConcludePostMortemReviewRequest) (repository.PostMortem, error) {
	return apply(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), update{name: request.GetName(), etag: request.GetEtag()},
		func(p *repository.PostMortem, now time.Time) (repository.Effects, error) {
			if _, err := lifecycle.PostMortem.Step(lifecycle.ConcludeReview, p.State); err != nil {
				return repository.Effects{}, err
			}
			if _, err := endOfReview(request, p, now); err != nil {
				return repository.Effects{}, err
			}
			p.Concluding = s.newID(now)
			return repository.Effects{}, nil
		})
}

// conclude concludes the review, if the announcement is still there, and there is nothing that contradicts it.
func (s *PostMortems) conclude(ctx context.Context, request *debriefv1.ConcludePostMortemReviewRequest, announcement, todo string) (*debriefv1.PostMortem, error) {
	return s.take(ctx, request, lifecycle.ConcludeReview, "POST_MORTEM_REVIEW_CONCLUDED", func(p *repository.PostMortem, now time.Time) error {
		ended, err := endOfReview(request, p, now)
		if err != nil {
			return err
		}
		if todo != "" {
			return &stateError{
				Code: codes.FailedPrecondition, Reason: "SOMETHING_TO_DO",
				Message:  fmt.Sprintf("there is something to do: drop %s and whatever else is not to be done, or conclude with ACTION_ITEMS", todo),
				Metadata: map[string]string{"action_item": todo},
			}
		}
		if announcement != "" && p.Concluding != announcement {
			return errReadAnew
		}
		p.ReviewEndTime, p.Conclusion, p.ConclusionNote, p.Concluding = ended, nameOf(request.GetConclusion()), request.GetNote(), ""
		p.UnpublishedChanges = p.LatestRevision > 0
		return nil
	})
}

// endOfReview is when the meeting was over.
func endOfReview(request *debriefv1.ConcludePostMortemReviewRequest, p *repository.PostMortem, now time.Time) (time.Time, error) {
	ended, err := happened("time", request.GetTime(), now, now)
	if err == nil && request.GetTime() != nil && ended.Before(p.ReviewStartTime) {
		err = invalid("time", "%s is before the review began, at %s", ended.Format(time.RFC3339Nano), p.ReviewStartTime.Format(time.RFC3339Nano))
	}
	return ended, err
}

// somethingToDo is the name of an action item of the post-mortem that was not dropped; empty where there is none.
func (s *PostMortems) somethingToDo(ctx context.Context, postMortem string) (string, error) {
	items, err := s.repository.ActionItems().List(ctx, repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("post_mortem", postMortem)},
			repository.Not{Condition: repository.TermIn{repository.Term("state", lifecycle.Dropped)}},
		},
		Limit: 1,
	})
	if err != nil || len(items) == 0 {
		return "", err
	}
	return actionItemName(items[0].ID), nil
}

// foundToDo takes away the announcement that there is nothing to do, after an action item of the post-mortem came to be.
func (b *base) foundToDo(ctx context.Context, postMortem string) error {
	if postMortem == "" {
		return nil
	}
	p, err := b.repository.PostMortems().Get(ctx, lastID(postMortem))
	if err == nil && p.Concluding != "" {
		_, err = b.repository.PostMortems().Update(ctx, p.ID, func(p *repository.PostMortem) (repository.Effects, error) {
			if p.Concluding == "" {
				return repository.Effects{}, repository.ErrUnchanged
			}
			p.Concluding = ""
			return repository.Effects{}, nil
		})
	}
	if errors.Is(err, repository.ErrNotFound) {
		return nil // It was purged.
	}
	return err
}
