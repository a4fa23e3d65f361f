package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/importer"
)

// ImportPostMortem reads a post-mortem that was written in Markdown, and makes of it an incident with a timeline, the
// post-mortem, and action items. Each is created under a key of its own, the post-mortem when all before it is there: after
// an interruption at any point the same import finds what there is, and makes the rest.
func (s *PostMortems) ImportPostMortem(ctx context.Context, request *debriefv1.ImportPostMortemRequest) (*debriefv1.ImportPostMortemResponse, error) {
	read, err := importer.Parse([]byte(request.GetContent()), importer.Options{})
	if errors.Is(err, importer.ErrTooLarge) {
		return nil, invalid("content", "%s", err)
	}
	if err != nil {
		return nil, err
	}
	attached, err := s.attached(ctx, request.GetIncident())
	if err != nil {
		return nil, err
	}
	plan, err := s.planImport(ctx, read, request, attached)
	if err != nil {
		return nil, err
	}
	before, err := s.importedBefore(ctx, read.Identity)
	if err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		return s.importAnswer(plan, before), nil
	}
	return s.writeImport(ctx, plan, before)
}

// attached is the incident that an imported document is said to be about; nil: none.
func (s *PostMortems) attached(ctx context.Context, name string) (*repository.Incident, error) {
	if name == "" {
		return nil, nil
	}
	incident, err := get(ctx, s.repository.Incidents(), name)
	if err != nil {
		return nil, err
	}
	return &incident, update{name: name}.check(incident.Header)
}

// importedBefore is the post-mortem that the same text was imported as; nil: none. It is an error where another text of the
// same document was imported.
func (s *PostMortems) importedBefore(ctx context.Context, identity importer.Identity) (*repository.PostMortem, error) {
	found, err := s.repository.PostMortems().List(ctx, repository.Query{
		Where:   repository.TermIn{repository.Term("import_key", identity.Key)},
		Visible: repository.Deleted, Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], checkSameImport(found[0], identity)
}

func checkSameImport(p repository.PostMortem, identity importer.Identity) error {
	name := postMortemName(p.ID)
	if p.ImportFingerprint != identity.Fingerprint {
		return importConflict(name, "another text of this document was imported as "+name+": change that one, or give this document an id of its own")
	}
	return update{name: name}.check(p.Header)
}

// importConflict says that a document was imported before, as another text.
func importConflict(name, message string) error {
	return &stateError{Code: codes.FailedPrecondition, Reason: "IMPORTED_BEFORE", Message: message, Metadata: map[string]string{"resource": name}}
}

// importKey is the creation key of what is made of a document.
func importKey(identity importer.Identity, what string) string {
	return "import/" + identity.Key + "/" + what
}

// importPlan is what is to be made of a document.
type importPlan struct {
	identity importer.Identity
	// incidents are those to be made, unless the document is about one that is there: then that alone.
	incidents  []repository.Incident
	attached   bool
	entries    []repository.TimelineEntry
	postMortem repository.PostMortem
	actions    []repository.ActionItem
	parts      []importer.Part
	warnings   []importer.Warning
}

func (s *PostMortems) planImport(ctx context.Context, read importer.Result, request *debriefv1.ImportPostMortemRequest, attached *repository.Incident) (*importPlan, error) {
	now := s.present()
	fitted := &importFitter{document: read.Document, now: now, attached: attached != nil}
	plan := &importPlan{identity: read.Identity, parts: read.Report.Parts}
	header := func(what string) repository.Header {
		return repository.Header{
			ID: s.newID(now), Revision: 1, CreateTime: now, UpdateTime: now,
			CreationKey: importKey(read.Identity, what), RequestHash: read.Identity.Fingerprint,
		}
	}
	for i, incident := range fitted.incidents() {
		incident.Header, incident.Origin.Actor = header(importedIncident(i)), actor(ctx)
		plan.incidents = append(plan.incidents, incident)
	}
	if attached != nil {
		plan.incidents, plan.attached = []repository.Incident{*attached}, true
	}
	for i, entry := range fitted.entries(actor(ctx)) {
		entry.Header = header(fmt.Sprintf("entry/%d", i))
		entry.Parent = plan.incidents[entry.incident].ID
		plan.entries = append(plan.entries, entry.TimelineEntry)
	}
	for i, item := range fitted.actions() {
		item.Header = header(fmt.Sprintf("action/%d", i))
		plan.actions = append(plan.actions, item)
	}
	plan.postMortem = fitted.postMortem()
	plan.postMortem.Header = header("postmortem")
	plan.postMortem.RequestHash = ""
	plan.postMortem.Incidents = each(plan.incidents, func(i repository.Incident) string { return incidentName(i.ID) })
	plan.postMortem.ImportKey = read.Identity.Key
	plan.postMortem.ImportSource, plan.postMortem.ImportFingerprint = request.GetSource(), read.Identity.Fingerprint
	if plan.postMortem.Title == "" {
		plan.postMortem.Title = plan.incidents[0].Title
	}
	if len(plan.postMortem.Sections) > maxFreeSections {
		return nil, invalid("content", "has more text than a post-mortem has room for: split it")
	}
	plan.parts = append(plan.parts, fitted.parts...)
	slices.SortStableFunc(plan.parts, func(a, b importer.Part) int { return a.FirstLine - b.FirstLine })
	plan.warnings = append(read.Report.Warnings, fitted.warnings...)
	slices.SortStableFunc(plan.warnings, func(a, b importer.Warning) int { return a.Line - b.Line })
	return plan, s.prepare(ctx, &plan.postMortem, plan.incidents, now)
}

// importedIncident tells the incidents of a document apart, by their place in it.
func importedIncident(place int) string {
	if place == 0 {
		return "incident"
	}
	return fmt.Sprintf("incident/%d", place)
}

// importAnswer says what is made of a document, or was: before is nil where it was not imported yet.
func (s *PostMortems) importAnswer(plan *importPlan, before *repository.PostMortem) *debriefv1.ImportPostMortemResponse {
	answer := &debriefv1.ImportPostMortemResponse{TimelineEntryCount: int32(len(plan.entries))}
	for _, part := range plan.parts {
		for _, to := range part.To {
			answer.Parts = append(answer.Parts, &debriefv1.ImportedPart{
				Heading: part.Heading, FirstLine: int32(part.FirstLine), LastLine: int32(part.LastLine), Destination: to,
			})
		}
	}
	for _, warning := range plan.warnings {
		answer.Warnings = append(answer.Warnings, &debriefv1.ImportWarning{Line: int32(warning.Line), Message: warning.Message})
	}
	if before != nil {
		answer.Unchanged, answer.PostMortem = true, s.postMortemToProto(*before)
		answer.Incident = strings.Join(before.Incidents[:1], "")
		return answer
	}
	answer.PostMortem = s.postMortemToProto(plan.postMortem)
	answer.PostMortem.Name, answer.PostMortem.Etag = "", ""
	if plan.attached {
		answer.Incident = incidentName(plan.incidents[0].ID)
	} else {
		answer.PostMortem.Incidents = nil
	}
	return answer
}

// occurredIn says whether a time of a document can be kept: not in the future, and not before 1970.
func occurredIn(t, now time.Time) bool {
	return !t.IsZero() && !t.Before(earliestTime) && !t.After(now.Add(maxClockSkew))
}
