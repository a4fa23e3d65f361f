package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/service/strength"
	"github.com/debriefhq/debrief/service/strength/corpus"
	"github.com/debriefhq/debrief/service/strength/training"
)

type strengthFlags struct {
	corpus, train string
	agreement     float64
	mistakes      bool
}

func newStrengthCommand() *cobra.Command {
	var flags strengthFlags
	command := &cobra.Command{
		Use: "strength", Short: "Measure the suggested strength of action items", Args: cobra.NoArgs,
		Long: `Strength leaves out one voice of the labelled action items after the other, learns the model from the others, and
compares what is suggested for the voice that was left out with the labels. It fails where they agree too seldom, where a
weaker item was called stronger, and where the weights in use are not those that the labelled items come to.`,
	}
	command.Flags().StringVar(&flags.corpus, "corpus", "", `measure the weights in use on a `+"`file`"+` of items, {"text": …, "strength": "WEAKER"} a line`)
	command.Flags().StringVar(&flags.train, "train", "", `learn the weights from all labelled items and write them to a `+"`file`"+`, service/strength/weights.tsv`)
	command.Flags().Float64Var(&flags.agreement, "agreement", 0.86, "the least agreement, from 0 to 1")
	command.Flags().BoolVar(&flags.mistakes, "mistakes", false, "show each item without agreement")
	command.MarkFlagsMutuallyExclusive("train", "corpus")
	command.RunE = func(command *cobra.Command, _ []string) error {
		switch {
		case flags.train != "":
			return trainStrength(flags.train)
		case flags.corpus != "":
			return measureStrength(command.OutOrStdout(), flags)
		}
		voices, err := corpus.Voices()
		if err != nil {
			return err
		}
		return crossValidateStrength(command.OutOrStdout(), voices, flags)
	}
	return command
}

// trainStrength writes the weights that the labelled items come to.
func trainStrength(path string) (err error) {
	model, err := training.TrainBuiltin()
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return model.Write(file)
}

// measureStrength measures the weights in use on a file.
func measureStrength(out io.Writer, flags strengthFlags) error {
	items, err := readCorpus(flags.corpus, corpus.Items, strength.ReadItems)
	if err != nil {
		return err
	}
	evaluation := strength.Default().Evaluate(items)
	if err := writeStrength(out, evaluation, flags.mistakes); err != nil {
		return err
	}
	return judgeStrength(evaluation, flags.agreement)
}

// crossValidateStrength measures each voice by a model that has not seen it.
func crossValidateStrength(out io.Writer, voices []corpus.Voice, flags strengthFlags) error {
	folds, err := training.CrossValidate(voices)
	if err != nil {
		return err
	}
	all, err := writeFolds(out, folds)
	if err != nil {
		return err
	}
	if err := writeStrength(out, all, flags.mistakes); err != nil {
		return err
	}
	return errors.Join(judgeStrength(all, flags.agreement), judgeWeights())
}

// writeFolds shows each voice, and answers all of them together.
func writeFolds(out io.Writer, folds []training.Fold) (strength.Evaluation, error) {
	var all, rules strength.Evaluation
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "voice left out\titems\tagreement\tweaker called stronger\trules alone")
	row := func(name string, evaluation, rules strength.Evaluation) {
		fmt.Fprintf(table, "%s\t%d\t%.3f\t%d\t%.3f\n", name, evaluation.Total(), evaluation.Agreement(), evaluation.WeakerCalledStronger(), rules.Agreement())
	}
	for _, fold := range folds {
		row(fold.Voice.Name, fold.Evaluation, fold.Rules)
		all, rules = all.Add(fold.Evaluation), rules.Add(fold.Rules)
	}
	row("all", all, rules)
	fmt.Fprintln(table)
	return all, table.Flush()
}

// judgeWeights says whether the weights in use are those that the labelled items come to.
func judgeWeights() error {
	used, err := strength.BuiltinModel()
	if err != nil {
		return err
	}
	current, err := training.TrainBuiltin()
	if err != nil {
		return err
	}
	const rounding = 0.05 // Another kind of machine may round otherwise.
	if distance := used.Distance(current); distance > rounding {
		return fmt.Errorf("the weights in use are not current, they differ by up to %.3f: learn them anew with --train service/strength/weights.tsv", distance)
	}
	return nil
}

// judgeStrength says what is below the thresholds.
func judgeStrength(evaluation strength.Evaluation, least float64) error {
	switch {
	case evaluation.Total() == 0:
		return errors.New("there are no items to measure on")
	case evaluation.Agreement() < least:
		return fmt.Errorf("an agreement of %.3f is below %.3f", evaluation.Agreement(), least)
	case evaluation.WeakerCalledStronger() > 0:
		return fmt.Errorf("%d weaker items were called stronger", evaluation.WeakerCalledStronger())
	}
	return nil
}

var strengths = []strength.Strength{strength.Stronger, strength.Intermediate, strength.Weaker, strength.Unknown}

func writeStrength(out io.Writer, evaluation strength.Evaluation, mistakes bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "labelled \\ suggested\t%s\t%s\t%s\t%s\t\n", strengths[0], strengths[1], strengths[2], strengths[3])
	for _, label := range strengths[:3] {
		fmt.Fprintf(table, "%s\t", label)
		for _, suggested := range strengths {
			fmt.Fprintf(table, "%d\t", evaluation.Counts[label][suggested])
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	total := evaluation.Total()
	fmt.Fprintf(out, "\nagreement                %.3f (%d of %d)\n", evaluation.Agreement(), total-len(evaluation.Mistakes), total)
	fmt.Fprintf(out, "mean confidence          %.3f\n", evaluation.Confidence())
	fmt.Fprintf(out, "weaker called stronger   %d\n", evaluation.WeakerCalledStronger())
	if !mistakes {
		return nil
	}
	for _, mistake := range evaluation.Mistakes {
		fmt.Fprintf(out, "\n%s, called %s (%.2f): %s\n", mistake.Strength, mistake.Suggestion.Strength, mistake.Suggestion.Confidence, mistake.Text)
		for _, word := range mistake.Suggestion.Words {
			fmt.Fprintf(out, "    %q for %s (%s)\n", word.Text, word.For, word.Rule)
		}
	}
	return nil
}
