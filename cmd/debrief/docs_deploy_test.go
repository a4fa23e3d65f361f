package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestDocumentedAlerts holds the table of alerts against the rules.
func TestDocumentedAlerts(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert  string
				Labels map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(documentText(t, filepath.Join(docsDirectory, "deploy/prometheus/rules.yaml"))), &rules); err != nil {
		t.Fatal(err)
	}
	want, got := map[string]string{}, map[string]string{}
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" {
				want[rule.Alert] = strings.TrimPrefix(want[rule.Alert]+", "+rule.Labels["severity"], ", ")
			}
		}
	}
	for _, row := range documentRows(documentSection(t, "deploy/README.md", "## Prometheus")) {
		for _, name := range codeIn(row[0]) {
			got[name] = row[1]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alerts (-rules +docs/deploy/README.md):\n%s", diff)
	}
}
