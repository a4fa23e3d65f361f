package service_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/blameless"
)

// careless is a sentence in which the check finds one thing.
const careless = "The on-call was careless."

// places are where findings are, and by which rule.
func places(findings []*debriefv1.LanguageFinding) []string {
	var told []string
	for _, f := range findings {
		told = append(told, f.GetField()+" "+f.GetRule())
	}
	return told
}

// withBlame is a post-mortem in review whose summary blames somebody.
func (d *debrief) withBlame(t *testing.T) *debriefv1.PostMortem {
	t.Helper()
	postMortem := d.review(t)
	postMortem.Summary = careless
	postMortem.ContributingFactors = []*debriefv1.ContributingFactor{{Description: "The queue had no limit."}}
	edited := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: postMortem}))
	d.readRules(t, edited.GetName())
	return must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: edited.GetName()}))
}

func TestATextIsReadWithoutBeingKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		text := "It was *late*.\n\n`The on-call was careless.`\n\n> The on-call was careless.\n\n" + careless
		answer := must[*debriefv1.CheckLanguageResponse](t)(d.language.CheckLanguage(t.Context(), &debriefv1.CheckLanguageRequest{Text: text}))
		if len(answer.GetFindings()) != 1 || answer.GetFurtherFindings() != 0 {
			t.Fatalf("found %v", answer)
		}
		got := answer.GetFindings()[0]
		if text[got.GetStartOffset():got.GetEndOffset()] != got.GetExcerpt() || got.GetWhy() == "" || got.GetQuestion() == "" || got.GetSuggestion() == "" {
			t.Errorf("the finding says too little: %v", got)
		}
		want := &debriefv1.LanguageFinding{Rule: "judgment", Severity: debriefv1.FindingSeverity_FINDING_SEVERITY_BLAME, Line: 7}
		if diff := cmp.Diff(want, got, protocmp.Transform(),
			protocmp.IgnoreFields(got, "start_offset", "end_offset", "column", "excerpt", "why", "suggestion", "question")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		plain := must[*debriefv1.CheckLanguageResponse](t)(d.language.CheckLanguage(t.Context(), &debriefv1.CheckLanguageRequest{
			Text: "`" + careless + "`", Format: debriefv1.CheckLanguageRequest_FORMAT_PLAIN,
		}))
		if len(plain.GetFindings()) != 1 {
			t.Errorf("plain text has no code: found %v", plain)
		}
		many := must[*debriefv1.CheckLanguageResponse](t)(d.language.CheckLanguage(t.Context(), &debriefv1.CheckLanguageRequest{
			Text: strings.Repeat(careless+"\n\n", 1003),
		}))
		if len(many.GetFindings()) != 1000 || many.GetFurtherFindings() != 3 {
			t.Errorf("of 1003 findings %d are answered and %d counted", len(many.GetFindings()), many.GetFurtherFindings())
		}
		for _, text := range []string{"", strings.Repeat("x", 1<<20+1)} {
			_, err := d.language.CheckLanguage(t.Context(), &debriefv1.CheckLanguageRequest{Text: text})
			if got, _ := refused(t, err); !cmp.Equal(got, refusal{Code: codes.InvalidArgument, Reason: "INVALID_ARGUMENT", Fields: []string{"text"}}) {
				t.Errorf("a text of %d bytes: %+v", len(text), got)
			}
		}
		if events := d.feed(t, ""); len(events) != 0 {
			t.Errorf("a check is told as %v", events)
		}
	})
}

func TestAServerReadsByItsOwnRules(t *testing.T) {
	t.Parallel()
	options := service.Options{Language: service.LanguageOptions{Reading: blameless.Options{
		Rules: []blameless.Rule{{ID: "blast-radius", Severity: blameless.Note, Patterns: []string{"blast radius"}, Why: "It tells how bad it was."}},
		Off:   []string{"judgment"},
	}}}
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		answer := must[*debriefv1.CheckLanguageResponse](t)(d.language.CheckLanguage(t.Context(), &debriefv1.CheckLanguageRequest{
			Text: careless + " The blast radius was small.",
		}))
		if diff := cmp.Diff([]string{" blast-radius"}, places(answer.GetFindings())); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
		rules := must[*debriefv1.ListLanguageRulesResponse](t)(d.language.ListLanguageRules(t.Context(), &debriefv1.ListLanguageRulesRequest{})).GetLanguageRules()
		severities := map[string]string{}
		for _, rule := range rules {
			severities[rule.GetId()] = rule.GetSeverity().String()
			if rule.GetWhy() == "" {
				t.Errorf("%s does not say why", rule.GetId())
			}
		}
		if severities["judgment"] != "" || severities["omission"] != "FINDING_SEVERITY_CAUTION" || severities["blast-radius"] != "FINDING_SEVERITY_NOTE" {
			t.Errorf("the rules are %v", severities)
		}
	})
}

func TestFindingsComeWithEachResourceWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		postMortem := d.review(t)
		want := []string{
			"title judgment", "summary judgment", "impact judgment", "beliefs[0].believed judgment", "beliefs[0].actual judgment",
			"contributing_factors[1].description judgment", "what_went_well judgment", "where_we_were_lucky judgment",
			"what_surprised_us judgment", "open_questions judgment",
		}
		full := &debriefv1.PostMortem{
			Name: postMortem.GetName(), Title: careless, Summary: careless, Impact: careless,
			Beliefs:             []*debriefv1.Belief{{HeldBy: "on-call", Believed: careless, Actual: careless}},
			ContributingFactors: []*debriefv1.ContributingFactor{{Description: "The queue has no limit."}, {Description: careless}},
			WhatWentWell:        careless, WhereWeWereLucky: careless, WhatSurprisedUs: careless, OpenQuestions: careless,
		}
		tried := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: full, ValidateOnly: true}))
		written := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: full}))
		basic := must[*debriefv1.PostMortem](t)(d.postMortems.GetPostMortem(t.Context(), &debriefv1.GetPostMortemRequest{Name: full.GetName()}))
		viewed := must[*debriefv1.PostMortem](t)(d.postMortems.GetPostMortem(t.Context(), &debriefv1.GetPostMortemRequest{
			Name: full.GetName(), View: debriefv1.View_VIEW_LANGUAGE,
		}))
		full.Name, full.Incidents = "", postMortem.GetIncidents()
		created := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: full, ValidateOnly: true}))
		for how, test := range map[string]struct {
			got  *debriefv1.PostMortem
			want []string
		}{"tried": {tried, want}, "written": {written, nil}, "basic": {basic, nil}, "viewed": {viewed, want}, "created": {created, want}} {
			if diff := cmp.Diff(test.want, places(test.got.GetLanguageFindings())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", how, diff)
			}
		}
	})
}

func TestWhatPeopleTellAndPlanIsReadWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident, postMortem := d.open(t, "Checkout").GetName(), d.review(t).GetName()
		entry := &debriefv1.CreateTimelineEntryRequest{Parent: incident, TimelineEntry: &debriefv1.TimelineEntry{Text: careless}, ValidateOnly: true}
		statement := &debriefv1.CreateStatementRequest{Parent: postMortem, Statement: &debriefv1.Statement{Text: careless}, ValidateOnly: true}
		item := &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: careless, Description: careless, FirstStep: careless}, ValidateOnly: true,
		}
		check := func(how string, want []string, findings []*debriefv1.LanguageFinding) {
			t.Helper()
			if diff := cmp.Diff(want, places(findings)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", how, diff)
			}
		}
		text, fields := []string{"text judgment"}, []string{"title judgment", "description judgment", "first_step judgment"}
		triedEntry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), entry))
		check("a tried entry", text, triedEntry.GetLanguageFindings())
		if got := d.entries(t, incident); len(got) != 1 || got[0] == careless || triedEntry.GetName() != "" {
			t.Errorf("trying has written %v as %q", got, triedEntry.GetName())
		}
		check("a tried statement", text, must[*debriefv1.Statement](t)(d.statements.CreateStatement(t.Context(), statement)).GetLanguageFindings())
		check("a tried item", fields, must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), item)).GetLanguageFindings())

		entry.ValidateOnly, statement.ValidateOnly, item.ValidateOnly = false, false, false
		writtenEntry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), entry))
		writtenStatement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(t.Context(), statement))
		writtenItem := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), item))
		for view, want := range map[debriefv1.View][2][]string{debriefv1.View_VIEW_UNSPECIFIED: {}, debriefv1.View_VIEW_LANGUAGE: {text, fields}} {
			how := view.String()
			check(how, want[0], must[*debriefv1.TimelineEntry](t)(d.timeline.GetTimelineEntry(t.Context(), &debriefv1.GetTimelineEntryRequest{Name: writtenEntry.GetName(), View: view})).GetLanguageFindings())
			check(how, want[0], must[*debriefv1.Statement](t)(d.statements.GetStatement(t.Context(), &debriefv1.GetStatementRequest{Name: writtenStatement.GetName(), View: view})).GetLanguageFindings())
			check(how, want[1], must[*debriefv1.ActionItem](t)(d.actionItems.GetActionItem(t.Context(), &debriefv1.GetActionItemRequest{Name: writtenItem.GetName(), View: view})).GetLanguageFindings())
		}
		writtenItem.Title = "Bound the queue"
		edited := must[*debriefv1.ActionItem](t)(d.actionItems.UpdateActionItem(t.Context(), &debriefv1.UpdateActionItemRequest{ActionItem: writtenItem, ValidateOnly: true}))
		check("a tried change", fields[1:], edited.GetLanguageFindings())

		_, err := d.timeline.BatchCreateTimelineEntries(t.Context(), &debriefv1.BatchCreateTimelineEntriesRequest{
			Parent: incident, Requests: []*debriefv1.CreateTimelineEntryRequest{{TimelineEntry: &debriefv1.TimelineEntry{Text: "x"}, ValidateOnly: true}},
		})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"requests[0].validate_only"}) {
			t.Errorf("a batch that is tried: %+v", got)
		}
	})
}

