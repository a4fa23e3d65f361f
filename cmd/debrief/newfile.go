package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// newFile is a file that comes into being when it is whole. Only its owner may read it.
type newFile struct {
	path string
	// temporary is where it is until then: beside its place.
	temporary string
	// force says that it takes the place of what is there.
	force bool
}

// makeFile makes an empty file that is to become the one at path.
func makeFile(path string, force bool) (newFile, error) {
	if _, err := os.Lstat(path); err == nil && !force {
		return newFile{}, errTaken(path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.unfinished")
	if err != nil {
		return newFile{}, fmt.Errorf("make %s: %w", path, err)
	}
	return newFile{path: path, temporary: file.Name(), force: force}, file.Close()
}

func errTaken(path string) error {
	return fmt.Errorf("%s is there already: choose another name, or say --force to replace it", path)
}

// finish puts the file into its place when what made it has succeeded, and else takes it away.
func (f newFile) finish(err error) error {
	if err == nil {
		err = f.commit()
	}
	if err != nil {
		if removed := os.Remove(f.temporary); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

func (f newFile) commit() error {
	if f.force {
		if err := os.Rename(f.temporary, f.path); err != nil {
			return err
		}
		return syncDirectory(filepath.Dir(f.path))
	}
	// Unlike a renaming, a link takes nothing's place.
	err := os.Link(f.temporary, f.path)
	if errors.Is(err, fs.ErrExist) {
		return errTaken(f.path)
	}
	if err != nil {
		// There are file systems without links.
		if _, err := os.Lstat(f.path); err == nil {
			return errTaken(f.path)
		}
		err = os.Rename(f.temporary, f.path)
	} else {
		err = os.Remove(f.temporary)
	}
	return errors.Join(err, syncDirectory(filepath.Dir(f.path)))
}

// syncDirectory sees to it that the names in a directory are on the disk.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // It has no such thing.
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
