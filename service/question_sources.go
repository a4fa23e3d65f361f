package service

import (
	"context"
	"strconv"
	"strings"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/question"
	"github.com/debriefhq/debrief/service/template"
)

// reviewed reads a post-mortem, and what questions can be asked about.
func (s *PostMortems) reviewed(ctx context.Context, name string) (question.Review, repository.PostMortem, error) {
	p, err := get(ctx, s.repository.PostMortems(), name)
	if err != nil {
		return question.Review{}, p, err
	}
	around, err := s.surroundings(ctx, p)
	if err != nil {
		return question.Review{}, p, err
	}
	gaps, err := s.gaps(ctx, p.ID)
	if err != nil {
		return question.Review{}, p, err
	}
	review := around.review(p)
	review.Gaps = gaps
	review.Findings = s.findings(p, around)
	return review, p, nil
}

// findings are what the blameless check has to say on a document and its timeline.
func (s *PostMortems) findings(p repository.PostMortem, around surroundings) []question.Finding {
	var findings []question.Finding
	for _, found := range s.language.findings(postMortemTexts(s.postMortemToProto(p))) {
		findings = append(findings, question.Finding{Rule: found.GetRule(), Excerpt: found.GetExcerpt(), Where: whereFound(p, found.GetField())})
	}
	for _, entry := range around.entries {
		for _, found := range s.language.findings([]writtenText{{field: "text", value: entry.Text}}) {
			findings = append(findings, question.Finding{
				Rule: found.GetRule(), Excerpt: found.GetExcerpt(), Where: timelineEntryName(entry.Parent, entry.ID), Place: "the timeline",
			})
		}
	}
	return findings
}

// whereFound names the field, factor or section of a finding, without what moves when something is added before it.
func whereFound(p repository.PostMortem, field string) string {
	list, rest, indexed := strings.Cut(field, "[")
	if !indexed {
		return field
	}
	number, _, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(number)
	switch {
	case err != nil:
	case list == "contributing_factors" && i < len(p.ContributingFactors):
		return list + "[" + p.ContributingFactors[i].ID + "]"
	case list == "sections" && i < len(p.Sections):
		return list + "[" + p.Sections[i].ID + "]"
	}
	return list
}

// review is what is known of a post-mortem, without gaps and findings.
func (around surroundings) review(p repository.PostMortem) question.Review {
	return question.Review{
		Incidents: each(around.incidents, around.reviewedIncident),
		Factors: each(p.ContributingFactors, func(factor repository.ContributingFactor) question.Factor {
			return question.Factor{ID: factor.ID, Category: factor.Category, Text: factor.Description, HasEvidence: len(factor.Evidence) > 0}
		}),
		Beliefs: each(p.Beliefs, func(belief repository.Belief) question.Belief {
			return question.Belief{HeldBy: belief.HeldBy, Believed: belief.Believed, Actual: belief.Actual}
		}),
		Actions: each(around.actions, func(item repository.ActionItem) question.Action {
			return question.Action{Name: actionItemName(item.ID), Title: item.Title, Strength: item.Strength, Answers: item.ContributingFactor}
		}),
		EmptySections: each(templateOf(p).Empty(contentsOf(p, around)), func(section template.Section) string { return section.ID }),
	}
}

func (around surroundings) reviewedIncident(incident repository.Incident) question.Incident {
	reviewed := question.Incident{
		Name: incidentName(incident.ID), Kind: incident.Kind, Severity: incident.Severity, Services: incident.Impact.Services,
		Milestones: question.Milestones{
			Started:      incident.Milestones.StartTime,
			Detected:     incident.Milestones.DetectTime,
			Acknowledged: incident.Milestones.AcknowledgeTime,
			Mitigated:    incident.Milestones.MitigateTime,
			Resolved:     incident.Milestones.ResolveTime,
		},
	}
	for _, entry := range around.entries {
		if entry.Parent == incident.ID {
			reviewed.Entries = append(reviewed.Entries, reviewedEntry(entry))
		}
	}
	return reviewed
}

func reviewedEntry(entry repository.TimelineEntry) question.Entry {
	reviewed := question.Entry{
		Name: timelineEntryName(entry.Parent, entry.ID), Kind: entry.Kind, OccurTime: entry.OccurTime, RecordTime: entry.CreateTime,
		Precision: entry.Precision, Text: entry.Text, Automatic: entry.Source != "PERSON",
	}
	if !entry.Anonymous && entry.Author != "" {
		reviewed.Voice = entry.Author + "\x00" + entry.AuthorRole
	}
	return reviewed
}

// maxReviewedModels bounds how many mental models of a post-mortem lead to questions.
const maxReviewedModels = 100

// gaps are where the mental models of a post-mortem and the systems part, as they were last compared.
func (s *PostMortems) gaps(ctx context.Context, postMortem string) ([]question.Gap, error) {
	models, err := s.repository.MentalModels().List(ctx, repository.Query{
		Where: repository.TermIn{repository.Term("post_mortem", postMortem)}, Limit: maxReviewedModels,
	})
	if err != nil {
		return nil, err
	}
	var gaps []question.Gap
	for _, model := range models {
		for _, gap := range model.Gaps {
			if gap.Resolved {
				continue
			}
			gaps = append(gaps, question.Gap{
				ID:   resourceName(postMortemsCollection, postMortem, "mentalModels", model.ID, "gaps", gap.ID),
				Kind: gapKind(gap.Kind), Subject: strings.Join(gap.Components, " → "), HeldBy: model.HeldBy,
				Believed: gap.Believed, Actual: gap.Actual,
			})
		}
	}
	return gaps, nil
}

// gapKind is the kind of a gap as the bank of questions calls it.
func gapKind(kind string) string {
	switch kind {
	case "DIFFERENT_LINK":
		return "OTHER_LINK_KIND"
	case "DIFFERENT_FACT":
		return "OTHER_FACT_VALUE"
	}
	return kind
}
