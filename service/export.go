package service

import (
	"context"
	"slices"

	"google.golang.org/genproto/googleapis/api/httpbody"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/lifecycle"
)

const (
	// maxExportedEntries and maxExportedActions bound what a document shows; it says how much more there is.
	maxExportedEntries = 2000
	maxExportedActions = 500
)

// ExportPostMortem renders the document as it stands now, or as it was published.
func (s *PostMortems) ExportPostMortem(ctx context.Context, request *debriefv1.ExportPostMortemRequest) (*httpbody.HttpBody, error) {
	p, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	var markdown string
	var pictures []repository.Picture
	if request.GetRevision() > 0 {
		revision, err := s.revision(ctx, p.ID, request.GetRevision())
		if err != nil {
			return nil, err
		}
		p, markdown, pictures = revision.PostMortem, revision.Document, revision.Pictures
	} else {
		around, err := s.surroundings(ctx, p)
		if err != nil {
			return nil, err
		}
		markdown, pictures = around.document(p, 0), around.models.pictures
	}
	if request.GetFormat() != debriefv1.ExportFormat_EXPORT_FORMAT_HTML {
		return &httpbody.HttpBody{ContentType: "text/markdown; charset=utf-8", Data: []byte(markdown)}, nil
	}
	page, err := export.HTML([]byte(markdown), p.Title, exportedPictures(pictures)...)
	return &httpbody.HttpBody{ContentType: "text/html; charset=utf-8", Data: page}, err
}

// surroundings are what a post-mortem's document shows beside the post-mortem itself.
type surroundings struct {
	incidents      []repository.Incident
	entries        []repository.TimelineEntry
	furtherEntries int
	actions        []repository.ActionItem
	furtherActions int
	models         exportedModels
}

func (s *PostMortems) surroundings(ctx context.Context, p repository.PostMortem) (surroundings, error) {
	var around surroundings
	var err error
	if around.incidents, err = s.covered(ctx, p.Incidents, p.Incidents); err != nil {
		return around, err
	}
	for _, incident := range around.incidents {
		if err := s.addEntries(ctx, &around, incident.ID); err != nil {
			return around, err
		}
	}
	slices.SortStableFunc(around.entries, func(a, b repository.TimelineEntry) int { return a.OccurTime.Compare(b.OccurTime) })
	if surplus := len(around.entries) - maxExportedEntries; surplus > 0 {
		around.entries, around.furtherEntries = around.entries[:maxExportedEntries], around.furtherEntries+surplus
	}
	if around.models, err = s.exportModels(ctx, p.ID); err != nil {
		return around, err
	}
	return around, s.addActions(ctx, &around, postMortemName(p.ID))
}

func (s *PostMortems) addEntries(ctx context.Context, around *surroundings, incident string) error {
	query := repository.Query{Parent: incident, OrderBy: "occur_time", Limit: maxExportedEntries}
	entries, err := s.repository.TimelineEntries().List(ctx, query)
	if err != nil {
		return err
	}
	around.entries = append(around.entries, entries...)
	if len(entries) < maxExportedEntries {
		return nil
	}
	count, err := s.repository.TimelineEntries().Count(ctx, repository.Query{Parent: incident, Limit: 100_000})
	around.furtherEntries += max(count-maxExportedEntries, 0)
	return err
}

func (s *PostMortems) addActions(ctx context.Context, around *surroundings, name string) error {
	query := repository.Query{Where: repository.TermIn{repository.Term("post_mortem", name)}, Limit: maxExportedActions}
	actions, err := s.repository.ActionItems().List(ctx, query)
	if err != nil {
		return err
	}
	around.actions = actions
	if len(actions) == maxExportedActions {
		query.Limit = 100 * maxExportedActions
		count, err := s.repository.ActionItems().Count(ctx, query)
		around.furtherActions = max(count-maxExportedActions, 0)
		return err
	}
	return nil
}

