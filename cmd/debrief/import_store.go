package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/archive"
	"github.com/debriefhq/debrief/repository"
)

const importHelp = `Bring everything that 'debrief export' has written into an empty store, in SQLite or MongoDB; - is stdin. No server may use
the store yet.

The file is read to its end before anything is stored. The same file again changes nothing; an import that was ended halfway
goes on where it was when it is begun again, and until then no server opens the store.

'debrief import postmortem' brings in single post-mortems written in Markdown.`

func (a *application) newImportCommand() *cobra.Command {
	var store string
	command := newGroup("import [FILE]", "Bring in what another store has exported, or what was written before Debrief", a.newImportPostMortemCommand())
	command.Long, command.Args = importHelp, importArguments
	command.Example = "  debrief import --store mongodb://localhost/debrief everything.jsonl\n  zstd -dc everything.jsonl.zst | debrief import -"
	addStore(command, &store, "what to fill")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		if len(arguments) == 0 {
			return showHelp(command, arguments)
		}
		location, err := locateStore(store)
		if err != nil {
			return err
		}
		return a.importArchive(command.Context(), location, arguments[0])
	}
	return command
}

// importArguments refuses what is no file, where it looks like a command that was mistyped.
func importArguments(command *cobra.Command, arguments []string) error {
	command.SuggestionsMinimumDistance = 2
	if len(arguments) > 0 && arguments[0] != standardStream {
		if _, err := os.Stat(arguments[0]); errors.Is(err, fs.ErrNotExist) && len(command.SuggestionsFor(arguments[0])) > 0 {
			return noSubcommand(command, arguments)
		}
	}
	return takes(command, arguments)
}

func (a *application) importArchive(ctx context.Context, location storeLocation, path string) (err error) {
	file, discard, err := a.openArchive(path)
	if err != nil {
		return err
	}
	if path == standardStream {
		path = "stdin"
	}
	defer func() { err = errors.Join(err, discard()) }()
	trailer, err := archive.Check(file)
	if err != nil {
		return fmt.Errorf("%s: %w", line(path), err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	stored, err := a.load(ctx, location, trailer, archive.Documents(file))
	if err != nil {
		return err
	}
	told := fmt.Sprintf("%s has the %d resources of %s.", location, trailer.Total(), path)
	if stored == 0 && trailer.Total() > 0 {
		told = fmt.Sprintf("Nothing changed: %s was imported into %s before.", path, location)
	}
	_, err = fmt.Fprintln(a.out, line(told))
	return err
}

// load stores the documents, and says how many there were to store.
func (a *application) load(
	ctx context.Context, location storeLocation, trailer archive.Trailer, documents iter.Seq2[repository.Document, error],
) (count int, err error) {
	store, err := location.open(ctx, true)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	show := showProgress(a.environment.stderr, "importing")
	counted := func(yield func(repository.Document, error) bool) {
		for document, err := range documents {
			if !yield(document, err) {
				return
			}
			if count++; show != nil {
				show(count, trailer.Total())
			}
		}
	}
	if err := store.Load(ctx, trailer.SHA256, counted); err != nil {
		return count, fmt.Errorf("import into %s: %w", location, err)
	}
	return count, nil
}

// openArchive opens a file that can be read twice. What comes from stdin is kept in a temporary file meanwhile.
func (a *application) openArchive(path string) (file *os.File, discard func() error, err error) {
	if path != standardStream {
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		return file, file.Close, nil
	}
	if file, err = os.CreateTemp(a.environment.temporary, "debrief-*.jsonl"); err != nil {
		return nil, nil, fmt.Errorf("keep what comes from stdin: %w", err)
	}
	discard = func() error { return errors.Join(file.Close(), os.Remove(file.Name())) }
	_, err = io.Copy(file, a.environment.stdin)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("keep what comes from stdin: %w", err), discard())
	}
	return file, discard, nil
}
