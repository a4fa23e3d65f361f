package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// startServing runs 'debrief serve' on a store of its own, and answers its gRPC address. It ends with the test.
func startServing(t *testing.T) string {
	t.Helper()
	address, _ := startServingBoth(t)
	return address
}

// startServingBoth is startServing, and answers the HTTP address as well.
func startServingBoth(t *testing.T, flags ...string) (address, httpAddress string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	log, logged := io.Pipe()
	environment := testEnvironment(t, "")
	environment.stdout, environment.stderr = io.Discard, logged
	ended := make(chan int)
	go func() {
		code := run(ctx, append(serveArguments(t), flags...), environment)
		_ = logged.Close() // A pipe's end is always closed without an error.
		ended <- code
	}()
	records := bufio.NewScanner(log)
	for address == "" && records.Scan() {
		var record struct{ Msg, GRPC, HTTP string }
		if err := json.Unmarshal(records.Bytes(), &record); err != nil {
			t.Fatalf("the server logged %q: %v", records.Text(), err)
		}
		address, httpAddress = record.GRPC, record.HTTP
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for records.Scan() {
			// The server waits for somebody to read what it logs.
			_ = records.Bytes()
		}
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("the server's exit code is %d", code)
		}
		<-drained
	})
	return address, httpAddress
}

// teller tells a story by the command line alone.
type teller struct {
	t      *testing.T
	server string
}

// does runs a command, which has to succeed, and answers its output without the line break at the end.
func (s teller) does(arguments ...string) string {
	s.t.Helper()
	got := s.tries("", arguments...)
	if got.code != exitOK {
		s.t.Fatalf("debrief %s: exit code %d\n%s", strings.Join(arguments, " "), got.code, got.stderr)
	}
	return strings.TrimSuffix(got.stdout, "\n")
}

// tries runs a command with something to read from stdin.
func (s teller) tries(stdin string, arguments ...string) result {
	s.t.Helper()
	environment := testEnvironment(s.t, s.server)
	environment.now, environment.newRequestID = time.Now, systemEnvironment().newRequestID
	environment.stdin = strings.NewReader(stdin)
	return execute(s.t, environment, arguments...)
}

