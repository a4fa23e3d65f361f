package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const postMortemEditHelp = `Edit changes what a post-mortem says. Without flags for its fields, the whole document opens in $VISUAL or $EDITOR:
the title, and below a heading for each section its text. What you leave as it is stays as it is. If the call fails,
what you wrote is kept in a file, and --file goes on from there.

--print writes the document, and --file reads it, for those who would rather edit elsewhere:

  debrief postmortem edit ID --print > review.md
  debrief postmortem edit ID --file review.md

The document says which state of the post-mortem it was made from. If that has changed meanwhile nothing is stored,
unless --force says to overwrite it.`

// postMortemEdit is one change of a post-mortem.
type postMortemEdit struct {
	app          *application
	server       *connection
	fields       *postMortemFields
	file         string
	print, force bool
	validateOnly bool
	etag         string
	name         string
}

func (a *application) newPostMortemEditCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "edit POST-MORTEM", Aliases: []string{"update"}, Short: "Change what a post-mortem says, in an editor or by flags", Long: postMortemEditHelp, Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	edit := &postMortemEdit{app: a, fields: a.addPostMortemFields(command)}
	edit.fields.addChanges(a)
	flags := command.Flags()
	flags.StringVar(&edit.file, "file", "", "read the document from a `file`; - is stdin")
	completeFile(command, "file")
	flags.BoolVar(&edit.print, "print", false, "write the document, and change nothing")
	flags.BoolVar(&edit.force, "force", false, "overwrite what others have changed since the document was made")
	flags.BoolVar(&edit.validateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	addEtag(command, &edit.etag)
	command.MarkFlagsMutuallyExclusive("file", "print")
	command.MarkFlagsMutuallyExclusive("etag", "force")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		edit.server = server
		if edit.name, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		return edit.run(command.Context())
	})
	return command
}

func (e *postMortemEdit) run(ctx context.Context) error {
	if !e.fields.given() {
		return e.editDocument(ctx)
	}
	if e.file != "" || e.print {
		return usagef("fields are given by flags or in a document, not by both")
	}
	if e.etag == "" && e.fields.adding() && !e.force {
		return retryConflicts(func() error { return e.editFields(ctx) })
	}
	return e.editFields(ctx)
}

func (e *postMortemEdit) read(ctx context.Context) (*debriefv1.PostMortem, error) {
	return e.server.postMortems.GetPostMortem(ctx, &debriefv1.GetPostMortemRequest{Name: e.name})
}

func (e *postMortemEdit) editFields(ctx context.Context) error {
	postMortem := &debriefv1.PostMortem{Name: e.name}
	if e.fields.adding() {
		var err error
		if postMortem, err = e.read(ctx); err != nil {
			return err
		}
	}
	paths, err := e.fields.apply(ctx, postMortem)
	if err != nil {
		return err
	}
	return e.store(ctx, postMortem, paths)
}

func (e *postMortemEdit) editDocument(ctx context.Context) error {
	present, err := e.read(ctx)
	if err != nil {
		return err
	}
	if e.print {
		_, err := fmt.Fprint(e.app.out, renderDocument(present))
		return err
	}
	text, err := e.document(ctx, present)
	if err != nil {
		return err
	}
	read, err := readDocument(text)
	if err != nil {
		return err
	}
	if read.name != "" && read.name != e.name {
		return fmt.Errorf("this is the document of %s", read.name)
	}
	written, paths, err := read.apply(present)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		e.app.note("Nothing was changed.")
		return nil
	}
	if read.etag != "" {
		written.Etag = read.etag
	}
	return e.store(ctx, written, paths)
}

// document is what is to become of the post-mortem: from a file, or from an editor.
func (e *postMortemEdit) document(ctx context.Context, present *debriefv1.PostMortem) (string, error) {
	if e.file != "" {
		return e.app.readFile("--file", e.file)
	}
	if !e.app.environment.interactive {
		return "", usagef("nothing is to be changed: give fields by flags, or the document by --file; without a terminal there is no editor")
	}
	return e.app.edit(ctx, "--file", renderDocument(present))
}

func (e *postMortemEdit) store(ctx context.Context, postMortem *debriefv1.PostMortem, paths []string) error {
	switch {
	case e.force:
		postMortem.Etag = ""
	case e.etag != "":
		postMortem.Etag = e.etag
	}
	stored, err := e.server.postMortems.UpdatePostMortem(ctx, &debriefv1.UpdatePostMortemRequest{
		PostMortem: postMortem, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, ValidateOnly: e.validateOnly,
	})
	if err != nil {
		return err
	}
	return e.app.tell(stored, done(e.name, "is updated", e.validateOnly)+postMortemSummary(stored))
}
