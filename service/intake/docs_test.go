package intake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

// documented is a section of docs/alerts.md, up to the next one of its level.
func documented(tb testing.TB, heading string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.md"))
	if err != nil {
		tb.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		tb.Fatalf("docs/alerts.md has no %q", heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	section, _, _ = strings.Cut(section, "\n"+level+" ")
	return section
}

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

func blocks(tb testing.TB, section string, want int) []string {
	tb.Helper()
	var found []string
	for _, match := range jsonBlock.FindAllStringSubmatch(section, -1) {
		found = append(found, match[1])
	}
	if len(found) != want {
		tb.Fatalf("%d blocks of JSON, want %d", len(found), want)
	}
	return found
}

func TestDocumentedFormIsRead(t *testing.T) {
	form, _, _ := strings.Cut(documented(t, "## Generic"), "\n### ")
	got := parse(t, intake.Generic(), request([]byte(blocks(t, form, 1)[0])), intake.Options{})
	want := []intake.Alert{{
		EpisodeKey: "disk/db-1/4711", Fingerprint: "disk/db-1", Status: intake.Firing, Severity: "critical",
		Title: "The disk fills", Summary: "Less than **5 %** is left.",
		Labels: map[string]string{"service": "orders", "instance": "db-1"}, Annotations: map[string]string{"runbook": "https://runbooks.example.com/disk"},
		StartTime: at("2026-03-04T08:10:11Z"), GeneratorURL: "https://monitoring.example.com/alerts/4711",
		Links:  []intake.Link{{URI: "https://monitoring.example.com/d/1", Title: "Dashboard"}},
		Images: []intake.Image{{URI: "https://monitoring.example.com/i/1.png", Link: "https://monitoring.example.com/d/1", Alternative: "Free space"}},
	}}
	if diff := cmp.Diff(want, got.Alerts); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestDocumentedMappingGivesTheDocumentedAlerts(t *testing.T) {
	section := documented(t, "### A mapping for any JSON")
	found := blocks(t, section, 2)
	var written struct{ Alerts, Key, Status, Title, Severity, Labels, Time, Link string }
	decoder := json.NewDecoder(strings.NewReader(found[1]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&written); err != nil {
		t.Fatal(err)
	}
	mapping := newMapping(t, intake.MappingSource{
		Alerts: written.Alerts, Key: written.Key, Status: written.Status, Title: written.Title, Severity: written.Severity,
		Labels: written.Labels, Time: written.Time, URL: written.Link,
	})
	got := parse(t, intake.Generic(), request([]byte(found[0])), intake.Options{Mapping: mapping})
	var table strings.Builder
	for _, alert := range got.Alerts {
		fmt.Fprintf(&table, "| `%s` | `%s` | `%s` | `%s` | `%s` | `%s` |\n",
			alert.Fingerprint, alert.Status, alert.Severity, alert.Title, alert.Time.Format(time.RFC3339), alert.GeneratorURL)
	}
	if len(got.Alerts) != 2 || !strings.Contains(section, "|---|---|---|---|---|---|\n"+table.String()+"\n") {
		t.Errorf("the page does not show what becomes of its example:\n%s", table.String())
	}
	if diff := cmp.Diff(map[string]string{"site": "eu", "service": "web"}, got.Alerts[0].Labels); diff != "" {
		t.Errorf("Labels (-want +got):\n%s", diff)
	}
}

func TestEveryKindOfSenderIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, adapter := range []intake.Adapter{
		intake.Grafana(), intake.PagerDuty(), intake.Opsgenie(), intake.Datadog(), intake.SNS(nil),
		intake.GoogleCloud(), intake.Sentry(), intake.CloudEvents(), intake.Generic(),
	} {
		if !regexp.MustCompile(`(?m)^\| \[[^|]*\| .?/intake/` + adapter.Source + "[`/]").Match(text) {
			t.Errorf("docs/alerts.md has no row for %s", adapter.Source)
		}
		if !strings.Contains(string(text), "/intake/"+adapter.Source) {
			t.Errorf("docs/alerts.md has no path of %s", adapter.Source)
		}
	}
}
