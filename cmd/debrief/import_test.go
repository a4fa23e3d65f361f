package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestDocumentsAreImported shows what is sent of files, what is told of them, and that one that fails is told at the end.
func TestDocumentsAreImported(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ImportPostMortem", &debriefv1.ImportPostMortemResponse{
		PostMortem: &debriefv1.PostMortem{Name: testPostMortem}, Incident: "incidents/" + testID, TimelineEntryCount: 2,
		Parts:    []*debriefv1.ImportedPart{{Heading: "Summary", FirstLine: 3, LastLine: 5, Destination: "summary"}},
		Warnings: []*debriefv1.ImportWarning{{Line: 9, Message: "no time zone is told"}},
	})
	directory := t.TempDir()
	file := filepath.Join(directory, "a.md")
	for name, text := range map[string]string{"a.md": "# A\n", "b.txt": "no document", "c.md": strings.Repeat("x", maxImportBytes+1)} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := mustSucceed(t, debrief(t, server, "import", "postmortem", file, "--incident", testID))
	want := file + ": imported as " + testPostMortem + " of incidents/" + testID + ", 2 timeline entries, 0 action items\n  3-5  Summary -> summary\n" + file + ":9: no time zone is told\n"
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got := debrief(t, server, "import", "postmortem", directory, "--dry-run")
	if got.code != exitFailure || !strings.Contains(got.stderr, "1 of 2 files failed") || !strings.Contains(got.stderr, "c.md") || !strings.Contains(got.stdout, "would be imported") {
		t.Errorf("exit code %d, stdout:\n%s\nstderr:\n%s", got.code, got.stdout, got.stderr)
	}
	source := filepath.ToSlash(file)
	requests := []proto.Message{
		&debriefv1.ImportPostMortemRequest{Content: "# A\n", Source: source, Incident: "incidents/" + testID},
		&debriefv1.ImportPostMortemRequest{Content: "# A\n", Source: source, ValidateOnly: true},
	}
	if diff := cmp.Diff(requests, server.called("ImportPostMortem"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := debrief(t, server, "import", "postmortem", directory, "--incident", testID); got.code != exitUsage {
		t.Errorf("two documents of one incident: exit code %d", got.code)
	}
}

// TestSeveralDocumentsAreShownOneAfterTheOther shows that programs can read what became of several documents.
func TestSeveralDocumentsAreShownOneAfterTheOther(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ImportPostMortem", &debriefv1.ImportPostMortemResponse{
		PostMortem: &debriefv1.PostMortem{Name: testPostMortem, Incidents: []string{"incidents/" + testID}, Summary: "Two\nlines."}, Incident: "incidents/" + testID,
	})
	directory := t.TempDir()
	for _, name := range []string{"a.md", "b.md", "c.md"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte("# "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(mustSucceed(t, debrief(t, server, "import", "postmortem", directory, "-o", "json")), "\n"), "\n")
	if len(lines) != 3 {
		t.Errorf("%d lines of three documents: %q", len(lines), lines)
	}
	for _, line := range lines {
		var read struct {
			PostMortem struct{ Name string }
		}
		if err := json.Unmarshal([]byte(line), &read); err != nil || read.PostMortem.Name != testPostMortem {
			t.Errorf("line %s: %v", line, err)
		}
	}
	if got := strings.Count(mustSucceed(t, debrief(t, server, "import", "postmortem", directory, "-o", "yaml")), "---\n"); got != 2 {
		t.Errorf("%d marks between three documents", got)
	}
	if got, want := mustSucceed(t, debrief(t, server, "import", "postmortem", directory, "-o", "name")), strings.Repeat(testPostMortem+"\n", 3); got != want {
		t.Errorf("names %q, want %q", got, want)
	}
}
