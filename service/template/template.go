// Package template says which sections the document of a post-mortem has, what each is for, and which of them are still
// empty though they are required. The built-in template is data; a team may have its own.
package template

import (
	"bytes"
	_ "embed" // for the built-in template
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The ids of the standard sections. A template may leave them out, and have others beside them.
const (
	Summary             = "summary"
	Impact              = "impact"
	Timeline            = "timeline"
	Beliefs             = "beliefs"
	ContributingFactors = "contributing_factors"
	WhatWentWell        = "what_went_well"
	WhereWeWereLucky    = "where_we_were_lucky"
	WhatSurprisedUs     = "what_surprised_us"
	ActionItems         = "action_items"
	OpenQuestions       = "open_questions"
)

// Standard are the ids of the standard sections in the order of the built-in template.
func Standard() []string {
	return []string{
		Summary, Impact, Timeline, Beliefs, ContributingFactors, WhatWentWell, WhereWeWereLucky, WhatSurprisedUs,
		ActionItems, OpenQuestions,
	}
}

// Bounds of a template.
const (
	MaxSections   = 40
	MaxTitleRunes = 120
	MaxHelpRunes  = 2000
	// MaxBytes bounds a template's file.
	MaxBytes = 1 << 18
)

var sectionID = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

const maxIDBytes = 63

// Template is an order of sections.
type Template struct {
	// Title names the template for people, on one line of 1 to MaxTitleRunes characters.
	Title string `yaml:"title"`
	// Sections are in the order of the document, 1 to MaxSections.
	Sections []Section `yaml:"sections"`
}

// Section is one of a template.
type Section struct {
	// ID is a standard section's, or names a free one: lower case letters, digits and underscores, up to 63, and unique.
	ID string `yaml:"id"`
	// Title is its heading, on one line of 1 to MaxTitleRunes characters.
	Title string `yaml:"title"`
	// Help says to the writer what belongs here, up to MaxHelpRunes characters.
	Help string `yaml:"help"`
	// Required says that no revision is published while it is empty.
	Required bool `yaml:"required"`
}

//go:embed template.yaml
var source []byte

var builtIn = sync.OnceValue(func() Template {
	t, err := Parse(source)
	if err != nil {
		panic("template: the built-in template: " + err.Error())
	}
	return t
})

// Default is the built-in template. It is the caller's to change.
func Default() Template {
	t := builtIn()
	t.Sections = slices.Clone(t.Sections)
	return t
}

// Parse reads a template from YAML as in template.yaml, and checks it; see [Template.Validate].
func Parse(file []byte) (Template, error) {
	if len(file) > MaxBytes {
		return Template{}, fmt.Errorf("the template has %d bytes; at most %d are read", len(file), MaxBytes)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	var t Template
	if err := decoder.Decode(&t); err != nil && !errors.Is(err, io.EOF) {
		return Template{}, fmt.Errorf("read the template: %w", err)
	}
	t.Title = strings.TrimSpace(t.Title)
	for i := range t.Sections {
		t.Sections[i].Help = strings.TrimSpace(t.Sections[i].Help)
	}
	if err := t.Validate(); err != nil {
		return Template{}, err
	}
	return t, nil
}

// Contents say what a post-mortem holds so far.
type Contents struct {
	// Texts are the Markdown of sections by their id.
	Texts map[string]string
	// Counts are how many things the sections have that show a list in place of a text, by their id.
	Counts map[string]int
}

// Empty are the sections in which nothing is written, in the order of the template.
func (t Template) Empty(contents Contents) []Section {
	return slices.DeleteFunc(slices.Clone(t.Sections), func(s Section) bool { return contents.fills(s.ID) })
}

// Missing are the sections that are required and empty, all of them, in the order of the template.
func (t Template) Missing(contents Contents) []Section {
	return slices.DeleteFunc(t.Empty(contents), func(s Section) bool { return !s.Required })
}

func (c Contents) fills(id string) bool { return c.Counts[id] > 0 || hasWords(c.Texts[id]) }

// hasWords is true of Markdown that a reader sees something of: neither space nor comments count, as a template's help text
// that was left standing.
func hasWords(markdown string) bool {
	for markdown != "" {
		shown, rest, commented := strings.Cut(markdown, "<!--")
		if strings.ContainsFunc(shown, visible) {
			return true
		}
		if !commented {
			return false
		}
		_, after, closed := strings.Cut(rest, "-->")
		if !closed {
			return strings.ContainsFunc(rest, visible)
		}
		markdown = after
	}
	return false
}

func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != utf8.RuneError && r != '\u2800' && r != '\u3164'
}
