package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestRulesAndTemplatesAreReadFromFiles shows what becomes of the files of a team.
func TestRulesAndTemplatesAreReadFromFiles(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("CreateGroundRuleSet", &debriefv1.GroundRuleSet{Name: "groundRuleSets/payments", Title: "Ours"})
	server.answer("CreatePostMortemTemplate", &debriefv1.PostMortemTemplate{Name: "postMortemTemplates/payments", Title: "Payments"})
	create := func(stdin string, arguments ...string) result {
		environment := testEnvironment(t, server.address)
		environment.stdin = strings.NewReader(stdin)
		return execute(t, environment, arguments...)
	}
	mustSucceed(t, create("- {id: listen, title: Listen, text: We let each other finish.}\n", "rules", "create", "Payments", "-f", "-", "--title", "Ours"))
	mustSucceed(t, create("title: Payments\nsections:\n  - {id: money, title: Money, required: true, help: Which.}\n", "template", "create", "payments", "-f", "-", "--language", "block"))
	wantRules := []proto.Message{&debriefv1.CreateGroundRuleSetRequest{
		GroundRuleSetId: "payments", RequestId: "request-1",
		GroundRuleSet: &debriefv1.GroundRuleSet{Title: "Ours", Rules: []*debriefv1.GroundRule{{Id: "listen", Title: "Listen", Text: "We let each other finish."}}},
	}}
	if diff := cmp.Diff(wantRules, server.called("CreateGroundRuleSet"), protocmp.Transform()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	wantTemplates := []proto.Message{&debriefv1.CreatePostMortemTemplateRequest{
		PostMortemTemplateId: "payments", RequestId: "request-1",
		PostMortemTemplate: &debriefv1.PostMortemTemplate{
			Title: "Payments", LanguagePolicy: debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK,
			Sections: []*debriefv1.TemplateSection{{Id: "money", Title: "Money", Required: true, Help: "Which."}},
		},
	}}
	if diff := cmp.Diff(wantTemplates, server.called("CreatePostMortemTemplate"), protocmp.Transform()); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
	for _, bad := range [][]string{{"rules", "create", "payments", "-f", "-"}, {"template", "create", "payments", "-f", "-"}} {
		if got := create("titel: x\n", bad...); got.code != exitUsage || !strings.Contains(got.stderr, "--file -") {
			t.Errorf("%v: exit code %d, %s", bad, got.code, got.stderr)
		}
	}
}

// TestRulesAreReadOut shows what somebody who reads the rules sees, and that it can be only looked at.
func TestRulesAreReadOut(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetPostMortem", &debriefv1.PostMortem{Name: testPostMortem, GroundRuleSet: "groundRuleSets/payments"})
	server.answer("GetGroundRuleSet", &debriefv1.GroundRuleSet{Name: "groundRuleSets/payments", Rules: []*debriefv1.GroundRule{
		{Id: "listen", Title: "Listen", Text: "We let each other finish.\nAlways."}, {Id: "ask", Title: "Ask\x1b[2J", Text: "How, and what."},
	}})
	server.answer("ReadGroundRules", &debriefv1.PostMortem{Name: testPostMortem, RulesReading: &debriefv1.RulesReading{Reader: "ana"}})
	const spoken = "1. Listen\n  We let each other finish.\n  Always.\n\n2. Ask\n  How, and what.\n\n"
	if diff := cmp.Diff(spoken, mustSucceed(t, debrief(t, server, "postmortem", "read-rules", testID, "--print"))); diff != "" {
		t.Errorf("only printed (-want +got):\n%s", diff)
	}
	if calls := server.called("ReadGroundRules"); len(calls) != 0 {
		t.Errorf("printing was recorded: %v", calls)
	}
	want := spoken + testPostMortem + " has it on record that ana read these rules\n"
	if diff := cmp.Diff(want, mustSucceed(t, debrief(t, server, "postmortem", "read-rules", testID, "--present", "bo,cy", "--present", "dee"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantCalls := []proto.Message{&debriefv1.ReadGroundRulesRequest{Name: testPostMortem, Present: []string{"bo", "cy", "dee"}, RequestId: "request-1"}}
	if diff := cmp.Diff(wantCalls, server.called("ReadGroundRules"), protocmp.Transform()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	server.answer("SuggestQuestions", &debriefv1.SuggestQuestionsResponse{Questions: []*debriefv1.Question{
		{Id: "a-1", Text: "What told people?", Reason: "Nobody wrote it.", Topic: debriefv1.AgendaItem_TOPIC_TIMELINE},
		{Id: "b-2", Text: "How is it tested?", About: "the pool", Reason: "It broke.", Topic: debriefv1.AgendaItem_TOPIC_BELIEFS, Answered: true},
	}})
	questions := "TIMELINE\n[ ] What told people?\n    Nobody wrote it.\n    a-1\n\nBELIEFS\n[x] How is it tested? (the pool)\n    It broke.\n    b-2\n"
	if diff := cmp.Diff(questions, mustSucceed(t, debrief(t, server, "postmortem", "questions", testID))); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}
