package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/repositorytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	repositorytest.Run(t, func(t *testing.T) repository.Repository {
		return openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	})
}

// openStore opens a store, and closes it when the test ends.
func openStore(tb testing.TB, path string) *Repository {
	tb.Helper()
	store, err := Open(tb.Context(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return store
}

// openReader opens a connection that only reads, and closes it when the test ends.
func openReader(t *testing.T, store *Repository) *connection {
	t.Helper()
	reader, err := store.openReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, reader)
	return reader
}

func closeLater(t *testing.T, connection *connection) {
	t.Helper()
	t.Cleanup(func() {
		if err := connection.close(); err != nil {
			t.Error(err)
		}
	})
}
