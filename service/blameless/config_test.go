package blameless_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/blameless"
)

const config = `rules:
  - id: blast-radius
    severity: NOTE
    patterns: [blast radius]
    why: It says how bad it was, and not how it came about.
allow: [on-call]
severities:
  omission: BLAME
  blast-radius: CAUTION
off: [named-person]
people: [van Dyk]
systems: [frank]
exclude: ["archive/**"]
fail_on: caution
`

func TestAConfigHoldsATeamsOwn(t *testing.T) {
	got, err := blameless.ParseConfig([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	want := blameless.Config{
		Options: blameless.Options{
			Rules: []blameless.Rule{{
				ID: "blast-radius", Severity: blameless.Note, Patterns: []string{"blast radius"},
				Why: "It says how bad it was, and not how it came about.",
			}},
			Allow:      []string{"on-call"},
			Severities: map[string]blameless.Severity{"omission": blameless.Blame, "blast-radius": blameless.Caution},
			Off:        []string{"named-person"}, People: []string{"van Dyk"}, Systems: []string{"frank"},
		},
		Exclude: []string{"archive/**"}, FailOn: blameless.FromCaution,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checker := newChecker(t, got.Options)
	if got := rulesOf(checker.Check("The blast radius was small.")); !cmp.Equal(got, []string{"blast-radius"}) {
		t.Errorf("the team's own rule finds %v", got)
	}
	severities := map[string]string{}
	for _, rule := range checker.Rules() {
		severities[rule.ID] = rule.Severity.String()
	}
	if severities["omission"] != "BLAME" || severities["blast-radius"] != "CAUTION" || severities["named-person"] != "" {
		t.Errorf("the rules that are applied: %v", severities)
	}
}

func TestAnEmptyConfigChangesNothing(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "{}\n"} {
		got, err := blameless.ParseConfig([]byte(text))
		if diff := cmp.Diff(blameless.Config{}, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestAConfigThatMakesNoSenseIsRefusedWithLineAndField(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"an unknown field":           {"allow: [x]\nalow: [y]\n", `line 2: field alow is not known`},
		"an unknown field of a rule": {"rules:\n  - id: x\n    pattern: y\n", `line 3: field pattern is not known in a rule`},
		"another type":               {"off: yes\n", `line 1: want a list of texts`},
		"a severity":                 {"severities:\n  omission: LOUD\n", `line 2: "LOUD" is no severity`},
		"a rule without patterns":    {"allow: [x]\nrules:\n  - id: mine\n    severity: NOTE\n    why: w\n", `line 3: rules[0]: rule "mine": patterns: want at least one`},
		"a pattern":                  {"rules:\n  - {id: mine, severity: NOTE, why: w, patterns: ['(x']}\n", `line 2: rules[0]: rule "mine": patterns[0]: `},
		"the severity of no rule":    {"severities:\n  omission: NOTE\n  omision: NOTE\n", `line 3: severities.omision: there is no rule "omision"`},
		"no rule switched off":       {"off:\n  - omission\n  - omision\n", `line 3: off[1]: there is no rule "omision"`},
		"nobody":                     {"people:\n  - Ana\n  - ''\n", `line 3: people[1]: is empty`},
		"an allowance":               {"allow:\n  - ''\n", `line 2: allow[0]: `},
		"fail_on":                    {"fail_on: always\n", `line 1: fail_on: "always": want one of blame, caution, note, never`},
		"a path":                     {"exclude:\n  - a\n  - '[a'\n", `line 3: exclude[1]: "[a" is no pattern of paths`},
		"two rules of a name":        {"rules:\n  - {id: a, severity: NOTE, why: w, patterns: [x]}\n  - {id: a, severity: NOTE, why: w, patterns: [x]}\n", `line 3: rules[1].id: rule "a": id: there are two`},
		"an example not found":       {"rules:\n  - {id: a, severity: NOTE, why: w, patterns: [zebra], match: [A horse.]}\n", `line 2: rules[0].match[0]: the rule finds nothing in "A horse."`},
		"an example found":           {"rules:\n  - {id: a, severity: NOTE, why: w, patterns: [zebra],\n     clean: [A zebra.]}\n", `line 3: rules[0].clean[0]: the rule finds something in "A zebra."`},
		"no mapping":                 {"- allow\n", `line 1: want fields and their values`},
		"two documents":              {"allow: [x]\n---\nallow: [y]\n", `more than one document`},
		"too much":                   {strings.Repeat("#", blameless.MaxConfigBytes+1), `at most 1048576`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blameless.ParseConfig([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "blameless.") {
				t.Errorf("the error tells of Go: %v", err)
			}
		})
	}
}

func TestFindingsBeyondTheBoundAreCounted(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	text := strings.Repeat("Sam was careless.\n\n", blameless.MaxFindings+7)
	findings, further := checker.CheckAll(text)
	each := len(checker.Check("Sam was careless."))
	if want := each*(blameless.MaxFindings+7) - blameless.MaxFindings; len(findings) != blameless.MaxFindings || further != want {
		t.Errorf("%d findings and %d further ones, want %d and %d", len(findings), further, blameless.MaxFindings, want)
	}
}

func TestThresholds(t *testing.T) {
	for _, name := range []string{"note", "caution", "blame", "never"} {
		threshold, err := blameless.ParseThreshold(name)
		if err != nil || threshold.String() != name {
			t.Errorf("%s: %v, %v", name, threshold, err)
		}
	}
	if !blameless.FromCaution.Reached(blameless.Blame) || blameless.FromCaution.Reached(blameless.Note) || blameless.Never.Reached(blameless.Blame) {
		t.Error("a threshold is reached by severities at or above it")
	}
}

func TestFilesAreExcludedByPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"CHANGELOG.md", "CHANGELOG.md", true},
		{"CHANGELOG.md", "docs/old/CHANGELOG.md", true},
		{"*.draft.md", "docs/a.draft.md", true},
		{"*.draft.md", "docs/a.md", false},
		{"drafts", "docs/drafts/a.md", true},
		{"drafts/", "docs/drafts/a.md", true},
		{"/drafts", "docs/drafts/a.md", false},
		{"/drafts", "drafts/a.md", true},
		{"docs/drafts", "docs/drafts/deep/a.md", true},
		{"docs/drafts", "more/docs/drafts/a.md", false},
		{"docs/**/old-*.md", "docs/a/b/old-1.md", true},
		{"docs/**/old-*.md", "docs/old-1.md", true},
		{"docs/*/a.md", "docs/b/c/a.md", false},
		{"{docs,notes}/a.md", "notes/a.md", true},
	} {
		config := blameless.Config{Exclude: []string{test.pattern}}
		if got := config.Excludes(test.path); got != test.want {
			t.Errorf("%q excludes %q: %t", test.pattern, test.path, got)
		}
	}
}
