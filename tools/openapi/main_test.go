package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFinishNamesAndDescribesPathParameters(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{
			name: "a path of a collection in -ies",
			in:   `"/v1/incidents/{incident}/timelineEntries/{timelineEntrie}"`,
			want: `"/v1/incidents/{incident}/timelineEntries/{timelineEntry}"`,
		},
		{
			name: "a parameter of a collection in -ies",
			in:   "{\n  \"name\": \"timelineEntrie\",\n  \"in\": \"path\",\n  \"type\": \"string\"\n}",
			want: "{\n  \"name\": \"timelineEntry\",\n  \"description\": \"Id of the timeline entry: what follows timelineEntries/ in its resource name.\",\n  \"in\": \"path\",\n  \"type\": \"string\"\n}",
		},
		{
			name: "a parameter of a collection in -s",
			in:   "{\n  \"name\": \"incident\",\n  \"in\": \"path\",\n  \"type\": \"string\"\n}",
			want: "{\n  \"name\": \"incident\",\n  \"description\": \"Id of the incident: what follows incidents/ in its resource name.\",\n  \"in\": \"path\",\n  \"type\": \"string\"\n}",
		},
		{
			name: "a parameter of the query",
			in:   "{\n  \"name\": \"cookie\",\n  \"in\": \"query\"\n}",
			want: "{\n  \"name\": \"cookie\",\n  \"in\": \"query\"\n}",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(finish([]byte(tt.in)))
			if got != tt.want {
				t.Errorf("finish:\n%s\nwant:\n%s", got, tt.want)
			}
			if again := string(finish([]byte(got))); again != got {
				t.Errorf("finish is not idempotent:\n%s", again)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no document", nil, "exactly one argument"},
		{"a missing document", []string{"missing.json"}, "missing.json"},
		{"a document that is not JSON", []string{broken}, "no longer be JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(tt.args); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("run: %v, want an error that contains %q", err, tt.want)
			}
		})
	}
}
