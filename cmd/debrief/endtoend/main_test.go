package endtoend_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
)

func TestMain(m *testing.M) {
	// The proxy that breaks links does not end what waits for somebody to read on where a link was cut off in the middle.
	goleak.VerifyTestMain(withBinary{m}, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"))
}

// withBinary runs the tests, and takes away what was built for them.
type withBinary struct{ tests *testing.M }

func (w withBinary) Run() int {
	code := w.tests.Run()
	if directory, _ := buildDirectory(); directory != "" {
		if err := os.RemoveAll(directory); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

var buildDirectory = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "debrief-endtoend-") })

// build makes the program, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	directory, err := buildDirectory()
	if err != nil {
		return "", err
	}
	path := filepath.Join(directory, "debrief")
	arguments := append([]string{"build", "-o", path}, buildFlags...)
	output, err := exec.Command("go", append(arguments, "github.com/debriefhq/debrief/cmd/debrief")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return path, nil
})

// binaryPath is the path of the program.
func binaryPath(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// patience bounds what a test waits for: it is never reached unless something is broken.
const patience = time.Minute

// poll asks again and again until the condition holds, or the context ends.
func poll(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := poll(ctx, holds); err != nil {
		t.Fatalf("%s: did not come true within %v", what, patience)
	}
}

// onEachStore runs a test on a new store of each kind.
func onEachStore(t *testing.T, test func(t *testing.T, store string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, newSQLite(t))
	})
	t.Run("MongoDB", func(t *testing.T) {
		t.Parallel()
		test(t, mongodbtest.NewDatabase(t))
	})
}

// newSQLite is the URL of a new store in a file.
func newSQLite(t *testing.T) string {
	t.Helper()
	return "sqlite:" + sqlitetest.NewFile(t)
}
