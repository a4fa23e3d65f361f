package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func testDocument() *debriefv1.PostMortem {
	return &debriefv1.PostMortem{
		Name: testPostMortem, Title: "Checkout answers slowly", Etag: "4", State: debriefv1.PostMortem_STATE_DRAFT,
		Summary: "The queue grew.\n\n## Impact\nwas written in the middle.",
		Beliefs: []*debriefv1.Belief{{
			HeldBy: "payments team", Believed: "The queue has no limit.", Actual: "It holds 10,000.",
			Evidence: []*debriefv1.Evidence{{Title: "The dashboard", Uri: "https://graphs.example.com"}},
		}},
		ContributingFactors: []*debriefv1.ContributingFactor{{
			Id: "f1", Category: debriefv1.ContributingFactor_CATEGORY_OBSERVABILITY, Description: "Nothing watched the age of the queue.",
		}},
		Participants: []*debriefv1.Participant{{Person: "cy", Role: "scribe"}},
	}
}

// edited is what becomes of a post-mortem when its document is changed.
func edited(t rapid.TB, present *debriefv1.PostMortem, change func(string) string) (*debriefv1.PostMortem, []string) {
	t.Helper()
	read, err := readDocument(change(renderDocument(present)))
	if err != nil {
		t.Fatal(err)
	}
	written, paths, err := read.apply(present)
	if err != nil {
		t.Fatal(err)
	}
	return written, paths
}

