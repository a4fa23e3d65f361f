package service_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/importer"
)

// richDocument is a reviewed post-mortem of two incidents that has something to say everywhere.
func (d *debrief) richDocument(t *testing.T) string {
	t.Helper()
	create := func(incident *debriefv1.Incident) string {
		return must[*debriefv1.Incident](t)(d.incidents.CreateIncident(as(t, "sam"), &debriefv1.CreateIncidentRequest{Incident: incident})).GetName()
	}
	checkout := create(&debriefv1.Incident{
		Title: "Checkout is down | again", Severity: debriefv1.Severity_SEVERITY_SEV2, Impact: &debriefv1.Impact{Services: []string{"checkout", "payments, EU"}},
		Milestones: &debriefv1.Milestones{StartTime: timestamppb.New(start.Add(-time.Hour)), DetectTime: timestamppb.New(start.Add(-50 * time.Minute))},
	})
	refunds := create(&debriefv1.Incident{Title: "Refunds queue up", Severity: debriefv1.Severity_SEVERITY_SEV4})
	note := func(parent string, entry *debriefv1.TimelineEntry) *debriefv1.TimelineEntry {
		return must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(as(t, "sam"), &debriefv1.CreateTimelineEntryRequest{Parent: parent, TimelineEntry: entry}))
	}
	evidence := []*debriefv1.Evidence{{Uri: "https://logs.example.com/q/1?a=b&c=d", Title: "Client logs", Excerpt: "x509: unknown\n\n```\nauthority"}}
	note(checkout, &debriefv1.TimelineEntry{
		Kind: debriefv1.TimelineEntry_KIND_DIAGNOSIS, OccurTime: timestamppb.New(start.Add(-40*time.Minute + 250*time.Millisecond)), Precision: durationpb.New(2 * time.Minute),
		Text: "All failures are in new connections:\n\n- kept-alive ones work\n\n### New ones\n\nfail in the *handshake*.", Author: "Bo", AuthorRole: "payments on-call", Evidence: evidence,
	})
	note(refunds, &debriefv1.TimelineEntry{OccurTime: timestamppb.New(start.Add(-30 * time.Minute)), Text: "I took it for another gateway.", Anonymous: true})
	amended := note(checkout, &debriefv1.TimelineEntry{OccurTime: timestamppb.New(start.Add(-20 * time.Minute)), Text: "Restarted A."})
	must[*debriefv1.TimelineEntry](t)(d.timeline.UpdateTimelineEntry(as(t, "sam"), &debriefv1.UpdateTimelineEntryRequest{
		TimelineEntry: &debriefv1.TimelineEntry{Name: amended.GetName(), Text: "Restarted B."},
	}))
	d.advance(time.Hour)
	must[*debriefv1.Incident](t)(d.incidents.ResolveIncident(as(t, "sam"), &debriefv1.ResolveIncidentRequest{Name: checkout, Note: "It works."}))
	p := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(as(t, "kim"), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
		Incidents: []string{checkout, refunds}, Title: "Checkout: refused, *twice*", Summary: "Nobody could **pay**.\n\n```mermaid\nflowchart LR\n```", Impact: "About 7 %.",
		Beliefs: []*debriefv1.Belief{
			{HeldBy: "Payments", Believed: "It is updated.", Actual: "It is pinned.", Evidence: []*debriefv1.Evidence{{Title: "9f3, pinned", Uri: "https://git.example.com/9f3"}}},
			{Believed: "It opens:\n\n1. soon", Actual: "It counts time-outs.", Evidence: evidence},
		},
		ContributingFactors: []*debriefv1.ContributingFactor{
			{Category: debriefv1.ContributingFactor_CATEGORY_TOOLING, Description: "The pool had no limit.", Evidence: evidence}, {Description: "A freeze."},
		},
		WhatWentWell: "- the runbook", WhereWeWereLucky: "It was nine.", WhatSurprisedUs: "Retries helped.", OpenQuestions: "What else?",
		Facilitator: "Imke", Scribe: "Tariq", Participants: []*debriefv1.Participant{{Person: "Bo, the second", Role: "on-call (EU)"}, {Person: "Chidi"}},
		Stakeholders: []*debriefv1.Participant{{Person: "Dana", Role: "support lead"}}, Labels: map[string]string{"team": "payments, EU", "date": "2026-03-01"},
		Sections: []*debriefv1.Section{{Id: "money", Title: "What became of the money", Text: "All *refunded*.\n\n### In detail\n\n1,904 of them."}},
	}})).GetName()
	d.describe(t, "shop", shop())
	d.believe(t, p, onCall())
	act := func(item *debriefv1.ActionItem) string {
		item.PostMortem, item.Strength = p, debriefv1.ActionItem_STRENGTH_WEAKER
		return d.act(t, item).GetName()
	}
	act(&debriefv1.ActionItem{
		Title: "Write a runbook", Description: "Say *how*.\n\n### And when\n\n| a | b |\n| --- | --- |\n| c | d |", Owner: "Bo", DueTime: timestamppb.New(start.Add(240 * time.Hour)),
		Priority: debriefv1.ActionItem_PRIORITY_P2, TrackerUri: "https://tracker.example.com/PAY-1", Labels: map[string]string{"type": "prevent", "sprint": "a, b"},
	})
	must[*debriefv1.ActionItem](t)(d.actionItems.StartActionItem(as(t, "bo"), &debriefv1.StartActionItemRequest{Name: act(&debriefv1.ActionItem{Title: "Train | people", Owner: "Chidi, SRE", FirstStep: "Ask."})}))
	act(&debriefv1.ActionItem{Title: "Write a runbook", Description: "Another one."})
	must[*debriefv1.PostMortem](t)(d.postMortems.SchedulePostMortem(as(t, "kim"), &debriefv1.SchedulePostMortemRequest{Name: p, ReviewTime: timestamppb.New(d.now())}))
	d.readRules(t, p)
	must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(as(t, "imke"), &debriefv1.StartPostMortemReviewRequest{Name: p}))
	asked := d.questions(t, &debriefv1.SuggestQuestionsRequest{Name: p})
	must[*debriefv1.PostMortem](t)(d.postMortems.AnswerQuestion(as(t, "imke"), &debriefv1.AnswerQuestionRequest{Name: p, QuestionId: asked[0].GetId(), Answer: "Nothing *did*."}))
	d.advance(time.Hour)
	must[*debriefv1.PostMortem](t)(d.postMortems.ConcludePostMortemReview(as(t, "imke"), &debriefv1.ConcludePostMortemReviewRequest{
		Name: p, Conclusion: debriefv1.Conclusion_CONCLUSION_ACTION_ITEMS, Note: "Two: the *first* by Friday.",
	}))
	return p
}

