package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// startDue starts a server that has a review that is overdue, another one that is due, and an action item between.
func startDue(t *testing.T) *fakeServer {
	t.Helper()
	server := startFake(t, "127.0.0.1:0")
	late := &debriefv1.Clock{State: debriefv1.Clock_STATE_BREACHED, DueTime: ago(3 * time.Hour)}
	soon := &debriefv1.Clock{State: debriefv1.Clock_STATE_AT_RISK, DueTime: ago(-4 * time.Hour)}
	server.answer("ListIncidents",
		&debriefv1.ListIncidentsResponse{Incidents: []*debriefv1.Incident{
			{Name: testIncident, Title: "Checkout is down", ReviewClock: late},
			{Name: testIncident, Title: "Search is slow", Lead: "bo", ReviewClock: soon},
		}},
		&debriefv1.ListIncidentsResponse{})
	server.answer("ListActionItems", &debriefv1.ListActionItemsResponse{ActionItems: []*debriefv1.ActionItem{
		{Name: testAction, Title: "Bound the queue", Owner: "payments", State: debriefv1.ActionItem_STATE_OPEN, DueTime: ago(time.Hour)},
	}})
	return server
}

// TestDue shows what is due in each form, the most urgent first.
func TestDue(t *testing.T) {
	for _, test := range []struct{ output, want string }{
		{"table", `
DUE                        WHAT    ID                          STATE     OWNER     TITLE
2026-11-23 09:00 (3h ago)  REVIEW  01JD3V2Q6R8T0W2Y4A6C8E0G2J  BREACHED  -         Checkout is down
2026-11-23 11:00 (1h ago)  ACTION  01JD3V2Q6R8T0W2Y4A6C8E0G2J  OPEN      payments  Bound the queue
2026-11-23 16:00 (in 4h)   REVIEW  01JD3V2Q6R8T0W2Y4A6C8E0G2J  AT_RISK   bo        Search is slow
`},
		{"name", "\n" + testIncident + "\n" + testAction + "\n" + testIncident + "\n"},
		{"yaml", `
due:
  - dueTime: "2026-11-23T08:00:00Z"
    name: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J
    owner: ""
    remaining: -10800s
    state: BREACHED
    title: Checkout is down
    what: REVIEW
  - dueTime: "2026-11-23T10:00:00Z"
    name: actionItems/01JD3V2Q6R8T0W2Y4A6C8E0G2J
    owner: payments
    remaining: -3600s
    state: OPEN
    title: Bound the queue
    what: ACTION
  - dueTime: "2026-11-23T15:00:00Z"
    name: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J
    owner: bo
    remaining: 14400s
    state: AT_RISK
    title: Search is slow
    what: REVIEW
`},
	} {
		t.Run(test.output, func(t *testing.T) {
			t.Parallel()
			got := execute(t, testEnvironment(t, startDue(t).address), "due", "-o", test.output)
			mustSucceed(t, got)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got.stdout); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDueAsks shows how far ahead is looked.
func TestDueAsks(t *testing.T) {
	running := "(review_clock.state = RUNNING OR review_clock.state = AT_RISK OR review_clock.state = BREACHED OR review_clock.state = PAUSED) AND review_clock.due_time"
	for _, test := range []struct{ flags, want string }{
		{"", running + ` < "2026-11-25T11:00:00Z"`},
		{"--within 7d", running + ` < "2026-11-30T11:00:00Z"`},
		{"--all", running + ":*"},
	} {
		t.Run(test.flags, func(t *testing.T) {
			t.Parallel()
			server := startDue(t)
			mustSucceed(t, execute(t, testEnvironment(t, server.address), append([]string{"due"}, strings.Fields(test.flags)...)...))
			request, ok := server.called("ListIncidents")[0].(*debriefv1.ListIncidentsRequest)
			if !ok || request.GetFilter() != test.want || request.GetOrderBy() != "review_clock.due_time" {
				t.Errorf("asked %v, want %s", request, test.want)
			}
		})
	}
}

// TestDueStopsAtItsLimit shows that a long list says that it is one.
func TestDueStopsAtItsLimit(t *testing.T) {
	got := execute(t, testEnvironment(t, startDue(t).address), "due", "--limit", "2")
	mustSucceed(t, got)
	if lines := strings.Count(got.stdout, "\n"); lines != 3 || !strings.Contains(got.stderr, "There is more") {
		t.Errorf("stdout:\n%s\nstderr: %s", got.stdout, got.stderr)
	}
	if got := execute(t, testEnvironment(t, "127.0.0.1:1"), "due", "--limit", "0"); got.code != exitUsage {
		t.Errorf("--limit 0: exit code %d", got.code)
	}
}
