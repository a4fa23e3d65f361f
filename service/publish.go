package service

import (
	"context"
	"errors"
	"strconv"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// PublishPostMortem freezes the document as its next revision.
func (s *PostMortems) PublishPostMortem(ctx context.Context, request *debriefv1.PublishPostMortemRequest) (*debriefv1.PostMortem, error) {
	around, err := s.surroundings(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	stepped := false
	p, err := apply(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), asked(request),
		func(p *repository.PostMortem, now time.Time) (repository.Effects, error) {
			stepped = true
			return s.publish(ctx, p, around, now)
		})
	if err != nil {
		return nil, err
	}
	if stepped {
		s.counts.reviewed(ctx, "POST_MORTEM_PUBLISHED")
	}
	return s.postMortemToProto(p), nil
}

func (s *PostMortems) publish(ctx context.Context, p *repository.PostMortem, around surroundings, now time.Time) (repository.Effects, error) {
	if p.State == lifecycle.Published && !p.UnpublishedChanges {
		return repository.Effects{}, failedPrecondition("NOTHING_TO_PUBLISH", "%s has not been edited since revision %d was published",
			postMortemName(p.ID), p.LatestRevision)
	}
	effects, err := s.step(ctx, p, lifecycle.Publish, "POST_MORTEM_PUBLISHED", now, func(p *repository.PostMortem, now time.Time) error {
		p.LatestRevision++
		p.PublishTime, p.UnpublishedChanges = now, false
		return nil
	})
	if err != nil {
		return effects, err
	}
	// What is frozen is the revision that this step leads to, without what keeps requests repeatable.
	frozen := *p
	frozen.Revision, frozen.UpdateTime, frozen.FirstAnswer, frozen.RecentRequests = p.Revision+1, now, "", nil
	effects.PostMortemRevisions = []repository.PostMortemRevision{{
		Header: repository.Header{
			ID: repository.RevisionID(p.ID, p.LatestRevision), Parent: p.ID, Revision: 1, CreateTime: now, UpdateTime: now,
		},
		Number:      p.LatestRevision,
		PostMortem:  frozen,
		Document:    around.document(frozen, frozen.LatestRevision),
		Actor:       actor(ctx),
		PublishTime: now,
	}}
	return effects, nil
}

// GetPostMortemRevision reads a published revision.
func (s *PostMortems) GetPostMortemRevision(ctx context.Context, request *debriefv1.GetPostMortemRevisionRequest) (*debriefv1.PostMortemRevision, error) {
	number, err := strconv.ParseInt(lastID(request.GetName()), 10, 32)
	if err != nil {
		return nil, notFound(request.GetName())
	}
	revision, err := s.revision(ctx, parentID(request.GetName()), int32(number))
	if err != nil {
		return nil, err
	}
	return s.revisionToProto(revision), nil
}

func (s *PostMortems) revision(ctx context.Context, postMortem string, number int32) (repository.PostMortemRevision, error) {
	revision, err := s.repository.PostMortemRevisions().Get(ctx, repository.RevisionID(postMortem, number))
	if errors.Is(err, repository.ErrNotFound) {
		return revision, notFound(revisionName(postMortem, number))
	}
	return revision, err
}

// ListPostMortemRevisions reads a page of the published revisions, the newest first.
func (s *PostMortems) ListPostMortemRevisions(ctx context.Context, request *debriefv1.ListPostMortemRevisionsRequest) (*debriefv1.ListPostMortemRevisionsResponse, error) {
	if _, err := get(ctx, s.repository.PostMortems(), request.GetParent()); err != nil {
		return nil, err
	}
	list := listing[repository.PostMortemRevision]{
		schema: repository.PostMortemRevisionSchema, reader: s.repository.PostMortemRevisions(),
		orders: []string{"revision"}, byID: "revision", pageSize: 10, maxPageSize: 50,
	}
	revisions, token, err := list.page(ctx, request, lastID(request.GetParent()), nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListPostMortemRevisionsResponse{Revisions: each(revisions, s.revisionToProto), NextPageToken: token}, nil
}
