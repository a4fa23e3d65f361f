// Command debrief-evaluate measures how well Debrief reads what people write, on labelled texts.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if err := newRootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "debrief-evaluate",
		Short:         "Measure how well Debrief reads what people write, on labelled texts",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newStrengthCommand(), newBlamelessCommand())
	return root
}
