package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/debriefhq/debrief/service/blameless"
)

// writeLintText writes findings for eyes.
func (a *application) writeLintText(report *lintReport) error {
	for i := range report.findings {
		if _, err := fmt.Fprintln(a.out, a.findingText(&report.findings[i])); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.out, a.lintSummary(report))
	return err
}

func findingStyle(severity blameless.Severity) style {
	switch severity {
	case blameless.Blame:
		return red
	case blameless.Caution:
		return yellow
	default:
		return blue
	}
}

// findingText is a finding with its line, underlined, and what is said of it.
func (a *application) findingText(f *lintFinding) string {
	with := findingStyle(f.Severity)
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s %s\n", a.paint(bold, fmt.Sprintf("%s:%d:%d", line(f.file.name), f.Line, f.Column)), a.paint(with, f.Severity.String()), line(f.Rule))
	gutter := len(fmt.Sprint(f.Line + len(f.shown) - 1))
	for _, shown := range f.shown {
		before, marked, after := layOut(shown)
		from, width := display.StringWidth(before), max(1, display.StringWidth(marked))
		fmt.Fprintf(&text, "  %s %s%s%s\n", a.paint(faint, fmt.Sprintf("%*d |", gutter, f.Line+shown.number)), before, a.paint(bold, marked), after)
		fmt.Fprintf(&text, "  %s %s\n", a.paint(faint, strings.Repeat(" ", gutter)+" |"), strings.Repeat(" ", from)+a.paint(with, strings.Repeat("^", width)))
	}
	for _, told := range [][2]string{{"Why: ", f.Why}, {"Try: ", f.Suggestion}, {"Ask: ", f.Question}} {
		if told[1] != "" {
			fmt.Fprintf(&text, "  %s%s\n", a.paint(faint, told[0]), line(told[1]))
		}
	}
	return text.String()
}

// lintSummary is a line on all of a check.
func (a *application) lintSummary(report *lintReport) string {
	checked := counted(len(report.files), "file")
	if len(report.findings) == 0 {
		return "No findings in " + checked + "."
	}
	of := map[blameless.Severity]int{}
	in := map[*lintFile]bool{}
	failing := 0
	for i := range report.findings {
		f := &report.findings[i]
		of[f.Severity]++
		in[f.file] = true
		if f.counts {
			failing++
		}
	}
	var severities []string
	for severity := blameless.Blame; severity >= blameless.Note; severity-- {
		if of[severity] > 0 {
			severities = append(severities, a.paint(findingStyle(severity), fmt.Sprintf("%d %s", of[severity], severity)))
		}
	}
	verdict := "none of them fails the check"
	switch {
	case failing == len(report.findings):
		verdict = "the check fails"
	case failing > 0:
		verdict = fmt.Sprintf("the check fails by %d of them", failing)
	}
	return fmt.Sprintf("%s in %d of %s: %s; %s.", counted(len(report.findings), "finding"), len(in), checked, strings.Join(severities, ", "), verdict)
}

func counted(count int, of string) string {
	if count == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", count, of)
}

// findingJSON is a finding as programs read it.
type findingJSON struct {
	File       string             `json:"file"`
	Line       int                `json:"line"`
	Column     int                `json:"column"`
	Rule       string             `json:"rule"`
	Severity   blameless.Severity `json:"severity"`
	Excerpt    string             `json:"excerpt"`
	Why        string             `json:"why"`
	Suggestion string             `json:"suggestion"`
	Question   string             `json:"question"`
}

// writeLintJSON writes one object with all findings, also those that are milder than what makes the check fail.
func (a *application) writeLintJSON(report *lintReport) error {
	told := struct {
		Findings []findingJSON `json:"findings"`
	}{make([]findingJSON, len(report.findings))}
	for i := range report.findings {
		f := &report.findings[i]
		told.Findings[i] = findingJSON{f.file.name, f.Line, f.Column, f.Rule, f.Severity, f.Excerpt, f.Why, f.Suggestion, f.Question}
	}
	text, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = fmt.Fprintln(a.out, escapeJSON(string(text)))
	return err
}

var (
	// annotationText escapes what would end a command of a GitHub workflow.
	annotationText = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	// annotationProperty escapes what would end a property of one, too.
	annotationProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotationFile is a file in a property.
func annotationFile(report *lintReport, file *lintFile) string {
	return annotationProperty.Replace(lines(report.relative(file)))
}

// annotationLevel is the command for a severity.
func annotationLevel(severity blameless.Severity) string {
	switch severity {
	case blameless.Blame:
		return "error"
	case blameless.Caution:
		return "warning"
	default:
		return "notice"
	}
}

// writeAnnotations writes workflow commands, which GitHub shows beside the lines that they are about.
func (a *application) writeAnnotations(report *lintReport) error {
	for _, r := range report.remarks {
		level, where := "warning", "file="+annotationFile(report, r.file)
		if r.fails {
			level = "error"
		}
		if r.line > 0 {
			where += fmt.Sprintf(",line=%d,col=%d", r.line, r.column)
		}
		if _, err := fmt.Fprintf(a.out, "::%s %s::%s\n", level, where, annotationText.Replace(line(r.text))); err != nil {
			return err
		}
	}
	for i := range report.findings {
		f := &report.findings[i]
		where := fmt.Sprintf("file=%s,line=%d,endLine=%d", annotationFile(report, f.file), f.Line, f.end.line)
		if f.end.line == f.Line {
			where += fmt.Sprintf(",col=%d,endColumn=%d", f.Column, f.end.column)
		}
		_, err := fmt.Fprintf(a.out, "::%s %s,title=%s::%s\n",
			annotationLevel(f.Severity), where, annotationProperty.Replace(f.Severity.String()+" "+f.Rule), annotationText.Replace(f.message()))
		if err != nil {
			return err
		}
	}
	return nil
}

// message is all that is said of a finding, a line each.
func (f *lintFinding) message() string {
	return joined("\n", "“"+line(f.Excerpt)+"”", f.Why, f.Suggestion, f.Question)
}
