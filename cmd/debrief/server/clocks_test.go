package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// policyFile writes a file of clock policies.
func policyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clocks.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheCalendarIsForCalendarClients(t *testing.T) {
	server := start(t, func(c *Config) { c.ClockPolicies = policyFile(t, "clocks: {review: {default: {anchor: DETECTED}}}") })
	openIncident(t, server)
	got := server.send(t, http.MethodGet, "/v1/calendar.ics", "", "Accept", "text/calendar")
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "SUMMARY:Review due: ") || strings.Contains(got.body, "Follow-up due") {
		t.Errorf("%d\n%s", got.StatusCode, got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/calendar; charset=utf-8", "Content-Disposition": `attachment; filename="calendar.ics"`,
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	if again := server.send(t, http.MethodGet, "/v1/calendar.ics", ""); again.body != got.body {
		t.Errorf("the same calendar was written as\n%s\nand as\n%s", got.body, again.body)
	}
	head := server.send(t, http.MethodHead, "/v1/calendar.ics", "")
	if head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("Content-Type") != got.Header.Get("Content-Type") {
		t.Errorf("HEAD: %+v", head)
	}
}

// TestTheServerTellsOfClocks has a clock that runs out soon.
func TestTheServerTellsOfClocks(t *testing.T) {
	server := start(t, func(c *Config) {
		c.ClockPolicies = policyFile(t, "clocks: {review: {default: {length: 1m, anchor: DETECTED, at_risk: 0}}, follow_up: {default: {off: true}}}")
		c.ClockInterval = 20 * time.Millisecond
	})
	detected := time.Now().Add(-59500 * time.Millisecond).UTC().Format(time.RFC3339Nano)
	post(t, server, "/v1/incidents?detectTime="+detected, `{"title":"Soon"}`, &debriefv1.Incident{})
	for _, awaited := range []struct{ path, text string }{
		{"/v1/events", "TYPE_CLOCK_BREACHED"},
		// It is counted when it is stored, so that the feed may have it a moment earlier.
		{"/metrics", `debrief_clock_changes_total{clock="REVIEW",state="BREACHED"} 1`},
	} {
		for page := ""; !strings.Contains(page, awaited.text); {
			page = server.send(t, http.MethodGet, awaited.path, "").body
		}
	}
}
