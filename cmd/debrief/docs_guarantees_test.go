package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuaranteesAreKept looks for each test that docs/guarantees.md says to keep a promise.
func TestGuaranteesAreKept(t *testing.T) {
	t.Parallel()
	tests := testsOf(t, "../..")
	promises, _, _ := strings.Cut(documentText(t, filepath.Join(docsDirectory, "guarantees.md")), "\n## Not promised\n")
	rows := documentRows(promises)
	if len(rows) < 40 {
		t.Errorf("there are %d promises: does the document tell them in another way now?", len(rows))
	}
	for _, row := range rows {
		names := codeIn(row[len(row)-1])
		if len(row) != 2 || len(names) == 0 {
			t.Errorf("no test keeps the promise %q", row[0])
		}
		for _, name := range names {
			if !tests[name] {
				t.Errorf("the promise %q is kept by %s, which is not there", row[0], name)
			}
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsOf are the names of all tests below a directory.
func testsOf(t *testing.T, directory string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	root := os.DirFS(directory)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(root, path)
		for _, match := range testName.FindAllStringSubmatch(string(content), -1) {
			names[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
