package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemExportCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "export POST-MORTEM", Short: "Write the document with its timeline and action items, as Markdown or HTML", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
		Example:           "  debrief postmortem export 01JD3V2Q6R8T0W2Y4A6C8E0G2J --format html --file review.html",
	}
	request := &debriefv1.ExportPostMortemRequest{}
	var file string
	addEnum(command, &request.Format, "format", "how to write it; default: markdown")
	command.Flags().Int32Var(&request.Revision, "revision", 0, "write this published revision; 0: as it stands now")
	command.Flags().StringVar(&file, "file", "-", "write it to a `file`; - is stdout")
	completeFile(command, "file")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		document, err := server.postMortems.ExportPostMortem(command.Context(), request)
		if err != nil {
			return err
		}
		return a.writeDocument(file, document.GetData())
	})
	return command
}

// writeDocument writes a document as it is, but not what would make a terminal do something.
func (a *application) writeDocument(file string, document []byte) error {
	if file != "-" {
		if err := os.WriteFile(file, document, 0o600); err != nil {
			return fmt.Errorf("write the document: %w", err)
		}
		return nil
	}
	text := string(document)
	if a.environment.width > 0 {
		text = lines(text)
	}
	_, err := a.out.WriteString(text)
	return err
}
