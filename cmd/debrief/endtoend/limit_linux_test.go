//go:build !race

package endtoend_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// limitMemory has a process end that wants more memory of its own than so many bytes, used or not (setrlimit(2): RLIMIT_DATA).
func limitMemory(t *testing.T, d *debrief, most uint64) {
	t.Helper()
	if err := unix.Prlimit(d.command.Process.Pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
		t.Fatalf("limit the memory: %v", err)
	}
}
