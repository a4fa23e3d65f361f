package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

const importedDocument = `---
title: Checkout was down
date: 2025-11-03
severity: SEV2
services: [checkout]
started: 2025-11-03T10:00:00Z
detected: 2025-11-03T10:05:00Z
resolved: 2025-11-03T11:00:00Z
---

## Summary

Nobody could pay.

## Timeline

- 2025-11-03 10:05 UTC: the alert fires
- 2025-11-03 10:20 UTC: all connections are in use

## Contributing factors

- The pool had no limit.

## Detection

By an alert.

## Action items

- Limit the pool
`

func (d *debrief) imported(t *testing.T, request *debriefv1.ImportPostMortemRequest) *debriefv1.ImportPostMortemResponse {
	t.Helper()
	return must[*debriefv1.ImportPostMortemResponse](t)(d.postMortems.ImportPostMortem(as(t, "kim"), request))
}

// stock counts what there is.
func (d *debrief) stock(t *testing.T) [4]int {
	t.Helper()
	incidents := d.all(t)
	var entries int
	for _, incident := range incidents {
		entries += len(d.entries(t, incident.GetName()))
	}
	postMortems := must[*debriefv1.ListPostMortemsResponse](t)(d.postMortems.ListPostMortems(t.Context(), &debriefv1.ListPostMortemsRequest{}))
	actions := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{}))
	return [4]int{len(incidents), entries, len(postMortems.GetPostMortems()), len(actions.GetActionItems())}
}

func TestADocumentIsImportedOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := &debriefv1.ImportPostMortemRequest{Content: importedDocument, Source: "docs/checkout.md", ValidateOnly: true}
		preview := d.imported(t, request)
		if got := d.stock(t); got != [4]int{} || preview.GetPostMortem().GetSummary() != "Nobody could pay." || len(preview.GetParts()) == 0 {
			t.Fatalf("a preview makes %v: %v", got, preview)
		}
		request.ValidateOnly = false
		first := d.imported(t, request)
		if got := d.stock(t); got != [4]int{1, 2, 1, 1} || first.GetUnchanged() || first.GetTimelineEntryCount() != 2 || len(first.GetActionItems()) != 1 {
			t.Fatalf("the import makes %v: %v", got, first)
		}
		want := &debriefv1.PostMortem{
			Title: "Checkout was down", Incidents: []string{first.GetIncident()}, State: debriefv1.PostMortem_STATE_DRAFT, Summary: "Nobody could pay.",
			ImportSource: "docs/checkout.md", Sections: []*debriefv1.Section{{Id: "imported_1", Title: "Detection", Text: "By an alert."}},
			GroundRuleSet: "groundRuleSets/default", Template: "postMortemTemplates/default",
		}
		if diff := cmp.Diff(want, first.GetPostMortem(), protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.PostMortem{},
			"name", "etag", "applied_template", "contributing_factors", "create_time", "update_time", "labels")); diff != "" {
			t.Errorf("post-mortem (-want +got):\n%s", diff)
		}
		incident := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: first.GetIncident()}))
		if incident.GetState() != debriefv1.Incident_STATE_RESOLVED || incident.GetSeverity() != debriefv1.Severity_SEVERITY_SEV2 ||
			!incident.GetMilestones().GetDetectTime().AsTime().Equal(time.Date(2025, 11, 3, 10, 5, 0, 0, time.UTC)) {
			t.Errorf("incident %v", incident)
		}
		if diff := cmp.Diff([]string{"POST_MORTEM_CREATED", "POST_MORTEM_IMPORTED"}, types(d.feed(t, `resource = "`+first.GetPostMortem().GetName()+`"`))); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		again := d.imported(t, request)
		if got := d.stock(t); got != [4]int{1, 2, 1, 1} || !again.GetUnchanged() {
			t.Errorf("the same again makes %v: %v", got, again)
		}
		first.Unchanged = true
		if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
			t.Errorf("the same again (-first +again):\n%s", diff)
		}
		changed := strings.ReplaceAll(importedDocument, "Nobody", "Somebody")
		_, err := d.postMortems.ImportPostMortem(t.Context(), &debriefv1.ImportPostMortemRequest{Content: changed})
		got, more := refused(t, err)
		if got.Code != codes.FailedPrecondition || got.Reason != "IMPORTED_BEFORE" || more["resource"] != first.GetPostMortem().GetName() {
			t.Errorf("a changed text: %v", err)
		}
		if got := d.stock(t); got != [4]int{1, 2, 1, 1} {
			t.Errorf("a changed text makes %v", got)
		}
	})
}

