package service

import (
	"cmp"
	"fmt"
	"strings"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func (b *base) postMortemToProto(p repository.PostMortem) *debriefv1.PostMortem {
	return &debriefv1.PostMortem{
		Name:                      postMortemName(p.ID),
		Incidents:                 p.Incidents,
		Title:                     p.Title,
		State:                     valueOf[debriefv1.PostMortem_State](p.State),
		Summary:                   p.Summary,
		Impact:                    p.Impact,
		Beliefs:                   each(p.Beliefs, beliefToProto),
		ContributingFactors:       each(p.ContributingFactors, factorToProto),
		WhatWentWell:              p.WhatWentWell,
		WhereWeWereLucky:          p.WhereWeWereLucky,
		WhatSurprisedUs:           p.WhatSurprisedUs,
		OpenQuestions:             p.OpenQuestions,
		Facilitator:               p.Facilitator,
		Scribe:                    p.Scribe,
		FacilitatorOverrideReason: p.FacilitatorOverrideReason,
		Participants:              each(p.Participants, participantToProto),
		Stakeholders:              each(p.Stakeholders, participantToProto),
		Labels:                    p.Labels,
		GroundRuleSet:             p.GroundRuleSet,
		RulesReading:              rulesReadingToProto(p.RulesReading),
		GroundRuleBreaches:        each(p.GroundRuleBreaches, breachToProto),
		Template:                  p.Template,
		AppliedTemplate:           appliedTemplateToProto(p.AppliedTemplate),
		Sections:                  each(p.Sections, sectionToProto),
		QuestionAnswers:           each(p.QuestionAnswers, answerToProto),
		ReviewTime:                timeToProto(p.ReviewTime),
		ReviewStartTime:           timeToProto(p.ReviewStartTime),
		ReviewEndTime:             timeToProto(p.ReviewEndTime),
		Conclusion:                valueOf[debriefv1.Conclusion](p.Conclusion),
		ConclusionNote:            p.ConclusionNote,
		PublishTime:               timeToProto(p.PublishTime),
		LatestRevision:            p.LatestRevision,
		UnpublishedChanges:        p.UnpublishedChanges,
		Etag:                      etag(p.Header),
		CreateTime:                timeToProto(p.CreateTime),
		UpdateTime:                timeToProto(p.UpdateTime),
		DeleteTime:                timeToProto(p.DeleteTime),
		PurgeTime:                 timeToProto(b.purgeTime(p.Header)),
		LanguageOverrides:         each(p.LanguageOverrides, overrideToProto),
		ImportSource:              p.ImportSource,
		Restriction:               restrictionToProto(p.Restriction),
	}
}

func overrideToProto(override repository.LanguageOverride) *debriefv1.LanguageOverride {
	return &debriefv1.LanguageOverride{
		Revision: override.Revision, Reason: override.Reason, Actor: override.Actor,
		Time: timeToProto(override.Time), FindingCount: override.FindingCount,
	}
}

// writePostMortem writes the fields that callers may change.
func writePostMortem(p *repository.PostMortem, from *debriefv1.PostMortem) {
	p.Incidents = from.GetIncidents()
	p.Title = from.GetTitle()
	p.Summary = from.GetSummary()
	p.Impact = from.GetImpact()
	p.Beliefs = each(from.GetBeliefs(), beliefFromProto)
	p.ContributingFactors = each(from.GetContributingFactors(), factorFromProto)
	p.WhatWentWell = from.GetWhatWentWell()
	p.WhereWeWereLucky = from.GetWhereWeWereLucky()
	p.WhatSurprisedUs = from.GetWhatSurprisedUs()
	p.OpenQuestions = from.GetOpenQuestions()
	p.Facilitator = from.GetFacilitator()
	p.Scribe = from.GetScribe()
	p.FacilitatorOverrideReason = from.GetFacilitatorOverrideReason()
	p.Participants = each(from.GetParticipants(), participantFromProto)
	p.Stakeholders = each(from.GetStakeholders(), participantFromProto)
	p.Labels = from.GetLabels()
	p.GroundRuleSet = cmp.Or(from.GetGroundRuleSet(), defaultGroundRuleSet)
	p.Template = cmp.Or(from.GetTemplate(), defaultTemplate)
	p.Sections = each(from.GetSections(), sectionFromProto)
	p.Restriction = restrictionFromProto(from.GetRestriction())
}

func beliefToProto(belief repository.Belief) *debriefv1.Belief {
	return &debriefv1.Belief{
		HeldBy: belief.HeldBy, Believed: belief.Believed, Actual: belief.Actual,
		Evidence: each(belief.Evidence, evidenceToProto),
	}
}

func beliefFromProto(belief *debriefv1.Belief) repository.Belief {
	return repository.Belief{
		HeldBy: belief.GetHeldBy(), Believed: belief.GetBelieved(), Actual: belief.GetActual(),
		Evidence: each(belief.GetEvidence(), evidenceFromProto),
	}
}

func factorToProto(factor repository.ContributingFactor) *debriefv1.ContributingFactor {
	return &debriefv1.ContributingFactor{
		Id: factor.ID, Category: valueOf[debriefv1.ContributingFactor_Category](factor.Category), Description: factor.Description,
		Evidence: each(factor.Evidence, evidenceToProto),
	}
}

func factorFromProto(factor *debriefv1.ContributingFactor) repository.ContributingFactor {
	return repository.ContributingFactor{
		ID: factor.GetId(), Category: nameOf(factor.GetCategory()), Description: factor.GetDescription(),
		Evidence: each(factor.GetEvidence(), evidenceFromProto),
	}
}

func (b *base) revisionToProto(revision repository.PostMortemRevision) *debriefv1.PostMortemRevision {
	return &debriefv1.PostMortemRevision{
		Name:        revisionName(revision.Parent, revision.Number),
		Revision:    revision.Number,
		PostMortem:  b.postMortemToProto(revision.PostMortem),
		Document:    revision.Document,
		Actor:       revision.Actor,
		PublishTime: timeToProto(revision.PublishTime),
	}
}

// impactText is an incident's impact in Markdown.
func impactText(impact repository.Impact) string {
	parts := appendText(nil, impact.Summary)
	if len(impact.Services) > 0 {
		parts = append(parts, "Services: "+strings.Join(impact.Services, ", "))
	}
	if impact.CustomersAffected != nil {
		parts = append(parts, fmt.Sprintf("Customers affected: %d", *impact.CustomersAffected))
	}
	return strings.Join(parts, "\n\n")
}