func (d *debrief) exported(t *testing.T, name string) string {
	t.Helper()
	return string(must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: name})).GetData())
}

var (
	// incidentIDs differ: each store has its own.
	incidentIDs = regexp.MustCompile("`incidents/[0-9A-Z]{26}`")
	// progress is what a post-mortem has come to here, and a label says what it had come to elsewhere.
	progress  = regexp.MustCompile(`(?m)^- \*\*(?:State|Revision|Published):\*\* .*\n`)
	elsewhere = regexp.MustCompile(`imported_as=(?:\\.|[^\\,\n])*(?:, )?`)
)

// sameDocument is a document without what may differ between two stores: the names of incidents, and how far the
// post-mortem has come in each.
func sameDocument(document string) string {
	document = incidentIDs.ReplaceAllString(document, "`incidents/ID`")
	return elsewhere.ReplaceAllString(progress.ReplaceAllString(document, ""), "")
}

// wordsLost are the words of a document that are not as often in another one.
func wordsLost(from, to string) []string {
	split := func(text string) []string {
		return strings.FieldsFunc(strings.ToLower(incidentIDs.ReplaceAllString(text, "")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	have := map[string]int{}
	for _, word := range split(to) {
		have[word]++
	}
	var lost []string
	for _, word := range split(from) {
		if have[word]--; have[word] < 0 {
			lost = append(lost, word)
		}
	}
	return lost
}

func TestAnExportIsImportedAsTheSameDocument(t *testing.T) {
	t.Parallel()
	for name, publish := range map[string]bool{"in review": false, "published": true} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, d *debrief) {
				written := d.richDocument(t)
				if publish {
					must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(as(t, "kim"), &debriefv1.PublishPostMortemRequest{Name: written, LanguageOverrideReason: "It is a test."}))
				}
				first := d.exported(t, written)
				if publish {
					first = string(must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: written, Revision: 1})).GetData())
				}
				for _, part := range []string{"**Advice:**", "## Mental models", "## Questions of the review", "amended", "anonymous", "Ground rules read"} {
					if !strings.Contains(first, part) {
						t.Fatalf("the export has no %q:\n%s", part, first)
					}
				}
				// Into a store of the same kind as well as into one of the other.
				onEachStore(t, func(t *testing.T, fresh *debrief) {
					fresh.advance(d.now().Sub(fresh.now()))
					answer := fresh.imported(t, &debriefv1.ImportPostMortemRequest{Content: first})
					second := fresh.exported(t, answer.GetPostMortem().GetName())
					if diff := cmp.Diff(sameDocument(first), sameDocument(second)); diff != "" {
						t.Errorf("exported again (-first +second):\n%s", diff)
					}
					if lost := wordsLost(first, second); len(lost) > 0 {
						t.Errorf("lost: %q", lost)
					}
					if got := fresh.stock(t); got[0] != 2 || got[2] != 1 || got[3] != 3 || len(answer.GetPostMortem().GetIncidents()) != 2 {
						t.Errorf("the import makes %v", got)
					}
					if again := fresh.imported(t, &debriefv1.ImportPostMortemRequest{Content: first}); !again.GetUnchanged() {
						t.Errorf("the same again: %v", again)
					}
				})
			})
		})
	}
}

