package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"github.com/debriefhq/debrief/repository"
)

// Restore puts the store in the file backup in the place of the one at path. It answers ErrConflict and changes nothing
// where another process has that one open, and where there is a file at aside already. What was at path is kept at aside;
// it says whether there was something. The backup is verified before anything is touched; see [Verify].
//
// A store that can be read is replaced in one transaction of its own: whenever Restore ends halfway, the old one is whole.
func Restore(ctx context.Context, backup, path, aside string, options CopyOptions) (kept bool, err error) {
	if err := makeAbsolute(&backup, &path, &aside); err != nil {
		return false, err
	}
	if _, err := Verify(ctx, backup); err != nil {
		return false, err
	}
	kept, err = restore(ctx, backup, path, aside, options)
	if err != nil {
		err = fmt.Errorf("restoring %s: %w", path, refusalOr(ctx, err))
	}
	return kept, err
}

func restore(ctx context.Context, backup, path, aside string, options CopyOptions) (bool, error) {
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, restoreNew(ctx, backup, path, options)
	case err != nil:
		return false, err
	case old.IsDir():
		return false, refusal("it is a directory")
	}
	given, err := os.Stat(backup)
	if err != nil {
		return false, err
	}
	if os.SameFile(old, given) {
		return false, refusal("it is the backup itself")
	}
	err = replace(ctx, backup, path, aside, options)
	if errors.As(err, new(unreadable)) {
		if err := moveAside(path, aside); err != nil {
			return false, err
		}
		return true, restoreNew(ctx, backup, path, options)
	}
	return err == nil, err
}

// unreadable says that the old store can't be read, so that it can't be copied either.
type unreadable struct{ error }

func (u unreadable) Unwrap() error { return u.error }

// ofOld marks what says that the old store can't be read.
func ofOld(err error) error {
	if isDamage(err) {
		return unreadable{err}
	}
	return err
}

// replace has the store at path hold what the backup holds, when it has been copied to aside.
func replace(ctx context.Context, backup, path, aside string, options CopyOptions) (err error) {
	old, err := openAlone(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.close()) }()
	if err := identify(ctx, old); err != nil {
		return ofOld(err)
	}
	if err := makeEmpty(aside); err != nil {
		return err
	}
	if err := old.copyTo(ctx, aside, CopyOptions{}); err != nil {
		return errors.Join(ofOld(err), os.Remove(aside))
	}
	if err := syncDirectory(filepath.Dir(aside)); err != nil {
		return err
	}
	if err := old.copyFrom(ctx, backup, options); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	return nil
}

// openAlone opens a store as the only one who has it open, and lets nobody else in until it is closed.
func openAlone(ctx context.Context, path string) (*connection, error) {
	alone, err := connect(ctx, &sqlite.Driver{}, path, "synchronous = FULL", "locking_mode = EXCLUSIVE")
	if err != nil {
		return nil, ofOld(err)
	}
	// A lock that was taken once stays until the connection is closed.
	if err := alone.script(ctx, "BEGIN EXCLUSIVE; COMMIT"); err != nil {
		if isBusy(err) {
			err = fmt.Errorf("%w: another process has it open: stop the server first", repository.ErrConflict)
		}
		return nil, errors.Join(ofOld(err), alone.close())
	}
	return alone, nil
}

// copyFrom has the file of the connection hold what the backup holds. It happens, or nothing does.
func (c *connection) copyFrom(ctx context.Context, backup string, options CopyOptions) error {
	copying, err := c.copier()
	if err != nil {
		return err
	}
	copied, err := copying.NewRestore(atRest(backup))
	if err != nil {
		return err
	}
	return errors.Join(copyPages(ctx, copied, options), copied.Finish())
}

// restoreNew makes a store at path, where there is none. There is none before it is whole.
func restoreNew(ctx context.Context, backup, path string, options CopyOptions) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the store: %w", err)
	}
	unfinished := path + ".restoring"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeEmpty(unfinished); err != nil {
		return err
	}
	if err := fill(ctx, unfinished, backup, options); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// fill has an empty file hold what the backup holds.
func fill(ctx context.Context, path, backup string, options CopyOptions) error {
	source, err := connectAt(ctx, &sqlite.Driver{}, atRest(backup), "query_only = ON")
	if err != nil {
		return err
	}
	return errors.Join(source.copyTo(ctx, path, options), source.close())
}

// makeEmpty makes an empty file which only its owner may read. It refuses to touch one that is there.
func makeEmpty(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s is there already", repository.ErrConflict, path)
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// moveAside gives a damaged store another name, together with the log and the index of the log that belong to it.
func moveAside(path, aside string) error {
	if _, err := os.Lstat(aside); err == nil {
		return fmt.Errorf("%w: %s is there already", repository.ErrConflict, aside)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return syncDirectory(filepath.Dir(path))
}
