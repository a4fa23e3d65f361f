package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemPublishCommand() *cobra.Command {
	var reason string
	var open bool
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "publish", short: "Freeze it as its next revision, for everybody to read: IN_REVIEW becomes PUBLISHED", done: "is published",
		long: `Publish freezes the document as its next revision, and closes the incidents that it covers and that are resolved. It is
refused while sections are empty that its template requires.`,
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&reason, "override-reason", "", "why it should be published although the blameless check finds something; kept on record")
			command.Flags().BoolVar(&open, "keep-incidents-open", false, "leave the incidents that it covers open")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.PublishPostMortem(ctx, &debriefv1.PublishPostMortemRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, LanguageOverrideReason: reason, KeepIncidentsOpen: open,
			})
		},
	})
}

// tellFindings shows findings for eyes, each with what helps to say it in another way.
func (a *application) tellFindings(findings []*debriefv1.LanguageFinding) error {
	if len(findings) == 0 {
		_, err := fmt.Fprintln(a.out, "The blameless check finds nothing.")
		return err
	}
	var told strings.Builder
	for _, finding := range findings {
		fmt.Fprintf(&told, "%s:%d:%d  %s  %s\n", finding.GetField(), finding.GetLine(), finding.GetColumn(), enumText(finding.GetSeverity()), finding.GetRule())
		told.WriteString(indent("\""+line(finding.GetExcerpt())+"\"") + "\n")
		for _, help := range []string{finding.GetWhy(), finding.GetSuggestion(), finding.GetQuestion()} {
			if help != "" {
				told.WriteString(indent(line(help)) + "\n")
			}
		}
	}
	_, err := fmt.Fprint(a.out, told.String())
	return err
}
