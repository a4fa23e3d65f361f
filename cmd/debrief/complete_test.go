package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestCompletion shows what the shell offers.
func TestCompletion(t *testing.T) {
	tests := []struct{ command, want string }{
		{"incident ack|", testID + "\tTRIAGE: Slow\n:36\n"},
		{"incident ack|01jd3v", "01jd3v" + testID[6:] + "\tTRIAGE: Slow\n:36\n"},
		{"incident ack|01X", ":36\n"},
		{"incident ack|" + testID + "|", ":4\n"},
		{"incident merge|" + testID + "|--into|", testID + "\tTRIAGE: Slow\n:36\n"},
		{"timeline amend|" + testID + "|", testID + "\tNOTE, Text\n:36\n"},
		{"pm create|" + testID + "|", testID + "\tTRIAGE: Slow\n:36\n"},
		{"pm show|", testID + "\tDRAFT: Review\n:36\n"},
		{"action start|", testID + "\tOPEN: Alert\n:36\n"},
		{"intake rejected show|", testID + "\talertmanager: no JSON\n:36\n"},
		{"incident list|--kind|", "incident\nnear_miss\nexercise\n:4\n"},
		{"action verify|x|--outcome|", "effective\nineffective\n:4\n"},
		{"incident list|-o|", "table\njson\nyaml\nname\n:4\n"},
		{"incident open|x|--summary-file|", ":0\n"},
		{"incident list|", ":4\n"},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{Incidents: []*debriefv1.Incident{
				{Name: testIncident, Title: "Slow", State: debriefv1.Incident_STATE_TRIAGE},
			}})
			server.answer("ListTimelineEntries", &debriefv1.ListTimelineEntriesResponse{TimelineEntries: []*debriefv1.TimelineEntry{
				{Name: testEntry, Text: "Text", Kind: debriefv1.TimelineEntry_KIND_NOTE},
			}})
			server.answer("ListPostMortems", &debriefv1.ListPostMortemsResponse{PostMortems: []*debriefv1.PostMortem{
				{Name: testPostMortem, Title: "Review", State: debriefv1.PostMortem_STATE_DRAFT},
			}})
			server.answer("ListActionItems", &debriefv1.ListActionItemsResponse{ActionItems: []*debriefv1.ActionItem{
				{Name: testAction, Title: "Alert", State: debriefv1.ActionItem_STATE_OPEN},
			}})
			server.answer("ListRejectedDeliveries", &debriefv1.ListRejectedDeliveriesResponse{RejectedDeliveries: []*debriefv1.RejectedDelivery{
				{Name: "rejectedDeliveries/" + testID, Source: "alertmanager", Reason: "no JSON"},
			}})
			words := strings.Split(test.command, "|")
			arguments := append(append([]string{"__complete"}, strings.Fields(words[0])...), words[1:]...)
			if diff := cmp.Diff(test.want, mustSucceed(t, debrief(t, server, arguments...))); diff != "" {
				t.Errorf("completions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompletionScripts shows that there is one for each shell.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := mustSucceed(t, execute(t, testEnvironment(t, ""), "completion", shell)); !strings.Contains(got, "debrief") {
			t.Errorf("%s: %q", shell, got)
		}
	}
}

// TestVersion shows what is told of this program, and of a server that is there, or is not.
func TestVersion(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.answer("Check", &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING})
	if got := mustSucceed(t, debrief(t, server, "version")); !strings.Contains(got, "\nServer          "+server.address+"\nStatus          SERVING\n") {
		t.Errorf("a server that serves:\n%s", got)
	}
	if got := mustSucceed(t, debrief(t, server, "version", "--client")); strings.Contains(got, "Server") {
		t.Errorf("no server:\n%s", got)
	}
	server.stop()
	for output, want := range map[string]string{"json": `"serverStatus": "Unavailable: dial tcp `, "yaml": `serverStatus: 'Unavailable: dial tcp `} {
		if got := mustSucceed(t, debrief(t, server, "version", "-o", output)); !strings.Contains(got, want) {
			t.Errorf("a server that is away:\n%s", got)
		}
	}
}
