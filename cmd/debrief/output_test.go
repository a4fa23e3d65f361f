package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func testIncidents() []*debriefv1.Incident {
	return []*debriefv1.Incident{
		{
			Name: testIncident, Title: "Checkout answers slowly", State: debriefv1.Incident_STATE_ACTIVE, Severity: debriefv1.Severity_SEVERITY_SEV2,
			Milestones: &debriefv1.Milestones{StartTime: ago(10 * time.Minute)},
		},
		{
			Name: "incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2K", Title: "決済が遅い 🐌", State: debriefv1.Incident_STATE_CLOSED,
			Milestones: &debriefv1.Milestones{StartTime: ago(72 * time.Hour)},
		},
	}
}

// TestIncidentList shows a list in each form.
func TestIncidentList(t *testing.T) {
	tests := []struct {
		name      string
		arguments []string
		want      string
	}{
		{
			name: "a table for eyes",
			want: `
ID                          STATE   SEV   STARTED                     TITLE
01JD3V2Q6R8T0W2Y4A6C8E0G2J  ACTIVE  SEV2  2026-11-23 11:50 (10m ago)  Checkout answers slowly
01JD3V2Q6R8T0W2Y4A6C8E0G2K  CLOSED  -     2026-11-20 12:00 (3d ago)   決済が遅い 🐌
`,
		},
		{
			name: "names for shell scripts", arguments: []string{"-o", "name"},
			want: `
incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J
incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2K
`,
		},
		{
			name: "JSON as the API has it", arguments: []string{"-o", "json"},
			want: `
{
  "incidents": [
    {
      "name": "incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J",
      "title": "Checkout answers slowly",
      "severity": "SEVERITY_SEV2",
      "state": "STATE_ACTIVE",
      "milestones": {
        "startTime": "2026-11-23T10:50:00Z"
      }
    },
    {
      "name": "incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2K",
      "title": "決済が遅い 🐌",
      "state": "STATE_CLOSED",
      "milestones": {
        "startTime": "2026-11-20T11:00:00Z"
      }
    }
  ]
}
`,
		},
		{
			name: "YAML", arguments: []string{"--output", "YAML"},
			want: `
incidents:
  - name: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J
    title: Checkout answers slowly
    severity: SEVERITY_SEV2
    state: STATE_ACTIVE
    milestones:
      startTime: "2026-11-23T10:50:00Z"
  - name: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2K
    title: "決済が遅い \U0001F40C"
    state: STATE_CLOSED
    milestones:
      startTime: "2026-11-20T11:00:00Z"
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{Incidents: testIncidents()})
			got := mustSucceed(t, debrief(t, server, append([]string{"incident", "list"}, test.arguments...)...))
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEmptyList shows that programs get an empty list, and people a word.
func TestEmptyList(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{})
	for output, want := range map[string]result{
		"json":  {stdout: "{\n  \"incidents\": []\n}\n"},
		"yaml":  {stdout: "incidents: []\n"},
		"name":  {},
		"table": {stderr: "There are none.\n"},
	} {
		if diff := cmp.Diff(want, debrief(t, server, "incident", "list", "-o", output), cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", output, diff)
		}
	}
}

// TestTerminal shows that in a terminal texts are cut to fit, and colours say what is urgent.
func TestTerminal(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{Incidents: testIncidents()})
	tests := []struct {
		name      string
		width     int
		variables []string
		arguments []string
		want      string
	}{
		{
			name: "with colours", width: 80,
			want: "\x1b[2mID\x1b[0m                          \x1b[2mSTATE\x1b[0m   \x1b[2mSEV\x1b[0m   \x1b[2mSTARTED\x1b[0m  \x1b[2mTITLE\x1b[0m\n" +
				"01JD3V2Q6R8T0W2Y4A6C8E0G2J  \x1b[31mACTIVE\x1b[0m  \x1b[31mSEV2\x1b[0m  10m ago  Checkout answers slowly\n" +
				"01JD3V2Q6R8T0W2Y4A6C8E0G2K  \x1b[2mCLOSED\x1b[0m  -     3d ago   決済が遅い 🐌\n",
		},
		{
			name: "without them where NO_COLOR asks for that", width: 70, variables: []string{"NO_COLOR=1"},
			want: `
ID                          STATE   SEV   STARTED  TITLE
01JD3V2Q6R8T0W2Y4A6C8E0G2J  ACTIVE  SEV2  10m ago  Checkout answers sl…
01JD3V2Q6R8T0W2Y4A6C8E0G2K  CLOSED  -     3d ago   決済が遅い 🐌
`,
		},
		{
			name: "or a flag, with more where there is more room", width: 120, arguments: []string{"--color", "never"},
			want: `
ID                          STATE   SEV   STARTED                     TITLE
01JD3V2Q6R8T0W2Y4A6C8E0G2J  ACTIVE  SEV2  2026-11-23 11:50 (10m ago)  Checkout answers slowly
01JD3V2Q6R8T0W2Y4A6C8E0G2K  CLOSED  -     2026-11-20 12:00 (3d ago)   決済が遅い 🐌
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environment := testEnvironment(t, server.address)
			environment.width = test.width
			environment.variables = append(environment.variables, test.variables...)
			got := mustSucceed(t, execute(t, environment, append([]string{"incident", "list"}, test.arguments...)...))
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostileText shows that a text can make a terminal do nothing.
func TestHostileText(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	hostile := "\x1b]0;owned\x07Click \x1b[31mhere\x1b[0m\u009b2J\u202egnp.exe\r\nnext\x00\u2066"
	server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{Incidents: []*debriefv1.Incident{{Name: testIncident, Title: hostile}}})
	server.answer("GetIncident", &debriefv1.Incident{Name: testIncident, Title: hostile, Summary: hostile, Labels: map[string]string{"k": hostile}})
	server.answer("ExportPostMortem", &httpbody.HttpBody{Data: []byte(hostile)})
	for _, command := range []string{
		"incident list", "incident list -o json", "incident list -o yaml", "incident show " + testID, "incident show -o json " + testID,
		"incident show -o yaml " + testID, "postmortem export " + testID, "__complete incident show ",
	} {
		t.Run(command, func(t *testing.T) {
			environment := testEnvironment(t, server.address)
			environment.width, environment.variables = 200, append(environment.variables, "NO_COLOR=1")
			got := mustSucceed(t, execute(t, environment, strings.Split(command, " ")...))
			if !strings.Contains(got, "here") {
				t.Errorf("the text is missing: %q", got)
			}
			for _, r := range got {
				if hidden(r) {
					t.Errorf("%U is in the output: %q", r, got)
				}
			}
		})
	}
}

// TestExportIsExact shows that a program gets a document as it is.
func TestExportIsExact(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ExportPostMortem", &httpbody.HttpBody{Data: []byte("# \x1b[31mT\r\n")})
	if got := mustSucceed(t, debrief(t, server, "pm", "export", testID)); got != "# \x1b[31mT\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestIncidentShow shows all of an incident.
func TestIncidentShow(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetIncident", &debriefv1.Incident{
		Name: testIncident, Title: "Checkout answers slowly", State: debriefv1.Incident_STATE_RESOLVED, Severity: debriefv1.Severity_SEVERITY_SEV1,
		Kind: debriefv1.Incident_KIND_INCIDENT, Lead: "bo", Etag: "7", CreateTime: ago(10 * time.Minute), Summary: "The queue\n\ngrew.",
		Impact:     &debriefv1.Impact{Summary: "Carts were lost.", Services: []string{"checkout", "cart"}, CustomersAffected: new(int64(1200))},
		Labels:     map[string]string{"team": "payments", "region": "eu"},
		Milestones: &debriefv1.Milestones{StartTime: ago(30 * time.Minute), ResolveTime: ago(2 * time.Minute)},
		Responders: []*debriefv1.Responder{{Person: "cy", Role: "scribe"}, {Person: "dee"}},
		Links:      []*debriefv1.Link{{Title: "War room", Uri: "https://chat.example.com"}},
		Origin: &debriefv1.Origin{Actor: "intake/alertmanager", Alerts: []*debriefv1.Alert{{
			Status: debriefv1.Alert_STATUS_RESOLVED, Labels: map[string]string{"alertname": "Slow"}, StartTime: ago(30 * time.Minute), NotificationCount: 3,
		}}},
		MilestoneChanges: []*debriefv1.MilestoneChange{{
			Milestone: debriefv1.Milestone_MILESTONE_STARTED, PreviousTime: ago(20 * time.Minute), NewTime: ago(30 * time.Minute),
			Actor: "ana", ChangeTime: ago(0), Reason: "The log says so",
		}},
	})
	want := `Checkout answers slowly
incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J

State           RESOLVED
Severity        SEV1
Kind            INCIDENT
Started         2026-11-23 11:30:00 CET (30m ago)
Resolved        2026-11-23 11:58:00 CET (2m ago)
Lead            bo
Services        checkout, cart
Customers       1200 affected
Labels          region=eu, team=payments
Opened by       intake/alertmanager
Opened          2026-11-23 11:50:00 CET (10m ago)
Etag            7

Summary
  The queue

  grew.

Impact
  Carts were lost.

Responders
  cy (scribe)
  dee

Links
  War room https://chat.example.com

Alerts
  RESOLVED alertname=Slow, since 2026-11-23 11:30 (30m ago), 3 notifications

Corrections
  STARTED: from 2026-11-23 11:40 (20m ago) to 2026-11-23 11:30 (30m ago), by ana, 2026-11-23 12:00 (now): The log says so
`
	if diff := cmp.Diff(want, mustSucceed(t, debrief(t, server, "incident", "show", testID))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
