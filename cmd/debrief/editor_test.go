package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// withEditor is an environment at a terminal, whose editor is a shell script that gets the file as $1.
func withEditor(t *testing.T, server *fakeServer, script string) environment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nset -e\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	environment := testEnvironment(t, server.address)
	environment.interactive = true
	environment.variables = append(environment.variables, "EDITOR=false", "VISUAL=sh "+path)
	return environment
}

// leftBehind are the drafts that are still there.
func leftBehind(t *testing.T, environment environment) []string {
	t.Helper()
	entries, err := os.ReadDir(environment.temporary)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(environment.temporary, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// TestEditSummary shows that an editor starts from the text that is there, and that its comments are no part of it.
func TestEditSummary(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetIncident", &debriefv1.Incident{Name: testIncident, Title: "Slow", Summary: "It is slow.\n", Etag: "3"})
	server.answer("UpdateIncident", &debriefv1.Incident{Name: testIncident})
	environment := withEditor(t, server, `grep -q 'debrief: Write the summary above' "$1"; sed -i 's/slow/fast/; 1i <!-- mine -->' "$1"`)
	mustSucceed(t, execute(t, environment, "incident", "update", testID, "--edit"))
	want := []proto.Message{&debriefv1.UpdateIncidentRequest{
		Incident:   &debriefv1.Incident{Name: testIncident, Title: "Slow", Summary: "<!-- mine -->\nIt is fast.", Etag: "3"},
		UpdateMask: mask("summary"),
	}}
	if diff := cmp.Diff(want, server.called("UpdateIncident"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if left := leftBehind(t, environment); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestEditNothing shows that an empty text ends the command, and leaves nothing behind.
func TestEditNothing(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	environment := withEditor(t, server, `:`)
	got := execute(t, environment, "incident", "open", "Slow", "--edit")
	if got.code != exitFailure || got.stderr != "error: nothing was written, so nothing was changed\n" || len(server.calls) > 0 {
		t.Errorf("exit code %d, stderr %q, calls %v", got.code, got.stderr, server.calls)
	}
	if left := leftBehind(t, environment); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestTextIsKept shows that what somebody wrote survives every failure.
func TestTextIsKept(t *testing.T) {
	tests := []struct {
		name, script, stdin string
		arguments           []string
		code                int
		flag                string
		want                string
	}{
		{
			name: "the call fails", script: `echo "The queue grew." > "$1"`, arguments: []string{"incident", "open", "Slow", "--edit"},
			code: exitConflict, flag: "--summary-file", want: "The queue grew.\n",
		},
		{
			name: "the editor fails", script: `echo "The queue" > "$1"; exit 3`, arguments: []string{"incident", "open", "Slow", "--edit"},
			code: exitFailure, flag: "--summary-file", want: "The queue\n",
		},
		{
			name: "the text came from stdin", stdin: "I pressed it.\n", arguments: []string{"timeline", "add", testID, "--text-file", "-"},
			code: exitConflict, flag: "--text-file", want: "I pressed it.\n",
		},
		{
			name: "the document can't be understood", script: `echo "# Slow" > "$1"`, arguments: []string{"postmortem", "edit", testID},
			code: exitFailure, flag: "--file", want: "# Slow\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("CreateIncident", aborted)
			server.answer("CreateTimelineEntry", aborted)
			server.answer("GetPostMortem", testDocument())
			environment := withEditor(t, server, test.script)
			environment.stdin = strings.NewReader(test.stdin)
			got := execute(t, environment, test.arguments...)
			if got.code != test.code {
				t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
			}
			if diff := cmp.Diff([]string{test.want}, leftBehind(t, environment)); diff != "" {
				t.Errorf("drafts (-want +got):\n%s", diff)
			}
			told := regexp.MustCompile(`What you wrote is kept: (--\S+) (\S+) gives it again\.\n$`).FindStringSubmatch(got.stderr)
			if told == nil || told[1] != test.flag || filepath.Dir(told[2]) != environment.temporary {
				t.Errorf("stderr %q", got.stderr)
			}
		})
	}
}

// TestEditPostMortem shows that a document that was edited changes what is different in it, and only that.
func TestEditPostMortem(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetPostMortem", testDocument())
	server.answer("UpdatePostMortem", &debriefv1.PostMortem{Name: testPostMortem})
	environment := withEditor(t, server, `sed -i 's/^The queue grew/The queue of carts grew/' "$1"`)
	mustSucceed(t, execute(t, environment, "postmortem", "edit", testID))
	want := testDocument()
	want.Summary = "The queue of carts grew.\n\n## Impact\nwas written in the middle."
	if diff := cmp.Diff([]proto.Message{&debriefv1.UpdatePostMortemRequest{PostMortem: want, UpdateMask: mask("summary")}},
		server.called("UpdatePostMortem"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestEditPostMortemElsewhere shows that a document can be printed, edited and read again, and that it knows which state of
// the post-mortem it was made from.
func TestEditPostMortemElsewhere(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	newer := testDocument()
	newer.Etag = "5"
	server.answer("GetPostMortem", testDocument(), newer)
	server.answer("UpdatePostMortem", aborted, &debriefv1.PostMortem{Name: testPostMortem})
	printed := mustSucceed(t, debrief(t, server, "postmortem", "edit", testID, "--print"))
	environment := testEnvironment(t, server.address)
	path := filepath.Join(t.TempDir(), "review.md")
	if err := os.WriteFile(path, []byte(strings.Replace(printed, "The queue grew", "It grew", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, environment, "postmortem", "edit", testID, "--file", path); got.code != exitConflict {
		t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
	}
	mustSucceed(t, execute(t, environment, "postmortem", "edit", testID, "--file", path, "--force"))
	var etags []string
	for _, request := range server.called("UpdatePostMortem") {
		update, ok := request.(*debriefv1.UpdatePostMortemRequest)
		if !ok {
			t.Fatalf("%T", request)
		}
		etags = append(etags, update.GetPostMortem().GetEtag())
	}
	if diff := cmp.Diff([]string{"4", ""}, etags); diff != "" {
		t.Errorf("etags (-want +got):\n%s", diff)
	}
}

// TestEditPostMortemNothing shows that a document that says the same changes nothing.
func TestEditPostMortemNothing(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetPostMortem", testDocument())
	environment := withEditor(t, server, `:`)
	got := execute(t, environment, "postmortem", "edit", testID)
	if got.code != exitOK || got.stderr != "Nothing was changed.\n" || len(leftBehind(t, environment)) > 0 {
		t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
	}
}

// TestEditOfAnother shows that a document is not written over a post-mortem that it was not made from.
func TestEditOfAnother(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetPostMortem", testDocument())
	environment := testEnvironment(t, server.address)
	environment.stdin = strings.NewReader(renderDocument(testDocument()))
	got := execute(t, environment, "postmortem", "edit", "01JD3V2Q6R8T0W2Y4A6C8E0G2K", "--file", "-")
	if got.code != exitFailure || !strings.HasPrefix(got.stderr, "error: this is the document of "+testPostMortem+"\n") {
		t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
	}
}

// TestTooLargeText shows that a text is refused that nothing would take.
func TestTooLargeText(t *testing.T) {
	environment := testEnvironment(t, "127.0.0.1:1")
	for name, text := range map[string]string{"too large": strings.Repeat("x", longestText+1), "not UTF-8": "\xff"} {
		environment.stdin = strings.NewReader(text)
		got := execute(t, environment, "incident", "open", "x", "--summary-file", "-")
		if got.code != exitUsage || len(leftBehind(t, environment)) > 0 {
			t.Errorf("%s: exit code %d, stderr %q", name, got.code, got.stderr)
		}
	}
}

// TestExportToFile shows that a document can be written to a file.
func TestExportToFile(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("ExportPostMortem", failure(codes.NotFound, "gone"))
	path := filepath.Join(t.TempDir(), "review.html")
	if got := debrief(t, server, "postmortem", "export", testID, "--file", path); got.code != exitNotFound {
		t.Errorf("exit code %d", got.code)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file is there: %v", err)
	}
}
