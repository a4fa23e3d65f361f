package endtoend_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

// diskSize is the size of a small disk, in bytes.
const diskSize = 32 << 20

// smallDisk is the directory of a disk of its own, which root can mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, fmt.Sprint("size=", diskSize)); errors.Is(err, syscall.EPERM) {
		t.Skip("only root may mount a small disk")
	} else if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(directory, 0); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return directory
}

// fill leaves no room on a disk, until the room is given back.
func fill(t *testing.T, disk string) (giveBack func()) {
	t.Helper()
	file, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; size /= 2 {
		for err == nil {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fill the disk: %v", err)
		}
		err = nil
	}
	return func() {
		if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
			t.Errorf("give room back: %v", err)
		}
	}
}

// lockForWriting takes the lock that SQLite's writers take (https://sqlite.org/walformat.html#locks), until it is released.
func lockForWriting(t *testing.T, path string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(path+"-shm", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: 120, Len: 1}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_SETLKW, lock); err != nil {
		t.Fatalf("lock the file: %v", err)
	}
	return func() {
		if err := file.Close(); err != nil {
			t.Errorf("release the lock: %v", err)
		}
	}
}

// withhold lets nobody write to a file and its log any more, not even who has them open, as on a disk that became read-only.
func withhold(t *testing.T, path string) (end func()) {
	t.Helper()
	for _, name := range []string{path, path + "-wal"} {
		if err := setImmutable(name, true); errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTTY) || errors.Is(err, syscall.EOPNOTSUPP) {
			t.Skipf("only root may withhold a file, on a file system such as ext4: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = setImmutable(name, false) }) // It may be over, and the file gone.
	}
	return func() {
		for _, name := range []string{path, path + "-wal"} {
			if err := setImmutable(name, false); err != nil {
				t.Errorf("let %s be written to: %v", name, err)
			}
		}
	}
}

// immutableFlag is FS_IMMUTABLE_FL of Linux's uapi/linux/fs.h.
const immutableFlag = 0x10

// setImmutable sets the attribute of a file by which it can't be changed: chattr(1).
func setImmutable(path string, immutable bool) error {
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	attributes, err := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		attributes &^= immutableFlag
		if immutable {
			attributes |= immutableFlag
		}
		err = unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, attributes)
	}
	return errors.Join(err, file.Close())
}

// TestFaultsOfTheFile has the file of a store in trouble while callers go on asking. Reads go on, and writes as soon as the trouble
// is over, without a restart: nothing that was acknowledged is lost or there twice, and nothing is there in part.
func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name string
		// place is the directory of the file.
		place func(*testing.T) string
		// begin has the trouble begin, and answers how it ends.
		begin func(t *testing.T, path string) (end func())
		// ready is what /readyz says meanwhile, 0 where it may say either, and refusal how writes are refused.
		ready   int
		refusal codes.Code
	}{
		{"the disk is full", smallDisk, func(t *testing.T, path string) func() {
			t.Helper()
			return fill(t, filepath.Dir(path))
		}, 0, codes.ResourceExhausted},
		{"another process writes", (*testing.T).TempDir, lockForWriting, http.StatusServiceUnavailable, codes.DeadlineExceeded},
		{"the file takes no writes", (*testing.T).TempDir, withhold, http.StatusServiceUnavailable, codes.Unavailable},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			path, hook := filepath.Join(fault.place(t), "debrief.db"), newHook(t)
			d := serve(t, "sqlite:"+path, ledgerFlags(t)...)
			d.subscribe(t, hook)
			follower := newFollower(t, d)
			l := openLedger(t, fault.name, []*debrief{d}, newStormOf(60, 1, 2).groups)
			l.goesOn(t, 6)
			end := fault.begin(t, path)
			l.isRefused(t, 8)
			if fault.ready != 0 {
				d.says(t, fault.ready)
			}
			if l.refusals(fault.refusal) == 0 {
				t.Errorf("no write was refused with %v", fault.refusal)
			}
			if fault.refusal == codes.DeadlineExceeded {
				l.outlast(t, d)
			}
			if got := len(d.listIncidents(t, "")); got < 6 {
				t.Errorf("%d incidents can be read meanwhile, want 6 at least", got)
			}
			// A small one may still find the room that a larger write has left.
			eventually(t, "a delivery is refused meanwhile", func() bool {
				code, answer, err := d.try(t.Context(), http.MethodPost, "/intake/alertmanager", l.alerts[0].deliveries[0], nil)
				if code != http.StatusOK && code != http.StatusServiceUnavailable {
					t.Errorf("a delivery meanwhile: %d %s %v, want 503", code, answer, err)
					return true
				}
				return code == http.StatusServiceUnavailable
			})
			end()
			d.says(t, http.StatusOK)
			l.goesOn(t, 6)
			l.close(t)
			t.Logf("%d stories were told, and %d of %d requests refused", l.done.Load(), l.refused.Load(), l.asked.Load())
			l.check(t, d)
			checkAlerts(t, d, l.delivered())
			hook.check(t, d, []*debrief{d})
			follower.check(t, d.follow(t))
		})
	}
}

// TestReadOnlyFile has a server start on a disk that takes no writes: it says so, and leaves everything as it was.
func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	store := "sqlite:" + filepath.Join(disk, "debrief.db")
	d := serve(t, store)
	if _, err := d.openOverGRPC(t.Context(), "Still there"); err != nil {
		t.Fatal(err)
	}
	d.stop(t)
	remount(t, disk, syscall.MS_RDONLY)
	checkRefusedStart(t, []string{"--store", store}, nil, 1, []string{"read-only"})
	remount(t, disk, 0)
	if got := serve(t, store).listIncidents(t, ""); len(got) != 1 || !strings.HasPrefix(got[0].GetTitle(), "Still there") {
		t.Errorf("there is %v, want what was there before", got)
	}
}

// remount changes what may be done to a disk.
func remount(t *testing.T, disk string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|flags, fmt.Sprint("size=", diskSize)); err != nil {
		t.Fatalf("remount: %v", err)
	}
}
