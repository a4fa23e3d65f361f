package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemDiffCommand() *cobra.Command {
	request := &debriefv1.DiffRevisionsRequest{}
	command := &cobra.Command{
		Use: "diff POST-MORTEM", Short: "Show how two published revisions differ, or one from the document as it stands", Args: takes,
		Example:           "  debrief postmortem diff 01JD3V2Q6R8T0W2Y4A6C8E0G2J --from 1 --to 2",
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	command.Flags().Int32Var(&request.FromRevision, "from", 0, "the earlier revision; 0: the newest published one before the later")
	command.Flags().Int32Var(&request.ToRevision, "to", 0, "the later revision; 0: the document as it stands")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		answer, err := server.postMortems.DiffRevisions(command.Context(), request)
		if err != nil {
			return err
		}
		return a.show(answer, func() error { return a.tellDiff(answer) })
	})
	return command
}

// tellDiff shows differences as a unified diff, in colours where there are some.
func (a *application) tellDiff(answer *debriefv1.DiffRevisionsResponse) error {
	if len(answer.GetSections()) == 0 {
		a.note("Nothing differs.")
		return nil
	}
	for _, section := range answer.GetSections() {
		for text := range strings.Lines(section.GetUnified()) {
			text = strings.TrimSuffix(text, "\n")
			if _, err := fmt.Fprintln(a.out, a.paint(diffStyle(text), lines(text))); err != nil {
				return err
			}
		}
	}
	return nil
}

func diffStyle(text string) style {
	switch {
	case strings.HasPrefix(text, "--- "), strings.HasPrefix(text, "+++ "):
		return bold
	case strings.HasPrefix(text, "@@"):
		return blue
	case strings.HasPrefix(text, "-"):
		return red
	case strings.HasPrefix(text, "+"):
		return green
	default:
		return plain
	}
}
