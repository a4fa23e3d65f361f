package blameless_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/debriefhq/debrief/service/blameless"
)

// In these texts every "careless" is a finding unless it is allowed.
func TestACommentCoversTheBlockThatItBelongsTo(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	const allow = "<!-- debrief:allow judgment it is cited in the next section -->"
	for _, test := range []struct {
		name, text string
		// want are the lines with findings.
		want []int
	}{
		{"none", "Ana was careless.\n\nBo was careless.\n", []int{1, 3}},
		{"at the end of a line", "Ana was careless. " + allow + "\n\nBo was careless.\n", []int{3}},
		{"within a paragraph with a sentence a line", "Ana was careless.\nBo was careless. " + allow + "\nCy was careless.\n\nDi was careless.\n", []int{5}},
		{"above a paragraph", "# Title\n\n" + allow + "\nAna was careless.\n\nBo was careless.\n", []int{6}},
		{"above a paragraph and an empty line", "# Title\n\n" + allow + "\n\nAna was careless.\n\nBo was careless.\n", []int{7}},
		{"below a paragraph", "# Title\n\nAna was careless.\n" + allow + "\n\nBo was careless.\n", []int{6}},
		{"between two paragraphs that it touches", "# Title\n\nAna was careless.\n" + allow + "\nBo was careless.\n", []int{3}},
		{"the last of the document", "# Title\n\nAna was careless.\n\nBo was careless.\n\n" + allow + "\n", []int{3}},
		{"in a heading", "# Ana was careless " + allow + "\n\nBo was careless.\n", []int{3}},
		{"above a heading", "Text.\n\n" + allow + "\n# Ana was careless\n\nBo was careless.\n", []int{6}},
		{"in an item", "- Ana was careless. " + allow + "\n- Bo was careless.\n", []int{2}},
		{"below the text of an item", "- Ana was careless.\n  " + allow + "\n- Bo was careless.\n", []int{3}},
		{"above a list", "Text.\n\n" + allow + "\n- Ana was careless.\n- Bo was careless.\n\nCy was careless.\n", []int{7}},
		{"in a row", "| who |\n|---|\n| Ana was careless. " + allow + " |\n| Bo was careless. |\n", []int{4}},
		{"in a row of a table without bars at its sides", "when | who\n---|---\n10:02 | Ana was careless. " + allow + "\n10:03 | Bo was careless.\n", []int{4}},
		{"at the top, above an empty line", allow + "\n\nAna was careless.\n\nBo was careless.\n", nil},
		{"at the top, above the title", allow + "\n# Title\n\nAna was careless.\n\nBo was careless.\n", nil},
		{"at the top, below front matter", "---\ntitle: x\n---\n" + allow + "\n\nAna was careless.\n\nBo was careless.\n", nil},
		{"at the top, touching a paragraph", allow + "\nAna was careless.\n\nBo was careless.\n", []int{4}},
		{"alone in the document", allow, nil},
		{"in front of the text of its line", "# Title\n\n" + allow + " Ana was careless.\n\nBo was careless.\n", []int{5}},
		{"over several lines", "# Title\n\n<!-- debrief:allow judgment it is\n     cited below -->\nAna was careless.\n\nBo was careless.\n", []int{7}},
		{"two in a row", "# Title\n\n<!-- debrief:allow hindsight so it is -->\n" + allow + "\nAna was obviously careless.\n", nil},
		{"another rule", "Ana was careless. <!-- debrief:allow hindsight it is cited -->\n", []int{1}},
		{"in code", "Ana was careless. `" + allow + "`\n", []int{1}},
		{"in a block of code", "```\n" + allow + "\n```\n\nAna was careless.\n", []int{5}},
		{"without a reason", "Ana was careless. <!-- debrief:allow judgment -->\n", []int{1}},
		{"of no rule", "Ana was careless. <!-- debrief:allow judgement a typo -->\n", []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			findings, _, _ := checker.CheckAllowed(test.text)
			var lines []int
			for _, f := range findings {
				if f.Rule != "named-person" {
					lines = append(lines, f.Line)
				}
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("lines with findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommentsAreToldWithTheirPlaceAndUse(t *testing.T) {
	checker := newChecker(t, blameless.Options{Off: []string{"hindsight"}})
	text := "The DBA was careless. ü <!--debrief:allow judgment  two  words-->\n\n<!-- debrief:allow judgment nothing to see -->\nFine.\n\n" +
		"<!-- debrief:allow judgment -->\n\n<!-- debrief:allow wizardry because -->\n\n<!-- debrief:allow -->\n\n" +
		"<!-- debrief:allow hindsight is off -->\n\n<!-- debrief:allowed no -->\n\n<!-- something else -->\n"
	_, _, got := checker.CheckAllowed(text)
	want := []blameless.Allowance{
		{Rule: "judgment", Reason: "two words", Line: 1, Column: 25, Used: 1},
		{Rule: "judgment", Reason: "nothing to see", Line: 3, Column: 1},
		{Rule: "judgment", Line: 6, Column: 1, Problem: "gives no reason: write <!-- debrief:allow judgment reason -->"},
		{Rule: "wizardry", Reason: "because", Line: 8, Column: 1, Problem: `there is no rule "wizardry"`},
		{Line: 10, Column: 1, Problem: "names no rule: write <!-- debrief:allow RULE reason -->"},
		{Rule: "hindsight", Reason: "is off", Line: 12, Column: 1},
	}
	ignored := cmpopts.IgnoreUnexported(blameless.Allowance{})
	if diff := cmp.Diff(want, got, ignored, cmpopts.IgnoreFields(blameless.Allowance{}, "Start", "End")); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	for _, a := range got {
		if place := text[a.Start:a.End]; !strings.HasPrefix(place, "<!--") || !strings.HasSuffix(place, "-->") {
			t.Errorf("the place is %q", place)
		}
	}
}

func TestTextBesideACommentIsRead(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	for _, text := range []string{
		"<!-- for later --> The DBA was careless.",
		"<!-- for\nlater --> The DBA was careless.",
		"<div>\n<!-- The DBA was lazy.\nThe DBA was lazy. -->\nThe DBA was careless.\n</div>",
	} {
		findings := checker.Check(text)
		if len(findings) != 1 || !strings.Contains(findings[0].Excerpt, "careless") {
			t.Errorf("%q: %v", text, findings)
		}
	}
}

// A document of nothing but comments takes time in proportion to its length.
func TestManyCommentsAreBounded(t *testing.T) {
	checker := newChecker(t, blameless.Options{})
	var text strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&text, "<!-- debrief:allow judgment %d -->\n", i)
		if i%2 == 0 {
			text.WriteString("\n- The DBA was careless.\n")
		}
	}
	_, _, allowances := checker.CheckAllowed(text.String())
	if len(allowances) != blameless.MaxAllowances {
		t.Errorf("%d comments", len(allowances))
	}
}

func FuzzCheckAllowed(f *testing.F) {
	for _, seed := range []string{
		"Ana was careless. <!-- debrief:allow judgment reason -->\n",
		"<!-- debrief:allow judgment reason -->\n# Title\n\n> <!-- debrief:allow\n> judgment reason --> Ana was lazy.\n",
		"| a |\n|---|\n| Ana was lazy <!-- debrief:allow judgment x --> |\n",
		"- <!-- debrief:allow judgment x -->\n  - Ana\r\n  was lazy.\r\n---\n<div><!-- debrief:allow judgment x --></div>",
		"<!-- debrief:allow judgment \xff --><!-- debrief:allow x -->\n***\n<!-- debrief:allow judgment",
	} {
		f.Add(seed)
	}
	checker := newChecker(f, blameless.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		findings, _, allowances := checker.CheckAllowed(text)
		all := checker.Check(text)
		used := 0
		for _, a := range allowances {
			if a.Start < 0 || a.End > len(text) || a.Start >= a.End || a.Line < 1 || a.Column < 1 {
				t.Fatalf("a comment is at %d to %d, line %d, column %d", a.Start, a.End, a.Line, a.Column)
			}
			if utf8.ValidString(text) && !strings.HasPrefix(text[a.Start:a.End], "<!--") {
				t.Fatalf("a comment is %q", text[a.Start:a.End])
			}
			if a.Problem != "" && a.Used > 0 {
				t.Fatalf("a comment that is not heeded was used: %v", a)
			}
			used += a.Used
		}
		if missing := len(all) - len(findings); missing < 0 || missing > used {
			t.Fatalf("%d findings of %d, %d allowed", len(findings), len(all), used)
		}
	})
}
