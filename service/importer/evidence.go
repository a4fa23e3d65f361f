package importer

import (
	"regexp"
	"strings"
)

var (
	evidenceMark = regexp.MustCompile(`(?:^|\n\n)Evidence:\n\n- `)
	fencedText   = regexp.MustCompile("^(`{3,})text\n((?s:.*?)\n?)(`{3,})$")
)

// splitEvidence splits the list of evidence off the end of a text, as Debrief exports it. What looks otherwise stays in
// the text.
func (p *Part) splitEvidence(text string) (string, []Evidence) {
	found := evidenceMark.FindAllStringIndex(text, -1)
	if found == nil {
		return text, nil
	}
	at := found[len(found)-1]
	shown, ok := readEvidence("- " + text[at[1]:])
	if !ok {
		return text, nil
	}
	p.nameEvidence(shown)
	return text[:at[0]], shown
}

// readEvidence reads a list of links, or of titles, each with an excerpt in a fence below it or without.
func readEvidence(list string) ([]Evidence, bool) {
	var shown []Evidence
	for _, item := range splitItems(list) {
		first, below, _ := strings.Cut(item, "\n")
		e := Evidence{}
		excerpt := strings.TrimPrefix(below, "\n")
		if strings.HasPrefix(first, "```") {
			excerpt = item
		} else if !e.readTitle(first) {
			return nil, false
		}
		if excerpt != "" {
			found := fencedText.FindStringSubmatch(excerpt)
			if found == nil || found[1] != found[3] {
				return nil, false
			}
			e.Excerpt = strings.TrimSuffix(found[2], "\n")
		}
		shown = append(shown, e)
	}
	return shown, len(shown) > 0
}

// splitItems splits a list into its items, without marks and indentation.
func splitItems(list string) []string {
	var items []string
	var more [][]string
	for line := range strings.SplitSeq(list, "\n") {
		switch first, isItem := strings.CutPrefix(line, "- "); {
		case isItem:
			items, more = append(items, first), append(more, nil)
		case len(items) == 0:
			return nil
		default:
			more[len(items)-1] = append(more[len(items)-1], outdent(line, 2))
		}
	}
	for i := range items {
		items[i] = strings.TrimRight(items[i]+"\n"+strings.Join(more[i], "\n"), "\n")
	}
	return items
}

// readTitle reads a link, or a title that has no markup.
func (e *Evidence) readTitle(line string) bool {
	in := readInline(line)
	switch {
	case len(in.links) == 1 && strings.HasPrefix(line, "[") && strings.HasSuffix(line, ")") && in.links[0].Title == in.plain:
		*e = in.links[0]
	case len(in.links) == 0 && !strings.ContainsAny(escapes.ReplaceAllString(line, ""), "*`") && in.plain != "":
		e.Title = in.plain
	default:
		return false
	}
	if e.Title == e.URI {
		e.Title = ""
	}
	return true
}

// nameEvidence notes the words that Debrief writes around evidence.
func (p *Part) nameEvidence(shown []Evidence) {
	p.name("Evidence")
	for _, e := range shown {
		if e.Excerpt != "" {
			p.name("text")
		}
	}
}
