package importer_test

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/importer"
)

// pieces are what post-mortems are made of, and what is much like it.
var pieces = []string{
	"\n", "\n\n", " ", "\n---\n", "# Outage of checkout\n", "## Summary\n", "## Timeline (PST)\n", "### 2024-03-01\n", "## Root causes\n", "### Tooling\n",
	"## Action items\n", "## What went well\n", "## What we believed and what was true\n", "## Participants\n", "## Incidents\n", "## Odd ends\n", "**Summary**\n",
	"**Owner:** Bo", "- **Date**: 2024-03-01", "Severity: SEV2", "Authors: Ada, Bo and Cy (scribe)", "Started: 2024-03-01 14:05 UTC\n", "*", "**", "_", "`", "```\n",
	"- 14:05 alert fires", "- [x] add a test (owner: Bo, due 2024-03-20)", "* ", "1. ", "  - nested", "> quoted", "\\", "\\|", "&amp;", "&eacute;", "<b>", "<!-- note -->",
	"| Time | Event |\n|---|---|\n", "| 14:05 | paged | surplus |\n", "| Action | Owner | Bug |\n|--|--|--|\n", "| fix it | Bo | [T-1](https://t.example/1) DONE |\n",
	"[link](https://l.example/a)", "[ref]: https://r.example 'title'\n", "[ref]", "~14:05", "14:05–14:20", "T+5m", "2 pm", "Mar 1, 14:05", "31 Feb", "é", "日本", "one two", "three\tfour",
	"title: x\n", "tags: [a, b]\n", "# comment\n", "- **23:50:00 ± 10 min** · Key moment · Chidi\n\n  text", "x: {y: z}\n", "Evidence:\n\n- a\n", "**We believed:**\n\n> a\n\n**What was true:**\n\n> b\n",
	"[ ] ", "===\n", "    code", "\t", "#", "|", "-", "+", ":", "(", ")", "© ½ ² 5",
}

func TestNoWordIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 30).Draw(t, "pieces"), "")
		checkWords(t, text)
	})
}

func FuzzParse(f *testing.F) {
	for _, piece := range pieces {
		f.Add(piece)
	}
	examples, err := filepath.Glob("testdata/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, example := range examples {
		text, err := os.ReadFile(example)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) { checkWords(t, text) })
}

// numbering is that of lists, and conjunctions are those of lists in a line: the lists that they become tell them.
var numbering = regexp.MustCompile(`(?m)^[ \t]*[0-9]{1,9}[.)]([ \t]|$)|\band\b|\bet al\b`)

// checkWords fails unless each word of a text is somewhere in what was read, as often as it was written, and the report
// leaves out no line.
func checkWords(t rapid.TB, text string) {
	t.Helper()
	result := parse(t, text)
	have := map[string]int{}
	for _, said := range said(t, result) {
		for _, word := range wordsOf(said) {
			have[word]++
		}
	}
	for _, word := range wordsOf(numbering.ReplaceAllString(text, "")) {
		have[word]--
		if have[word] == -1 && !inOnlyName(result, word) {
			t.Fatalf("%q is lost in\n%s\nwhich became\n%s", word, text, shown(t, result))
		}
	}
	checkLines(t, text, result.Report)
}

// inOnlyName is true of the words of labels and headings, which a report names once however often they were written.
func inOnlyName(result importer.Result, word string) bool {
	for _, part := range result.Report.Parts {
		for _, name := range part.Names {
			if slices.Contains(wordsOf(name), word) {
				return true
			}
		}
	}
	return false
}

func checkLines(t rapid.TB, text string, report importer.Report) {
	t.Helper()
	covered := map[int]bool{}
	last := 0
	for _, part := range report.Parts {
		if part.FirstLine > part.LastLine || part.FirstLine < last {
			t.Fatalf("lines %d to %d after line %d", part.FirstLine, part.LastLine, last)
		}
		last = part.FirstLine
		for line := part.FirstLine; line <= part.LastLine; line++ {
			covered[line] = true
		}
	}
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if len(wordsOf(line)) > 0 && !covered[i+1] {
			t.Fatalf("line %d is in no part of the report on\n%s", i+1, text)
		}
	}
}

func parse(t rapid.TB, text string) importer.Result {
	t.Helper()
	result, err := importer.Parse([]byte(text), importer.Options{Day: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// said are all texts in a result.
func said(t rapid.TB, result importer.Result) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(shown(t, importer.Result{Document: result.Document, Report: importer.Report{Parts: result.Report.Parts}})), &value); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for name := range result.Document.Labels {
		texts = append(texts, name)
	}
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			for _, element := range v {
				walk(element)
			}
		case map[string]any:
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(value)
	return texts
}

func shown(t rapid.TB, value any) string {
	t.Helper()
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func wordsOf(text string) []string {
	text = strings.ToLower(html.UnescapeString(strings.ToValidUTF8(text, "\uFFFD")))
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
