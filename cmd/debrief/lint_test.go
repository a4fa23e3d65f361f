package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/spf13/pflag"

	"github.com/debriefhq/debrief/service/blameless"
)

// animals is a configuration with a rule of each severity, so that what is written does not hang on the built-in rules.
const animals = `off: [person-as-cause, judgment, punishment, omission, counterfactual, hindsight, human-error, exhortation, single-cause, named-person]
rules:
  - {id: wolf, severity: BLAME, patterns: ["wolf|wolves", "grey wolf"], why: It bites., rewrites: [Say dog.], question: "What did it smell?"}
  - {id: fox, severity: CAUTION, patterns: [fox], why: It steals.}
  - {id: owl, severity: NOTE, patterns: [owl], why: It hoots.}
`

// lintTree is a directory with files, and an environment in which it is the working directory.
func lintTree(t *testing.T, files map[string]string) environment {
	t.Helper()
	environment := testEnvironment(t, "127.0.0.1:1")
	environment.directory = t.TempDir()
	for name, content := range files {
		path := filepath.Join(environment.directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return environment
}

func lintIn(t *testing.T, environment environment, arguments ...string) result {
	t.Helper()
	return execute(t, environment, append([]string{"lint"}, arguments...)...)
}

// foundIn are the findings of a run with --output json, as FILE:LINE:COLUMN RULE.
func foundIn(t *testing.T, output string) []string {
	t.Helper()
	var told struct {
		Findings []struct {
			File, Rule   string
			Line, Column int
		} `json:"findings"`
	}
	if err := json.Unmarshal([]byte(output), &told); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	var found []string
	for _, f := range told.Findings {
		found = append(found, fmt.Sprintf("%s:%d:%d %s", f.File, f.Line, f.Column, f.Rule))
	}
	return found
}

func TestLintTellsPeople(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml":  animals,
		"docs/clean.md":  "Nothing lives here.\n",
		"docs/review.md": "# The night\n\n- 東京\tthe grey\n  wolf came\n- An owl.\n",
	})
	want := `docs/review.md:3:10: BLAME wolf
  3 | - 東京  the grey
    |             ^^^^
  4 |   wolf came
    |   ^^^^
  Why: It bites.
  Try: Say dog.
  Ask: What did it smell?

docs/review.md:5:6: NOTE owl
  5 | - An owl.
    |      ^^^
  Why: It hoots.

2 findings in 1 of 2 files: 1 BLAME, 1 NOTE; the check fails by 1 of them.
`
	got := lintIn(t, environment, "docs")
	if diff := cmp.Diff(result{code: 1, stdout: want}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if got := lintIn(t, environment, "--color", "always", "docs").stdout; !strings.Contains(got, "\x1b[31m^^^^\x1b[0m") {
		t.Errorf("in colour: %q", got)
	}
	if got := lintIn(t, environment, "docs/clean.md"); got.code != exitOK || got.stdout != "No findings in 1 file.\n" {
		t.Errorf("clean: %+v", got)
	}
}

func TestLintTellsProgramsEveryFinding(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{".debrief.yaml": animals, "a.md": "A wolf.\n\nAn owl, \"quoted\".\n"})
	want := `{
  "findings": [
    {
      "file": "a.md",
      "line": 1,
      "column": 3,
      "rule": "wolf",
      "severity": "BLAME",
      "excerpt": "wolf",
      "why": "It bites.",
      "suggestion": "Say dog.",
      "question": "What did it smell?"
    },
    {
      "file": "a.md",
      "line": 3,
      "column": 4,
      "rule": "owl",
      "severity": "NOTE",
      "excerpt": "owl",
      "why": "It hoots.",
      "suggestion": "",
      "question": ""
    }
  ]
}
`
	got := lintIn(t, environment, "-o", "json", "--fail-on", "never", ".")
	if diff := cmp.Diff(result{stdout: want}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	environment.stdin = strings.NewReader("Nothing.")
	if got := mustSucceed(t, lintIn(t, environment, "-o", "json")); got != "{\n  \"findings\": []\n}\n" {
		t.Errorf("clean: %s", got)
	}
}

func TestLintAnnotatesOnGitHub(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml":       animals,
		"docs/100%,a:b/x.md":  "A grey\nwolf.\n\nA fox. An owl.\n\nText. <!-- debrief:allow owl -->\n",
		"docs/100%,a:b/ff.md": "Not \xff UTF-8.\n",
	})
	want := `::warning file=docs/100%25%2Ca%3Ab/ff.md,line=1,col=5::is not UTF-8 from here on: what is no text is passed over
::warning file=docs/100%25%2Ca%3Ab/x.md,line=6,col=7::debrief:allow gives no reason: write <!-- debrief:allow owl reason -->
::error file=docs/100%25%2Ca%3Ab/x.md,line=1,endLine=2,title=BLAME wolf::“grey wolf”%0AIt bites.%0ASay dog.%0AWhat did it smell?
::warning file=docs/100%25%2Ca%3Ab/x.md,line=4,endLine=4,col=3,endColumn=6,title=CAUTION fox::“fox”%0AIt steals.
::notice file=docs/100%25%2Ca%3Ab/x.md,line=4,endLine=4,col=11,endColumn=14,title=NOTE owl::“owl”%0AIt hoots.
`
	got := lintIn(t, environment, "-o", "github", filepath.Join(environment.directory, "docs"))
	if diff := cmp.Diff(result{code: 1, stdout: want}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// What is written keeps to the schema of the standard, which the library brings along.
func TestLintWritesSARIF(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml": animals,
		"docs/a b.md":   "\ufeff# Ü\r\n\r\nA grey\r\nwolf.\r\nAn owl.\r\n",
		"docs/c.md":     "Text. <!-- debrief:allow owl -->\n",
	})
	for _, arguments := range [][]string{{"docs"}, {"docs/c.md"}, {"docs", "missing.md"}} {
		log, err := sarif.FromString(lintIn(t, environment, append(arguments, "-o", "sarif")...).stdout, sarif.WithStrictValidation())
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("lint %v: %v", arguments, err)
		}
	}
	log, err := sarif.FromString(lintIn(t, environment, "docs", "-o", "sarif").stdout)
	if err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	var got []string
	for _, result := range run.Results {
		location := result.Locations[0].PhysicalLocation
		region := location.Region
		got = append(got, fmt.Sprintf("%s: %s (%s) at %d:%d to %d:%d, %d characters from %d", *location.ArtifactLocation.URI, result.Level, *result.RuleID,
			*region.StartLine, *region.StartColumn, *region.EndLine, *region.EndColumn, *region.CharLength, region.CharOffset))
		if rule := run.Tool.Driver.Rules[result.RuleIndex]; *rule.ID != *result.RuleID || *rule.Help.Text == "" || *rule.Help.Markdown == "" {
			t.Errorf("the rule of %s is %s", *result.RuleID, *rule.ID)
		}
	}
	want := []string{
		"docs/a%20b.md: error (wolf) at 3:3 to 4:5, 10 characters from 9",
		"docs/a%20b.md: note (owl) at 5:4 to 5:7, 3 characters from 25",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if notes := run.Invocations[0].ToolExecutionNotifications; len(notes) != 1 || !strings.Contains(*notes[0].Message.Text, "gives no reason") {
		t.Errorf("notifications: %v", notes)
	}
}

