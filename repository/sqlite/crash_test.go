package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// crashPath names the variable that makes TestCrashHelper write, and says where to.
const crashPath = "DEBRIEF_TEST_CRASH_PATH"

// TestCrash kills a process in the middle of many writes. What it was told to be stored must be there, with its effects,
// and nothing in part.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	stored := map[int]bool{}
	for round := range 3 {
		crash(t, path, round*100_000, 300, stored)
		checkAfterCrash(t, path, stored)
	}
}

// crash runs a process that writes, and kills it when it has told of so many writes.
func crash(t *testing.T, path string, first, writes int, stored map[int]bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashHelper$", "-test.v=false")
	command.Env = append(os.Environ(), crashPath+"="+path, "DEBRIEF_TEST_CRASH_FIRST="+strconv.Itoa(first))
	lines := started(t, command)
	for told := 0; lines.Scan(); told++ {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("the process said %q", lines.Text())
			break
		}
		stored[n] = true
		if told == writes {
			if err := command.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := command.Wait(); err == nil {
		t.Error("the process came to its end")
	}
}

// started starts a process, and reads what it says line by line.
func started(t *testing.T, command *exec.Cmd) *bufio.Scanner {
	t.Helper()
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(output)
}

// TestCrashHelper is the process that TestCrash kills: it writes without end, and tells of each write when it is stored.
func TestCrashHelper(t *testing.T) {
	path := os.Getenv(crashPath)
	if path == "" {
		return // It is TestCrash that runs this.
	}
	first, err := strconv.Atoi(os.Getenv("DEBRIEF_TEST_CRASH_FIRST"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var (
		all  sync.WaitGroup
		lock sync.Mutex
	)
	for writer := range 8 {
		all.Go(func() {
			for n := first + writer; ; n += 8 {
				if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
					t.Error(err)
					return
				}
				lock.Lock()
				_, err := fmt.Fprintln(os.Stdout, n)
				lock.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
}

func checkAfterCrash(t *testing.T, path string, stored map[int]bool) {
	t.Helper()
	store := openStore(t, path)
	for n := range stored {
		if _, err := store.Incidents().Get(t.Context(), alertID(n)); err != nil {
			t.Errorf("incident %d, which was stored: %v", n, err)
		}
	}
	count, err := store.Incidents().Count(t.Context(), repository.Query{Limit: 1_000_000})
	if err != nil || count < len(stored) {
		t.Errorf("Count = %d, %v, want at least the %d that were stored", count, err, len(stored))
	}
	checkFeed(t, store, count)
	found, err := store.Incidents().Count(t.Context(), repository.Query{
		Where: repository.TermIn{repository.Term("state", "ACTIVE")}, Limit: 1_000_000,
	})
	if err != nil || found != count {
		t.Errorf("Count by a term = %d, %v, want all %d", found, err, count)
	}
	events, err := store.Events().List(t.Context(), repository.Query{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		id := event.Resource[len("incidents/"):]
		entries, err := store.TimelineEntries().Count(t.Context(), repository.Query{Parent: id, Limit: 2})
		if err != nil || entries != 1 {
			t.Errorf("Count of the entries of %s = %d, %v, want 1", id, entries, err)
		}
	}
	connection, err := store.openReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if problems := column1(t, connection, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' AND ? = ''", ""); len(problems) > 0 {
		t.Errorf("the file is damaged: %v", problems)
	}
	if err := errors.Join(connection.close(), store.Close(t.Context())); err != nil {
		t.Error(err)
	}
}
