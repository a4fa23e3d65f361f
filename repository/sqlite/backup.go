package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"

	"github.com/debriefhq/debrief/repository"
)

// pagesAtOnce is how many pages a copy makes between two looks at the context: 4 MiB.
const pagesAtOnce = 1024

// CopyOptions are what a copy can be given. The zero CopyOptions are good.
type CopyOptions struct {
	// Progress is told how many of all pages are copied, every now and then; nil: nobody is told.
	Progress func(done, total int)

	// pages are how many are copied at once; 0: pagesAtOnce.
	pages int32
}

// Backup copies the store in the file at path, as it is at one moment, to the file at target, which must be there and
// empty. Others may read and write the store meanwhile; what they write after the beginning is not in the copy. The copy
// is one file that needs no other, is on the disk when Backup returns, and was read from end to end: see [Verify].
func Backup(ctx context.Context, path, target string, options CopyOptions) error {
	if err := makeAbsolute(&path, &target); err != nil {
		return err
	}
	if err := backup(ctx, path, target, options); err != nil {
		return fmt.Errorf("backing up %s: %w", path, refusalOr(ctx, err))
	}
	if _, err := Verify(ctx, target); err != nil {
		return fmt.Errorf("reading the copy again: %w", err)
	}
	return nil
}

// makeAbsolute makes paths such that they can stand in a URI.
func makeAbsolute(paths ...*string) error {
	for _, path := range paths {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("finding %q: %w", *path, err)
		}
		*path = absolute
	}
	return nil
}

func backup(ctx context.Context, path, target string, options CopyOptions) (err error) {
	source, err := connect(ctx, &sqlite.Driver{}, path, busyPragma(), "query_only = ON")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	if err := identifyStore(ctx, source); err != nil {
		return err
	}
	return snapshot(ctx, source, func() error { return source.copyTo(ctx, target, options) })
}

// identifyStore refuses what is not Debrief's, and what holds nothing yet.
func identifyStore(ctx context.Context, connection *connection) error {
	if err := identify(ctx, connection); err != nil {
		return err
	}
	application, err := connection.number(ctx, "PRAGMA application_id")
	if err == nil && application != applicationID {
		err = refusal("nothing is in it: Debrief has not written it yet")
	}
	return err
}

// snapshot has work read the file as it is at one moment, whatever others write meanwhile.
func snapshot(ctx context.Context, connection *connection, work func() error) error {
	if err := connection.script(ctx, "BEGIN"); err != nil {
		return err
	}
	// The moment is that of the first reading.
	_, err := connection.number(ctx, "PRAGMA schema_version")
	if err == nil {
		err = work()
	}
	return errors.Join(err, connection.script(context.WithoutCancel(ctx), "COMMIT"))
}

// copier is what the driver copies databases with: https://sqlite.org/backup.html
type copier interface {
	NewBackup(target string) (*sqlite.Backup, error)
	NewRestore(source string) (*sqlite.Backup, error)
}

func (c *connection) copier() (copier, error) {
	copying, ok := c.driver.(copier)
	if !ok {
		return nil, fmt.Errorf("driver connection is a %T, which can't copy", c.driver)
	}
	return copying, nil
}

// copyTo copies what the connection sees to a file that is there and empty, and sees to it that it is on the disk.
func (c *connection) copyTo(ctx context.Context, target string, options CopyOptions) error {
	copying, err := c.copier()
	if err != nil {
		return err
	}
	if err := requireEmpty(target); err != nil {
		return err
	}
	copied, err := copying.NewBackup(location(target, "mode=rw"))
	if err != nil {
		return err
	}
	if err := errors.Join(copyPages(ctx, copied, options), copied.Finish()); err != nil {
		return err
	}
	return syncFile(target)
}

func requireEmpty(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 {
		err = refusal(path + " is not empty")
	}
	return err
}

// copyPages copies all pages, unless the context ends before.
func copyPages(ctx context.Context, copied *sqlite.Backup, options CopyOptions) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = copied.Step(cmp.Or(options.pages, pagesAtOnce)); err != nil {
			return err
		}
		if options.Progress != nil {
			total := copied.PageCount()
			options.Progress(total-copied.Remaining(), total)
		}
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Verify reads a store in a file from end to end, and answers the version of its schema. Its error says that the file is
// not Debrief's, that a newer version has written it, or what is damaged (repository.ErrCorrupt). It changes nothing, and
// needs no right to write where the file is, unless the file was copied together with a log of what is still to be written.
func Verify(ctx context.Context, path string) (version int, err error) {
	if err := makeAbsolute(&path); err != nil {
		return 0, err
	}
	if version, err = verify(ctx, path); err != nil {
		return 0, fmt.Errorf("verifying %s: %w", path, refusalOr(ctx, err))
	}
	return version, nil
}

func verify(ctx context.Context, path string) (version int, err error) {
	connection, err := connectAt(ctx, &sqlite.Driver{}, atRest(path), busyPragma(), "query_only = ON")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.close()) }()
	if err := identifyStore(ctx, connection); err != nil {
		return 0, err
	}
	steps, err := migrationSteps()
	if err != nil {
		return 0, err
	}
	if version, err = versionOf(ctx, connection, len(steps)); err != nil {
		return 0, err
	}
	return version, checkIntegrity(ctx, connection, "integrity_check")
}

// atRest is the location of a file that nobody writes. It is opened without locks and logs, which could not be made on a
// medium that is read-only; but not where there is a log that belongs to it.
func atRest(path string) string {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return location(path, "mode=rw")
	}
	return location(path, "mode=ro&immutable=1")
}

// shownProblems is how many problems of a damaged file are told.
const shownProblems = 5

// checkIntegrity reads the whole file by one of SQLite's pragmas: integrity_check, or the faster quick_check, which does
// not compare indexes with their tables.
func checkIntegrity(ctx context.Context, connection *connection, pragma string) error {
	var problems []error
	err := connection.query(ctx, fmt.Sprintf("PRAGMA %s(%d)", pragma, shownProblems), nil, func(row []driver.Value) error {
		if text, _ := row[0].(string); text != "ok" {
			problems = append(problems, errors.New(text))
		}
		return nil
	})
	if err != nil || len(problems) == 0 {
		return err
	}
	return fmt.Errorf("%w: %w", repository.ErrCorrupt, errors.Join(problems...))
}

// syncDirectory sees to it that names in a directory are on the disk.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // It has no such thing.
	}
	directory, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