// TestDocumentEdits shows what editing the document changes.
func TestDocumentEdits(t *testing.T) {
	tests := []struct {
		name     string
		from, to string
		want     func(*debriefv1.PostMortem)
		paths    []string
	}{
		{name: "nothing", from: "", to: "", want: func(*debriefv1.PostMortem) {}},
		{
			name: "the title", from: "# Checkout answers slowly", to: "#   Slow checkout ",
			want: func(p *debriefv1.PostMortem) { p.Title = "Slow checkout" }, paths: []string{"title"},
		},
		{
			name: "a text", from: "What we still do not know. -->\n", to: "What we still do not know. -->\n\nWho else?\n\n    code\n\n",
			want: func(p *debriefv1.PostMortem) { p.OpenQuestions = "Who else?\n\n    code" }, paths: []string{"open_questions"},
		},
		{
			name: "a text that is cleared", from: "The queue grew.\n\n\\## Impact\nwas written in the middle.", to: "",
			want: func(p *debriefv1.PostMortem) { p.Summary = "" }, paths: []string{"summary"},
		},
		{
			name: "a new contributing factor before another", from: "### Factor f1:", to: "### Factor: access-and-safeguards\nAnybody may.\n\n### Factor f1:",
			want: func(p *debriefv1.PostMortem) {
				p.ContributingFactors = append([]*debriefv1.ContributingFactor{{
					Category: debriefv1.ContributingFactor_CATEGORY_ACCESS_AND_SAFEGUARDS, Description: "Anybody may.",
				}}, p.GetContributingFactors()...)
			},
			paths: []string{"contributing_factors"},
		},
		{
			name: "a belief, whose evidence stays", from: "It holds 10,000.", to: "It holds 1,000.",
			want:  func(p *debriefv1.PostMortem) { p.Beliefs[0].Actual = "It holds 1,000." },
			paths: []string{"beliefs"},
		},
		{
			name: "a heading where none belongs, which is text", from: "What helped, and is worth keeping. -->\n",
			to:    "What helped, and is worth keeping. -->\n### Factor: TOOLING\nhelped\n",
			want:  func(p *debriefv1.PostMortem) { p.WhatWentWell = "### Factor: TOOLING\nhelped" },
			paths: []string{"what_went_well"},
		},
		{
			name: "the line ends of another system", from: "\n", to: "\r\n", want: func(*debriefv1.PostMortem) {},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := testDocument()
			test.want(want)
			got, paths := edited(t, testDocument(), func(document string) string {
				if !strings.Contains(document, test.from) {
					t.Fatalf("the document has no %q:\n%s", test.from, document)
				}
				return strings.ReplaceAll(document, test.from, test.to)
			})
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("post-mortem (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.paths, paths); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDocumentMistakes shows that a document that can't be understood is not half understood.
func TestDocumentMistakes(t *testing.T) {
	tests := []struct{ name, from, to, want string }{
		{"a heading is gone", "## Open questions", "## open questions", `missing: "## Open questions"; to clear a section keep its heading`},
		{"a heading is there twice", "## Open questions", "## Summary", `line 46: there is a second "## Summary"`},
		{"the title is gone", "# Checkout answers slowly", "", `the title is missing: "# TITLE" above the sections`},
		{"text above the sections", "# Checkout", "Hello\n# Checkout", "line 1: text belongs below one of the headings"},
		{"a category that is none", "OBSERVABILITY\n", "LUCK\n", `line 31: "LUCK" is none of ARCHITECTURE, TOOLING, DOCUMENTATION, PROCESS, TRAINING, ACCESS_AND_SAFEGUARDS, OBSERVABILITY, COMMUNICATION, WORKLOAD, EXTERNAL_DEPENDENCY, UNKNOWN`},
		{"a factor without a text", "Nothing watched the age of the queue.", "", "line 31: a contributing factor needs a description"},
		{"text above the factors", "### Factor f1: OBSERVABILITY", "### Facktor: OBSERVABILITY", "line 31: text belongs below a heading of the third level, which the comment above tells of"},
		{"a belief without what was true", actualHeading + "\n", "#### What was\n", `line 21: "#### What was true" is missing below this belief`},
		{"a belief that is not there", "### Belief 1:", "### Belief 7:", "line 21: there is no belief 7: leave the number of a new one out"},
		{"a belief without a text", "It holds 10,000.", "", "line 21: a belief needs what was believed, and what was true"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read, err := readDocument(strings.Replace(renderDocument(testDocument()), test.from, test.to, 1))
			if err == nil {
				_, _, err = read.apply(testDocument())
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestDocumentKeepsEveryText shows that whatever people wrote survives being edited next to.
func TestDocumentKeepsEveryText(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"## Summary", "## Impact", "### Factor: TOOLING", "### Belief 1: me", actualHeading, comment("hello"), "# Title", `\`, "\n", "\n\n",
		" ", "\t", "a", "```", "-->", "é", "<!-- debrief", "\r\n",
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "") })
	rapid.Check(t, func(t *rapid.T) {
		present := testDocument()
		present.Summary, present.OpenQuestions = text.Draw(t, "summary"), text.Draw(t, "questions")
		present.Beliefs[0].Believed = "x" + text.Draw(t, "believed")
		present.Beliefs[0].Actual = text.Draw(t, "actual") + "\nx"
		present.ContributingFactors[0].Description = "x\n" + text.Draw(t, "factor") + "\nx"
		before := proto.CloneOf(present)

		got, paths := edited(t, present, func(document string) string { return document })
		if len(paths) > 0 || !proto.Equal(before, got) {
			t.Fatalf("it changed %v: %v", paths, got)
		}
		got, _ = edited(t, present, func(document string) string {
			return regexp.MustCompile(`(?m)^## What went well$`).ReplaceAllString(document, "## What went well\nAll of it")
		})
		before.WhatWentWell = "All of it"
		if !proto.Equal(before, got) {
			t.Fatalf("other texts changed:\n%v\n%v", before, got)
		}
	})
}

// TestSectionTitles shows that the document's pattern knows every section.
func TestSectionTitles(t *testing.T) {
	var titles []string
	for _, section := range sections {
		titles = append(titles, section.title)
	}
	if diff := cmp.Diff(sectionTitles, strings.Join(titles, "|")); diff != "" {
		t.Error(diff)
	}
}
