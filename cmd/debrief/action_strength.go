package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/service/strength"
)

const actionStrengthHelp = `Strength suggests how strong an action is, from its text: how far it is from relying on people to remember.

  STRONGER      the system makes the failure impossible or harmless
  INTERMEDIATE  the system helps people to notice or to recover
  WEAKER        people have to remember

Each argument is a text; without one, each line of stdin is. It works offline, says which words led to the suggestion,
and is a suggestion: you know better. With --output json it writes an object a line, with text, strength (or
STRENGTH_UNSPECIFIED where there are no words to go by), words and confidence, from 0 (a guess) to 1.`

// unspecifiedStrength is what the API calls a strength that nobody knows.
const unspecifiedStrength = "STRENGTH_UNSPECIFIED"

func (a *application) newActionStrengthCommand() *cobra.Command {
	return aboutHere(&cobra.Command{
		Use: "strength [TEXT…]", Short: "Suggest how strong actions are, from their texts, offline", Args: takes, Long: actionStrengthHelp,
		Example: `  debrief action strength "Add an alert for replication lag" "Remind the team of the procedure"
  debrief action strength --output json <actions.txt`,
		RunE: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return a.suggestLines()
			}
			for i, text := range arguments {
				if len(text) > strength.MaxText {
					return usagef("text %d has more than %d bytes", i+1, strength.MaxText)
				}
				if err := a.suggestStrength(text); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// suggestLines reads stdin line by line, and answers each before it waits for the next.
func (a *application) suggestLines() error {
	lines := bufio.NewScanner(a.environment.stdin)
	lines.Buffer(nil, strength.MaxText+len("\r\n"))
	number := 1
	tooLong := func() error { return usagef("line %d of stdin has more than %d bytes", number, strength.MaxText) }
	for ; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if len(lines.Text()) > strength.MaxText {
			return tooLong()
		}
		if err := errors.Join(a.suggestStrength(lines.Text()), a.out.Flush()); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return tooLong()
	case err != nil:
		return fmt.Errorf("read stdin: %w", err)
	}
	return nil
}

// strengthReport is what a program is told of a text.
type strengthReport struct {
	Text     string `json:"text"`
	Strength string `json:"strength"`
	// Words are those that spoke for the strength.
	Words      []string `json:"words"`
	Confidence float64  `json:"confidence"`
}

// suggestStrength writes what a text tells of its strength.
func (a *application) suggestStrength(text string) error {
	text = strings.ToValidUTF8(text, "\uFFFD")
	suggestion := strength.Suggest(text)
	report := strengthReport{Text: text, Strength: unspecifiedStrength, Words: []string{}, Confidence: rounded(suggestion.Confidence)}
	if suggestion.Strength != strength.Unknown {
		report.Strength = suggestion.Strength.String()
	}
	for _, word := range suggestion.Words {
		if word.For == suggestion.Strength {
			report.Words = append(report.Words, word.Text)
		}
	}
	var err error
	switch a.globals.output.value {
	case "json", "yaml":
		err = a.writeStrength(report)
	case "name":
		_, err = fmt.Fprintln(a.out, report.Strength)
	default:
		err = a.tellStrength(text, suggestion)
	}
	return err
}

// rounded leaves a confidence the digits that mean something.
func rounded(confidence float64) float64 { return math.Round(confidence*1000) / 1000 }

// writeStrength writes a JSON object a line, or a YAML document each.
func (a *application) writeStrength(report strengthReport) error {
	text, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if a.globals.output.value == "json" {
		_, err = fmt.Fprintln(a.out, escapeJSON(string(text)))
		return err
	}
	if _, err := fmt.Fprintln(a.out, "---"); err != nil {
		return err
	}
	return writeYAML(a.out, string(text))
}

// tellStrength shows a suggestion to people: the text with its words marked, and why they count.
func (a *application) tellStrength(text string, suggestion strength.Suggestion) error {
	name, sure := "UNKNOWN", "there are no words to go by"
	if suggestion.Strength != strength.Unknown {
		name, sure = suggestion.Strength.String(), sureness(suggestion.Confidence)
	}
	told := []string{a.paint(strengthStyle(suggestion.Strength), name) + ", " + sure, a.markWords(text, suggestion)}
	for _, word := range suggestion.Words {
		if word.For == suggestion.Strength && !slices.Contains(told[2:], word.Why) {
			told = append(told, word.Why)
		}
	}
	_, err := fmt.Fprintln(a.out, strings.Join(told, "\n  "))
	return err
}

// sureness puts a confidence into words.
func sureness(confidence float64) string {
	words := "a guess"
	switch {
	case confidence >= 0.7:
		words = "quite sure"
	case confidence >= 0.4:
		words = "likely"
	}
	return fmt.Sprintf("%s (%.2f)", words, confidence)
}

// markWords is the text with the words that led to the suggestion: bold where there are colours, else in brackets.
func (a *application) markWords(text string, suggestion strength.Suggestion) string {
	var marked strings.Builder
	at := 0
	for _, word := range suggestion.Words {
		if word.For != suggestion.Strength || word.Start < at {
			continue
		}
		marked.WriteString(oneLine(text[at:word.Start]))
		if a.colored() {
			marked.WriteString(bold.paint(line(word.Text)))
		} else {
			marked.WriteString("[" + line(word.Text) + "]")
		}
		at = word.End
	}
	marked.WriteString(oneLine(text[at:]))
	return strings.TrimSpace(marked.String())
}

// oneLine is like line, but keeps a space at either end.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(lines(text), func(r rune) bool { return r == '\n' || r == '\t' }), " ")
}

func strengthStyle(s strength.Strength) style {
	switch s {
	case strength.Stronger:
		return green
	case strength.Intermediate:
		return blue
	case strength.Weaker:
		return yellow
	case strength.Unknown:
	}
	return faint
}