// What is imported from elsewhere says in its export all words of the document, except names of what has a field.
func TestNoWordOfATemplateIsLost(t *testing.T) {
	t.Parallel()
	marks := regexp.MustCompile(`(?m)^[ \t]*[0-9]{1,9}[.)][ \t]|\b(?:and|x)\b|<!--.*?-->`)
	machine := regexp.MustCompile(`([0-9])[TZ]([0-9]|\b)`)
	for _, name := range []string{"atlassian", "azure", "etsy-debriefing", "front-matter", "game-day", "github-headings", "howie", "pagerduty", "sre-workbook"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("importer/testdata/" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			onEachStore(t, func(t *testing.T, d *debrief) {
				answer := d.imported(t, &debriefv1.ImportPostMortemRequest{Content: string(text)})
				document := d.exported(t, answer.GetPostMortem().GetName())
				names := map[string]bool{"utc": true}
				for _, word := range namesIn(t, string(text)) {
					names[word] = true
				}
				shown := map[string]bool{}
				for _, word := range wordsLost(document, "") {
					shown[word] = true
				}
				lost := slices.DeleteFunc(wordsLost(machine.ReplaceAllString(marks.ReplaceAllString(string(text), ""), "$1 $2"), ""), func(word string) bool { return names[word] || shown[word] })
				if len(lost) > 0 {
					t.Errorf("lost: %q\nof\n%s", lost, document)
				}
			})
		})
	}
}

// namesIn are the words of a document that told what was meant: labels, headings of columns.
func namesIn(t *testing.T, text string) []string {
	t.Helper()
	read, err := importer.Parse([]byte(text), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, part := range read.Report.Parts {
		words = append(words, wordsLost(strings.Join(append(part.Names, part.Heading), " "), "")...)
	}
	return words
}
