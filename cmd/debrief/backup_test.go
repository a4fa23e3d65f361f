package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

// demoStore is the URL of a store with two incidents.
func demoStore(t *testing.T) string {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	mustSucceed(t, execute(t, testEnvironment(t, ""), "demo", "--store", url, "--incidents", "2", "--until", "2026-06-30T12:00:00Z"))
	return url
}

// serving has a server hold a store open until the test ends.
func serving(t *testing.T, url string) {
	t.Helper()
	config := server.DefaultConfig()
	config.Store, config.GRPCAddr, config.HTTPAddr, config.LogOutput = url, "127.0.0.1:0", "127.0.0.1:0", t.Output()
	running, err := server.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func TestBackupAndRestore(t *testing.T) {
	url := demoStore(t)
	file := filepath.Join(t.TempDir(), "backup.db")
	t.Run("a backup while a server runs", func(t *testing.T) {
		serving(t, url)
		told := mustSucceed(t, execute(t, testEnvironment(t, ""), "backup", "--store", url, file))
		if !strings.Contains(told, file+" is a backup of "+url) {
			t.Errorf("it says: %s", told)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup is %v, %v", info, err)
		}
		refused := execute(t, testEnvironment(t, ""), "restore", "--store", url, file)
		if refused.code != exitFailure || !strings.Contains(refused.stderr, "stop the server first") {
			t.Errorf("restore beside a server: %+v", refused)
		}
	})
	t.Run("no backup in the place of another file", func(t *testing.T) {
		refused := execute(t, testEnvironment(t, ""), "backup", "--store", url, file)
		if refused.code != exitFailure || !strings.Contains(refused.stderr, "--force") {
			t.Errorf("a file that is there: %+v", refused)
		}
		mustSucceed(t, execute(t, testEnvironment(t, ""), "backup", "--force", "--store", url, file))
		if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
			t.Errorf("beside it is %v, %v", left, err)
		}
	})
	t.Run("restored", func(t *testing.T) {
		told := mustSucceed(t, execute(t, testEnvironment(t, ""), "restore", "--store", url, file))
		aside := strings.TrimPrefix(url, "sqlite:") + ".before-20261123T110000.000Z"
		if !strings.Contains(told, "kept as "+aside) {
			t.Errorf("it says: %s", told)
		}
		for _, store := range []string{url, "sqlite:" + aside, "sqlite:" + file} {
			serving(t, store)
		}
	})
	t.Run("restored where nothing was", func(t *testing.T) {
		told := mustSucceed(t, execute(t, testEnvironment(t, ""), "restore", "--store", "sqlite:"+filepath.Join(t.TempDir(), "new", "debrief.db"), file))
		if strings.Contains(told, "kept") {
			t.Errorf("it says: %s", told)
		}
	})
}

func TestBackupAndRestoreRefuse(t *testing.T) {
	url := demoStore(t)
	path := strings.TrimPrefix(url, "sqlite:")
	for _, test := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"backup", "--store", "mongodb://user:hidden@host/db", "x.db"}, exitUsage, "use mongodump"},
		{[]string{"restore", "--store", "mongodb://user:hidden@host/db", "x.db"}, exitUsage, "use mongorestore"},
		{[]string{"backup", "--store", "postgres://user:hidden@host/db", "x.db"}, exitUsage, "want sqlite:PATH"},
		{[]string{"backup", "--store", url + ".none", filepath.Join(t.TempDir(), "x.db")}, exitFailure, "there is no store at sqlite:"},
		{[]string{"backup", "--store", url}, exitUsage, "FILE is missing"},
		{[]string{"backup", "--store", url, "--force", path}, exitUsage, "is the store itself"},
		{[]string{"backup", "--store", url, filepath.Join(path, "x.db")}, exitFailure, "not a directory"},
		{[]string{"restore", "--store", url, path + ".none"}, exitFailure, "there is no backup"},
		{[]string{"restore", "--store", url, path}, exitFailure, "it is the backup itself"},
	} {
		got := execute(t, testEnvironment(t, ""), test.arguments...)
		if got.code != test.code || !strings.Contains(got.stderr, test.want) {
			t.Errorf("%v: %+v", test.arguments, got)
		}
		if strings.Contains(got.stderr, "hidden") {
			t.Errorf("%v: a password is repeated: %s", test.arguments, got.stderr)
		}
	}
}
