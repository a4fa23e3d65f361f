package main

import (
	"bytes"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/debriefhq/debrief/service/blameless"
)

// homepage is where people read about Debrief.
const homepage = "https://github.com/debriefhq/debrief"

// sarifLevel is the level for a severity, SARIF 2.1.0, section 3.27.10.
func sarifLevel(severity blameless.Severity) string {
	switch severity {
	case blameless.Blame:
		return "error"
	case blameless.Caution:
		return "warning"
	default:
		return "note"
	}
}

// writeSARIF writes a log in SARIF 2.1.0, an OASIS standard that code-scanning tools read.
func (a *application) writeSARIF(report *lintReport) error {
	rules, err := lintRules(report)
	if err != nil {
		return err
	}
	// Columns count characters, not the UTF-16 units that the standard assumes.
	run := sarif.NewRunWithInformationURI("debrief lint", homepage).WithColumnKind("unicodeCodePoints")
	run.Tool.Driver.WithVersion(buildReport().Version)
	index := map[string]int{}
	for i, rule := range rules {
		index[rule.ID] = i
		run.Tool.Driver.AddRule(sarifRule(rule))
	}
	run.WithInvocations([]*sarif.Invocation{sarifInvocation(report)})
	for i := range report.findings {
		f := &report.findings[i]
		result := sarif.NewResult().WithRuleID(f.Rule).WithLevel(sarifLevel(f.Severity)).
			WithMessage(sarif.NewTextMessage(f.message())).
			AddLocation(sarifLocation(report, f.file, sarifRegion(f)))
		if at, known := index[f.Rule]; known {
			result.WithRuleIndex(at)
		}
		run.AddResult(result)
	}
	log := sarif.NewReport()
	log.AddRun(run)
	var written bytes.Buffer
	if err := log.PrettyWrite(&written); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	_, err = fmt.Fprintln(a.out, escapeJSON(written.String()))
	return err
}

// lintRules are the built-in rules, and those that the configurations add or replace.
func lintRules(report *lintReport) ([]blameless.Rule, error) {
	rules, err := blameless.BuiltIn()
	if err != nil {
		return nil, err
	}
	seen := map[*lintSetup]bool{nil: true}
	for _, file := range report.files {
		if seen[file.setup] {
			continue
		}
		seen[file.setup] = true
		for _, own := range file.setup.Options.Rules {
			at := 0
			for at < len(rules) && rules[at].ID != own.ID {
				at++
			}
			if at == len(rules) {
				rules = append(rules, own)
			} else {
				rules[at] = own
			}
		}
	}
	return rules, nil
}

func sarifRule(rule blameless.Rule) *sarif.ReportingDescriptor {
	// Rewrites with fields need a sentence to take them from.
	rewrites := slices.DeleteFunc(slices.Clone(rule.Rewrites), func(rewrite string) bool { return strings.Contains(rewrite, "{") })
	text := joined("\n", rule.Why, strings.Join(rewrites, "\n"), rule.Question)
	markdown := rule.Why
	if len(rewrites) > 0 {
		markdown += "\n\n**Another way to say it**\n\n- " + strings.Join(rewrites, "\n- ")
	}
	if rule.Question != "" {
		markdown += "\n\n**A question that leads on**\n\n" + rule.Question
	}
	return sarif.NewReportingDescriptor().WithID(rule.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(strings.ReplaceAll(rule.ID, "-", " "))).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(rule.Why)).
		WithHelp(sarif.NewMultiformatMessageString().WithText(text).WithMarkdown(markdown)).
		WithHelpURI(homepage + "/blob/main/docs/lint.md").
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(rule.Severity)))
}

// sarifInvocation says how the check went, with what is to be said beside the findings.
func sarifInvocation(report *lintReport) *sarif.Invocation {
	successful := true
	invocation := sarif.NewInvocation()
	for _, r := range report.remarks {
		level := "warning"
		if r.fails {
			level, successful = "error", false
		}
		var region *sarif.Region
		if r.line > 0 {
			region = sarif.NewRegion().WithStartLine(r.line).WithStartColumn(r.column)
		}
		invocation.AddToolExecutionNotification(sarif.NewNotification().WithLevel(level).
			WithMessage(sarif.NewTextMessage(r.text)).AddLocation(sarifLocation(report, r.file, region)))
	}
	return invocation.WithExecutionSuccessful(successful)
}

// sarifRegion is where a finding stands, SARIF 2.1.0, section 3.30: its end is the character after it.
func sarifRegion(f *lintFinding) *sarif.Region {
	return sarif.NewRegion().
		WithStartLine(f.start.line).WithStartColumn(f.start.column).
		WithEndLine(f.end.line).WithEndColumn(f.end.column).
		WithCharOffset(f.start.offset).WithCharLength(f.end.offset - f.start.offset).
		WithSnippet(sarif.NewArtifactContent().WithText(f.Excerpt))
}

func sarifLocation(report *lintReport, file *lintFile, region *sarif.Region) *sarif.Location {
	where := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewArtifactLocation().WithURI(sarifURI(report.relative(file))))
	if region != nil {
		where.WithRegion(region)
	}
	return sarif.NewLocation().WithPhysicalLocation(where)
}

// sarifURI is a path as a URI reference: relative, unless the path is on another volume.
func sarifURI(path string) string {
	if filepath.IsAbs(path) {
		return (&url.URL{Scheme: "file", Path: path}).String()
	}
	return (&url.URL{Path: path}).String()
}
