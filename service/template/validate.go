package template

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// InvalidError says what is wrong with a template.
type InvalidError struct{ Problems []Problem }

// Problem is one thing that is wrong.
type Problem struct {
	// Field leads to it, such as "sections[2].id".
	Field string
	// Text says what it must be.
	Text string
}

// Error names everything that is wrong.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Field + ": " + p.Text
	}
	return "the template is not valid: " + strings.Join(texts, "; ")
}

func (e *InvalidError) add(field, format string, arguments ...any) {
	e.Problems = append(e.Problems, Problem{Field: field, Text: fmt.Sprintf(format, arguments...)})
}

// Validate answers an *[InvalidError] with all that is wrong.
func (t Template) Validate() error {
	found := &InvalidError{}
	found.title("title", t.Title)
	switch {
	case len(t.Sections) == 0:
		found.add("sections", "must have at least one section")
	case len(t.Sections) > MaxSections:
		found.add("sections", "has %d sections; at most %d are possible", len(t.Sections), MaxSections)
		return found
	}
	first := map[string]int{}
	for i, s := range t.Sections {
		field := fmt.Sprintf("sections[%d]", i)
		if len(s.ID) > maxIDBytes || !sectionID.MatchString(s.ID) {
			found.add(field+".id", "must be lower case letters, digits and underscores, up to %d, such as %q", maxIDBytes, Summary)
		} else if earlier, taken := first[s.ID]; taken {
			found.add(field+".id", "%s is the id of sections[%d] already", s.ID, earlier)
		} else {
			first[s.ID] = i
		}
		found.title(field+".title", s.Title)
		if !isText(s.Help) || utf8.RuneCountInString(s.Help) > MaxHelpRunes {
			found.add(field+".help", "must be text of at most %d characters", MaxHelpRunes)
		}
	}
	if len(found.Problems) > 0 {
		return found
	}
	return nil
}

func (e *InvalidError) title(field, title string) {
	if strings.TrimSpace(title) != title || title == "" || utf8.RuneCountInString(title) > MaxTitleRunes ||
		strings.ContainsAny(title, "\n\t") || !isText(title) {
		e.add(field, "must be one line of 1 to %d characters, without space around it", MaxTitleRunes)
	}
}

// isText is true without control characters other than line breaks and tabs.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	})
}
