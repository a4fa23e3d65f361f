package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestTables shows how the other lists, and what is not only a list of fields, look.
func TestTables(t *testing.T) {
	tests := []struct {
		command string
		method  string
		answer  any
		want    string
	}{
		{
			command: "timeline list " + testID, method: "ListTimelineEntries",
			answer: &debriefv1.ListTimelineEntriesResponse{TimelineEntries: []*debriefv1.TimelineEntry{
				{
					Name: testEntry, Kind: debriefv1.TimelineEntry_KIND_ACTION, OccurTime: ago(time.Hour), Precision: durationpb.New(5 * time.Minute),
					Author: "bo", AuthorRole: "responder", Text: "Rolled\nback",
				},
				{Name: testEntry, Kind: debriefv1.TimelineEntry_KIND_NOTE, OccurTime: ago(0), Anonymous: true, Text: "I had pressed it", DeleteTime: ago(0)},
			}},
			want: `
ID                          HAPPENED                       KIND    AUTHOR          TEXT
01JD3V2Q6R8T0W2Y4A6C8E0G2J  2026-11-23 11:00 (1h ago) ±5m  ACTION  bo (responder)  Rolled back
01JD3V2Q6R8T0W2Y4A6C8E0G2J  2026-11-23 12:00 (now)         NOTE    (anonymous)     (deleted) I had pressed it
`,
		},
		{
			command: "timeline revisions " + testEntry, method: "ListTimelineEntryRevisions",
			answer: &debriefv1.ListTimelineEntryRevisionsResponse{Revisions: []*debriefv1.TimelineEntryRevision{{
				Revision: 2, Kind: debriefv1.TimelineEntry_KIND_ACTION, Actor: "bo", ReviseTime: ago(0), Text: "Rolled it back",
				Evidence: []*debriefv1.Evidence{{Title: "The log", Uri: "https://ci.example.com"}},
			}}},
			want: `
Revision 2
incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J/timelineEntries/01JD3V2Q6R8T0W2Y4A6C8E0G2J

Kind            ACTION
Written by      bo
Written         2026-11-23 12:00:00 CET (now)

Text
  Rolled it back

Evidence
  The log https://ci.example.com

`,
		},
		{
			command: "postmortem list", method: "ListPostMortems",
			answer: &debriefv1.ListPostMortemsResponse{PostMortems: []*debriefv1.PostMortem{
				{Name: testPostMortem, State: debriefv1.PostMortem_STATE_SCHEDULED, Title: "Slow", ReviewTime: ago(-26 * time.Hour)},
				{Name: testPostMortem, State: debriefv1.PostMortem_STATE_PUBLISHED, Title: "Down", LatestRevision: 2, UnpublishedChanges: true},
			}},
			want: `
ID                          STATE      REVISION  REVIEW                     TITLE
01JD3V2Q6R8T0W2Y4A6C8E0G2J  SCHEDULED  -         2026-11-24 14:00 (in 26h)  Slow
01JD3V2Q6R8T0W2Y4A6C8E0G2J  PUBLISHED  2+        -                          Down
`,
		},
		{
			command: "postmortem show " + testID, method: "GetPostMortem", answer: testDocument(),
			want: `
Checkout answers slowly
postMortems/01JD3V2Q6R8T0W2Y4A6C8E0G2J

State           DRAFT
Revision        none is published
Etag            4

Summary
  The queue grew.

  ## Impact
  was written in the middle.

What we believed and what was true
  payments team believed
    The queue has no limit.
  and true was
    It holds 10,000.
    seen in The dashboard https://graphs.example.com

Contributing factors
  OBSERVABILITY (f1)
    Nothing watched the age of the queue.

Participants
  cy (scribe)
`,
		},
		{
			command: "postmortem revisions " + testID, method: "ListPostMortemRevisions",
			answer: &debriefv1.ListPostMortemRevisionsResponse{Revisions: []*debriefv1.PostMortemRevision{
				{Revision: 1, PublishTime: ago(time.Hour), Actor: "ana", PostMortem: &debriefv1.PostMortem{Title: "Slow"}},
			}},
			want: `
REVISION  PUBLISHED                  BY   TITLE
1         2026-11-23 11:00 (1h ago)  ana  Slow
`,
		},
		{
			command: "action list", method: "ListActionItems",
			answer: &debriefv1.ListActionItemsResponse{ActionItems: []*debriefv1.ActionItem{{
				Name: testAction, State: debriefv1.ActionItem_STATE_OPEN, Priority: debriefv1.ActionItem_PRIORITY_P1, DueTime: ago(-14 * 24 * time.Hour),
				Owner: "payments", Title: "Alert on the age of the queue",
			}}},
			want: `
ID                          STATE  PRIORITY  STRENGTH  DUE                        OWNER     TITLE
01JD3V2Q6R8T0W2Y4A6C8E0G2J  OPEN   P1        -         2026-12-07 12:00 (in 14d)  payments  Alert on the age of the queue
`,
		},
		{
			command: "action show " + testID, method: "GetActionItem",
			answer: &debriefv1.ActionItem{
				Name: testAction, State: debriefv1.ActionItem_STATE_VERIFIED, Title: "Alert on the age of the queue", Owner: "payments",
				PostMortem: testPostMortem, ContributingFactor: "f1", FirstStep: "Look", OutcomeNote: "It fired.", Etag: "5",
			},
			want: `
Alert on the age of the queue
actionItems/01JD3V2Q6R8T0W2Y4A6C8E0G2J

State           VERIFIED
Owner           payments
Priority        -
Strength        -
First step      Look
Post-mortem     postMortems/01JD3V2Q6R8T0W2Y4A6C8E0G2J (factor f1)
Etag            5

Verification
  It fired.
`,
		},
		{
			command: "events --after 1", method: "ListEvents",
			answer: &debriefv1.ListEventsResponse{Events: []*debriefv1.Event{
				{
					Sequence: 2, Type: debriefv1.Event_TYPE_INCIDENT_RESOLVED, Resource: testIncident, Time: ago(time.Minute), Actor: "ana",
					Changes: []*debriefv1.FieldChange{{Field: "state", Before: "ACTIVE", After: "RESOLVED"}, {Field: "summary"}},
				},
				{Sequence: 10, Type: debriefv1.Event_TYPE_TIMELINE_ENTRY_CREATED, Resource: testEntry, Time: ago(0)},
			}},
			want: `
SEQUENCE  TIME                       TYPE                    ID                          ACTOR  CHANGES
2         2026-11-23 11:59 (1m ago)  INCIDENT_RESOLVED       01JD3V2Q6R8T0W2Y4A6C8E0G2J  ana    state: ACTIVE → RESOLVED, summary
10        2026-11-23 12:00 (now)     TIMELINE_ENTRY_CREATED  01JD3V2Q6R8T0W2Y4A6C8E0G2J  -
`,
		},
		{
			command: "intake rejected list", method: "ListRejectedDeliveries",
			answer: &debriefv1.ListRejectedDeliveriesResponse{RejectedDeliveries: []*debriefv1.RejectedDelivery{
				{Name: "rejectedDeliveries/" + testID, Source: "alertmanager", Reason: "version 5 is not known", SizeBytes: 2048, CreateTime: ago(0)},
			}},
			want: `
ID                          ARRIVED                 SOURCE        SIZE     REASON
01JD3V2Q6R8T0W2Y4A6C8E0G2J  2026-11-23 12:00 (now)  alertmanager  2.0 KiB  version 5 is not known
`,
		},
		{
			command: "intake rejected show " + testID, method: "GetRejectedDelivery",
			answer: &debriefv1.RejectedDelivery{
				Name: "rejectedDeliveries/" + testID, Source: "alertmanager", Reason: "no JSON", SizeBytes: 5, Body: []byte("\xff\x1b[1mno"), ContentType: "text/plain",
			},
			want: `
no JSON
rejectedDeliveries/01JD3V2Q6R8T0W2Y4A6C8E0G2J

Source          alertmanager
Content type    text/plain
Size            5 B, of which 7 B are kept

What was sent
  ` + "\uFFFD" + `no
`,
		},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer(test.method, test.answer)
			got := mustSucceed(t, debrief(t, server, strings.Fields(test.command)...))
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}
