package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/service/blameless"
)

const lintHelp = `Lint reads post-mortems in Markdown and points at the places that speak about somebody's failing instead of about the
system. It works offline.

Of a directory, it reads all files *.md and *.markdown in it and below, but for hidden directories, node_modules and
vendor; symbolic links that it meets there are not followed. '-', or no argument where something is piped in, is stdin.
What a team wants otherwise is in .debrief.yaml: the one nearest to a file, upward as far as the root of its repository.

Exit codes:
  0    there is nothing at or above --fail-on
  1    there are findings at or above --fail-on
  2    the command line, a configuration or a file could not be read
  130  interrupted`

// defaultFailOn holds where neither the command line nor a configuration says otherwise.
const defaultFailOn = blameless.FromCaution

// lintOptions are the flags of lint.
type lintOptions struct {
	output        choice
	failOn        thresholdFlag
	config        string
	stdinFilename string
	reportUnused  bool
}

// thresholdFlag is a flag for a threshold.
type thresholdFlag struct{ value blameless.Threshold }

func (f *thresholdFlag) Type() string { return "blame|caution|note|never" }

// String names the default where nothing was said.
func (f *thresholdFlag) String() string { return cmp.Or(f.value, defaultFailOn).String() }

func (f *thresholdFlag) Set(text string) error {
	value, err := blameless.ParseThreshold(text)
	f.value = value
	return err
}

func (a *application) newLintCommand() *cobra.Command {
	options := lintOptions{output: choice{value: "text", of: []string{"text", "json", "sarif", "github"}}}
	command := aboutHere(&cobra.Command{
		Use: "lint [FILE|DIR…]", Short: "Check post-mortems in Markdown for blame, offline", Args: takes, Long: lintHelp,
		Example: `  debrief lint docs/postmortems
  debrief lint --output sarif docs/postmortems >debrief.sarif
  git show HEAD:review.md | debrief lint --stdin-filename review.md`,
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(command *cobra.Command, arguments []string) error {
			return a.lint(command.Context(), &options, arguments)
		},
	})
	flags := command.Flags()
	flags.VarP(&options.output, "output", "o", "how to tell the findings: text for eyes, json and sarif for programs, github for annotations in its workflows")
	flags.Var(&options.failOn, "fail-on", "the mildest severity that makes the check fail")
	flags.StringVar(&options.config, "config", "", "`file` to read instead of each .debrief.yaml")
	flags.StringVar(&options.stdinFilename, "stdin-filename", "", "`name` of the file that stdin has the text of")
	flags.BoolVar(&options.reportUnused, "report-unused-allows", false, "tell of comments debrief:allow that allow nothing")
	completeChoice(command, "output", options.output.of)
	completeChoice(command, "fail-on", []string{"blame", "caution", "note", "never"})
	completeFile(command, "config")
	completeFile(command, "stdin-filename")
	return command
}

// lint checks what the arguments name, and tells what was found.
func (a *application) lint(ctx context.Context, options *lintOptions, arguments []string) error {
	l := &linter{
		directory: a.environment.directory, failOn: options.failOn.value, reportUnused: options.reportUnused,
		setups: lintSetups{directory: a.environment.directory},
	}
	if options.config != "" {
		if err := l.setups.fix(options.config); err != nil {
			return &uncheckedError{err}
		}
	}
	files, err := a.lintFiles(l, options, arguments)
	if err != nil {
		return err
	}
	report, err := l.check(ctx, files)
	if err != nil {
		return err
	}
	if err := errors.Join(a.tellLint(options.output.value, report), a.out.Flush()); err != nil {
		return &uncheckedError{fmt.Errorf("write the output: %w", err)}
	}
	return report.verdict()
}

// lintFiles are the files that the arguments name.
func (a *application) lintFiles(l *linter, options *lintOptions, arguments []string) ([]*lintFile, error) {
	switch {
	case len(arguments) == 0 && a.environment.typed:
		return nil, usagef("name files or directories, or pipe a text in")
	case len(arguments) == 0:
		arguments = []string{"-"}
	}
	if options.stdinFilename != "" && !slices.Contains(arguments, "-") {
		return nil, usagef("--stdin-filename: stdin is not read: name it as -")
	}
	files, err := l.collect(arguments, cmp.Or(options.stdinFilename, unnamed), a.environment.stdin)
	if err != nil {
		return nil, &uncheckedError{err}
	}
	return files, nil
}

// tellLint writes a report in one of its forms. What is no finding goes to stderr, where it is no part of the output.
func (a *application) tellLint(output string, report *lintReport) error {
	if output != "github" {
		for _, remark := range report.remarks {
			a.note("%s", line(remark.String()))
		}
	}
	switch output {
	case "json":
		return a.writeLintJSON(report)
	case "sarif":
		return a.writeSARIF(report)
	case "github":
		return a.writeAnnotations(report)
	default:
		return a.writeLintText(report)
	}
}
