package sqlite

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restoreLeft names the variable that makes TestRestoreCrashHelper restore, and says how many pages are left then.
const restoreLeft = "DEBRIEF_TEST_RESTORE_LEFT"

// TestARestoreThatIsKilledLeavesTheOldStoreWhole kills a process in the middle of a restore, and when but one page is left to be
// copied. The next restore is done as if there had been none.
func TestARestoreThatIsKilledLeavesTheOldStoreWhole(t *testing.T) {
	original, backup := filepath.Join(t.TempDir(), "original.db"), emptyFile(t)
	fillBeyondCache(t, original)
	if err := Backup(t.Context(), original, backup, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, there := range [][]int{nil, {7}} {
		for _, left := range []int{20, 1} {
			t.Run(fmt.Sprintf("%d stores are there, and %d pages to be copied", len(there), left), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "debrief.db")
				if there != nil {
					store(t, path, there...)
				}
				killRestore(t, backup, path, left)
				if there == nil {
					if _, err := os.Stat(path); !os.IsNotExist(err) {
						t.Errorf("there is a store, or %v", err)
					}
				} else {
					for _, whole := range []string{path, path + ".before"} {
						if _, err := Verify(t.Context(), whole); err != nil {
							t.Errorf("%s: %v", whole, err)
						}
						if diff := cmp.Diff([]string{alertID(7)}, titles(t, whole)); diff != "" {
							t.Errorf("%s (-want +got):\n%s", whole, diff)
						}
					}
				}
				if kept, err := Restore(t.Context(), backup, path, path+".again", CopyOptions{}); err != nil || kept != (there != nil) {
					t.Errorf("Restore again = %t, %v", kept, err)
				}
				if diff := cmp.Diff(titles(t, original), titles(t, path)); diff != "" {
					t.Errorf("restored again (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// fillBeyondCache makes a store with more in it than SQLite has in memory, so that a restore of it is on the disk in part before it is
// done.
func fillBeyondCache(t *testing.T, path string) {
	t.Helper()
	const megabytes, large = 5, 50_000
	opened, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range megabytes * 1_000_000 / large {
		if err := createLarge(t, opened, n); err != nil {
			t.Error(err)
		}
	}
	if err := opened.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// killRestore has a process restore, and kills it when no more than so many pages are left to be copied.
func killRestore(t *testing.T, backup, path string, left int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRestoreCrashHelper$", "-test.v=false")
	command.Dir = filepath.Dir(path)
	command.Env = append(os.Environ(), restoreLeft+"="+strconv.Itoa(left))
	if err := os.Link(backup, filepath.Join(command.Dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	// It waits for what never comes, until it is killed.
	waits, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := started(t, command)
	if !lines.Scan() || lines.Text() != "halfway" {
		t.Errorf("the process said %q", lines.Text())
	}
	if err := command.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("the process came to its end")
	}
	_ = waits.Close() // Nobody is there any more.
}

// TestRestoreCrashHelper is the process that killRestore kills, in the folder of the store.
func TestRestoreCrashHelper(t *testing.T) {
	pages := os.Getenv(restoreLeft)
	if pages == "" {
		return // It is killRestore that runs this.
	}
	left, err := strconv.Atoi(pages)
	if err != nil {
		t.Fatal(err)
	}
	options := CopyOptions{pages: 1, Progress: func(done, total int) {
		if total-done <= left {
			_, _ = fmt.Fprintln(os.Stdout, "halfway")
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}}
	if _, err := Restore(t.Context(), "backup.db", "debrief.db", "debrief.db.before", options); err != nil {
		t.Fatal(err)
	}
}
