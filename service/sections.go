package service

import (
	"cmp"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/template"
)

// templateOf is the template that a post-mortem is written after: the built-in one where it has none yet.
func templateOf(p repository.PostMortem) template.Template {
	if p.AppliedTemplate.Template == "" {
		return template.Default()
	}
	return template.Template{Sections: templateSections(p.AppliedTemplate.Sections)}
}

// contentsOf are what a post-mortem holds in which section.
func contentsOf(p repository.PostMortem, around surroundings) template.Contents {
	contents := template.Contents{
		Texts: map[string]string{
			template.Summary:          p.Summary,
			template.Impact:           p.Impact,
			template.WhatWentWell:     p.WhatWentWell,
			template.WhereWeWereLucky: p.WhereWeWereLucky,
			template.WhatSurprisedUs:  p.WhatSurprisedUs,
			template.OpenQuestions:    p.OpenQuestions,
		},
		Counts: map[string]int{
			template.Timeline:            len(around.entries) + around.furtherEntries,
			template.Beliefs:             len(p.Beliefs),
			template.ContributingFactors: len(p.ContributingFactors),
			template.ActionItems:         len(around.actions) + around.furtherActions,
		},
	}
	for _, section := range p.Sections {
		contents.Texts[section.ID] = section.Text
	}
	return contents
}

// checkRequired answers nil where no required section is empty, and names all that are.
func checkRequired(p repository.PostMortem, around surroundings) error {
	missing := templateOf(p).Missing(contentsOf(p, around))
	if len(missing) == 0 {
		return nil
	}
	titles := each(missing, func(s template.Section) string { return fmt.Sprintf("%q (%s)", s.Title, s.ID) })
	ids := each(missing, func(s template.Section) string { return s.ID })
	return &stateError{
		Code: codes.FailedPrecondition, Reason: "REQUIRED_SECTIONS_EMPTY",
		Message: fmt.Sprintf("%s can't be published while sections are empty that its template requires: %s",
			postMortemName(p.ID), strings.Join(titles, ", ")),
		Metadata: map[string]string{"sections": strings.Join(ids, ","), "template": cmp.Or(p.AppliedTemplate.Template, defaultTemplate)},
	}
}
