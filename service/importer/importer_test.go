package importer_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/importer"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// The examples are told in the templates that people use. Each has what is made of it beside it.
func TestExamples(t *testing.T) {
	examples, err := filepath.Glob("testdata/*.md")
	if err != nil || len(examples) == 0 {
		t.Fatalf("examples: %v, %v", examples, err)
	}
	for _, example := range examples {
		t.Run(strings.TrimSuffix(filepath.Base(example), ".md"), func(t *testing.T) {
			text, err := os.ReadFile(example)
			if err != nil {
				t.Fatal(err)
			}
			checkWords(t, string(text))
			result, err := importer.Parse(text, importer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(example, ".md")+".json", shown(t, result)+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); go test ./service/importer -update writes it anew:\n%s", path, diff)
	}
}

func TestParseRefusesWhatIsTooLarge(t *testing.T) {
	if _, err := importer.Parse(make([]byte, importer.MaxBytes+1), importer.Options{}); !errors.Is(err, importer.ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
}

// Texts that take a parser time or memory that grows faster than they do are kept as they are.
func TestParseKeepsCostlyTextsAsTheyAre(t *testing.T) {
	for name, text := range map[string]string{
		"quotes in quotes": strings.Repeat(">", 60_000) + "a",
		"brackets":         strings.Repeat("[a](", 15_000),
		"delimiters":       "# T\n" + strings.Repeat("*a_", 20_000),
		"a large table":    strings.Repeat("|a", 8_000) + "\n" + strings.Repeat("|-", 8_000) + "\n" + strings.Repeat("|\n", 16_000),
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, text).Document
			if diff := cmp.Diff(importer.Document{Sections: []importer.Section{{Markdown: strings.TrimSpace(text), Line: 1}}}, got); diff != "" {
				t.Errorf("document: %.300s", diff)
			}
		})
	}
}

// Texts that repeat one thing are read like any other. At the bound each takes about a second; see the benchmark.
func TestParseReadsTextsThatRepeatOneThing(t *testing.T) {
	for name, piece := range map[string]string{
		"headings": "# a\n", "entries": "- 14:05 a\n", "lines": "**a:** b\n", "times": "- 1 h 1 h 1 h 1 h 1 h\n", "tasks": "- [ ] a (b) (c) [d]\n",
		"rows": "| 14:05 | a |\n", "evidence": "Evidence:\n\n- a\n\n", "names": "a, b and c; d & e\n", "nested": "- 2024-03-01\n  - 2024-03-01\n    - 14:05 a\n",
		"brackets": "((((((\n", "definitions": "[a]: b\n", "fences": "```\n", "quotes": "> a\n\n",
		"many lines": "a\n", "texts": "## Summary\na\n## Impact\nb\n", "lost": "## Participants\n<b>\n[x](y z)\n", "labels": "- **a b:** c\n  d\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, heading := range []string{"# T\n\n", "## Timeline\n\n14:05 a\n", "## Timeline\n\n| Time | Event |\n|-|-|\n", "## Action items\n\n", "## Root causes\n\n", "## Participants\n\n", "## Beliefs\n\n"} {
				parse(t, heading+strings.Repeat(piece, (8<<10)/len(piece)))
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	const text = "# It fell\n\nDate: 2024-03-01\n\ntext\n"
	base := parse(t, text).Identity
	for _, test := range []struct {
		name, text      string
		key, text2Equal bool
		basis           importer.Basis
	}{
		{"the same text", text, true, true, importer.ByDate},
		{"white space at ends of lines, other line breaks, a byte order mark", "\uFEFF# It fell\r\n\r\nDate: 2024-03-01  \r\n\r\ntext\r\n\r\n", true, true, importer.ByDate},
		{"a corrected text", strings.Replace(text, "text", "better text", 1), true, false, importer.ByDate},
		{"a title in other letters", strings.Replace(text, "It fell", "IT  fell", 1), true, false, importer.ByDate},
		{"another title", strings.Replace(text, "It fell", "It rose", 1), false, false, importer.ByDate},
		{"another day", strings.Replace(text, "03-01", "03-02", 1), false, false, importer.ByDate},
		{"no day", strings.Replace(text, "Date: 2024-03-01\n", "", 1), false, false, importer.ByText},
		{"an id", "---\nid: PM-1\n---\n" + text, false, false, importer.ByID},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := parse(t, test.text).Identity
			if (got.Key == base.Key) != test.key || (got.Fingerprint == base.Fingerprint) != test.text2Equal || got.Basis != test.basis {
				t.Errorf("identity %+v beside %+v", got, base)
			}
			if len(got.Fingerprint) != 64 || len(got.Key) != 32 {
				t.Errorf("identity %+v, want 64 and 32 digits", got)
			}
		})
	}
}

func TestAnIDStaysThatOfTheDocumentWhateverChanges(t *testing.T) {
	first := parse(t, "---\nid: PM-1\n---\n# It fell\n").Identity
	second := parse(t, "---\ntitle: It rose\nid: PM-1\ndate: 2020-01-01\n---\ntext").Identity
	if first.Key != second.Key || first.Fingerprint == second.Fingerprint || second.Basis != importer.ByID {
		t.Errorf("%+v and %+v", first, second)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, piece := range map[string]string{
		"entries": "- 14:05 the alert fires\n", "prose": "Some words of prose that go on for a while.\n\n", "sections": "## Summary\n\na\n\n", "empty items": "-\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := "# T\n\n## Timeline\n\n" + strings.Repeat(piece, (importer.MaxBytes-100)/len(piece))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := importer.Parse([]byte(text), importer.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
