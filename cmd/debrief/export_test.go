package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// content is what a file holds.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// resources are the lines of an export but the first and the last.
func resources(text string) string {
	_, text, _ = strings.Cut(text, "\n")
	return text[:strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n')+1]
}

func TestExportAndImport(t *testing.T) {
	url, file := demoStore(t), filepath.Join(t.TempDir(), "everything.jsonl")
	serving(t, url)
	told := mustSucceed(t, execute(t, testEnvironment(t, ""), "export", "--store", url, file))
	if !strings.Contains(told, "resources of "+url) {
		t.Errorf("it says: %s", told)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export is %v, %v", info, err)
	}
	for name, other := range map[string]func(*testing.T) string{
		"SQLite":  func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "other.db") },
		"MongoDB": mongodbNamed,
	} {
		t.Run(name, func(t *testing.T) { importTwice(t, other(t), file) })
	}
}

func mongodbNamed(t *testing.T) string {
	t.Helper()
	return mongodbtest.NewDatabase(t)
}

// importTwice imports a file, and then the same from stdin, and expects to find in the store what is in the file.
func importTwice(t *testing.T, store, file string) {
	t.Helper()
	told := mustSucceed(t, execute(t, testEnvironment(t, ""), "import", "--store", store, file))
	if !strings.Contains(told, "resources of "+file) {
		t.Errorf("it says: %s", told)
	}
	environment := testEnvironment(t, "")
	environment.stdin = strings.NewReader(content(t, file))
	if told = mustSucceed(t, execute(t, environment, "import", "-", "--store", store)); !strings.Contains(told, "Nothing changed: stdin was imported") {
		t.Errorf("it says: %s", told)
	}
	if left, err := os.ReadDir(environment.temporary); err != nil || len(left) > 0 {
		t.Errorf("what is left of stdin: %v, %v", left, err)
	}
	again := mustSucceed(t, execute(t, testEnvironment(t, ""), "export", "--store", store, "-"))
	if resources(again) != resources(content(t, file)) {
		t.Errorf("the store has:\n%.2000s", again)
	}
}

// beginLoad makes a store into which something was begun to be loaded.
func beginLoad(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "unfinished.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut")
	if err := store.Load(t.Context(), "source", func(yield func(repository.Document, error) bool) { yield(repository.Document{}, cut) }); !errors.Is(err, cut) {
		t.Error(err)
	}
	if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	return "sqlite:" + path
}

func TestExportAndImportRefuse(t *testing.T) {
	url, directory := demoStore(t), t.TempDir()
	file, cut := filepath.Join(directory, "everything.jsonl"), filepath.Join(directory, "cut.jsonl")
	mustSucceed(t, execute(t, testEnvironment(t, ""), "export", "--store", url, file))
	text := content(t, file)
	if err := os.WriteFile(cut, []byte(text[:len(text)/2]), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := "sqlite:" + filepath.Join(directory, "fresh.db")
	for _, test := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"export", "--store", url, file}, exitFailure, "--force"},
		{[]string{"export", "--store", url, "--force", strings.TrimPrefix(url, "sqlite:")}, exitUsage, "is the store itself"},
		{[]string{"export", "--store", fresh, "-"}, exitFailure, "there is no store at"},
		{[]string{"export", "--store", "postgres://user:hidden@host/db", "-"}, exitUsage, "want sqlite:PATH"},
		{[]string{"import", "--store", url, file}, exitFailure, "conflict: the store is not empty"},
		{[]string{"import", "--store", fresh, cut}, exitFailure, "it was cut"},
		{[]string{"import", "--store", fresh, filepath.Join(directory, "none.jsonl")}, exitFailure, "none.jsonl"},
		{[]string{"import", "--store", fresh, file, file}, exitUsage, "one argument too many"},
		{[]string{"import", "postmorten"}, exitUsage, "did you mean postmortem?"},
		{[]string{"export", "--store", beginLoad(t), "-"}, exitFailure, "an import into it was begun and is not finished"},
		{[]string{"import", "--store", beginLoad(t), file}, exitFailure, "conflict: something else was loaded"},
	} {
		got := execute(t, testEnvironment(t, ""), test.arguments...)
		if got.code != test.code || !strings.Contains(got.stderr, test.want) {
			t.Errorf("%v: %+v", test.arguments, got)
		}
		if strings.Contains(got.stderr, "hidden") {
			t.Errorf("%v: a password is repeated: %s", test.arguments, got.stderr)
		}
	}
	if _, err := os.Stat(strings.TrimPrefix(fresh, "sqlite:")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was refused has made a store: %v", err)
	}
	terminal := testEnvironment(t, "")
	terminal.width = 80
	if got := execute(t, terminal, "export", "--store", url, "-"); got.code != exitUsage || !strings.Contains(got.stderr, "not for a terminal") {
		t.Errorf("in a terminal: %+v", got)
	}
}
