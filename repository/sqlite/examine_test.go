package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

// copied is a copy of a store's files as they are, as if its process had been killed.
func copied(t *testing.T, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copied.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// contents are what the files of a store hold; that of shared memory is not one of the store's.
func contents(t *testing.T, path string) map[string][]byte {
	t.Helper()
	held := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		held[suffix] = content
	}
	return held
}

func TestExamineChangesNothing(t *testing.T) {
	rest := filepath.Join(t.TempDir(), "debrief.db")
	store(t, rest, 1, 2, 3)
	served := filepath.Join(t.TempDir(), "debrief.db")
	if _, err := openStore(t, served).Incidents().Create(t.Context(), alert(1)); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"at rest": rest, "served": served, "left by a crash": copied(t, served)} {
		t.Run(name, func(t *testing.T) {
			before := contents(t, path)
			found, err := Examine(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Examination{Version: versions(t), Newest: versions(t), Missing: []string{}}, found); diff != "" {
				t.Errorf("Examine (-want +got):\n%s", diff)
			}
			if err := CheckIntegrity(t.Context(), path); err != nil {
				t.Error(err)
			}
			readAlone(t, path)
			if diff := cmp.Diff(before, contents(t, path)); diff != "" {
				t.Error("the files have changed")
			}
		})
	}
}

// readAlone reads a store with an incident by a connection that may change nothing.
func readAlone(t *testing.T, path string) {
	t.Helper()
	opened, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Incidents().Get(t.Context(), alertID(1)); err != nil {
		t.Error(err)
	}
	if _, err := opened.Incidents().Create(t.Context(), alert(9)); !errors.Is(err, repository.ErrUnavailable) {
		t.Errorf("Create = %v", err)
	}
	if err := opened.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestExamineFindsWhatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store(t, path, 1)
	connected, err := connectAt(t.Context(), openStore(t, path).engine, location(path, "mode=ro"))
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, connected)
	var name string
	names, err := parts(t.Context(), connected)
	for _, one := range names {
		if strings.HasPrefix(one, "incidents_by_") {
			name = one
		}
	}
	if err != nil || name == "" {
		t.Fatalf("parts = %v, %v", names, err)
	}
	runScript(t, path, "DROP INDEX "+name)
	found, err := Examine(t.Context(), path)
	if diff := cmp.Diff([]string{name}, found.Missing); diff != "" || err != nil {
		t.Errorf("missing (-want +got), %v:\n%s", err, diff)
	}
}

func TestExamineTellsOfAnOlderSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	steps, err := migrationSteps()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	connected, err := connectAt(t.Context(), openStore(t, filepath.Join(t.TempDir(), "other.db")).engine, location(path, "mode=rw"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"BEGIN", "COMMIT"} {
		if text == "COMMIT" {
			if err := upgradeFrom(t.Context(), connected, steps[:3]); err != nil {
				t.Fatal(err)
			}
		}
		if err := connected.script(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := connected.close(); err != nil {
		t.Fatal(err)
	}
	found, err := Examine(t.Context(), path)
	if diff := cmp.Diff(Examination{Version: 3, Newest: versions(t), Missing: []string{}}, found); diff != "" || err != nil {
		t.Errorf("Examine (-want +got), %v:\n%s", err, diff)
	}
	if _, err := OpenReadOnly(t.Context(), path); err == nil || !strings.Contains(err.Error(), "its schema is 3") {
		t.Errorf("OpenReadOnly = %v", err)
	}
}

func TestExamineRefuses(t *testing.T) {
	directory := t.TempDir()
	none := filepath.Join(directory, "none.db")
	if _, err := Examine(t.Context(), none); err == nil {
		t.Error("there is no file, and it was examined")
	}
	if _, err := os.Stat(none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has made a file: %v", err)
	}
	text := filepath.Join(directory, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("not a database "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Examine(t.Context(), text); err == nil || !strings.Contains(err.Error(), "it is no SQLite database") {
		t.Errorf("Examine = %v", err)
	}
	damaged := filepath.Join(directory, "damaged.db")
	store(t, damaged, 1, 2, 3)
	damage(t, damaged)
	if err := CheckIntegrity(t.Context(), damaged); !errors.Is(err, repository.ErrCorrupt) {
		t.Errorf("CheckIntegrity = %v, want ErrCorrupt", err)
	}
}
