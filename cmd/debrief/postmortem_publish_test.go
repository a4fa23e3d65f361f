package main

import (
	"strings"
	"testing"
)

// TestCheckShown leads from a text that blames somebody to what helps to say it in another way.
func TestCheckShown(t *testing.T) {
	s := teller{t, startServing(t)}
	incident := s.does("incident", "open", "Checkout answers slowly", "-o", "name")
	postMortem := s.does("postmortem", "create", incident, "--summary", "The on-call was careless.", "-o", "name")
	shown := s.does("postmortem", "show", postMortem, "--check")
	place, help, _ := strings.Cut(shown, "\n")
	if !strings.HasPrefix(place, "summary:1:") || !strings.HasSuffix(place, "  BLAME  judgment") {
		t.Errorf("the place is shown as %q", place)
	}
	if lines := strings.Split(help, "\n"); len(lines) < 4 || !strings.Contains(lines[0], "careless") || !strings.Contains(help, "?") {
		t.Errorf("what was read, why, a suggestion and a question are shown as:\n%s", help)
	}
	if got := s.tries("", "postmortem", "show", postMortem, "--check", "--revision", "1"); got.code != exitUsage {
		t.Errorf("a revision is checked: exit code %d", got.code)
	}
}
