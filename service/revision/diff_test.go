package revision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/revision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDiffSaysWhatBecameOfEachSection(t *testing.T) {
	before := []revision.Section{
		{Key: "summary", Heading: "Summary", Text: "It fell.\n"},
		{Key: "luck", Heading: "Where we were lucky", Text: "Nine in the morning."},
		{Key: "impact", Heading: "Impact", Text: "7 % of checkouts"},
		{Heading: "Notes", Text: "first"},
		{Heading: "Notes", Text: "second"},
	}
	after := []revision.Section{
		{Key: "impact", Heading: "Impact", Text: "7.4 % of checkouts"},
		{Key: "summary", Heading: "What happened", Text: "It fell."},
		{Key: "questions", Heading: "Open questions", Text: "What else?\n\nWho knows?"},
		{Heading: "Notes", Text: "first\r\n"},
		{Heading: "Notes", Text: "2nd"},
	}
	got := map[string]revision.Status{}
	var order []string
	for _, diff := range revision.Diff(before, after) {
		name := strings.TrimSpace(diff.HeadingBefore + " " + diff.Heading)
		order = append(order, name)
		got[fmt.Sprint(len(order), " ", name)] = diff.Status
	}
	want := map[string]revision.Status{
		"1 Where we were lucky": revision.Removed, "2 Impact": revision.Changed, "3 Summary What happened": revision.Changed,
		"4 Open questions": revision.Added, "5 Notes": revision.Unchanged, "6 Notes": revision.Changed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
}

func TestDiffShowsWhichWordsOfALineChanged(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		want                []string
	}{
		{"a word", "The retry took 30 s.", "The retry took 10 s.", []string{"- The retry took [30] s.", "+ The retry took [10] s."}},
		{"words at the end", "a\nIt fell over", "a\nIt fell over at nine, twice", []string{"  a", "- It fell over", "+ It fell over[ at nine, twice]"}},
		{"a word with marks is one", "naïve größe", "naïve grösse", []string{"- naïve [größe]", "+ naïve [grösse]"}},
		{"lines with no word in common", "one two.", "three, four!", []string{"- [one two.]", "+ [three, four!]"}},
		{"more lines than before", "a b", "a c\nnew", []string{"- a [b]", "+ a [c]", "+ [new]"}},
		{"fewer lines than before", "a b\nold\nc", "a d\nc", []string{"- a [b]", "- [old]", "+ a [d]", "  c"}},
		{"an empty line", "a\nb", "a\n\nb", []string{"  a", "+", "  b"}},
		{"everything", "a", "", []string{"- [a]"}},
		{"white space", "a  b", "a b", []string{"- a[  ]b", "+ a[ ]b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, hunk := range diff(test.before, test.after).Hunks {
				for _, line := range hunk.Lines {
					got = append(got, marked(line))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// marked puts what is not equal in a line in brackets.
func marked(line revision.Line) string {
	text := map[revision.Kind]string{revision.Equal: "  ", revision.Delete: "- ", revision.Insert: "+ "}[line.Kind]
	for _, run := range line.Runs {
		if run.Kind == revision.Equal {
			text += run.Text
		} else {
			text += "[" + run.Text + "]"
		}
	}
	return strings.TrimRight(text, " ")
}

func diff(before, after string) revision.SectionDiff {
	return revision.Diff([]revision.Section{{Heading: "S", Text: before}}, []revision.Section{{Heading: "S", Text: after}})[0]
}

func TestHunksHoldChangesThatLieClose(t *testing.T) {
	var before, after []string
	for i := range 40 {
		before = append(before, fmt.Sprintf("line %d", i))
		after = append(after, fmt.Sprintf("line %d", i))
	}
	after[5], after[11], after[30] = "changed", "changed", "changed"
	var got []string
	for _, hunk := range diff(strings.Join(before, "\n"), strings.Join(after, "\n")).Hunks {
		got = append(got, fmt.Sprintf("%d %d: %d lines", hunk.BeforeLine, hunk.AfterLine, len(hunk.Lines)))
	}
	if diff := cmp.Diff([]string{"3 3: 15 lines", "28 28: 8 lines"}, got); diff != "" {
		t.Errorf("hunks (-want +got):\n%s", diff)
	}
}

var (
	first = []revision.Section{
		{Key: "summary", Heading: "Summary", Text: "Checkout refused payments.\n\nIt took 31 minutes."},
		{Key: "impact", Heading: "Impact", Text: "Some customers."},
		{Key: "luck", Heading: "Luck", Text: "It was early."},
		{Key: "code", Heading: "Code *x*", Text: "```\na\n```"},
	}
	second = []revision.Section{
		{Key: "summary", Heading: "Summary", Text: "Checkout refused payments.\n\nIt took 33 minutes.\nNobody noticed before."},
		{Key: "impact", Heading: "Impact", Text: "Some customers."},
		{Key: "code", Heading: "Code *x*", Text: "```\nb\n```"},
		{Key: "questions", Heading: "Questions", Text: "What else?"},
	}
)

func TestUnified(t *testing.T) {
	want := `--- Summary
+++ Summary
@@ -1,3 +1,4 @@
 Checkout refused payments.
 
-It took 31 minutes.
+It took 33 minutes.
+Nobody noticed before.
--- Luck
+++ /dev/null
@@ -1 +0,0 @@
-It was early.
--- Code *x*
+++ Code *x*
@@ -1,3 +1,3 @@
 ` + "```" + `
-a
+b
 ` + "```" + `
--- /dev/null
+++ Questions
@@ -0,0 +1 @@
+What else?
`
	if diff := cmp.Diff(want, revision.Unified(revision.Diff(first, second))); diff != "" {
		t.Errorf("unified (-want +got):\n%s", diff)
	}
	if got := revision.Unified(revision.Diff(first, first)); got != "" {
		t.Errorf("of equal documents: %q", got)
	}
}

// Whatever the texts, what a difference says leads from the one to the other, and the runs of a line are the line.
func TestADifferenceLeadsFromTheTextBeforeToTheTextAfter(t *testing.T) {
	line := rapid.SampledFrom([]string{"", "a", "b", "a b", "a c", "c, a b", "é\u0301 x", "\xff", "  a"})
	texts := rapid.SliceOfN(line, 0, 400)
	rapid.Check(t, func(t *rapid.T) { checkDiff(t, texts.Draw(t, "before"), texts.Draw(t, "after")) })
}

// Texts that have little in common, or too much, are what costs a search for differences time.
func TestHostileTextsAreComparedToo(t *testing.T) {
	const size = 64 << 10
	var odd, even, numbers []string
	for i := range size / 8 {
		odd, even = append(odd, "a", "b"), append(even, "b", "c")
		numbers = append(numbers, fmt.Sprint(i))
	}
	for name, test := range map[string][2][]string{
		"nothing in common":       {strings.Split(strings.Repeat("x\n", size/2), "\n"), numbers},
		"every other line":        {odd, even},
		"one long line":           {{strings.Repeat("a b ", size/4)}, {strings.Repeat("b, ", size/3)}},
		"one line of one letter":  {{strings.Repeat("a", size)}, {strings.Repeat("a", size-1)}},
		"one line of punctuation": {{strings.Repeat(".", size)}, {strings.Repeat(",.", size/2)}},
		"empty lines":             {make([]string, size), append(make([]string, size), "x")},
	} {
		t.Run(name, func(t *testing.T) { checkDiff(t, test[0], test[1]) })
	}
}

func checkDiff(t rapid.TB, before, after []string) {
	t.Helper()
	before, after = trimmed(before), trimmed(after)
	got := diff(strings.Join(before, "\n"), strings.Join(after, "\n"))
	var made []string
	at := 0
	for _, hunk := range got.Hunks {
		made = append(made, before[at:max(hunk.BeforeLine-1, 0)]...)
		at = max(hunk.BeforeLine-1, 0)
		if len(hunk.Lines) > 0 && len(made) != max(hunk.AfterLine-1, 0) {
			t.Fatalf("the hunk begins in line %d after, want %d", hunk.AfterLine, len(made)+1)
		}
		for _, line := range hunk.Lines {
			if line.Kind != revision.Insert {
				if before[at] != line.Text() {
					t.Fatalf("line %d is %q, not %q", at+1, before[at], line.Text())
				}
				at++
			}
			if line.Kind != revision.Delete {
				made = append(made, line.Text())
			}
		}
	}
	made = append(made, before[at:]...)
	if strings.Join(made, "\n") != strings.Join(after, "\n") {
		t.Fatalf("made %q of %q, want %q", made, before, after)
	}
}

// trimmed leaves out the empty lines at the end, which do not count.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func FuzzDiff(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\n\nd e")
	f.Add(strings.Repeat("x\n", 300), strings.Repeat("y\nx\n", 200))
	f.Fuzz(func(t *testing.T, before, after string) {
		clean := func(text string) []string { return strings.Split(strings.ReplaceAll(text, "\r", ""), "\n") }
		checkDiff(t, clean(before), clean(after))
	})
}

func BenchmarkDiffOfTextsThatHaveLittleInCommon(b *testing.B) {
	before := strings.Repeat("the quick brown fox\njumps\n", 2500)
	after := strings.Repeat("over the lazy\nfox dog\n", 2700)
	b.SetBytes(int64(len(before) + len(after)))
	for b.Loop() {
		diff(before, after)
	}
}
