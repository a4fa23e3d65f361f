package server

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDefaultStoreIsInTheUsersDataDirectory(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("this system has no home directories after the XDG Base Directory Specification")
	}
	home, data := t.TempDir(), t.TempDir()
	for name, test := range map[string]struct{ data, want string }{
		"that the user chose":           {data, "sqlite:" + filepath.Join(data, "debrief", "debrief.db")},
		"the usual one":                 {"", "sqlite:" + filepath.Join(home, ".local", "share", "debrief", "debrief.db")},
		"a relative one is not allowed": {"data", "sqlite:" + filepath.Join(home, ".local", "share", "debrief", "debrief.db")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", home)
			t.Setenv("XDG_DATA_HOME", test.data)
			got, err := DefaultStore()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("store (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDefaultStoreIsMadeAndIsTheUsersAlone(t *testing.T) {
	data := t.TempDir()
	t.Setenv("XDG_DATA_HOME", data)
	start(t, func(c *Config) { c.Store = "" })
	directory, err := os.Stat(filepath.Join(data, "debrief"))
	if err != nil {
		t.Fatal(err)
	}
	if directory.Mode().Perm() != 0o700 {
		t.Errorf("the directory's mode is %v, want 0700", directory.Mode().Perm())
	}
	if _, err := os.Stat(filepath.Join(data, "debrief", "debrief.db")); err != nil {
		t.Error(err)
	}
}
