package service

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// publicationAttempts is how often a document is checked anew that others change meanwhile.
const publicationAttempts = 5

// PublishPostMortem freezes the document as its next revision, and closes the incidents that it covers.
func (s *PostMortems) PublishPostMortem(ctx context.Context, request *debriefv1.PublishPostMortemRequest) (*debriefv1.PostMortem, error) {
	for attempt := 1; ; attempt++ {
		p, err := s.tryPublish(ctx, request)
		if !errors.Is(err, errReadAnew) || attempt == publicationAttempts {
			return p, err
		}
	}
}

// tryPublish publishes the document that it reads and checks, or answers errReadAnew.
func (s *PostMortems) tryPublish(ctx context.Context, request *debriefv1.PublishPostMortemRequest) (*debriefv1.PostMortem, error) {
	read, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	checked := s.language.forPublication(s.postMortemToProto(read), read.Revision, request.GetLanguageOverrideReason())
	around, err := s.surroundings(ctx, read)
	if err != nil {
		return nil, err
	}
	stepped := false
	herald := s.newHerald()
	p, err := heralded(ctx, herald, func() (repository.PostMortem, error) {
		return apply(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), asked(request),
			func(p *repository.PostMortem, now time.Time) (repository.Effects, error) {
				if p.Revision != checked.revision {
					return repository.Effects{}, errReadAnew
				}
				was := *p
				effects, err := s.publish(ctx, p, around, checked, now)
				if err == nil {
					err = herald.askForReview(was, *p, now)
				}
				stepped = err == nil
				return effects, err
			})
	})
	if isNothingToPublish(err) {
		return s.finishPublication(ctx, request, err)
	}
	if err != nil {
		return nil, err
	}
	if stepped {
		s.counts.reviewed(ctx, "POST_MORTEM_PUBLISHED")
	}
	if _, err := s.afterPublication(ctx, request, p); err != nil {
		return nil, err
	}
	if err := herald.done(ctx, nil); err != nil {
		return nil, err
	}
	answer := s.postMortemToProto(p)
	if !stepped { // The same request has published before: the document may be another by now.
		checked = s.language.forPublication(answer, p.Revision, "")
	}
	answer.LanguageFindings = checked.findings
	return s.withPlan(ctx, answer)
}

// afterPublication does what comes after the publication, and again when the same request does: what an interruption left is
// done then. It answers how many incidents were closed.
func (s *PostMortems) afterPublication(ctx context.Context, request *debriefv1.PublishPostMortemRequest, p repository.PostMortem) (closed int, err error) {
	if err := s.settleReviewed(ctx, p); err != nil {
		return 0, err
	}
	if !request.GetKeepIncidentsOpen() {
		if closed, err = s.closeCovered(ctx, p); err != nil {
			return closed, err
		}
	}
	return closed, s.noteRecurrences(ctx, p)
}

// isNothingToPublish says that a publication was refused because the document is published as it is.
func isNothingToPublish(err error) bool {
	refused, ok := errors.AsType[*stateError](err)
	return ok && refused.Reason == reasonNothingToPublish
}

// finishPublication closes what an interrupted publication, or one that was to keep the incidents open, has left open. Where
// it has left nothing, the refusal of another publication holds.
func (s *PostMortems) finishPublication(ctx context.Context, request *debriefv1.PublishPostMortemRequest, refusal error) (*debriefv1.PostMortem, error) {
	p, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	if p.State != lifecycle.Published || p.UnpublishedChanges {
		return nil, errReadAnew
	}
	closed, err := s.afterPublication(ctx, request, p)
	if err != nil {
		return nil, err
	}
	if closed == 0 {
		return nil, refusal
	}
	answer := s.postMortemToProto(p)
	answer.LanguageFindings = s.language.forPublication(answer, p.Revision, "").findings
	return s.withPlan(ctx, answer)
}

// reasonNothingToPublish is the reason of the refusal to publish the same document again.
const reasonNothingToPublish = "NOTHING_TO_PUBLISH"

func (s *PostMortems) publish(ctx context.Context, p *repository.PostMortem, around surroundings, checked checkedLanguage, now time.Time) (repository.Effects, error) {
	if p.State == lifecycle.Published && !p.UnpublishedChanges {
		return repository.Effects{}, failedPrecondition(reasonNothingToPublish, "%s has not been edited since revision %d was published",
			postMortemName(p.ID), p.LatestRevision)
	}
	effects, err := s.step(ctx, p, lifecycle.Publish, "POST_MORTEM_PUBLISHED", now, func(p *repository.PostMortem, now time.Time) error {
		p.LatestRevision++
		p.PublishTime, p.UnpublishedChanges = now, false
		if err := checkRequired(*p, around); err != nil {
			return err
		}
		return checked.settle(ctx, p, now)
	})
	if err != nil {
		return effects, err
	}
	checked.tell(effects.Events)
	effects.PostMortemRevisions = []repository.PostMortemRevision{newRevision(ctx, *p, around, now)}
	return effects, nil
}

// newRevision freezes the revision that a publication leads to, without what keeps requests repeatable.
func newRevision(ctx context.Context, frozen repository.PostMortem, around surroundings, now time.Time) repository.PostMortemRevision {
	frozen.Revision, frozen.UpdateTime, frozen.FirstAnswer, frozen.RecentRequests = frozen.Revision+1, now, "", nil
	frozen.Concluding = ""
	return repository.PostMortemRevision{
		Header: repository.Header{
			ID: repository.RevisionID(frozen.ID, frozen.LatestRevision), Parent: frozen.ID, Revision: 1, CreateTime: now, UpdateTime: now,
		},
		Number:      frozen.LatestRevision,
		PostMortem:  frozen,
		Document:    around.document(frozen, frozen.LatestRevision),
		Pictures:    around.models.pictures,
		Actor:       actor(ctx),
		PublishTime: now,
	}
}

// closeCovered closes the incidents of a published post-mortem that are resolved. Others are left as they are: they are
// not over, or were closed before. It answers how many it has closed.
func (s *PostMortems) closeCovered(ctx context.Context, p repository.PostMortem) (closed int, err error) {
	incidents, err := s.covered(ctx, p.Incidents, p.Incidents)
	if err != nil {
		return 0, err
	}
	note, err := s.closingNote(ctx, p)
	if err != nil {
		return 0, err
	}
	closing := &Incidents{base: s.base}
	for _, incident := range incidents {
		if incident.State != lifecycle.Resolved || incident.Visibility != repository.Live {
			continue
		}
		request := &debriefv1.CloseIncidentRequest{Name: incidentName(incident.ID), Note: note}
		_, err := closing.take(ctx, request, closeIncident, nil)
		var meanwhile *lifecycle.TransitionError
		if err != nil && !errors.As(err, &meanwhile) {
			return closed, fmt.Errorf("close %s: %w", request.GetName(), err)
		}
		if err == nil {
			closed++
		}
	}
	return closed, nil
}

// closingNote says why an incident is closed. It does not name a post-mortem of which not everybody may know.
func (s *PostMortems) closingNote(ctx context.Context, p repository.PostMortem) (string, error) {
	secret, err := s.isSecret(ctx, postMortemName(p.ID))
	if err != nil || secret {
		return "", err
	}
	return "Its post-mortem was published: " + postMortemName(p.ID), nil
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
