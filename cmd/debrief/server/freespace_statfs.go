//go:build linux || darwin

package server

import "golang.org/x/sys/unix"

// freeSpace is how many bytes this user may still write into a directory; false where that is not known.
func freeSpace(directory string) (uint64, bool) {
	var found unix.Statfs_t
	if err := unix.Statfs(directory, &found); err != nil {
		return 0, false
	}
	return found.Bavail * uint64(found.Bsize), true
}
