package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/service/blameless"
	"github.com/debriefhq/debrief/service/blameless/corpus"
)

type blamelessFlags struct {
	corpus            string
	precision, recall float64
	mistakes          bool
}

func newBlamelessCommand() *cobra.Command {
	var flags blamelessFlags
	command := &cobra.Command{
		Use: "blameless", Short: "Measure the blameless check", Args: cobra.NoArgs,
		Long: `The blameless check reads each labelled text, and its findings are compared with the labels. It fails where precision or
recall of sentences, by the rules of the severities BLAME and CAUTION, are below the thresholds.`,
	}
	command.Flags().StringVar(&flags.corpus, "corpus", "", `a `+"`file`"+` of texts, {"id": …, "kind": …, "sentences": [{"text": …, "rules": […]}]} a line; default: the ones of this repository`)
	command.Flags().Float64Var(&flags.precision, "precision", 0.95, "the least precision, from 0 to 1")
	command.Flags().Float64Var(&flags.recall, "recall", 0.85, "the least recall, from 0 to 1")
	command.Flags().BoolVar(&flags.mistakes, "mistakes", false, "show each sentence that was read otherwise than labelled")
	command.RunE = func(command *cobra.Command, _ []string) error { return evaluateBlameless(command.OutOrStdout(), flags) }
	return command
}

func evaluateBlameless(out io.Writer, flags blamelessFlags) error {
	items, err := readCorpus(flags.corpus, corpus.Items, blameless.ReadItems)
	if err != nil {
		return err
	}
	checker, err := blameless.New(blameless.Options{})
	if err != nil {
		return err
	}
	evaluation := checker.Evaluate(items)
	if err := writeBlameless(out, evaluation, flags.mistakes); err != nil {
		return err
	}
	return judgeBlameless(evaluation, flags)
}

// judgeBlameless says what is below the thresholds.
func judgeBlameless(evaluation blameless.Evaluation, flags blamelessFlags) error {
	counted := evaluation.Sentences
	switch {
	case counted.Right+counted.Missed == 0:
		return errors.New("there are no texts to measure on")
	case counted.Precision() < flags.precision:
		return fmt.Errorf("a precision of %.3f is below %.3f", counted.Precision(), flags.precision)
	case counted.Recall() < flags.recall:
		return fmt.Errorf("a recall of %.3f is below %.3f", counted.Recall(), flags.recall)
	}
	return nil
}

func writeBlameless(out io.Writer, evaluation blameless.Evaluation, mistakes bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tprecision\trecall\tright\twrong\tmissed")
	row := func(name string, c blameless.Count) {
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%d\t%d\t%d\n", name, c.Precision(), c.Recall(), c.Right, c.Wrong, c.Missed)
	}
	for _, rule := range blameless.Rules() {
		row(rule.ID, evaluation.Rules[rule.ID])
	}
	fmt.Fprintln(table, "\t\t\t\t\t")
	row("sentences, BLAME and CAUTION", evaluation.Sentences)
	row("sentences, with NOTE", evaluation.WithNotes)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d sentences\n", evaluation.Total)
	if !mistakes {
		return nil
	}
	for _, m := range evaluation.Mistakes {
		fmt.Fprintf(out, "\n%s: labelled [%s], read [%s]: %s\n", m.Item, strings.Join(m.Labelled, " "), strings.Join(m.Read, " "), m.Text)
		for _, f := range m.Findings {
			fmt.Fprintf(out, "    %s %q\n", f.Rule, f.Excerpt)
		}
	}
	return nil
}
