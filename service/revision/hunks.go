package revision

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// hunks groups the changes of lines that lie close to each other.
func hunks(before, after []string) []Hunk {
	edits := edits(before, after)
	var found []Hunk
	for i := 0; i < len(edits); {
		last := i
		for last+1 < len(edits) && edits[last+1].Start-edits[last].End <= 2*ContextLines {
			last++
		}
		found = append(found, hunk(before, after, edits[i:last+1]))
		i = last + 1
	}
	return found
}

func hunk(before, after []string, edits []lcs.Diff) Hunk {
	start := max(edits[0].Start-ContextLines, 0)
	h := Hunk{BeforeLine: start + 1, AfterLine: edits[0].ReplStart - (edits[0].Start - start) + 1}
	at := start
	for _, edit := range edits {
		h.equal(before[at:edit.Start])
		h.replace(before[edit.Start:edit.End], after[edit.ReplStart:edit.ReplEnd])
		at = edit.End
	}
	h.equal(before[at:min(at+ContextLines, len(before))])
	if len(before) == 0 {
		h.BeforeLine = 0
	}
	if len(after) == 0 {
		h.AfterLine = 0
	}
	return h
}

func (h *Hunk) equal(lines []string) {
	for _, line := range lines {
		h.Lines = append(h.Lines, whole(Equal, line))
	}
}

func whole(kind Kind, text string) Line {
	if text == "" {
		return Line{Kind: kind}
	}
	return Line{Kind: kind, Runs: []Run{{kind, text}}}
}

// replace shows lines that took the place of others. As many as there are on both sides are compared word by word, each
// with the one in its place.
func (h *Hunk) replace(before, after []string) {
	inserted := make([]Line, 0, len(after))
	for i, line := range before {
		if i >= len(after) {
			h.Lines = append(h.Lines, whole(Delete, line))
			continue
		}
		deleted, insertedLine := wordByWord(line, after[i])
		h.Lines, inserted = append(h.Lines, deleted), append(inserted, insertedLine)
	}
	for _, line := range after[len(inserted):] {
		inserted = append(inserted, whole(Insert, line))
	}
	h.Lines = append(h.Lines, inserted...)
}

// wordByWord compares two lines. Lines that have no word in common are shown whole.
func wordByWord(before, after string) (deleted, inserted Line) {
	was, is := words(before), words(after)
	deleted, inserted = Line{Kind: Delete}, Line{Kind: Insert}
	at, common := 0, false
	for _, edit := range append(edits(was, is), lcs.Diff{Start: len(was), End: len(was), ReplStart: len(is), ReplEnd: len(is)}) {
		equal := strings.Join(was[at:edit.Start], "")
		common = common || strings.ContainsFunc(equal, isWord)
		deleted.add(Equal, equal)
		inserted.add(Equal, equal)
		deleted.add(Delete, strings.Join(was[edit.Start:edit.End], ""))
		inserted.add(Insert, strings.Join(is[edit.ReplStart:edit.ReplEnd], ""))
		at = edit.End
	}
	if !common {
		return whole(Delete, before), whole(Insert, after)
	}
	return deleted, inserted
}

func (l *Line) add(kind Kind, text string) {
	if text != "" {
		l.Runs = append(l.Runs, Run{kind, text})
	}
}

// words splits a line into words, runs of white space, and single other characters.
func words(line string) []string {
	var tokens []string
	for line != "" {
		first, size := utf8.DecodeRuneInString(line)
		end := size
		for class := classOf(first); class != other && end < len(line); {
			next, size := utf8.DecodeRuneInString(line[end:])
			if classOf(next) != class {
				break
			}
			end += size
		}
		tokens = append(tokens, line[:end])
		line = line[end:]
	}
	return tokens
}

type class int

const (
	other class = iota
	space
	word
)

func classOf(r rune) class {
	switch {
	case isWord(r):
		return word
	case unicode.IsSpace(r):
		return space
	default:
		return other
	}
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

// edits are what leads from one list of texts to another, in order. The search is bounded by the library: it gives up
// after a hundred differences, half of them from either end, so that time grows with the length of the lists and not with
// its square; what it did not reach is one edit.
func edits(before, after []string) []lcs.Diff { return lcs.DiffLines(before, after) }