func TestPublicationFollowsTheLanguagePolicy(t *testing.T) {
	t.Parallel()
	off, warn, block := debriefv1.LanguagePolicy_LANGUAGE_POLICY_OFF, debriefv1.LanguagePolicy_LANGUAGE_POLICY_WARN, debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK
	found := []string{"summary judgment"}
	for name, test := range map[string]struct {
		policy    debriefv1.LanguagePolicy
		reason    string
		refused   bool
		findings  []string
		overrides int
	}{
		"off":                   {policy: off},
		"off with a reason":     {policy: off, reason: "It is so."},
		"warn by default":       {findings: found},
		"warn":                  {policy: warn, findings: found},
		"warn with a reason":    {policy: warn, reason: "It is so.", findings: found, overrides: 1},
		"block":                 {policy: block, refused: true},
		"block, reason of none": {policy: block, reason: " ", refused: true},
		"block with a reason":   {policy: block, reason: "It is so.", findings: found, overrides: 1},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStoreWith(t, service.Options{Language: service.LanguageOptions{Policy: test.policy}}, func(t *testing.T, d *debrief) {
				name := d.withBlame(t).GetName()
				request := &debriefv1.PublishPostMortemRequest{Name: name, LanguageOverrideReason: test.reason, RequestId: "once"}
				published, err := d.postMortems.PublishPostMortem(as(t, "dee"), request)
				if test.refused {
					got, more := refused(t, err)
					if got.Code != codes.FailedPrecondition || got.Reason != "LANGUAGE_FINDINGS" || more["finding_count"] != "1" || !strings.Contains(more["findings"], "summary:1:") {
						t.Errorf("%+v %v", got, more)
					}
					if left := must[*debriefv1.PostMortem](t)(d.postMortems.GetPostMortem(t.Context(), &debriefv1.GetPostMortemRequest{Name: name})); left.GetLatestRevision() != 0 {
						t.Errorf("it is published all the same: %v", left)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.findings, places(published.GetLanguageFindings())); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
				var overrides []*debriefv1.LanguageOverride
				var told string
				if test.overrides > 0 {
					overrides = []*debriefv1.LanguageOverride{{Revision: 1, Reason: test.reason, Actor: "dee", Time: timestamppb.New(start), FindingCount: 1}}
					told = test.reason
				}
				if diff := cmp.Diff(overrides, published.GetLanguageOverrides(), protocmp.Transform()); diff != "" {
					t.Errorf("overrides (-want +got):\n%s", diff)
				}
				revision := must[*debriefv1.PostMortemRevision](t)(d.postMortems.GetPostMortemRevision(t.Context(), &debriefv1.GetPostMortemRevisionRequest{Name: name + "/revisions/1"}))
				if diff := cmp.Diff(overrides, revision.GetPostMortem().GetLanguageOverrides(), protocmp.Transform()); diff != "" {
					t.Errorf("overrides of the revision (-want +got):\n%s", diff)
				}
				if got := overrideTold(d.feed(t, "type = POST_MORTEM_PUBLISHED")[0]); got != told {
					t.Errorf("the event tells %q as the reason, want %q", got, told)
				}
				again := must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(as(t, "dee"), request))
				if diff := cmp.Diff(published, again, protocmp.Transform()); diff != "" {
					t.Errorf("the same request again (-first +again):\n%s", diff)
				}
			})
		})
	}
}

// overrideTold is the reason for an override that an event tells.
func overrideTold(event *debriefv1.Event) string {
	for _, change := range event.GetChanges() {
		if change.GetField() == "language_overrides" {
			return change.GetAfter()
		}
	}
	return ""
}

func TestNotesNeverStandAgainstPublication(t *testing.T) {
	t.Parallel()
	options := service.Options{Language: service.LanguageOptions{
		Policy:  debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK,
		Reading: blameless.Options{Severities: map[string]blameless.Severity{"judgment": blameless.Note}},
	}}
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		published := must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{
			Name: d.withBlame(t).GetName(), LanguageOverrideReason: "There is nothing to be overridden.",
		}))
		if diff := cmp.Diff([]string{"summary judgment"}, places(published.GetLanguageFindings())); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		if len(published.GetLanguageOverrides()) != 0 {
			t.Errorf("overrides %v", published.GetLanguageOverrides())
		}
	})
}

func TestTheNewestOverridesAreKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		postMortem := d.withBlame(t)
		const many = repository.MaxLanguageOverrides + 2
		for i := range many {
			postMortem.Impact = fmt.Sprintf("Impact %d", i)
			postMortem.Etag = ""
			must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: postMortem}))
			postMortem = must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{
				Name: postMortem.GetName(), LanguageOverrideReason: "It is so.",
			}))
		}
		overrides := postMortem.GetLanguageOverrides()
		if len(overrides) != repository.MaxLanguageOverrides || overrides[len(overrides)-1].GetRevision() != many {
			t.Errorf("%d overrides, the last of %v", len(overrides), overrides[len(overrides)-1])
		}
	})
}
