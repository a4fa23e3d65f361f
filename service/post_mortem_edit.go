package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/template"
)

// UpdatePostMortem changes the fields that the mask names.
func (s *PostMortems) UpdatePostMortem(ctx context.Context, request *debriefv1.UpdatePostMortemRequest) (*debriefv1.PostMortem, error) {
	asked := update{name: request.GetPostMortem().GetName(), etag: request.GetPostMortem().GetEtag()}
	around, err := s.references(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := hasRoomToRestrict(ctx, s.repository.PostMortems(), asked.name, restrictionOfPostMortem, request.GetPostMortem().GetRestriction()); err != nil {
		return nil, err
	}
	herald := s.newHerald()
	changed, err := heralded(ctx, herald, func() (repository.PostMortem, error) {
		return applyMask(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), asked, request.GetValidateOnly(),
			func(p *repository.PostMortem, now time.Time) (repository.Effects, error) {
				was := *p
				effects, err := s.edit(ctx, p, request, around, now)
				if err == nil && !request.GetValidateOnly() {
					err = herald.askForReview(was, *p, now)
				}
				return effects, err
			})
	})
	if err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		return s.language.postMortem(s.postMortemToProto(changed)), nil
	}
	if len(around.incidents) > 0 {
		err = herald.done(ctx, s.catchUp(ctx, changed.Incidents))
	}
	return s.postMortemToProto(changed), err
}

// references are what an edit refers to, as far as it has to be looked up: what the post-mortem referred to before is not
// looked at again.
type references struct {
	// incidents are all that it covers, where the edit changes those, or who leads the review.
	incidents []repository.Incident
	// template is the one that the edit chooses; its name is empty where it chooses none.
	template repository.AppliedTemplate
	// groundRuleSet is the name of the one that the edit chooses, or empty.
	groundRuleSet string
}

// references looks up what an edit of the post-mortem, as it is now, refers to.
func (s *PostMortems) references(ctx context.Context, request *debriefv1.UpdatePostMortemRequest) (references, error) {
	var around references
	before, err := get(ctx, s.repository.PostMortems(), request.GetPostMortem().GetName())
	if err != nil {
		return around, err
	}
	merged, err := merge(s.postMortemToProto(before), request.GetPostMortem(), request.GetUpdateMask())
	if err != nil {
		return around, err
	}
	after := before
	writePostMortem(&after, merged)
	if leadsAnew(before, after) {
		if around.incidents, err = s.covered(ctx, before.Incidents, after.Incidents); err != nil {
			return around, err
		}
	}
	if choosesTemplate(request, before, after) {
		if around.template, err = s.chooseTemplate(ctx, after.Template); err != nil {
			return around, err
		}
	}
	if after.GroundRuleSet != before.GroundRuleSet {
		around.groundRuleSet = after.GroundRuleSet
		err = s.checkGroundRuleSet(ctx, after.GroundRuleSet)
	}
	return around, err
}

// leadsAnew says whether an edit changes who leads the review of what.
func leadsAnew(before, after repository.PostMortem) bool {
	return before.Facilitator != after.Facilitator || before.FacilitatorOverrideReason != after.FacilitatorOverrideReason ||
		!slices.Equal(before.Incidents, after.Incidents)
}

// choosesTemplate says whether an edit chooses a template, be it the same one in its present revision.
func choosesTemplate(request *debriefv1.UpdatePostMortemRequest, before, after repository.PostMortem) bool {
	return after.Template != before.Template || slices.Contains(request.GetUpdateMask().GetPaths(), "template")
}

// covered reads the incidents that a post-mortem is to cover. Those that it covered before may have been purged since.
func (s *PostMortems) covered(ctx context.Context, before, after []string) ([]repository.Incident, error) {
	incidents := make([]repository.Incident, 0, len(after))
	for _, name := range after {
		incident, err := s.repository.Incidents().Get(ctx, lastID(name))
		if errors.Is(err, repository.ErrNotFound) {
			if slices.Contains(before, name) {
				continue
			}
			return nil, notFound(name)
		}
		if err != nil {
			return nil, err
		}
		incidents = append(incidents, incident)
	}
	return incidents, nil
}