// document renders a post-mortem; revision is 0 for the document as it stands.
func (around surroundings) document(p repository.PostMortem, revision int32) string {
	document := export.Document{
		Title: p.Title, State: p.State, Revision: revision, ReviewTime: p.ReviewTime,
		Facilitator: p.Facilitator, Scribe: p.Scribe,
		Participants: each(p.Participants, exportedPerson),
		Stakeholders: each(p.Stakeholders, exportedPerson), RulesReadTime: p.RulesReading.ReadTime,
		ReviewEndTime: p.ReviewEndTime, Conclusion: p.Conclusion, ConclusionNote: p.ConclusionNote,
		Labels:    p.Labels,
		Incidents: each(around.incidents, exportedIncident),
		Layout:    layoutOf(p),
		Summary:   p.Summary, Impact: p.Impact,
		Timeline:       each(around.entries, around.exportedEntry),
		FurtherEntries: around.furtherEntries,
		Beliefs: each(p.Beliefs, func(belief repository.Belief) export.Belief {
			return export.Belief{HeldBy: belief.HeldBy, Believed: belief.Believed, Actual: belief.Actual, Evidence: exportedEvidence(belief.Evidence)}
		}),
		Models: around.models.models, FurtherModels: around.models.further,
		Factors: each(p.ContributingFactors, func(factor repository.ContributingFactor) export.Factor {
			return export.Factor{Category: factor.Category, Description: factor.Description, Evidence: exportedEvidence(factor.Evidence)}
		}),
		WhatWentWell: p.WhatWentWell, WhereWeWereLucky: p.WhereWeWereLucky, WhatSurprisedUs: p.WhatSurprisedUs,
		Actions: each(around.actions, func(item repository.ActionItem) export.Action {
			return export.Action{
				Title: item.Title, Owner: item.Owner, State: item.State, Strength: item.Strength, DueTime: item.DueTime, TrackerURI: item.TrackerURI,
				Priority: item.Priority, Labels: item.Labels, Description: item.Description,
			}
		}),
		FurtherActions: around.furtherActions, ActionAdvice: plan(around.actions).GetAdvice(),
		OpenQuestions: p.OpenQuestions,
		Sections:      each(p.Sections, func(section repository.FreeSection) export.Section { return export.Section(section) }),
		Answers:       each(p.QuestionAnswers, exportedAnswer(p)),
	}
	if revision > 0 {
		document.PublishTime = p.PublishTime
	}
	return export.Markdown(document)
}

// layoutOf is the layout of a post-mortem's document: that of its template, or the usual one.
func layoutOf(p repository.PostMortem) []export.Heading {
	if p.AppliedTemplate.Template == defaultTemplate {
		return nil
	}
	return each(p.AppliedTemplate.Sections, func(section repository.TemplateSection) export.Heading {
		return export.Heading{ID: section.ID, Title: section.Title}
	})
}

// exportedAnswer shows an answer, with the heading of the section in which it stands.
func exportedAnswer(p repository.PostMortem) func(repository.QuestionAnswer) export.Answer {
	headings := append(layoutOf(p), export.Standard()...)
	for _, section := range p.Sections {
		headings = append(headings, export.Heading{ID: section.ID, Title: section.Title})
	}
	return func(answer repository.QuestionAnswer) export.Answer {
		shown := export.Answer{Question: answer.Question, Text: answer.Answer, Section: answer.Section}
		for _, heading := range slices.Backward(headings) {
			if heading.ID == answer.Section && heading.Title != "" {
				shown.Section = heading.Title
			}
		}
		return shown
	}
}

func exportedPerson(person repository.Participant) export.Person {
	return export.Person{Name: person.Person, Role: person.Role}
}

func exportedIncident(incident repository.Incident) export.Incident {
	shown := export.Incident{Name: incidentName(incident.ID), Title: incident.Title, Severity: incident.Severity, State: incident.State, Services: incident.Impact.Services}
	for milestone, t := range milestoneTimes(incident.Milestones) {
		shown.Milestones = append(shown.Milestones, export.Milestone{Name: lifecycle.Milestone(milestone).String(), Time: t})
	}
	return shown
}

func (around surroundings) exportedEntry(entry repository.TimelineEntry) export.Entry {
	shown := export.Entry{
		Time: entry.OccurTime, Precision: entry.Precision, Kind: entry.Kind, Author: entry.Author, AuthorRole: entry.AuthorRole,
		Anonymous: entry.Anonymous, Text: entry.Text, Evidence: exportedEvidence(entry.Evidence), Amended: len(entry.Past) > 0 || entry.AmendedBefore,
	}
	for _, incident := range around.incidents {
		if incident.ID == entry.Parent {
			shown.Incident = incident.Title
		}
	}
	return shown
}

func exportedEvidence(evidence []repository.Evidence) []export.Evidence {
	return each(evidence, func(e repository.Evidence) export.Evidence {
		return export.Evidence{URI: e.URI, Title: e.Title, Excerpt: e.Excerpt}
	})
}
