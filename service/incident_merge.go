package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// mergeTimeout is how long an announced merge may be under way before another one takes it to be abandoned.
const mergeTimeout = time.Minute

// MergeIncident says that an incident is part of another.
//
// No cycle may come of merges that run at the same time, and there are no transactions over two incidents. So a merge is
// announced on its own incident first, and looks at the other only then: of merges that would close a cycle, each looks
// at an incident on which another was announced before, or is still to be, so at least one of them sees the other and
// gives way. An announcement that was left behind by a crash is cleared by the next merge that comes upon it; clearing
// makes a new revision, on which the abandoned merge fails should it wake up.
func (s *Incidents) MergeIncident(ctx context.Context, request *debriefv1.MergeIncidentRequest) (*debriefv1.Incident, error) {
	if request.GetName() == request.GetInto() {
		return nil, invalid("into", "is the incident itself: name another one")
	}
	incident, err := get(ctx, s.repository.Incidents(), request.GetName())
	if err != nil {
		return nil, err
	}
	if request.GetRequestId() != "" && slices.Contains(incident.RecentRequests, request.GetRequestId()) {
		return s.incidentToProto(incident), nil
	}
	// A first look refuses what is refused without leaving a trace on the incident; the one that counts comes later.
	if _, err := lifecycle.Incident.Step(lifecycle.Merge, incident.State); err != nil {
		return nil, err
	}
	if err := s.checkTarget(ctx, request.GetInto(), incident.Restriction); err != nil {
		return nil, err
	}
	announced, err := s.announceMerge(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := s.checkTarget(ctx, request.GetInto(), announced.Restriction); err != nil {
		return nil, s.withdraw(ctx, request.GetName(), announced.Revision, err)
	}
	carriedOut := &debriefv1.MergeIncidentRequest{
		Name: request.GetName(), Into: request.GetInto(), Time: request.GetTime(), Note: request.GetNote(),
		RequestId: request.GetRequestId(), Etag: etag(announced.Header),
	}
	return s.take(ctx, carriedOut, mergeIncident, func(incident *repository.Incident, _ time.Time) error {
		incident.Merging, incident.MergedInto = nil, request.GetInto()
		return nil
	})
}

// announceMerge puts the announcement on the incident that is to be merged.
func (s *Incidents) announceMerge(ctx context.Context, request *debriefv1.MergeIncidentRequest) (repository.Incident, error) {
	announcement := update{name: request.GetName(), etag: request.GetEtag()}
	return apply(ctx, s.base, repository.IncidentSchema, s.repository.Incidents(), announcement,
		func(incident *repository.Incident, now time.Time) (repository.Effects, error) {
			if _, err := lifecycle.Incident.Step(lifecycle.Merge, incident.State); err != nil {
				return repository.Effects{}, err
			}
			incident.Merging = &repository.Merging{Into: request.GetInto(), Time: now}
			return repository.Effects{}, nil
		})
}

// checkTarget answers nil where an incident of that restriction can be merged into the named one, and clears what a crash has left there.
func (s *Incidents) checkTarget(ctx context.Context, name string, restriction repository.Restriction) error {
	target, err := get(ctx, s.repository.Incidents(), name)
	if err != nil {
		return err
	}
	if target.Merging != nil && target.State != lifecycle.Merged {
		if s.present().Sub(target.Merging.Time) < mergeTimeout {
			return failedPrecondition("MERGE_UNDER_WAY", "%s is being merged itself: try again in a moment", name)
		}
		target, err = s.clearMerging(ctx, name, target.Revision)
		if err != nil {
			return err
		}
	}
	switch {
	case !equalRestrictions(target.Restriction, restriction):
		return failedPrecondition("RESTRICTIONS_DIFFER", "%s is restricted to others: have both restricted to the same people and teams first", name)
	case target.State == lifecycle.Merged:
		return failedPrecondition("TARGET_MERGED", "%s is part of %s: merge into that", name, target.MergedInto)
	case target.State == lifecycle.Canceled:
		return failedPrecondition("TARGET_CANCELED", "%s was canceled: nothing can be merged into it", name)
	case target.Visibility != repository.Live:
		return failedPrecondition("RESOURCE_DELETED", "%s is deleted: undelete it first", name)
	}
	return nil
}

// withdraw takes the announcement of a merge back that can't be carried out.
func (s *Incidents) withdraw(ctx context.Context, name string, revision int64, cause error) error {
	if _, err := s.clearMerging(context.WithoutCancel(ctx), name, revision); err != nil {
		s.logger.WarnContext(ctx, "the announcement of a merge stays for a while", "incident", name, "error", err)
	}
	return cause
}

// clearMerging takes an announcement off an incident, if it is still at the revision.
func (s *Incidents) clearMerging(ctx context.Context, name string, revision int64) (repository.Incident, error) {
	return s.repository.Incidents().Update(ctx, lastID(name), func(incident *repository.Incident) (repository.Effects, error) {
		if incident.Revision != revision || incident.Merging == nil {
			return repository.Effects{}, repository.ErrUnchanged
		}
		incident.Merging = nil
		return repository.Effects{}, nil
	})
}

// mergedEntry is what the timeline of the other incident says.
func (b *base) mergedEntry(ctx context.Context, incident repository.Incident, into string, occurred, now time.Time) repository.TimelineEntry {
	text := fmt.Sprintf("%s was merged into this incident: %s", incidentName(incident.ID), incident.Title)
	return b.changeEntry(ctx, lastID(into), "NOTE", occurred, now, text, "")
}
