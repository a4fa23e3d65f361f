package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/service/blameless"
)

// linter checks files.
type linter struct {
	// directory is where relative paths begin.
	directory string
	// failOn is 0 where the command line does not say.
	failOn       blameless.Threshold
	reportUnused bool
	setups       lintSetups
}

// lintFinding is a finding and what is told of its place.
type lintFinding struct {
	blameless.Finding
	file *lintFile
	// start and end are where it begins, and the character after it.
	start, end place
	shown      []shownLine
	// counts says that it makes the check fail.
	counts bool
}

// remark is what is to be said of a file beside its findings.
type remark struct {
	file *lintFile
	// line and column are 0 where the remark is of all of the file.
	line, column int
	text         string
	// fails says that the file could not be checked.
	fails bool
}

// String is the remark as people read it.
func (r remark) String() string {
	kind := "warning"
	if r.fails {
		kind = "error"
	}
	if r.line == 0 {
		return fmt.Sprintf("%s: %s: %s", r.file.name, kind, r.text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", r.file.name, r.line, r.column, kind, r.text)
}

// lintReport is what a check came to, in the order of the files.
type lintReport struct {
	files    []*lintFile
	findings []lintFinding
	remarks  []remark
	// directory is where relative paths begin.
	directory string
}

// verdict is an error if the check failed, or something could not be checked, which is worse.
func (r *lintReport) verdict() error {
	unchecked, failing := 0, false
	for _, remark := range r.remarks {
		if remark.fails {
			unchecked++
		}
	}
	for i := range r.findings {
		failing = failing || r.findings[i].counts
	}
	switch {
	case unchecked == 1:
		return &uncheckedError{errors.New("a file could not be checked")}
	case unchecked > 1:
		return &uncheckedError{fmt.Errorf("%d files could not be checked", unchecked)}
	case failing:
		return errFindings
	default:
		return nil
	}
}

// relative is the path of a file as seen from the working directory, with slashes.
func (r *lintReport) relative(file *lintFile) string {
	if file.name == unnamed {
		return file.name
	}
	if relative, err := filepath.Rel(r.directory, file.path); err == nil {
		return filepath.ToSlash(relative)
	}
	return filepath.ToSlash(file.path)
}

// linted is what the check of one file came to.
type linted struct {
	findings []lintFinding
	remarks  []remark
}

// check checks files, several at a time.
func (l *linter) check(ctx context.Context, files []*lintFile) (*lintReport, error) {
	results := make([]linted, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			results[i] = l.checkFile(file)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	report := &lintReport{files: files, directory: l.directory}
	for _, result := range results {
		report.findings = append(report.findings, result.findings...)
		report.remarks = append(report.remarks, result.remarks...)
	}
	return report, nil
}

// byteOrderMark is what some editors put before a text. It is no character of it.
const byteOrderMark = "\ufeff"

// sniffed is how much of a file is looked at to tell texts from other things.
const sniffed = 8_000

func (l *linter) checkFile(file *lintFile) linted {
	content, err := []byte(nil), file.err
	if err == nil {
		content, err = file.read()
	}
	switch {
	case errors.Is(err, errTooLarge) && !file.named:
		return linted{remarks: []remark{{file: file, text: err.Error() + ": it is not checked"}}}
	case err != nil:
		return linted{remarks: []remark{{file: file, text: err.Error(), fails: true}}}
	case bytes.IndexByte(content[:min(len(content), sniffed)], 0) >= 0:
		return linted{remarks: []remark{{file: file, text: "is binary, or not in UTF-8: it is not checked"}}}
	}
	return l.checkText(file, string(bytes.TrimPrefix(content, []byte(byteOrderMark))))
}

func (l *linter) checkText(file *lintFile, text string) linted {
	var result linted
	if at := firstInvalid(text); at >= 0 {
		where := placesOf(text, []int{at})[at]
		result.remarks = append(result.remarks, remark{file: file, line: where.line, column: where.column, text: "is not UTF-8 from here on: what is no text is passed over"})
	}
	findings, further, allowances := file.setup.checker.CheckAllowed(text)
	for i := range allowances {
		if problem := l.problem(&allowances[i]); problem != "" {
			result.remarks = append(result.remarks, remark{file: file, line: allowances[i].Line, column: allowances[i].Column, text: problem})
		}
	}
	if further > 0 {
		result.remarks = append(result.remarks, remark{file: file, text: fmt.Sprintf("has %s beyond the first %d, which are told", counted(further, "finding"), blameless.MaxFindings)})
	}
	result.findings = l.place(file, text, findings)
	return result
}

// problem says what is to be told of a comment.
func (l *linter) problem(a *blameless.Allowance) string {
	switch {
	case a.Problem != "":
		return "debrief:allow " + a.Problem
	case a.Used == 0 && l.reportUnused:
		return "debrief:allow " + a.Rule + " allows nothing"
	default:
		return ""
	}
}

// place adds to findings what the outputs need of their text.
func (l *linter) place(file *lintFile, text string, findings []blameless.Finding) []lintFinding {
	bounds := make([]int, 0, 2*len(findings))
	for i := range findings {
		bounds = append(bounds, findings[i].Start, findings[i].End)
	}
	places := placesOf(text, bounds)
	threshold := l.threshold(file)
	placed := make([]lintFinding, len(findings))
	for i, f := range findings {
		placed[i] = lintFinding{
			Finding: f, file: file, start: places[f.Start], end: places[f.End], shown: showLines(text, f.Start, f.End),
			counts: threshold.Reached(f.Severity),
		}
	}
	return placed
}

// threshold is that of the command line, of the configuration, or the default.
func (l *linter) threshold(file *lintFile) blameless.Threshold {
	for _, threshold := range []blameless.Threshold{l.failOn, file.setup.FailOn} {
		if threshold != 0 {
			return threshold
		}
	}
	return defaultFailOn
}

// firstInvalid is the first byte that is no part of a character; -1 if there is none.
func firstInvalid(text string) int {
	for at := 0; at < len(text); {
		r, width := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && width == 1 {
			return at
		}
		at += width
	}
	return -1
}
