package mongodb

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/repositorytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRepository(t *testing.T) {
	t.Parallel()
	repositorytest.Run(t, func(t *testing.T) repository.Repository {
		t.Helper()
		return open(t, mongodbtest.NewDatabase(t), Options{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	})
}

// open opens a repository that is closed when the test ends.
func open(tb testing.TB, uri string, options Options) *Repository {
	tb.Helper()
	store, err := Open(tb.Context(), uri, options)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 30*time.Second)
		defer cancel()
		if err := store.Close(ctx); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return store
}
