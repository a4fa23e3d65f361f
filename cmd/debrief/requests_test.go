package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	testIncident   = "incidents/" + testID
	testPostMortem = "postMortems/" + testID
	testAction     = "actionItems/" + testID
	testEntry      = testIncident + "/timelineEntries/" + testID
)

func ago(duration time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(testNow.Add(-duration))
}

func mask(paths ...string) *fieldmaskpb.FieldMask {
	return &fieldmaskpb.FieldMask{Paths: paths}
}

// TestRequests shows what each command asks of the server.
func TestRequests(t *testing.T) {
	lower := strings.ToLower(testID)
	tests := []struct {
		command string
		method  string
		want    proto.Message
	}{
		{
			command: "incident open|Checkout|is slow|--severity|sev2|--kind|near-miss|--summary|All of it|--impact|Many|--service|checkout|" +
				"--customers-affected|12|--label|team=payments|--lead|bo|--responder|cy=scribe|--link|War room https://chat.example.com|" +
				"--started|-10m|--detected|11:55|--note|Seen on the dashboard",
			method: "CreateIncident",
			want: &debriefv1.CreateIncidentRequest{
				Incident: &debriefv1.Incident{
					Title: "Checkout is slow", Severity: debriefv1.Severity_SEVERITY_SEV2, Kind: debriefv1.Incident_KIND_NEAR_MISS,
					Summary: "All of it", Lead: "bo", Labels: map[string]string{"team": "payments"},
					Impact:     &debriefv1.Impact{Summary: "Many", Services: []string{"checkout"}, CustomersAffected: new(int64(12))},
					Responders: []*debriefv1.Responder{{Person: "cy", Role: "scribe"}},
					Links:      []*debriefv1.Link{{Title: "War room", Uri: "https://chat.example.com"}},
				},
				StartTime: ago(10 * time.Minute), DetectTime: ago(5 * time.Minute), Note: "Seen on the dashboard", RequestId: "request-1",
			},
		},
		{
			command: "incident ack|" + lower + "|--at|5m ago|--note|On it|--etag|7", method: "AcknowledgeIncident",
			want: &debriefv1.AcknowledgeIncidentRequest{Name: testIncident, Time: ago(5 * time.Minute), Note: "On it", Etag: "7", RequestId: "request-1"},
		},
		{
			command: "incident mitigate|" + testID, method: "MitigateIncident",
			want: &debriefv1.MitigateIncidentRequest{Name: testIncident, RequestId: "request-1"},
		},
		{
			command: "incident resolve|" + testIncident + "|--at|2026-11-23T10:00:00Z", method: "ResolveIncident",
			want: &debriefv1.ResolveIncidentRequest{Name: testIncident, Time: ago(time.Hour), RequestId: "request-1"},
		},
		{
			command: "inc reopen|INCIDENTS/" + lower + "|--note|It came back", method: "ReopenIncident",
			want: &debriefv1.ReopenIncidentRequest{Name: testIncident, Note: "It came back", RequestId: "request-1"},
		},
		{
			command: "incident cancel|" + testID, method: "CancelIncident",
			want: &debriefv1.CancelIncidentRequest{Name: testIncident, RequestId: "request-1"},
		},
		{
			command: "incident pause-clock|" + testID + "|--clock|review|--reason|The vendor is asked|--until|in 2h", method: "PauseIncidentClock",
			want: &debriefv1.PauseIncidentClockRequest{
				Name: testIncident, ClockType: debriefv1.ClockType_CLOCK_TYPE_REVIEW, Reason: "The vendor is asked", UntilTime: ago(-2 * time.Hour), RequestId: "request-1",
			},
		},
		{
			command: "incident waive-clock|" + testID + "|--clock|follow-up|--reason|Known|--etag|7", method: "WaiveIncidentClock",
			want: &debriefv1.WaiveIncidentClockRequest{
				Name: testIncident, ClockType: debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP, Reason: "Known", Etag: "7", RequestId: "request-1",
			},
		},
		{
			command: "incident resume-clock|" + testID + "|--clock|follow_up", method: "ResumeIncidentClock",
			want: &debriefv1.ResumeIncidentClockRequest{Name: testIncident, ClockType: debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP, RequestId: "request-1"},
		},
		{
			command: "incident close|" + testID + "|--waiver|Too small", method: "CloseIncident",
			want: &debriefv1.CloseIncidentRequest{Name: testIncident, WaiverReason: "Too small", RequestId: "request-1"},
		},
		{
			command: "incident merge|" + testID + "|--into|" + lower, method: "MergeIncident",
			want: &debriefv1.MergeIncidentRequest{Name: testIncident, Into: testIncident, RequestId: "request-1"},
		},
		{
			command: "incident correct|" + testID + "|--milestone|started|--at|-1h|--reason|The log says so", method: "CorrectMilestone",
			want: &debriefv1.CorrectMilestoneRequest{
				Name: testIncident, Milestone: debriefv1.Milestone_MILESTONE_STARTED, Time: ago(time.Hour), Reason: "The log says so", RequestId: "request-1",
			},
		},
		{
			command: "incident update|" + testID + "|--severity||--title|Other|--customers-affected|unknown|--note|Why|--etag|3", method: "UpdateIncident",
			want: &debriefv1.UpdateIncidentRequest{
				Incident: &debriefv1.Incident{Name: testIncident, Title: "Other", Etag: "3"},
				Note:     "Why", UpdateMask: mask("title", "severity", "impact.customers_affected"),
			},
		},
		{
			command: "incident update|" + testID + "|--restrict-to|ana@example.com|--restrict-to|team:security", method: "UpdateIncident",
			want: &debriefv1.UpdateIncidentRequest{
				Incident: &debriefv1.Incident{
					Name: testIncident, Restriction: &debriefv1.Restriction{People: []string{"ana@example.com"}, Teams: []string{"security"}},
				},
				UpdateMask: mask("restriction"),
			},
		},
		{
			command: "incident delete|" + testID, method: "DeleteIncident",
			want: &debriefv1.DeleteIncidentRequest{Name: testIncident},
		},
		{
			command: "incident undelete|" + testID + "|--etag|9", method: "UndeleteIncident",
			want: &debriefv1.UndeleteIncidentRequest{Name: testIncident, Etag: "9"},
		},
		{
			command: "timeline add|" + testID + "|Rolled|back|--kind|action|--at|11:30|--precision|5m|--role|responder|--author|bo|" +
				"--evidence|The log https://ci.example.com/1", method: "CreateTimelineEntry",
			want: &debriefv1.CreateTimelineEntryRequest{
				Parent: testIncident, RequestId: "request-1",
				TimelineEntry: &debriefv1.TimelineEntry{
					Text: "Rolled back", Kind: debriefv1.TimelineEntry_KIND_ACTION, OccurTime: ago(30 * time.Minute),
					Precision: durationpb.New(5 * time.Minute), Author: "bo", AuthorRole: "responder",
					Evidence: []*debriefv1.Evidence{{Title: "The log", Uri: "https://ci.example.com/1"}},
				},
			},
		},
		{
			command: "timeline amend|" + testID + "|" + lower + "|--text|Rolled it back|--precision|0s|--etag|2", method: "UpdateTimelineEntry",
			want: &debriefv1.UpdateTimelineEntryRequest{
				TimelineEntry: &debriefv1.TimelineEntry{Name: testEntry, Text: "Rolled it back", Precision: &durationpb.Duration{}, Etag: "2"},
				UpdateMask:    mask("precision", "text"),
			},
		},
		{
			command: "timeline delete|" + testID + "/" + lower, method: "DeleteTimelineEntry",
			want: &debriefv1.DeleteTimelineEntryRequest{Name: testEntry},
		},
		{
			command: "timeline revisions|" + testEntry, method: "ListTimelineEntryRevisions",
			want: &debriefv1.ListTimelineEntryRevisionsRequest{Name: testEntry},
		},
		{
			command: "pm create|" + testID + "|--title|Slow|--facilitator|dee|--scribe|eve|--summary|S|--impact|I|--went-well|W|--lucky|L|" +
				"--surprises|P|--open-questions|Q|--factor|access-and-safeguards: Anybody may|--participant|cy=scribe|--label|team=payments",
			method: "CreatePostMortem",
			want: &debriefv1.CreatePostMortemRequest{
				RequestId: "request-1",
				PostMortem: &debriefv1.PostMortem{
					Incidents: []string{testIncident}, Title: "Slow", Facilitator: "dee", Scribe: "eve", Summary: "S", Impact: "I",
					WhatWentWell: "W", WhereWeWereLucky: "L", WhatSurprisedUs: "P", OpenQuestions: "Q",
					ContributingFactors: []*debriefv1.ContributingFactor{
						{Category: debriefv1.ContributingFactor_CATEGORY_ACCESS_AND_SAFEGUARDS, Description: "Anybody may"},
					},
					Participants: []*debriefv1.Participant{{Person: "cy", Role: "scribe"}}, Labels: map[string]string{"team": "payments"},
				},
			},
		},
		{
			command: "postmortem edit|" + testID + "|--facilitator||--open-questions|None", method: "UpdatePostMortem",
			want: &debriefv1.UpdatePostMortemRequest{
				PostMortem: &debriefv1.PostMortem{Name: testPostMortem, OpenQuestions: "None"}, UpdateMask: mask("facilitator", "open_questions"),
			},
		},
		{
			command: "postmortem edit|" + testID + "|--restrict-to|", method: "UpdatePostMortem",
			want: &debriefv1.UpdatePostMortemRequest{
				PostMortem: &debriefv1.PostMortem{Name: testPostMortem}, UpdateMask: mask("restriction"),
			},
		},
		{
			command: "postmortem schedule|" + testID + "|--review|in 3h", method: "SchedulePostMortem",
			want: &debriefv1.SchedulePostMortemRequest{Name: testPostMortem, ReviewTime: ago(-3 * time.Hour), RequestId: "request-1"},
		},
		{
			command: "postmortem start-review|" + testID + "|--at|now", method: "StartPostMortemReview",
			want: &debriefv1.StartPostMortemReviewRequest{Name: testPostMortem, Time: ago(0), RequestId: "request-1"},
		},
		{
			command: "postmortem publish|" + testID + "|--etag|4", method: "PublishPostMortem",
			want: &debriefv1.PublishPostMortemRequest{Name: testPostMortem, Etag: "4", RequestId: "request-1"},
		},
		{
			command: "postmortem publish|" + testID + "|--override-reason|It quotes a letter.", method: "PublishPostMortem",
			want: &debriefv1.PublishPostMortemRequest{Name: testPostMortem, LanguageOverrideReason: "It quotes a letter.", RequestId: "request-1"},
		},
		{
			command: "postmortem show|" + testID + "|--check", method: "GetPostMortem",
			want: &debriefv1.GetPostMortemRequest{Name: testPostMortem, View: debriefv1.View_VIEW_LANGUAGE},
		},
		{
			command: "postmortem publish|" + testID + "|--keep-incidents-open", method: "PublishPostMortem",
			want: &debriefv1.PublishPostMortemRequest{Name: testPostMortem, RequestId: "request-1", KeepIncidentsOpen: true},
		},
		{
			command: "postmortem create|" + testID + "|--facilitator|bo|--facilitator-override-reason|Alone|--stakeholder|dana=support|--rules|payments|--template|postMortemTemplates/payments",
			method:  "CreatePostMortem",
			want: &debriefv1.CreatePostMortemRequest{RequestId: "request-1", PostMortem: &debriefv1.PostMortem{
				Incidents: []string{testIncident}, Facilitator: "bo", FacilitatorOverrideReason: "Alone",
				Stakeholders:  []*debriefv1.Participant{{Person: "dana", Role: "support"}},
				GroundRuleSet: "groundRuleSets/payments", Template: "postMortemTemplates/payments",
			}},
		},
		{
			command: "postmortem record-breach|" + testID + "|--rule|it-made-sense|--at|-5m", method: "RecordGroundRuleBreach",
			want: &debriefv1.RecordGroundRuleBreachRequest{Name: testPostMortem, Rule: "it-made-sense", Time: ago(5 * time.Minute), RequestId: "request-1"},
		},
		{
			command: "postmortem conclude|" + testID + "|--conclusion|nothing-to-do|--note|We learned", method: "ConcludePostMortemReview",
			want: &debriefv1.ConcludePostMortemReviewRequest{
				Name: testPostMortem, Conclusion: debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO, Note: "We learned", RequestId: "request-1",
			},
		},
		{
			command: "postmortem agenda|" + testID + "|--length|45m", method: "GenerateAgenda",
			want: &debriefv1.GenerateAgendaRequest{Name: testPostMortem, Duration: durationpb.New(45 * time.Minute)},
		},
		{
			command: "postmortem invitation|" + testID, method: "GetInvitation",
			want: &debriefv1.GetInvitationRequest{Name: testPostMortem, Duration: durationpb.New(time.Hour)},
		},
		{
			command: "postmortem questions|" + testID + "|--unanswered|--limit|5", method: "SuggestQuestions",
			want: &debriefv1.SuggestQuestionsRequest{Name: testPostMortem, UnansweredOnly: true, MaxQuestions: 5},
		},
		{
			command: "postmortem answer|" + testID + "|--question|q-1|--text|Nothing did|--section|summary", method: "AnswerQuestion",
			want: &debriefv1.AnswerQuestionRequest{Name: testPostMortem, QuestionId: "q-1", Answer: "Nothing did", Section: "summary", RequestId: "request-1"},
		},
		{
			command: "rules list|--limit|3", method: "ListGroundRuleSets",
			want: &debriefv1.ListGroundRuleSetsRequest{PageSize: 3},
		},
		{
			command: "rules show", method: "GetGroundRuleSet",
			want: &debriefv1.GetGroundRuleSetRequest{Name: "groundRuleSets/default"},
		},
		{
			command: "template list", method: "ListPostMortemTemplates",
			want: &debriefv1.ListPostMortemTemplatesRequest{PageSize: 50},
		},
		{
			command: "template show|payments", method: "GetPostMortemTemplate",
			want: &debriefv1.GetPostMortemTemplateRequest{Name: "postMortemTemplates/payments"},
		},
		{
			command: "postmortem archive|" + testID, method: "ArchivePostMortem",
			want: &debriefv1.ArchivePostMortemRequest{Name: testPostMortem, RequestId: "request-1"},
		},
		{
			command: "postmortem delete|" + testID, method: "DeletePostMortem",
			want: &debriefv1.DeletePostMortemRequest{Name: testPostMortem},
		},
		{
			command: "postmortem undelete|" + testID, method: "UndeletePostMortem",
			want: &debriefv1.UndeletePostMortemRequest{Name: testPostMortem},
		},
		{
			command: "postmortem show|" + testID + "|--revision|2", method: "GetPostMortemRevision",
			want: &debriefv1.GetPostMortemRevisionRequest{Name: testPostMortem + "/revisions/2"},
		},
		{
			command: "postmortem export|" + testID + "|--format|html|--revision|1", method: "ExportPostMortem",
			want: &debriefv1.ExportPostMortemRequest{Name: testPostMortem, Format: debriefv1.ExportFormat_EXPORT_FORMAT_HTML, Revision: 1},
		},
		{
			command: "action add|Alert on|the queue|--owner|payments|--due|2026-12-01|--priority|p2|--strength|stronger|--first-step|Look|" +
				"--tracker|https://tracker.example.com/1|--postmortem|" + lower + "|--factor|f1|--incident|" + lower + "|--label|a=b|--description|How",
			method: "CreateActionItem",
			want: &debriefv1.CreateActionItemRequest{
				RequestId: "request-1",
				ActionItem: &debriefv1.ActionItem{
					Title: "Alert on the queue", Owner: "payments", Priority: debriefv1.ActionItem_PRIORITY_P2, Strength: debriefv1.ActionItem_STRENGTH_STRONGER,
					DueTime: timestamppb.New(time.Date(2026, time.December, 1, 0, 0, 0, 0, testNow.Location())), FirstStep: "Look",
					TrackerUri: "https://tracker.example.com/1", PostMortem: testPostMortem, ContributingFactor: "f1", Incident: testIncident,
					Labels: map[string]string{"a": "b"}, Description: "How",
				},
			},
		},
		{
			command: "action update|" + testID + "|--due||--owner|dba", method: "UpdateActionItem",
			want: &debriefv1.UpdateActionItemRequest{
				ActionItem: &debriefv1.ActionItem{Name: testAction, Owner: "dba"}, UpdateMask: mask("owner", "due_time"),
			},
		},
		{
			command: "action start|" + testID + "|--owner|bo|--first-step|Look", method: "StartActionItem",
			want: &debriefv1.StartActionItemRequest{Name: testAction, Owner: "bo", FirstStep: "Look", RequestId: "request-1"},
		},
		{
			command: "action complete|" + testID + "|--at|yesterday", method: "CompleteActionItem",
			want: &debriefv1.CompleteActionItemRequest{Name: testAction, Time: ago(36 * time.Hour), RequestId: "request-1"},
		},
		{
			command: "action verify|" + testID + "|--outcome|INEFFECTIVE|--note|It came again|--successor-title|Again", method: "VerifyActionItem",
			want: &debriefv1.VerifyActionItemRequest{
				Name: testAction, Outcome: debriefv1.VerificationOutcome_VERIFICATION_OUTCOME_INEFFECTIVE,
				Note: "It came again", SuccessorTitle: "Again", RequestId: "request-1",
			},
		},
		{
			command: "action drop|" + testID + "|--reason|Bought instead", method: "DropActionItem",
			want: &debriefv1.DropActionItemRequest{Name: testAction, Reason: "Bought instead", RequestId: "request-1"},
		},
		{
			command: "action reopen|" + testID + "|--reason|It is not done", method: "ReopenActionItem",
			want: &debriefv1.ReopenActionItemRequest{Name: testAction, Reason: "It is not done", RequestId: "request-1"},
		},
		{
			command: "action delete|" + testID, method: "DeleteActionItem",
			want: &debriefv1.DeleteActionItemRequest{Name: testAction},
		},
		{
			command: "action undelete|" + testID, method: "UndeleteActionItem",
			want: &debriefv1.UndeleteActionItemRequest{Name: testAction},
		},
	}
	for _, test := range tests {
		t.Run(test.method, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer(test.method, answerOf(t, test.method))
			words := strings.Split(test.command, "|")
			mustSucceed(t, debrief(t, server, append(strings.Fields(words[0]), words[1:]...)...))
			if diff := cmp.Diff([]proto.Message{test.want}, server.called(test.method), protocmp.Transform()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// answerOf is the emptiest answer that a method can give.
func answerOf(t *testing.T, method string) proto.Message {
	t.Helper()
	for _, service := range apiServices() {
		if known := service.Methods().ByName(name(method)); known != nil {
			return emptyMessage(t, known.Output().FullName())
		}
	}
	t.Fatalf("there is no method %s", method)
	return nil
}

// TestActor shows who commands say they are for.
func TestActor(t *testing.T) {
	tests := []struct {
		name      string
		arguments []string
		variable  string
		want      []string
	}{
		{name: "the operating system's user", want: []string{"ana"}},
		{name: "a flag", arguments: []string{"--as", "bo"}, want: []string{"bo"}},
		{name: "a variable", variable: "DEBRIEF_AS=cy", want: []string{"cy"}},
		{name: "nobody, for an anonymous entry", arguments: []string{"--as", "bo", "--anonymous"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("CreateTimelineEntry", &debriefv1.TimelineEntry{})
			environment := testEnvironment(t, server.address)
			environment.variables = append(environment.variables, test.variable)
			arguments := append([]string{"timeline", "add", testID, "I pressed it"}, test.arguments...)
			mustSucceed(t, execute(t, environment, arguments...))
			if diff := cmp.Diff(test.want, server.calls[0].actor); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		})
	}
}
