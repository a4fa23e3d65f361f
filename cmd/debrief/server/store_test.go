package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

// headerNumber changes a number in the header of an SQLite file: https://sqlite.org/fileformat.html#the_database_header
func headerNumber(t *testing.T, path string, offset int64, number uint32) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(binary.BigEndian.AppendUint32(nil, number), offset)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsNotOursIsLeftAloneAndToldInOneLine(t *testing.T) {
	const version, application = 60, 68
	for name, test := range map[string]struct {
		offset int64
		want   string
	}{
		"another program's":  {application, "it is the database of another program"},
		"a newer version's":  {version, "a newer version of Debrief has written it"},
		"no database at all": {0, "it is no SQLite database"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "debrief.db")
			config := testConfig(t)
			config.Store = "sqlite:" + path
			start(t, func(c *Config) { c.Store = config.Store }).stop(t)
			headerNumber(t, path, test.offset, 9999)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = Run(t.Context(), config)
			if err == nil {
				t.Fatal("it was opened")
			}
			told := err.Error()
			if !strings.Contains(told, path+": "+test.want) || strings.Count(told, path) != 1 || strings.Contains(told, "unavailable") || strings.Contains(told, "\n") {
				t.Errorf("error is %q, want one line that says of %s: %s", told, path, test.want)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}
