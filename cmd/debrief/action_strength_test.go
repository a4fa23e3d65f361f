package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/strength"
)

// strengthOf runs debrief action strength where there is no server.
func strengthOf(t *testing.T, stdin string, arguments ...string) result {
	t.Helper()
	environment := testEnvironment(t, "127.0.0.1:1")
	environment.stdin = strings.NewReader(stdin)
	return execute(t, environment, append([]string{"action", "strength"}, arguments...)...)
}

func TestActionStrengthIsToldToPeople(t *testing.T) {
	t.Parallel()
	want := `STRONGER, quite sure (0.95)
  Set up [automatic] [failover]
  The system recovers by itself; nobody has to notice first.
UNKNOWN, there are no words to go by
  lorem ipsum
`
	got := mustSucceed(t, strengthOf(t, "", "Set up automatic failover", "lorem ipsum"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if got := mustSucceed(t, strengthOf(t, "", "--color", "always", "Set up automatic failover")); !strings.Contains(got, "\x1b[1mfailover\x1b[0m") {
		t.Errorf("in colour: %q", got)
	}
}

func TestActionStrengthForPrograms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdin     string
		arguments []string
		want      string
	}{
		"arguments": {
			"",
			[]string{"-o", "json", "Update the <runbook>", "?"},
			`{"text":"Update the \u003crunbook\u003e","strength":"WEAKER","words":["runbook"],"confidence":0.999}
{"text":"?","strength":"STRENGTH_UNSPECIFIED","words":[],"confidence":0}
`,
		},
		"lines, of which empty ones are passed over": {
			"Page the on-call when the disk is full\r\n\n  \nUpdate the runbook",
			[]string{"-o", "json"},
			`{"text":"Page the on-call when the disk is full","strength":"INTERMEDIATE","words":["Page"],"confidence":0.795}
{"text":"Update the runbook","strength":"WEAKER","words":["runbook"],"confidence":0.999}
`,
		},
		"YAML":  {"", []string{"-o", "yaml", "Update the runbook"}, "---\ntext: Update the runbook\nstrength: WEAKER\nwords:\n  - runbook\nconfidence: 0.999\n"},
		"names": {"Update the runbook\n", []string{"-o", "name"}, "WEAKER\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, mustSucceed(t, strengthOf(t, test.stdin, test.arguments...))); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestActionStrengthTakesAStreamOfThousands(t *testing.T) {
	t.Parallel()
	const count = 3000
	got := mustSucceed(t, strengthOf(t, strings.Repeat("Add an alert for lag\n", count), "-o", "json"))
	answers := strings.Split(strings.TrimSpace(got), "\n")
	if len(answers) != count {
		t.Fatalf("%d lines", len(answers))
	}
	for _, answer := range answers {
		var object map[string]any
		if err := json.Unmarshal([]byte(answer), &object); err != nil || object["strength"] != "INTERMEDIATE" || len(object) != 4 {
			t.Fatalf("%s: %v", answer, err)
		}
	}
}

func TestActionStrengthRefusesLongTexts(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("a", strength.MaxText)
	mustSucceed(t, strengthOf(t, fits))
	mustSucceed(t, strengthOf(t, "", fits))
	got := strengthOf(t, "Add an alert\n"+fits+"a\n", "-o", "name")
	if want := fmt.Sprintf("line 2 of stdin has more than %d bytes", strength.MaxText); got.code != exitUsage || !strings.Contains(got.stderr, want) {
		t.Errorf("exit code %d, %s", got.code, got.stderr)
	}
	if got := strengthOf(t, strings.Repeat(fits, 3)); got.code != exitUsage || !strings.Contains(got.stderr, "line 1 of stdin has more than") {
		t.Errorf("exit code %d, %s", got.code, got.stderr)
	}
	if got.stdout != "INTERMEDIATE\n" {
		t.Errorf("what came before: %q", got.stdout)
	}
	if got := strengthOf(t, "", "Add", fits+"a"); got.code != exitUsage || !strings.Contains(got.stderr, "text 2 has more than") {
		t.Errorf("exit code %d, %s", got.code, got.stderr)
	}
}

func TestActionStrengthShowsHostileTextHarmlessly(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"table", "json", "yaml"} {
		got := mustSucceed(t, strengthOf(t, "", "-o", output, "Remove \x1b[31mthe\u202e pa\x1b[0mth\x00 now\nand \xff page"))
		for _, r := range got {
			if hidden(r) {
				t.Errorf("%U is in the output: %q", r, got)
			}
		}
	}
}