// chooseTemplate reads the template that a post-mortem is to be written after.
func (s *PostMortems) chooseTemplate(ctx context.Context, name string) (repository.AppliedTemplate, error) {
	chosen, err := s.template(ctx, name)
	if err != nil {
		return repository.AppliedTemplate{}, err
	}
	return applied(chosen), update{name: name}.check(chosen.Header)
}

// checkGroundRuleSet answers nil where there is a set of that name.
func (s *PostMortems) checkGroundRuleSet(ctx context.Context, name string) error {
	set, err := s.groundRules(ctx, name)
	if err != nil {
		return err
	}
	return update{name: name}.check(set.Header)
}

func (s *PostMortems) edit(ctx context.Context, p *repository.PostMortem, request *debriefv1.UpdatePostMortemRequest, around references, now time.Time) (repository.Effects, error) {
	if p.State == lifecycle.Archived {
		return repository.Effects{}, failedPrecondition("ARCHIVED", "%s is archived: it can't be edited any more", request.GetPostMortem().GetName())
	}
	before, was := s.postMortemToProto(*p), *p
	after, err := merge(before, request.GetPostMortem(), request.GetUpdateMask())
	if err != nil {
		return repository.Effects{}, err
	}
	writePostMortem(p, after)
	if err := around.hold(request, was, p); err != nil {
		return repository.Effects{}, err
	}
	if err := s.checkRestriction(ctx, "post_mortem.restriction", was.Restriction, p.Restriction); err != nil {
		return repository.Effects{}, err
	}
	if p.Title == "" {
		return repository.Effects{}, invalid("post_mortem.title", "is required")
	}
	if err := checkSections(p.Sections); err != nil {
		return repository.Effects{}, err
	}
	if err := s.nameFactors(p, now); err != nil {
		return repository.Effects{}, err
	}
	changes := changesBetween(before, s.postMortemToProto(*p))
	if len(changes) == 0 {
		return repository.Effects{}, repository.ErrUnchanged
	}
	if slices.ContainsFunc(changes, isText) {
		p.UnpublishedChanges = p.LatestRevision > 0
	}
	event := s.event(ctx, "POST_MORTEM_UPDATED", before.GetName(), soleIncident(*p), p.Revision+1, now, changes)
	return repository.Effects{Events: []repository.Event{event}}, nil
}

// isText says whether a change is one of what a revision says, not of who may know of it.
func isText(change repository.FieldChange) bool {
	return !strings.HasPrefix(change.Field, "restriction.")
}

// hold holds an edit against what it refers to, and applies the template that it chooses. What was looked up may be too
// little where somebody else was faster: then nothing is changed.
func (around references) hold(request *debriefv1.UpdatePostMortemRequest, before repository.PostMortem, p *repository.PostMortem) error {
	if leadsAnew(before, *p) {
		if !knows(around.incidents, before.Incidents, p.Incidents) {
			return repository.ErrConflict
		}
		if err := checkFacilitator(*p, around.incidents); err != nil {
			return err
		}
	}
	if choosesTemplate(request, before, *p) {
		if around.template.Template != p.Template {
			return repository.ErrConflict
		}
		p.AppliedTemplate = around.template
	}
	if p.GroundRuleSet != before.GroundRuleSet && p.GroundRuleSet != around.groundRuleSet {
		return repository.ErrConflict
	}
	return nil
}

// knows says whether all incidents that are added are among those that were read.
func knows(read []repository.Incident, before, after []string) bool {
	for _, name := range after {
		found := slices.ContainsFunc(read, func(incident repository.Incident) bool { return incidentName(incident.ID) == name })
		if !found && !slices.Contains(before, name) {
			return false
		}
	}
	return true
}

// checkSections sees that the free sections have ids of their own.
func checkSections(sections []repository.FreeSection) error {
	seen := map[string]bool{}
	for i, section := range sections {
		field := fmt.Sprintf("post_mortem.sections[%d].id", i)
		if slices.Contains(template.Standard(), section.ID) {
			return invalid(field, "%q is a part that every post-mortem has: write it there, or choose another id", section.ID)
		}
		if seen[section.ID] {
			return invalid(field, "two sections have the id %q: each needs its own", section.ID)
		}
		seen[section.ID] = true
	}
	return nil
}
