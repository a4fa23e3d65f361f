package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// maxImportBytes is how large a document may be.
const maxImportBytes = 1 << 20

func (a *application) newImportPostMortemCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "postmortem FILE-OR-DIRECTORY…", Short: "Import post-mortems written in Markdown, with their incidents, timelines and action items", Args: takes,
		Long: `Import postmortem reads Markdown files, and those named *.md or *.markdown in directories and below. It says what went
where and what was not understood. The same document again changes nothing. A file that fails does not keep the others from
being imported; the exit code tells of it at the end.`,
		Example: "  debrief import postmortem --dry-run docs/postmortems",
	}
	request := &debriefv1.ImportPostMortemRequest{}
	command.Flags().BoolVar(&request.ValidateOnly, "dry-run", false, "say what would be made, and make nothing")
	incident := command.Flags().String("incident", "", "the `incident` that the one document is about; default: one is made of what it says")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		files, err := documentsIn(arguments)
		if err != nil {
			return err
		}
		if *incident != "" {
			if len(files) != 1 {
				return usagef("--incident goes with one document, and there are %d", len(files))
			}
			if request.Incident, err = incidentNames.parse(*incident); err != nil {
				return usagef("%w", err)
			}
		}
		return a.importFiles(command.Context(), command, server, request, files)
	})
	return command
}

// documentsIn are the files that are named, and the documents in directories, in their order.
func documentsIn(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			extension := strings.ToLower(filepath.Ext(file))
			if err == nil && entry.Type().IsRegular() && (extension == ".md" || extension == ".markdown") {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, usagef("there is no Markdown file in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

// importFiles imports one file after the other, and answers the first problem when all were tried.
func (a *application) importFiles(ctx context.Context, command *cobra.Command, server *connection, request *debriefv1.ImportPostMortemRequest, files []string) error {
	var first error
	failed, shown := 0, 0
	var progress func(done, total int)
	if len(files) > 1 {
		progress = showProgress(a.environment.stderr, "importing")
	}
	for i, file := range files {
		answer, err := importFile(ctx, server, request, file)
		if progress != nil {
			progress(i+1, len(files))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if err = a.showImport(file, request.GetValidateOnly(), shown > 0, answer); err != nil {
				return err
			}
			shown++
			continue
		}
		a.note("%s: %s", line(file), strings.TrimSuffix(strings.TrimPrefix(a.describe(command, err), "error: "), "\n"))
		if failed++; first == nil {
			first = err
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d files failed, the first: %w", failed, len(files), first)
	}
	return nil
}

func importFile(ctx context.Context, server *connection, request *debriefv1.ImportPostMortemRequest, file string) (*debriefv1.ImportPostMortemResponse, error) {
	text, err := readBounded(file, maxImportBytes)
	if err == nil && len(text) > maxImportBytes {
		err = errors.New("it is larger than 1 MiB")
	}
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	request.Content, request.Source = strings.ToValidUTF8(string(text), "\uFFFD"), filepath.ToSlash(file)
	return server.postMortems.ImportPostMortem(ctx, request)
}

// showImport shows what became of a document. As JSON it is one line, so that of several there is one object on each; as YAML
// it is a document of its own.
func (a *application) showImport(file string, dry, further bool, answer *debriefv1.ImportPostMortemResponse) error {
	switch format := a.globals.output.value; {
	case format == "name":
		return a.writeName(answer.GetPostMortem())
	case format == "json":
		text, err := compactJSON(answer)
		if err == nil {
			_, err = fmt.Fprintln(a.out, text)
		}
		return err
	case format == "yaml" && further:
		if _, err := fmt.Fprintln(a.out, "---"); err != nil {
			return err
		}
	}
	return a.show(answer, func() error { return a.tellImport(file, dry, answer) })
}

// tellImport says what became of a document, where its parts went, and what was not understood.
func (a *application) tellImport(file string, dry bool, answer *debriefv1.ImportPostMortemResponse) error {
	incidents := strings.Join(answer.GetPostMortem().GetIncidents(), ", ")
	what := "imported as " + answer.GetPostMortem().GetName() + " of " + cmp.Or(incidents, answer.GetIncident())
	if answer.GetUnchanged() {
		what = "unchanged: " + answer.GetPostMortem().GetName()
	} else if dry {
		what = "would be imported"
	}
	told := []string{fmt.Sprintf("%s: %s, %d timeline entries, %d action items", line(file), line(what), answer.GetTimelineEntryCount(), len(answer.GetActionItems()))}
	if dry {
		told[0] = fmt.Sprintf("%s: %s, %d timeline entries", line(file), line(what), answer.GetTimelineEntryCount())
	}
	for _, part := range answer.GetParts() {
		told = append(told, fmt.Sprintf("  %d-%d  %s -> %s", part.GetFirstLine(), part.GetLastLine(), line(part.GetHeading()), line(part.GetDestination())))
	}
	for _, warning := range answer.GetWarnings() {
		told = append(told, a.paint(yellow, fmt.Sprintf("%s:%d: %s", line(file), warning.GetLine(), line(warning.GetMessage()))))
	}
	_, err := fmt.Fprintln(a.out, strings.Join(told, "\n"))
	return err
}
