// Package sqlitetest gives tests SQLite stores of their own.
package sqlitetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/debriefhq/debrief/repository/sqlite"
)

// NewFile is the path of a new store in which nothing is, as a server leaves it that has brought it to its schema. To do that
// takes seconds with the race detector, so it is done once, and copied.
func NewFile(tb testing.TB) string {
	tb.Helper()
	content, err := empty()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "debrief.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// empty is what the file of a store holds in which nothing is.
var empty = sync.OnceValues(func() (content []byte, err error) {
	directory, err := os.MkdirTemp("", "debrief-empty-")
	if err != nil {
		return nil, fmt.Errorf("make an empty store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	path := filepath.Join(directory, "debrief.db")
	store, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return nil, fmt.Errorf("make an empty store: %w", err)
	}
	if err := store.Close(context.Background()); err != nil {
		return nil, fmt.Errorf("make an empty store: %w", err)
	}
	return os.ReadFile(path)
})
