package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/archive"
)

// standardStream is what stands for stdin or stdout in the place of a file's name.
const standardStream = "-"

const exportHelp = `Write everything that a store keeps to a file, as lines of JSON: what was deleted and is still kept, revisions, deliveries
and the event feed included. 'debrief import' brings it into another store, in SQLite or MongoDB; - is stdout.

The first line says what the file is, the last one has counts and a hash, so that a file that was cut is noticed. Only you may
read the file: it holds all there is, keys that sign webhooks included.

A store in SQLite is written as it is at one moment, also while a server runs. Of one in MongoDB stop every Debrief first: where
others write meanwhile, the export fails.`

func (a *application) newExportCommand() *cobra.Command {
	var (
		store string
		force bool
	)
	command := &cobra.Command{
		Use: "export FILE", Short: "Write everything that the store keeps to a file, for another store", Long: exportHelp, Args: takes,
		Example: "  debrief export --store sqlite:debrief.db everything.jsonl\n  debrief export - | zstd > everything.jsonl.zst",
	}
	addStore(command, &store, "what to export")
	command.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		location, err := locateStore(store)
		if err != nil {
			return err
		}
		if err := location.exists(); err != nil {
			return err
		}
		if arguments[0] == standardStream {
			if a.environment.width > 0 {
				return usagef("an export is not for a terminal: name a file, or pipe it on")
			}
			_, err := a.export(command.Context(), location, a.out)
			return err
		}
		return a.exportTo(command.Context(), location, arguments[0], force)
	}
	return command
}

// exportTo writes the archive to a file, which is there when it is whole.
func (a *application) exportTo(ctx context.Context, location storeLocation, path string, force bool) error {
	if location.Path != "" && isSame(location.Path, path) {
		return usagef("%s is the store itself", path)
	}
	file, err := makeFile(path, force)
	if err != nil {
		return err
	}
	trailer, err := a.exportFile(ctx, location, file.temporary)
	if err := file.finish(err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s has the %d resources of %s.\n", line(path), trailer.Total(), line(location.String()))
	return err
}

func (a *application) exportFile(ctx context.Context, location storeLocation, path string) (trailer archive.Trailer, err error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return trailer, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 1<<20)
	if trailer, err = a.export(ctx, location, buffered); err != nil {
		return trailer, err
	}
	return trailer, errors.Join(buffered.Flush(), file.Sync())
}

// export writes the archive.
func (a *application) export(ctx context.Context, location storeLocation, to io.Writer) (trailer archive.Trailer, err error) {
	store, err := location.open(ctx, false)
	if err != nil {
		return trailer, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	header := archive.Header{Time: a.environment.now(), Program: cmp.Or(buildReport().Version, "unknown")}
	return archive.Write(to, header, store.Dump(ctx), a.countUp("exporting"))
}

// countUp shows how many are done, of a number that is not known; nothing where no terminal is.
func (a *application) countUp(description string) func(count int) {
	show := showProgress(a.environment.stderr, description)
	if show == nil {
		return nil
	}
	return func(count int) { show(count, -1) }
}
