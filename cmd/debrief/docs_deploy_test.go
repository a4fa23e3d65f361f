package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestDocumentedSchemas looks for a row in the table of schemas for each step that brings a file to one.
func TestDocumentedSchemas(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../repository/sqlite/migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for i, file := range files {
		want = append(want, fmt.Sprintf("%d `%s`", i+1, strings.TrimSuffix(filepath.Base(file), ".sql")))
	}
	for _, row := range documentRows(documentSection(t, "upgrades.md", "## What each schema brings")) {
		got = append(got, row[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schemas (-migrations +docs/upgrades.md):\n%s", diff)
	}
}

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
