package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// unnamed is what a text without a name is called.
const unnamed = "<stdin>"

// maxLinted is how many bytes of a file are checked; a larger one is not.
const maxLinted = 4 << 20

// lintFile is a file to check.
type lintFile struct {
	// name is how the file is called in what is told, with slashes.
	name string
	// path is where it is, from the root on.
	path string
	// stdin has the text, if it is not in a file.
	stdin io.Reader
	// named says that an argument named it, and it was not just met in a directory.
	named bool
	setup *lintSetup
	// err says why it can't be checked.
	err error
}

// open opens the text of a file.
func (f *lintFile) open() (io.ReadCloser, error) {
	if f.stdin != nil {
		return io.NopCloser(f.stdin), nil
	}
	return os.Open(f.path)
}

// collect finds the files that are named, and those below directories that are, each once, in that order.
func (l *linter) collect(arguments []string, stdinName string, stdin io.Reader) ([]*lintFile, error) {
	var files []*lintFile
	for _, argument := range arguments {
		if argument == "-" {
			files = append(files, &lintFile{name: filepath.ToSlash(stdinName), path: l.absolute(stdinName), stdin: stdin, named: true})
			continue
		}
		files = append(files, l.find(argument)...)
	}
	known := map[string]bool{}
	var errs []error
	files = slices.DeleteFunc(files, func(f *lintFile) bool {
		key := f.path
		if f.stdin != nil {
			key = ""
		}
		if known[key] {
			return true
		}
		known[key] = true
		setup, err := l.setups.of(filepath.Dir(f.path))
		if err != nil {
			errs = append(errs, err)
			return true
		}
		f.setup = setup
		return f.err == nil && setup.excludes(f.path)
	})
	return files, distinct(errs)
}

// distinct joins errors that may be the same one over and over.
func distinct(errs []error) error {
	seen := map[error]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := seen[err]
		seen[err] = true
		return known
	})...)
}

func (l *linter) absolute(name string) string {
	if filepath.IsAbs(name) || l.directory == "" {
		return filepath.Clean(name)
	}
	return filepath.Join(l.directory, name)
}

// find is a file, or those below a directory.
func (l *linter) find(argument string) []*lintFile {
	file := &lintFile{name: filepath.ToSlash(filepath.Clean(argument)), path: l.absolute(argument), named: true}
	info, err := os.Stat(file.path)
	if err != nil || !info.IsDir() {
		file.err = reason(err)
		return []*lintFile{file}
	}
	root := file.path
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	var files []*lintFile
	// The walk itself fails only as the function does.
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		relative := strings.TrimPrefix(strings.TrimPrefix(path, root), string(filepath.Separator))
		met := &lintFile{
			name: filepath.ToSlash(filepath.Join(argument, relative)), path: filepath.Join(file.path, relative), err: reason(err),
		}
		switch {
		case err != nil:
			files = append(files, met)
		case entry.IsDir() && relative != "" && passedOver(entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular() && isMarkdown(entry.Name()):
			files = append(files, met)
		}
		return nil
	})
	return files
}

// passedOver says whether a directory holds what others wrote, or what tools keep.
func passedOver(directory string) bool {
	return strings.HasPrefix(directory, ".") || directory == "node_modules" || directory == "vendor"
}

func isMarkdown(name string) bool {
	extension := strings.ToLower(filepath.Ext(name))
	return extension == ".md" || extension == ".markdown"
}

// reason is an error without the path, which is told anyway.
func reason(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// read is the text of a file. A file with more than maxLinted bytes is too large.
func (f *lintFile) read() ([]byte, error) {
	file, err := f.open()
	if err != nil {
		return nil, reason(err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxLinted+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, reason(err)
	}
	if len(content) > maxLinted {
		return nil, errTooLarge
	}
	return content, nil
}

var errTooLarge = fmt.Errorf("has more than %d MiB", maxLinted>>20)
