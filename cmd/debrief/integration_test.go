package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

var shownKey = regexp.MustCompile(`not shown again: (dbk_\S+)`)

// keyIn is the key that an output shows.
func keyIn(t *testing.T, output string) string {
	t.Helper()
	found := shownKey.FindStringSubmatch(output)
	if found == nil {
		t.Fatalf("no key in %q", output)
	}
	return found[1]
}

const rulesFile = `
rules:
  - title: staging is kept
    condition: alert.labels["env"] == "staging"
    outcome: keep
  - title: one service is one incident
    severity: sev2
    outcome: GROUP
    group_by: ['alert.labels["service"]']
    window: 1h
severities: {page: sev1}
maintenanceWindows:
  - {reason: The move, start_time: "2026-11-23 12:00", endTime: 2026-11-23T13:00:00Z}
keepOpen: true
labels:
`

// TestIntegrationFiles shows how people write what becomes of alerts.
func TestIntegrationFiles(t *testing.T) {
	t.Parallel()
	file := messageFile{now: func() time.Time { return testNow }, alone: "rules"}
	rules := []*debriefv1.AlertRule{
		{Title: "staging is kept", Condition: `alert.labels["env"] == "staging"`, Outcome: debriefv1.AlertRule_OUTCOME_KEEP},
		{
			Title: "one service is one incident", Severity: debriefv1.Severity_SEVERITY_SEV2, Outcome: debriefv1.AlertRule_OUTCOME_GROUP,
			GroupBy: []string{`alert.labels["service"]`}, Window: durationpb.New(time.Hour),
		},
	}
	want := &debriefv1.Integration{
		Rules: rules, Severities: map[string]debriefv1.Severity{"page": debriefv1.Severity_SEVERITY_SEV1}, KeepOpen: true,
		MaintenanceWindows: []*debriefv1.MaintenanceWindow{{
			Reason: "The move", StartTime: ago(0), EndTime: timestamppb.New(time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)),
		}},
	}
	got := &debriefv1.Integration{}
	named, err := file.read(rulesFile, got)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"rules", "severities", "maintenance_windows", "keep_open", "labels"}, named); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
	alone := &debriefv1.Integration{}
	if named, err = file.read(`[{"title": "all", "outcome": "OUTCOME_DROP"}]`, alone); err != nil || !cmp.Equal(named, []string{"rules"}) ||
		alone.GetRules()[0].GetOutcome() != debriefv1.AlertRule_OUTCOME_DROP {
		t.Errorf("a list alone: %v, %v, %v", alone, named, err)
	}
	for text, problem := range map[string]string{
		"": "empty", "a text": "NAME: VALUE", "rule: []": `line 1: "rule" is none of`, "rules: {}": "must be a list",
		"rules: [{outcome: burn}]": `line 1: "burn" is none of DROP`, "rules: [{window: soon}]": `"soon" is no duration`,
		"labels: [a]": "KEY: VALUE", "title: [a]": "single value", "title: a\ntitle: b": "twice", "disabled: perhaps": "line 1",
		"rules: [&a {title: x}, *a]": "NAME: VALUE", "\t": "no YAML",
	} {
		if _, err := file.read(text, &debriefv1.Integration{}); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, want …%s…", text, err, problem)
		}
	}
}

