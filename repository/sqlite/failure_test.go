package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"github.com/debriefhq/debrief/repository"
)

// TestFullDisk has the file grow to where it may not grow further, in the middle of many writes: each caller is told, of
// what failed nothing is stored, and the store recovers by itself when there is room again.
func TestFullDisk(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	full := limit(store)
	var all sync.WaitGroup
	var failed []bool
	failed = append(failed, make([]bool, 40)...)
	for n := range failed {
		all.Go(func() { failed[n] = createLarge(t, store, n) != nil })
	}
	all.Wait()
	for n, err := len(failed), error(nil); err == nil; n++ {
		err = createLarge(t, store, n)
		failed = append(failed, err != nil)
	}
	// It is read while it is full.
	stored := 0
	for n, failed := range failed {
		_, err := store.Incidents().Get(t.Context(), alertID(n))
		if failed != errors.Is(err, repository.ErrNotFound) {
			t.Errorf("creation %d failed: %t, but Get = %v", n, failed, err)
		}
		if !failed {
			stored++
		}
	}
	if stored == 0 || stored == len(failed) {
		t.Errorf("%d of %d were stored: the test says nothing", stored, len(failed))
	}
	checkFeed(t, store, stored)
	full.Store(false)
	if _, err := store.Incidents().Create(t.Context(), alert(1000)); err != nil {
		t.Errorf("Create when there is room again = %v", err)
	}
	checkFeed(t, store, stored+1)
}

// limit lets the file grow no further than to about a megabyte, as long as it is full.
func limit(store *Repository) (full *atomic.Bool) {
	full = &atomic.Bool{}
	full.Store(true)
	store.writer.open = func(ctx context.Context) (*connection, error) {
		connection, err := store.openWriter(ctx)
		if err == nil && full.Load() {
			err = connection.script(ctx, "PRAGMA max_page_count = 300")
		}
		return connection, err
	}
	return full
}

func createLarge(t *testing.T, store *Repository, n int) error {
	t.Helper()
	creation := alert(n)
	creation.Resource.Summary = strings.Repeat("long ", 10_000)
	_, err := store.Incidents().Create(t.Context(), creation)
	if err != nil && !errors.Is(err, repository.ErrResourceExhausted) {
		t.Errorf("Create = %v, want %v", err, repository.ErrResourceExhausted)
	}
	return err
}

// TestUnreadableDocument has a document that is none.
func TestUnreadableDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store := openStore(t, path)
	if _, err := store.Incidents().Create(t.Context(), alert(1)); err != nil {
		t.Fatal(err)
	}
	runScript(t, path, `UPDATE incidents SET document = CAST('{"title":' AS BLOB)`)
	_, get := store.Incidents().Get(t.Context(), alertID(1))
	_, list := store.Incidents().List(t.Context(), repository.Query{Limit: 1})
	_, update := store.Incidents().Update(t.Context(), alertID(1), func(*repository.Incident) (repository.Effects, error) {
		return repository.Effects{}, nil
	})
	for _, err := range []error{get, list, update} {
		if !errors.Is(err, repository.ErrCorrupt) {
			t.Errorf("%v, want %v", err, repository.ErrCorrupt)
		}
	}
}

// TestUnreadableFile has a file of which a part was overwritten.
func TestUnreadableFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store := openStore(t, path)
	for n := range 50 {
		if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	const header = 2 * 4096
	if _, err := file.WriteAt([]byte(strings.Repeat("overwritten ", int(info.Size()-header)/12)), header); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	damaged, err := Open(t.Context(), path, Options{})
	if err == nil {
		_, err = damaged.Incidents().List(t.Context(), repository.Query{Limit: 100})
		if err := damaged.Close(t.Context()); err != nil {
			t.Logf("Close = %v", err)
		}
	}
	if !errors.Is(err, repository.ErrCorrupt) {
		t.Errorf("%v, want %v", err, repository.ErrCorrupt)
	}
}

// TestTranslate makes SQLite fail in several ways.
func TestTranslate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store := openStore(t, path)
	reader := openReader(t, store)
	_, cantOpen := connect(t.Context(), &sqlite.Driver{}, filepath.Join(t.TempDir(), "missing.db"), "user_version")
	tooBig := reader.script(t.Context(), "SELECT zeroblob(2000000000)")
	own := errors.New("the caller's own")
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"read only", reader.script(t.Context(), "DELETE FROM incidents"), repository.ErrUnavailable},
		{"no such file", cantOpen, repository.ErrUnavailable},
		{"too big", tooBig, repository.ErrResourceExhausted},
		{"no SQL", reader.script(t.Context(), "SELECTION"), repository.ErrUnavailable},
		{"something else", errors.New("else"), repository.ErrUnavailable},
		{"the context's", fmt.Errorf("waiting: %w", context.Canceled), context.Canceled},
		{"an answer", fmt.Errorf("one: %w", repository.ErrNotFound), repository.ErrNotFound},
		{"the caller's", changeError{own}, own},
		{"none", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := translate(t.Context(), test.err); !errors.Is(got, test.want) {
				t.Errorf("translate(%v) = %v, want %v", test.err, got, test.want)
			}
		})
	}
}
