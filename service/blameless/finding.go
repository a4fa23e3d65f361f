package blameless

import (
	"strings"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/plaintext"
)

// longestExcerpt is how much of a place is shown, in characters.
const longestExcerpt = 200

// finding tells a match.
func (c *Checker) finding(r *reading, s *sentence, m found) Finding {
	start, end := r.span(s.tokens[m.start].start, s.tokens[m.end-1].end)
	return Finding{
		Rule: m.rule.ID, Severity: m.severity(), Start: start, End: end, Excerpt: excerpt(r.source[start:end]),
		Why: m.rule.Why, Suggestion: m.rule.suggestion(s.told(m)), Question: m.rule.Question,
	}
}

func excerpt(text string) string {
	count := 0
	for i := range text {
		if count == longestExcerpt {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// suggestion is the first of the rewrites whose fields are known.
func (r *compiledRule) suggestion(field, told string) string {
	for _, rewrite := range r.Rewrites {
		switch {
		case !strings.Contains(rewrite, "{"):
			return rewrite
		case told != "" && strings.Contains(rewrite, field):
			return strings.ReplaceAll(rewrite, field, told)
		}
	}
	return ""
}

// longestTold is how many words of a sentence a suggestion repeats.
const longestTold = 14

// told is what the sentence says from the mark of a pattern to the end of the clause.
func (s *sentence) told(m found) (field, told string) {
	if m.mark < 0 || m.mark >= len(s.tokens) {
		return "", ""
	}
	switch {
	case s.at[m.mark] >= 0 && (!s.has(m.mark, classBase) || s.has(m.mark, classDeterminer|classPossessive)):
		field = "{object}"
	case s.has(m.mark, classBase):
		field = "{told}"
	default:
		return "", ""
	}
	end := m.mark
	for end < len(s.tokens) && end-m.mark < longestTold && !s.parts(end) && !s.has(end, classConjunction) && (field == "{told}" || !s.endsObject(m.mark, end)) {
		end++
	}
	if end == m.mark {
		return "", ""
	}
	text := string(s.text[s.tokens[m.mark].start:s.tokens[end-1].end])
	if strings.ContainsRune(text, opaque) {
		return "", ""
	}
	return field, plaintext.Line(text)
}

// endsObject is true of what follows a thing that begins at a token, and is not told of it: "who broke | the build | was quick to mend
// it", "took | the cluster | down".
func (s *sentence) endsObject(begin, i int) bool {
	return i > begin && (s.has(i, classBe|classHave|classDo|classModal|classWho|classThat) || s.is(i, "down"))
}

// locate gives findings, which are in order, their lines and columns.
func locate(source string, findings []Finding) {
	line, column, at := 1, 1, 0
	for i := range findings {
		f := &findings[i]
		for at < f.Start {
			if source[at] == '\n' {
				line++
				column = 1
				at++
				continue
			}
			_, width := utf8.DecodeRuneInString(source[at:])
			at += width
			column++
		}
		f.Line, f.Column = line, column
	}
}