// TestIntegrationStory leads from an integration to an alert that its rules decide on, by the command line alone.
func TestIntegrationStory(t *testing.T) {
	address, httpAddress := startServingBoth(t, "--require-intake-keys")
	s, web := teller{t, address}, "http://"+httpAddress
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rulesFile), 0o600); err != nil {
		t.Fatal(err)
	}
	created := s.does("integration", "create", "pagers", "--kind", "pagerduty", "--title", "Pagers", "--label", "team=shop", "--file", file)
	key := keyIn(t, created)
	for _, want := range []string{"integrations/pagers is created: PAGERDUTY, Pagers", "/intake/pagerduty/v2/enqueue with the routing_key " + key, "debrief send-test pagerduty --key " + key} {
		if !strings.Contains(created, want) {
			t.Errorf("create: %q, want …%s…", created, want)
		}
	}
	if got := s.tries("", "integration", "create", "two", "--kind", "generic", "-o", "name"); got.stdout != "integrations/two\n" || keyIn(t, got.stderr) == key {
		t.Errorf("create -o name: %q, %q", got.stdout, got.stderr)
	}
	if got := s.does("integration", "list", "--kind", "pagerduty", "-o", "name"); got != "integrations/pagers" {
		t.Errorf("list: %q", got)
	}
	shown := s.does("integration", "show", "pagers")
	for _, want := range []string{"GROUP within 1h by alert.labels[\"service\"]", "page=SEV1", "team=shop", "Keep open       yes", key[:10] + "…"} {
		if !strings.Contains(shown, want) {
			t.Errorf("show: %q, want …%s…", shown, want)
		}
	}
	if strings.Contains(shown, key) {
		t.Errorf("the key is shown again: %s", shown)
	}

	if got := s.tries("", "send-test", "pagerduty", "--url", web); got.code != exitDenied {
		t.Errorf("without a key: %d, %q", got.code, got.stderr)
	}
	if got := s.tries("", "send-test", "generic", "--url", web, "--key", key); got.code != exitDenied || strings.Contains(got.stderr, key) {
		t.Errorf("with the key of another kind: %d, %q", got.code, got.stderr)
	}
	s.does("send-test", "pagerduty", "--url", web, "--key", key)
	s.does("send-test", "pagerduty", "--url", web, "--key", key)
	alerts := strings.Split(s.does("alert", "list", "--integration", "pagers", "--outcome", "group", "--label", "team=shop", "-o", "name"), "\n")
	if len(alerts) != 2 {
		t.Fatalf("alerts: %q", alerts)
	}
	if got := s.does("alert", "show", alerts[0]); !strings.Contains(got, "SEV2 (warning)") || !strings.Contains(got, "one service is one incident") {
		t.Errorf("show: %q", got)
	}
	if got := s.does("alert", "explain", alerts[0]); !strings.HasPrefix(got, "GROUP: one service is one incident\nalerts/") ||
		!strings.Contains(got, `"staging is kept" did not match`) {
		t.Errorf("explain: %q", got)
	}
	s.does("alert", "mark", alerts[0], "--noise", "not-actionable", "--reason", "It heals by itself")
	if got := s.does("alert", "list", "--noise", "not-actionable", "-o", "name"); got != alerts[0] {
		t.Errorf("marked: %q", got)
	}
	if got := strings.Fields(s.does("alert", "quality")); len(got) < 7 || !cmp.Equal(got[len(got)-7:], []string{"pagers", "pagerduty", "2", "2", "0", "1", "0"}) {
		t.Errorf("quality: %q", got)
	}
	s.does("alert", "mark", alerts[0], "--noise", "")

	if got := s.tries(`[{title: drop all, outcome: drop}]`, "integration", "test-rules", "pagers", "--file", "-"); got.code != exitOK ||
		!strings.Contains(got.stdout, "2 alerts would have opened 0 incidents; they did open 1.") {
		t.Errorf("test-rules: %q, %q", got.stdout, got.stderr)
	}
	if got := s.tries(`[{title: burn all, outcome: burn}]`, "integration", "test-rules", "pagers", "--file", "-"); got.code != exitUsage {
		t.Errorf("test-rules without sense: %d, %q", got.code, got.stderr)
	}
	s.does("integration", "update", "pagers", "--title", "Others", "--keep-open=false")
	if got := s.does("integration", "show", "pagers"); strings.Contains(got, "Keep open") || !strings.Contains(got, "GROUP within 1h") {
		t.Errorf("updated: %q", got)
	}
	if got := s.tries("", "integration", "update", "pagers"); got.code != exitUsage {
		t.Errorf("an update of nothing: %d, %q", got.code, got.stderr)
	}
	rotated := keyIn(t, s.does("integration", "rotate-key", "pagers", "--overlap", "1h"))
	s.does("send-test", "pagerduty", "--url", web, "--key", rotated)
	s.does("integration", "delete", "pagers")
	if got := s.does("integration", "list", "-o", "name"); got != "integrations/two" {
		t.Errorf("after deletion: %q", got)
	}
}