// TestStory leads from an opened incident to a published post-mortem and a finished action, by the command line alone.
func TestStory(t *testing.T) {
	s := teller{t, startServing(t)}

	incident := s.does("incident", "open", "Checkout", "answers", "slowly", "--severity", "sev2", "--started", "30m ago", "--detected", "25m ago",
		"--service", "checkout", "--label", "team=payments", "--responder", "bo=incident commander", "--summary", "Carts wait for minutes.", "-o", "name")
	s.does("incident", "ack", incident, "--at", "20m ago", "--note", "Looking at the queue")
	entry := s.does("timeline", "add", incident, "Rolled", "back", "--kind", "action", "--at", "15m ago", "--precision", "1m", "-o", "name")
	s.does("timeline", "amend", entry, "--text", "Rolled the release back", "--role", "incident commander")
	s.does("timeline", "add", incident, "I had not known that there is a queue", "--anonymous")
	s.does("incident", "mitigate", incident, "--at", "10m ago")
	s.does("incident", "correct", incident, "--milestone", "mitigated", "--at", "12m ago", "--reason", "The graph says so")
	s.does("incident", "resolve", incident, "--at", "5m ago")
	s.does("incident", "pause-clock", incident, "--clock", "follow-up", "--reason", "The vendor is asked", "--until", "in 2h")
	s.does("incident", "resume-clock", incident, "--clock", "follow-up")
	if got := s.does("incident", "list", "--clock", "review=running,follow-up=running", "-o", "name"); got != incident {
		t.Errorf("incidents with running clocks: %q", got)
	}
	if got := s.does("due", "-o", "name"); got != incident+"\n"+incident {
		t.Errorf("due: %q", got)
	}
	if got := s.tries("", "incident", "close", incident); got.code != exitConflict {
		t.Errorf("closing without a post-mortem: exit code %d, stderr %q", got.code, got.stderr)
	}

	postMortem := s.does("postmortem", "create", incident, "--facilitator", "dee", "--factor", "observability: Nothing watched the age of the queue", "-o", "name")
	document := s.does("postmortem", "edit", postMortem, "--print")
	document = strings.Replace(document, "## What went well\n", "## What went well\nThe rollback took a minute.\n", 1)
	document = strings.Replace(document, "## Contributing factors\n", "### Belief: payments team\nThe queue has no limit.\n"+actualHeading+
		"\nIt holds 10,000.\n\n## Contributing factors\n", 1)
	if got := s.tries(document, "postmortem", "edit", postMortem, "--file", "-"); got.code != exitOK {
		t.Fatalf("editing: exit code %d\n%s", got.code, got.stderr)
	}
	s.does("postmortem", "schedule", postMortem, "--review", "in 2h")
	if got := s.does("postmortem", "agenda", postMortem, "--length", "45m"); !strings.HasPrefix(got, "# Review: Checkout answers slowly\n\n45 minutes.") {
		t.Errorf("the agenda:\n%s", got)
	}
	if got := s.does("postmortem", "invitation", postMortem); !strings.HasPrefix(got, "BEGIN:VCALENDAR") {
		t.Errorf("the invitation:\n%s", got)
	}
	question := s.does("postmortem", "questions", postMortem, "--limit", "1")
	question = strings.TrimSpace(question[strings.LastIndex(question, "\n"):])
	s.does("postmortem", "answer", postMortem, "--question", question, "--text", "Nothing *did*.")
	if got := s.does("postmortem", "read-rules", postMortem, "--present", "bo,cy"); !strings.Contains(got, "1. We talk about actions and what led to them") ||
		!strings.HasSuffix(got, " read these rules") {
		t.Errorf("the rules:\n%s", got)
	}
	s.does("postmortem", "start-review", postMortem)
	if got := s.does("postmortem", "show", postMortem, "--check"); got != "The blameless check finds nothing." {
		t.Errorf("the check before publication: %s", got)
	}
	s.does("postmortem", "record-breach", postMortem, "--rule", "it-made-sense")

	action := s.does("action", "add", "Alert", "on", "the", "age", "of", "the", "queue", "--postmortem", postMortem, "--owner", "payments",
		"--priority", "p2", "--strength", "intermediate", "--due", "in 2w", "--first-step", "Look at last month's ages", "-o", "name")
	s.does("postmortem", "conclude", postMortem, "--conclusion", "action-items", "--note", "One of them.")
	s.does("postmortem", "publish", postMortem)
	if got := s.does("action", "list", "--open", "--owner", "payments", "--postmortem", postMortem, "-o", "name"); got != action {
		t.Errorf("open actions: %q", got)
	}
	s.does("action", "start", action)
	s.does("action", "complete", action)
	s.does("action", "verify", action, "--outcome", "effective", "--note", "It fired on Tuesday.")

	for question, want := range map[string]string{
		"incident list --state closed --severity sev2 --label team=payments --service checkout --title queue,slowly -o name": "",
		"incident list --state closed --severity sev2 --label team=payments --service checkout --title slowly -o name":       incident,
		"postmortem list --incident " + incident + " --state published -o name":                                              postMortem,
		"action list --overdue -o name": "",
	} {
		if got := s.does(strings.Fields(question)...); got != want {
			t.Errorf("%s: got %q, want %q", question, got, want)
		}
	}
	export := s.does("postmortem", "export", postMortem, "--revision", "1")
	for _, part := range []string{"Checkout answers slowly", "Rolled the release back", "The queue has no limit.", "The rollback took a minute.", "Nothing *did*."} {
		if !strings.Contains(export, part) {
			t.Errorf("the export lacks %q:\n%s", part, export)
		}
	}
	checkFeed(t, s.does("events", "--all", "-o", "json"))
}

// checkFeed shows which events the story left behind.
func checkFeed(t *testing.T, output string) {
	t.Helper()
	var answer struct {
		Events []struct{ Type, Actor, Sequence string }
	}
	if err := json.Unmarshal([]byte(output), &answer); err != nil {
		t.Fatal(err)
	}
	var types, anonymous []string
	for _, event := range answer.Events {
		types = append(types, strings.TrimPrefix(event.Type, "TYPE_"))
		if event.Actor == "" {
			anonymous = append(anonymous, event.Type)
		}
	}
	want := []string{
		"INCIDENT_OPENED", "INCIDENT_ACKNOWLEDGED", "TIMELINE_ENTRY_CREATED", "TIMELINE_ENTRY_UPDATED", "TIMELINE_ENTRY_CREATED",
		"INCIDENT_MITIGATED", "INCIDENT_MILESTONE_CORRECTED", "INCIDENT_RESOLVED", "CLOCK_STARTED", "CLOCK_STARTED",
		"CLOCK_PAUSED", "CLOCK_RESUMED",
		"POST_MORTEM_CREATED", "POST_MORTEM_UPDATED", "POST_MORTEM_SCHEDULED", "POST_MORTEM_QUESTION_ANSWERED", "POST_MORTEM_RULES_READ",
		"POST_MORTEM_REVIEW_STARTED", "CLOCK_MET", "POST_MORTEM_RULE_BREACHED", "ACTION_ITEM_CREATED", "POST_MORTEM_REVIEW_CONCLUDED",
		"POST_MORTEM_PUBLISHED", "INCIDENT_CLOSED", "ACTION_ITEM_STARTED", "CLOCK_MET", "ACTION_ITEM_COMPLETED", "ACTION_ITEM_VERIFIED",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"TYPE_TIMELINE_ENTRY_CREATED"}, anonymous); diff != "" {
		t.Errorf("events that nobody caused (-want +got):\n%s", diff)
	}
}
