package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/repository/sqlite"
)

const backupHelp = `Copy a store that is kept in SQLite to a file, as it is at one moment, while the server goes on serving.

The file is there when it is whole: it was read again from end to end by then. Only you may read it. It is itself a store:
'debrief restore' puts it back, and 'debrief serve --store sqlite:FILE' shows what is in it.`

func (a *application) newBackupCommand() *cobra.Command {
	var (
		store string
		force bool
	)
	command := &cobra.Command{
		Use: "backup FILE", Short: "Copy the store to a file while the server runs (SQLite)", Long: backupHelp, Args: takes,
		Example: "  debrief backup --store sqlite:/var/lib/debrief/debrief.db /backup/debrief-$(date -I).db",
	}
	addStore(command, &store, "what to copy")
	command.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		location, err := locateStore(store)
		if err != nil {
			return err
		}
		path, err := location.inSQLite("mongodump")
		if err != nil {
			return err
		}
		return a.backup(command, location, path, arguments[0], force)
	}
	return command
}

func (a *application) backup(command *cobra.Command, location storeLocation, path, target string, force bool) error {
	if err := location.exists(); err != nil {
		return err
	}
	if isSame(path, target) {
		return usagef("%s is the store itself", target)
	}
	file, err := makeFile(target, force)
	if err != nil {
		return err
	}
	options := sqlite.CopyOptions{Progress: showProgress(a.environment.stderr, "copying")}
	if err := file.finish(sqlite.Backup(command.Context(), path, file.temporary, options)); err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err == nil {
		_, err = fmt.Fprintf(a.out, "%s is a backup of %s: %s, and it can be read.\n", line(target), line(location.String()), humanize.IBytes(uint64(info.Size())))
	}
	return err
}

// isSame says whether two paths lead to the same file.
func isSame(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

const restoreHelp = `Put a backup in the place of a store that is kept in SQLite. Stop the server first: a store that somebody has open is
refused.

The backup is read from end to end before anything is touched. What was there is kept beside it, as PATH.before-TIME.
Whoever follows the event feed must set back their cursor: sequences go on from where the backup was made.`

func (a *application) newRestoreCommand() *cobra.Command {
	var store string
	command := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the store (SQLite)", Long: restoreHelp, Args: takes,
		Example: "  debrief restore --store sqlite:/var/lib/debrief/debrief.db /backup/debrief-2026-11-23.db",
	}
	addStore(command, &store, "what to replace")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		location, err := locateStore(store)
		if err != nil {
			return err
		}
		path, err := location.inSQLite("mongorestore")
		if err != nil {
			return err
		}
		return a.restore(command, location, path, arguments[0])
	}
	return command
}

func (a *application) restore(command *cobra.Command, location storeLocation, path, backup string) error {
	if _, err := os.Stat(backup); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no backup %s", line(backup))
	}
	aside := path + ".before-" + a.environment.now().UTC().Format("20060102T150405.000Z")
	options := sqlite.CopyOptions{Progress: showProgress(a.environment.stderr, "restoring")}
	kept, err := sqlite.Restore(command.Context(), backup, path, aside, options)
	if err != nil {
		return err
	}
	told := fmt.Sprintf("%s is as %s had it.\n", line(location.String()), line(backup))
	if kept {
		told += fmt.Sprintf("What was there is kept as %s.\n", line(aside))
	}
	_, err = fmt.Fprint(a.out, told)
	return err
}