func TestADocumentIsImportedToAnIncident(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "Checkout is down")
		answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: importedDocument, Incident: incident.GetName()})
		if got := d.stock(t); got != [4]int{1, 3, 1, 1} || answer.GetIncident() != incident.GetName() {
			t.Errorf("the import makes %v: %v", got, answer)
		}
	})
}

// interruptedStore fails a creation once the given number of them was made.
type interruptedStore struct {
	repository.Repository
	left int
}

var errFailing = errors.New("power cut")

type failingCollection[T any] struct {
	repository.Collection[T]
	of *interruptedStore
}

func (c failingCollection[T]) Create(ctx context.Context, creations ...repository.Creation[T]) ([]repository.Created[T], error) {
	if c.of.left == 0 {
		return nil, errFailing
	}
	c.of.left--
	return c.Collection.Create(ctx, creations...)
}

func (f *interruptedStore) Incidents() repository.Collection[repository.Incident] {
	return failingCollection[repository.Incident]{f.Repository.Incidents(), f}
}

func (f *interruptedStore) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return failingCollection[repository.TimelineEntry]{f.Repository.TimelineEntries(), f}
}

func (f *interruptedStore) PostMortems() repository.Collection[repository.PostMortem] {
	return failingCollection[repository.PostMortem]{f.Repository.PostMortems(), f}
}

func (f *interruptedStore) ActionItems() repository.Collection[repository.ActionItem] {
	return failingCollection[repository.ActionItem]{f.Repository.ActionItems(), f}
}

func TestAnInterruptedImportIsEndedByTheNextOne(t *testing.T) {
	t.Parallel()
	for made := range 5 {
		onEachStore(t, func(t *testing.T, d *debrief) {
			broken, err := service.New(service.Options{Repository: &interruptedStore{d.repository, made}, Now: d.now})
			if err != nil {
				t.Fatal(err)
			}
			request := &debriefv1.ImportPostMortemRequest{Content: importedDocument}
			if _, err := broken.PostMortems.ImportPostMortem(t.Context(), request); !errors.Is(err, errFailing) {
				t.Fatalf("after %d creations: %v", made, err)
			}
			if answer := d.imported(t, request); answer.GetUnchanged() || d.stock(t) != [4]int{1, 2, 1, 1} {
				t.Errorf("after %d creations: %v, %v", made, d.stock(t), answer)
			}
			if answer := d.imported(t, request); !answer.GetUnchanged() {
				t.Errorf("and again: %v", answer)
			}
		})
	}
}

func TestWhatIsTooLongMovesToAFreeSection(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		title, summary := strings.Repeat("long ", 80)+"titleend", strings.Repeat("A line of it.\n", 6000)+"summaryend"
		answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: "# " + title + "\n\n## Summary\n\n" + summary + "\n"})
		document := string(must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: answer.GetPostMortem().GetName()})).GetData())
		for _, word := range []string{"titleend", "summaryend"} {
			if !strings.Contains(document, word) {
				t.Errorf("%s is lost", word)
			}
		}
		if got := strings.Count(document, "A line of it."); got != 6000 || len(answer.GetWarnings()) == 0 {
			t.Errorf("%d lines of 6000, warnings %v", got, answer.GetWarnings())
		}
	})
}

func TestKnownTemplatesAreImported(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"atlassian", "azure", "etsy-debriefing", "front-matter", "github-headings", "howie", "pagerduty", "sre-workbook"} {
		onEachStore(t, func(t *testing.T, d *debrief) {
			text, err := os.ReadFile("importer/testdata/" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			d.imported(t, &debriefv1.ImportPostMortemRequest{Content: string(text)})
			if again := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: string(text)}); !again.GetUnchanged() {
				t.Errorf("%s again: %v", name, again)
			}
		})
	}
}