func TestLintFailsByThreshold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, failOn, configured string
		want                     int
	}{
		{"A wolf.", "", "", 1},
		{"A fox.", "", "", 1},
		{"An owl.", "", "", 0},
		{"An owl.", "note", "", 1},
		{"A fox.", "blame", "", 0},
		{"A wolf.", "BLAME", "", 1},
		{"A wolf.", "never", "", 0},
		{"An owl.", "", "fail_on: note\n", 1},
		{"A wolf.", "", "fail_on: never\n", 0},
		{"An owl.", "blame", "fail_on: note\n", 0},
		{"A wolf.", "mild", "", 2},
	} {
		t.Run(fmt.Sprintf("%s fail on %q, configured %q", test.text, test.failOn, test.configured), func(t *testing.T) {
			t.Parallel()
			environment := lintTree(t, map[string]string{".debrief.yaml": test.configured + animals, "a.md": test.text})
			arguments := []string{"a.md"}
			if test.failOn != "" {
				arguments = append(arguments, "--fail-on", test.failOn)
			}
			if got := lintIn(t, environment, arguments...); got.code != test.want {
				t.Errorf("exit code %d, %s%s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

func TestLintToldWhatToAllow(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml": animals,
		"a.md": "A fox. <!-- debrief:allow fox it is the name of the service -->\n\nA fox. <!-- debrief:allow fox -->\n\n" +
			"Nothing. <!-- debrief:allow wolf there was one -->\n\nNothing. <!-- debrief:allow cat it was here -->\n",
	})
	got := lintIn(t, environment, "-o", "json", "--report-unused-allows", "a.md")
	if diff := cmp.Diff([]string{"a.md:3:3 fox"}, foundIn(t, got.stdout)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	want := `a.md:3:8: warning: debrief:allow gives no reason: write <!-- debrief:allow fox reason -->
a.md:5:10: warning: debrief:allow wolf allows nothing
a.md:7:10: warning: debrief:allow there is no rule "cat"
`
	if diff := cmp.Diff(want, got.stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if got := lintIn(t, environment, "-o", "json", "a.md"); strings.Contains(got.stderr, "allows nothing") {
		t.Errorf("not asked for: %s", got.stderr)
	}
}

func TestLintShowsHostileTextHarmlessly(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml": animals,
		"a.md":          "\x1b[31m\u202eevil\x07 wolf \x1b]0;title\x07\u2066 fox\x00\n::set-env name=x::y A wolf\n",
	})
	environment.stdin = strings.NewReader(strings.Repeat("\x1b[2J\u202e ", 100) + "wolf " + strings.Repeat("\u202e\x1b[1m ", 100) + "\n")
	for _, output := range []string{"text", "json", "sarif", "github"} {
		got := lintIn(t, environment, "-o", output, "--stdin-filename", "x\x1b[1m\r\n::error::.md", "-")
		for _, r := range got.stdout + got.stderr {
			if hidden(r) {
				t.Errorf("%s: %U is in the output: %q", output, r, got.stdout)
				break
			}
		}
		environment.stdin = strings.NewReader("a\u202e wolf\n")
	}
}

// TestDocumentedLint holds what docs/lint.md says against the command: its flags, and an example of a configuration.
func TestDocumentedLint(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{"help": true}
	for _, row := range documentRows(documentSection(t, "lint.md", "## Options")) {
		for _, code := range codeIn(row[0]) {
			documented[strings.TrimLeft(code, "-")] = true
		}
	}
	newApplication(testEnvironment(t, "")).newLintCommand().Flags().VisitAll(func(flag *pflag.Flag) {
		if !documented[flag.Name] {
			t.Errorf("docs/lint.md does not tell of --%s", flag.Name)
		}
	})
	_, example, _ := strings.Cut(documentSection(t, "lint.md", "## `.debrief.yaml`"), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	config, err := blameless.ParseConfig([]byte(example))
	if err != nil {
		t.Fatalf("the example of a configuration: %v", err)
	}
	for _, part := range []reflect.Value{reflect.ValueOf(config), reflect.ValueOf(config.Options)} {
		for i := range part.NumField() {
			if part.Field(i).IsZero() {
				t.Errorf("the example does not show %s", part.Type().Field(i).Name)
			}
		}
	}
}
