package service

import (
	"context"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/revision"
)

// documentSection stands for what a document shows above its sections.
var documentSection = export.Heading{ID: "document", Title: "Document"}

// DiffRevisions compares two published revisions, or one with the document as it stands.
func (s *PostMortems) DiffRevisions(ctx context.Context, request *debriefv1.DiffRevisionsRequest) (*debriefv1.DiffRevisionsResponse, error) {
	p, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	from, to := request.GetFromRevision(), request.GetToRevision()
	if from == 0 {
		if from = p.LatestRevision; to > 0 {
			from = to - 1
		}
	}
	if from == 0 {
		return nil, failedPrecondition("NO_EARLIER_REVISION", "%s has no published revision before the one that is to be compared", request.GetName())
	}
	if to > 0 && from >= to {
		return nil, invalid("from_revision", "must be less than to_revision, which is %d", to)
	}
	before, err := s.sectionsAt(ctx, p, from)
	if err != nil {
		return nil, err
	}
	after, err := s.sectionsAt(ctx, p, to)
	if err != nil {
		return nil, err
	}
	return &debriefv1.DiffRevisionsResponse{FromRevision: from, ToRevision: to, Sections: sectionDiffs(before, after)}, nil
}

// sectionsAt are the sections of a revision as they were published, or of the document as it stands.
func (s *PostMortems) sectionsAt(ctx context.Context, p repository.PostMortem, number int32) ([]revision.Section, error) {
	if number > 0 {
		published, err := s.revision(ctx, p.ID, number)
		if err != nil {
			return nil, err
		}
		return documentSections(published.PostMortem, published.Document), nil
	}
	around, err := s.surroundings(ctx, p)
	if err != nil {
		return nil, err
	}
	return documentSections(p, around.document(p, 0)), nil
}

// documentSections takes a rendered document apart. Of what stands above the sections, that counts which people write.
func documentSections(p repository.PostMortem, document string) []revision.Section {
	headings := append(layoutOf(p), export.Standard()...)
	for _, free := range p.Sections {
		headings = append(headings, export.Heading{ID: free.ID, Title: free.Title})
	}
	p.State, p.PublishTime = "", time.Time{}
	head := export.Split(surroundings{}.document(p, 0), nil)[0]
	sections := []revision.Section{{Key: documentSection.ID, Heading: documentSection.Title, Text: head.Text}}
	for _, part := range export.Split(document, headings)[1:] {
		sections = append(sections, revision.Section{Key: part.ID, Heading: part.Title, Text: part.Text})
	}
	return sections
}

// sectionDiffs are the sections that differ.
func sectionDiffs(before, after []revision.Section) []*debriefv1.SectionDiff {
	texts := map[string]string{}
	for _, section := range after {
		texts[section.Key] = section.Text
	}
	var differing []*debriefv1.SectionDiff
	for _, diff := range revision.Diff(before, after) {
		if diff.Status == revision.Unchanged {
			continue
		}
		differing = append(differing, &debriefv1.SectionDiff{
			Section: diff.Key, Title: diff.Heading,
			Runs:    each(diff.Runs(texts[diff.Key]), runToProto),
			Unified: revision.Unified([]revision.SectionDiff{diff}),
		})
	}
	return differing
}

func runToProto(run revision.Run) *debriefv1.SectionDiff_Run {
	return &debriefv1.SectionDiff_Run{
		Operation: valueOf[debriefv1.SectionDiff_Run_Operation](string(run.Kind)), Text: run.Text,
	}
}