// Each warning leads to the line that it is about.
func TestWarningsHaveTheLinesOfTheirSource(t *testing.T) {
	t.Parallel()
	document := "# " + strings.Repeat("long ", 80) + `

- **Severity:** catastrophic
- **Authors:** Ada
- **Status:** under debate
- **Review:** some day
- **Ended:** 2099-01-01 10:00 UTC
- **Facilitator:** ` + strings.Repeat("Imke", 50) + `
- **größe:** 5
- **Participants:** Bo, ` + strings.Repeat("Chidi", 50) + `

## Summary

` + strings.Repeat("A line of it.\n", 6000) + `
## Timeline

- 2026-03-01 10:00 UTC: it fell
- 2098-03-01 10:00 UTC: not yet

## What we believed and what was true

| Believed | Actual |
| --- | --- |
| It opens. | It does not. |
| It never closes. | |

## Root causes

- The pool had no limit.
- ` + strings.Repeat("word ", 2000) + `

## Action items

| Action | Tracker |
| --- | --- |
| Limit it | https://t.example.com/1 |
| ` + strings.Repeat("Do ", 200) + ` | T-2 |
`
	lines := strings.Split(document, "\n")
	want := map[string]string{
		"Title of the incident": "# long", "Title": "# long", "Severity": "**Severity:** catastrophic", "Authors": "**Authors:** Ada", "Status": "**Status:** under debate",
		"Review": "**Review:** some day", "Milestone RESOLVED, which can't be when it is said": "**Ended:** 2099", "Facilitator": "**Facilitator:** Imke", "größe": "**größe:** 5",
		"Participant": "Chidi", "Summary, continued": "A line of it.", "Timeline at a time that can't be, 2098-03-01 10:00 UTC": "- 2098-03-01",
		"What we believed and what was true": "| It never closes.", "Contributing factor, continued": "- word", "Action item": "| " + strings.Repeat("Do ", 2),
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: document, ValidateOnly: true})
		got := map[string]string{}
		last := int32(0)
		for _, warning := range answer.GetWarnings() {
			if warning.GetLine() < last {
				t.Errorf("line %d after line %d", warning.GetLine(), last)
			}
			last = warning.GetLine()
			if what, _, ok := strings.Cut(warning.GetMessage(), " has no room in a field"); ok {
				got[what] = lines[warning.GetLine()-1]
			}
		}
		for what, piece := range want {
			if !strings.Contains(got[what], piece) {
				t.Errorf("%s: the line is %.80q, want one with %q", what, got[what], piece)
			}
			delete(got, what)
		}
		if len(got) > 0 {
			t.Errorf("further warnings: %.500v", got)
		}
	})
}

func TestSectionsForWhichThereIsNoRoomAreFolded(t *testing.T) {
	t.Parallel()
	var document strings.Builder
	document.WriteString("# Many\n\nDate: 2026-03-01\n")
	for i := range 60 {
		fmt.Fprintf(&document, "\n## Part %d of it\n\nText%d.\n", i+1, i+1)
	}
	onEachStore(t, func(t *testing.T, d *debrief) {
		answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: document.String()})
		sections := answer.GetPostMortem().GetSections()
		if len(sections) != 40 || sections[0].GetTitle() != "Part 1 of it" || sections[39].GetTitle() != "Further text of the document" {
			t.Fatalf("%d sections: %v", len(sections), sections)
		}
		if lost := wordsLost(document.String(), d.exported(t, answer.GetPostMortem().GetName())+" date"); len(lost) > 0 {
			t.Errorf("lost: %q", lost)
		}
		folded := 0
		for _, warning := range answer.GetWarnings() {
			if strings.Contains(warning.GetMessage(), "were folded") {
				folded++
				if line := strings.Split(document.String(), "\n")[warning.GetLine()-1]; !strings.HasPrefix(line, "## Part ") || !strings.Contains(warning.GetMessage(), strings.TrimPrefix(line, "## ")) {
					t.Errorf("line %d, %q: %s", warning.GetLine(), line, warning.GetMessage())
				}
			}
		}
		if folded != 1 {
			t.Errorf("%d warnings tell of it: %v", folded, answer.GetWarnings())
		}
	})
}

// A document of several incidents that is said to be about one makes none, and says what it tells of them.
func TestIncidentsOfADocumentAreToldWhereOneIsNamed(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		document := d.exported(t, d.richDocument(t))
		incident := d.open(t, "Another")
		before := d.stock(t)
		answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: document, Incident: incident.GetName()})
		if got := d.stock(t); got[0] != before[0] || got[2] != before[2]+1 || !slices.Equal(answer.GetPostMortem().GetIncidents(), []string{incident.GetName()}) {
			t.Errorf("%v became %v, incidents %v", before, got, answer.GetPostMortem().GetIncidents())
		}
		if lost := wordsLost(document, d.exported(t, answer.GetPostMortem().GetName())); slices.ContainsFunc(lost, func(word string) bool { return word == "queue" || word == "sev4" || word == "eu" }) {
			t.Errorf("lost: %q", lost)
		}
	})
}
