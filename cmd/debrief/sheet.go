package main

import (
	"fmt"
	"strings"
)

// labelWidth is how wide the labels of fields are.
const labelWidth = 16

// sheet shows one resource for eyes: fields in aligned lines, then texts and lists. What is empty is left out.
type sheet struct {
	app  *application
	text strings.Builder
}

func (a *application) newSheet(title, name string) *sheet {
	s := &sheet{app: a}
	fmt.Fprintf(&s.text, "%s\n%s\n\n", a.paint(bold, line(title)), line(name))
	return s
}

func (s *sheet) field(label, value string) {
	s.styled(label, value, plain)
}

func (s *sheet) styled(label, value string, with style) {
	if value = line(value); value != "" {
		fmt.Fprintf(&s.text, "%s%s\n", s.app.paint(faint, fmt.Sprintf("%-*s", labelWidth, label)), s.app.paint(with, value))
	}
}

// section shows a text of several lines.
func (s *sheet) section(title, text string) {
	if text = strings.TrimSpace(lines(text)); text != "" {
		fmt.Fprintf(&s.text, "\n%s\n%s\n", s.app.paint(bold, title), indent(text))
	}
}

// list shows texts of a line each.
func (s *sheet) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(&s.text, "\n%s\n", s.app.paint(bold, title))
	for _, item := range items {
		fmt.Fprintf(&s.text, "  %s\n", line(item))
	}
}

func (s *sheet) show() error {
	_, err := s.app.out.WriteString(s.text.String())
	return err
}

// joined puts the parts that are not empty together.
func joined(separator string, parts ...string) string {
	var present []string
	for _, part := range parts {
		if part != "" {
			present = append(present, part)
		}
	}
	return strings.Join(present, separator)
}

// qualified is a text with another in parentheses, where there is one.
func qualified(text, by string) string {
	if by == "" {
		return text
	}
	return strings.TrimSpace(text + " (" + by + ")")
}

// texts shows each element of a list.
func texts[T any](elements []T, show func(T) string) []string {
	shown := make([]string, len(elements))
	for i, element := range elements {
		shown[i] = show(element)
	}
	return shown
}
