package agenda

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Markdown is the agenda as CommonMark. What is quoted in it is escaped, so that its structure is its own.
func (a Agenda) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%d minutes.\n", escape(a.heading()), a.Minutes)
	for _, item := range a.Items {
		fmt.Fprintf(&b, "\n## %s %s (%s)\n\n%s\n", clock(item.Start), item.Title, count(item.Minutes, "minute"), item.Lead)
		for i, line := range a.lines(item) {
			if i == 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "- %s\n", escape(line))
		}
		if item.FurtherQuestions > 0 {
			fmt.Fprintf(&b, "\n*%s*\n", further(item.FurtherQuestions))
		}
	}
	return b.String()
}

func (a Agenda) heading() string {
	if title := plaintext.Visible(a.Title); title != "" {
		return "Review: " + title
	}
	return "Review"
}

// lines are what is listed under an item: the rules, and the questions.
func (a Agenda) lines(item Item) []string {
	var lines []string
	if item.Part == a.Items[0].Part {
		for i, rule := range a.Rules {
			lines = append(lines, fmt.Sprintf("Rule %d: %s", i+1, plaintext.Visible(rule.Title)))
		}
	}
	if item.Opening != "" {
		lines = append(lines, item.Opening)
	}
	for _, q := range item.Questions {
		text := plaintext.Visible(q.Text)
		if about := plaintext.Visible(q.About); about != "" {
			text += " (" + about + ")"
		}
		lines = append(lines, text)
	}
	return lines
}

func further(n int) string {
	if n == 1 {
		return "One more question for when there is time."
	}
	return fmt.Sprintf("%d more questions for when there is time.", n)
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// clock says minutes as hours and minutes since the review began.
func clock(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }

// escape keeps a line from meaning anything but itself in Markdown, with the extensions that make links of addresses.
func escape(line string) string {
	return blockMarker.ReplaceAllString(escapes.Replace(line), `$1\$2`)
}

// blockMarker is what would open a list, or a heading for the line before, at the beginning of a line. The others are
// escaped wherever they stand.
var blockMarker = regexp.MustCompile(`^([0-9]*)([-+=.)])`)

var escapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `|`, `\|`, `~`, `\~`,
	`#`, `\#`, `@`, `\@`, `://`, `\://`, `www.`, `www\.`,
)
