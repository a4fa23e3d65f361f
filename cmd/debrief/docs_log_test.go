package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// logged finds what is written into the log at a level that people look at.
var logged = regexp.MustCompile(`(?:(?:Info|Warn|Error)Context\([^,"]+|LogAttrs\([^"\n]+),\s+"([^"]+)"`)

// TestDocumentedLog holds the table of the log against the messages that the code of the server writes.
func TestDocumentedLog(t *testing.T) {
	t.Parallel()
	messages := map[string]bool{}
	for _, folder := range []string{"server", "../../service", "../../repository"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range logged.FindAllStringSubmatch(string(text), -1) {
				messages[found[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(messages) < 30 {
		t.Fatalf("%d messages are found in the code: does it write them in another way?", len(messages))
	}
	table := documentSection(t, "operations.md", "## Log")
	for message := range messages {
		if !strings.Contains(table, "`"+message+"`") {
			t.Errorf("docs/operations.md does not tell of the message %q", message)
		}
	}
	for _, row := range documentRows(table) {
		for _, told := range regexp.MustCompile("`[^`]+`").FindAllString(row[1], -1) {
			if message := strings.Trim(told, "`"); !messages[message] {
				t.Errorf("docs/operations.md tells of the message %q, which the code does not write", message)
			}
		}
	}
}
