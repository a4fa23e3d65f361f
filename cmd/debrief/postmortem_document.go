package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// A post-mortem is edited as one Markdown document: its title is the heading of the first level, each section one of the
// second, each belief and each contributing factor one of the third. Those lines, and comments of Debrief, are markers. A
// line of somebody's text that looks like a marker has a backslash before it in the document, and none in the field.

var (
	beliefHeading = regexp.MustCompile(`^### Belief(?:[ \t]+(\d+))?:[ \t]*(.*)$`)
	factorHeading = regexp.MustCompile(`^### Factor(?:[ \t]+([0-9A-Za-z-]+))?:[ \t]*(.*)$`)
	markerLine    = regexp.MustCompile(`^(\\*)(?:## (?:` + sectionTitles + `)|### (?:Belief|Factor)(?:[ \t]+[0-9A-Za-z-]+)?:.*|` +
		actualHeading + `|<!-- debrief: .*-->)[ \t]*$`)
	titleLine   = regexp.MustCompile(`^#[ \t]+(.*?)[ \t]*$`)
	etagComment = regexp.MustCompile(`^<!-- debrief: (\S+) as of etag (\S+) -->$`)
)

// documentLine is a line of a document, with its number from 1 on.
type documentLine struct {
	number int
	text   string
}

// documentItem is a belief or a contributing factor in a document.
type documentItem struct {
	number   int
	id, text string
	lines    []documentLine
}

// marker says whether a line is one that structures the document.
func marker(line string) bool {
	parts := markerLine.FindStringSubmatch(line)
	return parts != nil && parts[1] == ""
}

func escapeMarkers(text string) string {
	escaped := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range escaped {
		if markerLine.MatchString(line) {
			escaped[i] = `\` + line
		}
	}
	return strings.Join(escaped, "\n")
}

// textOf is what lines say as a text: without comments, the blank lines around it, and the backslashes before markers.
// A marker where none belongs is text: nothing that was written is lost.
func textOf(lines []documentLine) string {
	var kept []string
	for _, line := range lines {
		switch {
		case commentLine.MatchString(line.text):
		case markerLine.MatchString(line.text):
			kept = append(kept, strings.TrimPrefix(line.text, `\`))
		default:
			kept = append(kept, line.text)
		}
	}
	return trimBlank(strings.Join(kept, "\n"))
}

// blankAround are the blank lines before a text, and the white space after it. An indented first line stays indented.
var blankAround = regexp.MustCompile(`\A(?:[ \t]*\n)+|\s+\z`)

func trimBlank(text string) string {
	return blankAround.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
}

// renderDocument is the document in which a post-mortem is edited.
func renderDocument(postMortem *debriefv1.PostMortem) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n\n", line(postMortem.GetTitle()))
	fmt.Fprintln(&text, comment(postMortem.GetName()+" as of etag "+postMortem.GetEtag()))
	fmt.Fprintln(&text, comment("Lines like this one are left out. Keep the headings of the second level; an empty section is cleared."))
	for _, section := range sections {
		body := section.show(postMortem)
		if section.text != nil {
			body = escapeMarkers(body)
		}
		fmt.Fprintf(&text, "\n## %s\n%s\n\n", section.title, comment(section.hint))
		if body = trimBlank(body); body != "" {
			fmt.Fprintf(&text, "%s\n", body)
		}
	}
	return text.String()
}

// document is what somebody made of the document of a post-mortem.
type document struct {
	// name and etag say which post-mortem it was made from; empty where the comment that says so is gone.
	name, etag string
	title      string
	sections   map[string][]documentLine
}

// readDocument takes a document apart.
func readDocument(text string) (document, error) {
	read := document{sections: map[string][]documentLine{}}
	current := ""
	for i, content := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line := documentLine{i + 1, content}
		trimmed := strings.TrimRight(content, " \t")
		title, isHeading := strings.CutPrefix(trimmed, "## ")
		switch {
		case isHeading && marker(trimmed):
			if _, twice := read.sections[title]; twice {
				return document{}, fmt.Errorf("line %d: there is a second %q", line.number, trimmed)
			}
			current = title
			read.sections[current] = []documentLine{}
		case current != "":
			read.sections[current] = append(read.sections[current], line)
		default:
			if err := read.preamble(line); err != nil {
				return document{}, err
			}
		}
	}
	return read, read.complete()
}

// preamble reads a line above the first section.
func (d *document) preamble(line documentLine) error {
	if parts := etagComment.FindStringSubmatch(line.text); parts != nil {
		d.name, d.etag = parts[1], parts[2]
		return nil
	}
	if parts := titleLine.FindStringSubmatch(line.text); parts != nil && d.title == "" {
		d.title = parts[1]
		return nil
	}
	if strings.TrimSpace(line.text) == "" || commentLine.MatchString(line.text) {
		return nil
	}
	return fmt.Errorf("line %d: text belongs below one of the headings", line.number)
}

func (d *document) complete() error {
	var missing []string
	for _, section := range sections {
		if _, found := d.sections[section.title]; !found {
			missing = append(missing, fmt.Sprintf("%q", "## "+section.title))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing: %s; to clear a section keep its heading", strings.Join(missing, ", "))
	}
	if d.title == "" {
		return errors.New(`the title is missing: "# TITLE" above the sections`)
	}
	return nil
}

// apply writes what the document says into a copy of the post-mortem, and answers the paths of what is new.
func (d *document) apply(present *debriefv1.PostMortem) (*debriefv1.PostMortem, []string, error) {
	written := proto.CloneOf(present)
	var paths []string
	if d.title != line(present.GetTitle()) {
		written.Title = d.title
		paths = append(paths, "title")
	}
	for _, section := range sections {
		before := proto.CloneOf(written)
		if section.text != nil {
			section.set(written, kept(*section.text(present), textOf(d.sections[section.title])))
		} else if err := section.parse(d.sections[section.title], present, written); err != nil {
			return nil, nil, err
		}
		if !proto.Equal(before, written) {
			paths = append(paths, section.path)
		}
	}
	return written, paths, nil
}

// kept is a text as it was, where the document only lost white space that it does not show.
func kept(present, written string) string {
	if trimBlank(present) == written {
		return present
	}
	return written
}

func (s section) set(postMortem *debriefv1.PostMortem, text string) {
	*s.text(postMortem) = text
}

// splitItems takes a section apart at the headings of its items.
func splitItems(lines []documentLine, heading *regexp.Regexp) ([]documentItem, error) {
	var items []documentItem
	for _, line := range lines {
		if parts := heading.FindStringSubmatch(strings.TrimRight(line.text, " \t")); parts != nil {
			items = append(items, documentItem{number: line.number, id: parts[1], text: parts[2]})
			continue
		}
		if len(items) > 0 {
			last := &items[len(items)-1]
			last.lines = append(last.lines, line)
			continue
		}
		if strings.TrimSpace(line.text) != "" && !commentLine.MatchString(line.text) {
			return nil, fmt.Errorf("line %d: text belongs below a heading of the third level, which the comment above tells of", line.number)
		}
	}
	return items, nil
}

// cutLines are the lines before and after the first one that is the separator.
func cutLines(lines []documentLine, separator string) (before, after []documentLine, found bool) {
	for i, line := range lines {
		if strings.TrimRight(line.text, " \t") == separator {
			return lines[:i], lines[i+1:], true
		}
	}
	return lines, nil, false
}
