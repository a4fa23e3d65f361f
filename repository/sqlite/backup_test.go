package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

// store makes a store with incidents, and closes it.
func store(t *testing.T, path string, incidents ...int) {
	t.Helper()
	opened, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range incidents {
		if _, err := opened.Incidents().Create(t.Context(), alert(n)); err != nil {
			t.Error(err)
		}
	}
	if err := opened.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// titles are what incidents a store has.
func titles(t *testing.T, path string) []string {
	t.Helper()
	opened, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	incidents, err := opened.Incidents().List(t.Context(), repository.Query{Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	if err := opened.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	var ids []string
	for _, incident := range incidents {
		ids = append(ids, incident.ID)
	}
	return ids
}

func emptyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := makeEmpty(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// writing has a store written to between any two steps of a copy.
func writing(t *testing.T, path string) CopyOptions {
	t.Helper()
	store := openStore(t, path)
	n := 100
	return CopyOptions{pages: 8, Progress: func(done, total int) {
		if done < 0 || done > total {
			t.Errorf("%d of %d pages are copied", done, total)
		}
		n++
		if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
			t.Error(err)
		}
	}}
}

func TestBackupOfAStoreThatIsWrittenTo(t *testing.T) {
	path, target := filepath.Join(t.TempDir(), "a folder?", "50% #1.db"), emptyFile(t)
	var all []int
	for n := range 40 {
		all = append(all, n)
	}
	store(t, path, all...)
	before := titles(t, path)
	options := writing(t, path)
	if err := Backup(t.Context(), path, target, options); err != nil {
		t.Fatal(err)
	}
	version, err := Verify(t.Context(), target)
	if err != nil || version != versions(t) {
		t.Errorf("Verify = %d, %v", version, err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info, err)
	}
	if beside, err := filepath.Glob(target + "?*"); err != nil || len(beside) > 0 {
		t.Errorf("beside the copy is %v, %v", beside, err)
	}
	if diff := cmp.Diff(before, titles(t, target)); diff != "" {
		t.Errorf("the copy does not hold what was there at its beginning: -want +got\n%s", diff)
	}
}

func TestBackupByRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	store(t, "debrief.db", 1)
	if err := makeEmpty("backup.db"); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), "debrief.db", "backup.db", CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if kept, err := Restore(t.Context(), "backup.db", "debrief.db", "before.db", CopyOptions{}); err != nil || !kept {
		t.Errorf("Restore = %t, %v", kept, err)
	}
	if diff := cmp.Diff([]string{alertID(1)}, titles(t, "before.db")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestBackupRefuses(t *testing.T) {
	recipes := filepath.Join(t.TempDir(), "recipes.db")
	if err := makeEmpty(recipes); err != nil {
		t.Fatal(err)
	}
	runScript(t, recipes, "CREATE TABLE recipes (name TEXT)")
	full := emptyFile(t)
	if err := os.WriteFile(full, []byte("something"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "debrief.db")
	store(t, good, 1)
	for _, test := range []struct{ name, path, target, want string }{
		{"no store", filepath.Join(t.TempDir(), "none.db"), emptyFile(t), "unable to open"},
		{"an empty file", emptyFile(t), emptyFile(t), "nothing is in it"},
		{"another program's", recipes, emptyFile(t), "the database of another program"},
		{"a target with something in it", good, full, "is not empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := Backup(t.Context(), test.path, test.target, CopyOptions{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Backup = %v, want %q", err, test.want)
			}
		})
	}
}

func TestBackupEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store(t, path, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Backup(ctx, path, emptyFile(t), CopyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Backup = %v", err)
	}
}

// damage writes over the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(content[len(content)/2:], bytes.Repeat([]byte("damage"), 2000))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsWhatIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store(t, path, 1, 2, 3)
	damage(t, path)
	if _, err := Verify(t.Context(), path); !errors.Is(err, repository.ErrCorrupt) {
		t.Errorf("Verify = %v, want ErrCorrupt", err)
	}
}

func TestVerifyReadsALogThatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	opened := openStore(t, path)
	if _, err := opened.Incidents().Create(t.Context(), alert(1)); err != nil {
		t.Fatal(err)
	}
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
	target := filepath.Join(t.TempDir(), "restored.db")
	if kept, err := Restore(t.Context(), copied, target, target+".before", CopyOptions{}); err != nil || kept {
		t.Fatalf("Restore = %t, %v", kept, err)
	}
	if diff := cmp.Diff([]string{alertID(1)}, titles(t, target)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRestore(t *testing.T) {
	for _, test := range []struct {
		name string
		// there makes what is at the path before.
		there func(t *testing.T, path string)
		// kept is what is aside afterwards; nil: nothing is.
		kept func(t *testing.T, aside string)
	}{
		{"where nothing is", func(*testing.T, string) {}, nil},
		{"in the place of another store", func(t *testing.T, path string) { store(t, path, 7, 8) }, func(t *testing.T, aside string) {
			if diff := cmp.Diff([]string{alertID(7), alertID(8)}, titles(t, aside)); diff != "" {
				t.Errorf("aside: -want +got\n%s", diff)
			}
		}},
		{"in the place of an empty file", func(t *testing.T, path string) {
			if err := makeEmpty(path); err != nil {
				t.Fatal(err)
			}
		}, func(*testing.T, string) {}},
		{"in the place of what is no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, func(t *testing.T, aside string) {
			if content, err := os.ReadFile(aside); err != nil || !bytes.HasPrefix(content, []byte("no database ")) {
				t.Errorf("aside is %.20q, %v", content, err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			original, backup := filepath.Join(t.TempDir(), "original.db"), emptyFile(t)
			store(t, original, 1, 2, 3)
			if err := Backup(t.Context(), original, backup, CopyOptions{}); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "made", "debrief.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			test.there(t, path)
			kept, err := Restore(t.Context(), backup, path, path+".before", CopyOptions{})
			if err != nil || kept != (test.kept != nil) {
				t.Fatalf("Restore = %t, %v", kept, err)
			}
			if _, err := Verify(t.Context(), path); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(titles(t, original), titles(t, path)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if test.kept != nil {
				test.kept(t, path+".before")
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	good := emptyFile(t)
	original := filepath.Join(t.TempDir(), "debrief.db")
	store(t, original, 1)
	if err := Backup(t.Context(), original, good, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	store(t, damaged, 1, 2, 3)
	damage(t, damaged)
	newer := filepath.Join(t.TempDir(), "newer.db")
	store(t, newer, 1)
	runScript(t, newer, "PRAGMA user_version = 1000")
	recipes := emptyFile(t)
	runScript(t, recipes, "CREATE TABLE recipes (name TEXT)")
	running := filepath.Join(t.TempDir(), "running.db")
	server := openStore(t, running)
	if err := server.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := filepath.Join(t.TempDir(), "stopped.db")
	store(t, stopped, 9)
	if err := os.WriteFile(stopped+".before", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "none.db")
	for _, test := range []struct{ name, backup, path, want string }{
		{"a store that a server has open", good, running, "another process has it open: stop the server first"},
		{"a damaged backup", damaged, nowhere, "stored data unreadable"},
		{"a backup of a newer version", newer, nowhere, "a newer version of Debrief has written it"},
		{"a backup of another program's", recipes, nowhere, "the database of another program"},
		{"another program's in its place", good, recipes, "the database of another program"},
		{"no backup", nowhere, original, "unable to open"},
		{"the backup itself", good, good, "it is the backup itself"},
		{"a directory", good, t.TempDir(), "it is a directory"},
		{"what is kept aside already", good, stopped, ".before is there already"},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept, err := Restore(t.Context(), test.backup, test.path, test.path+".before", CopyOptions{})
			if err == nil || kept || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Restore = %t, %v, want %q", kept, err, test.want)
			}
		})
	}
	if diff := cmp.Diff([]string{alertID(9)}, titles(t, stopped)); diff != "" {
		t.Errorf("what was refused was changed: -want +got\n%s", diff)
	}
	if _, err := os.Stat(nowhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a backup that was refused made a store: %v", err)
	}
}

// TestRestoreIsWholeOrNothing ends a restore halfway.
func TestRestoreIsWholeOrNothing(t *testing.T) {
	original, backup := filepath.Join(t.TempDir(), "original.db"), emptyFile(t)
	store(t, original, 1, 2, 3)
	if err := Backup(t.Context(), original, backup, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, there := range [][]int{nil, {7}} {
		path := filepath.Join(t.TempDir(), "debrief.db")
		if there != nil {
			store(t, path, there...)
		}
		ctx, cancel := context.WithCancel(t.Context())
		options := CopyOptions{pages: 8, Progress: func(int, int) { cancel() }}
		kept, err := Restore(ctx, backup, path, path+".before", options)
		if !errors.Is(err, context.Canceled) || kept {
			t.Errorf("Restore = %t, %v", kept, err)
		}
		left, err := filepath.Glob(path + "*")
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != len(there) {
			t.Errorf("there is %v", left)
		}
		if there != nil {
			if diff := cmp.Diff([]string{alertID(7)}, titles(t, path)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		}
	}
}