// TestDeliveryStory looks at a delivery as it came, and has it worked off again.
func TestDeliveryStory(t *testing.T) {
	address, httpAddress := startServingBoth(t)
	s := teller{t, address}
	id := s.does("send-test", "generic", "--url", "http://"+httpAddress, "-o", "name")
	delivery := s.does("delivery", "list", "--state", "done", "--source", "generic", "-o", "name")
	alert := s.does("alert", "list", "--title", id, "-o", "name")
	if got := s.does("delivery", "show", delivery); !strings.Contains(got, "Test alert "+id) || !strings.Contains(got, alert) {
		t.Errorf("show: %q", got)
	}
	if got := s.does("delivery", "replay", delivery); got != delivery+" is worked off again: DONE, generic" {
		t.Errorf("replay: %q", got)
	}
	if got := s.does("delivery", "show", delivery); !strings.Contains(got, "Replays         1\n") {
		t.Errorf("after the replay: %q", got)
	}
	if got := s.does("alert", "list", "-o", "name"); got != alert {
		t.Errorf("alerts after the replay: %q", got)
	}
}

// TestSendTest sends an alert of each kind to a server, finds it, and resolves it.
func TestSendTest(t *testing.T) {
	address, httpAddress := startServingBoth(t)
	s, web := teller{t, address}, "http://"+httpAddress
	for _, kind := range enumNames(debriefv1.Integration_Kind(0).Descriptor()) {
		kind = strings.ToLower(kind)
		created := s.does("integration", "create", kind, "--kind", kind)
		key := keyIn(t, created)
		got := s.tries("", "send-test", kind, "--url", web, "--key", key, "-o", "name")
		id := strings.TrimSpace(got.stdout)
		if kind == "sns" {
			if got.code != exitDenied || !strings.Contains(got.stderr, "not signed") || strings.Contains(got.stderr, key) {
				t.Errorf("sns: %d, %q", got.code, got.stderr)
			}
			continue
		}
		if got.code != exitOK {
			t.Errorf("%s: %d, %q", kind, got.code, got.stderr)
			continue
		}
		firing := s.does("alert", "list", "--title", id, "--integration", kind, "--status", "firing", "--severity", "sev4", "-o", "name")
		if !strings.HasPrefix(firing, "alerts/") || strings.Contains(firing, "\n") {
			t.Errorf("%s: alerts %q", kind, firing)
		}
		s.does("send-test", kind, "--url", web, "--key", key, "--alert", id, "--resolve")
		if resolved := s.does("alert", "list", "--integration", kind, "-o", "name"); resolved != firing {
			t.Errorf("%s: alerts %q, want %q alone", kind, resolved, firing)
		}
		if resolved := s.does("alert", "list", "--integration", kind, "--status", "resolved", "-o", "name"); resolved != firing {
			t.Errorf("%s: resolved %q, want %q", kind, resolved, firing)
		}
	}
	for _, kind := range []string{"grafana", "sentry"} {
		key := keyIn(t, s.does("integration", "create", kind+"-signed", "--kind", kind, "--signing-secret", "a secret of some length"))
		s.does("send-test", kind, "--url", web, "--key", key, "--signing-secret", "a secret of some length")
		if got := s.tries("", "send-test", kind, "--url", web, "--key", key, "--signing-secret", "another"); got.code != exitDenied {
			t.Errorf("%s with another secret: %d, %q", kind, got.code, got.stderr)
		}
	}
	for arguments, code := range map[string]int{
		"nagios": exitUsage, "gcp|--resolve": exitUsage, "gcp|--url|127.0.0.1:8080": exitUsage, "gcp|--alert|x": exitUsage,
		"gcp|--url|http://127.0.0.1:1|--key|dbk_secret": exitUnreachable,
	} {
		got := s.tries("", append([]string{"send-test"}, strings.Split(arguments, "|")...)...)
		if got.code != code || strings.Contains(got.stderr, "dbk_") {
			t.Errorf("%s: %d, %q", arguments, got.code, got.stderr)
		}
	}
}
