package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// storeLocation is a store that a command works on without a server.
type storeLocation server.StoreLocation

// addStore adds the flag that names a store, for a command that works on it without a server.
func addStore(command *cobra.Command, url *string, what string) {
	command.Flags().StringVar(url, "store", "", what+": `URL` sqlite:PATH, mongodb://… or mongodb+srv://… (default: a file in your data directory)")
}

// locateStore understands a store's URL; an empty one is that of a server that was not told one.
func locateStore(url string) (storeLocation, error) {
	if url == "" {
		var err error
		if url, err = server.DefaultStore(); err != nil {
			return storeLocation{}, err
		}
	}
	location, err := server.LocateStore(url)
	if err != nil {
		return storeLocation{}, &usageError{err}
	}
	return storeLocation(location), nil
}

// String names the store for people, without a password.
func (l storeLocation) String() string {
	if l.Path == "" {
		return "the store at MongoDB"
	}
	return "sqlite:" + l.Path
}

// exists says whether there is a store: of MongoDB that is found out by opening it.
func (l storeLocation) exists() error {
	if l.Path == "" {
		return nil
	}
	_, err := os.Stat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no store at %s: name another one with --store", l)
	}
	return err
}

// open opens the store, and makes it where there is none; one into which an import was begun and not finished only where that
// is wanted.
func (l storeLocation) open(ctx context.Context, unfinished bool) (repository.Repository, error) {
	var (
		store repository.Repository
		err   error
	)
	if l.Path == "" {
		store, err = mongodb.Open(ctx, l.URL, mongodb.Options{Unfinished: unfinished})
	} else {
		store, err = sqlite.Open(ctx, l.Path, sqlite.Options{Unfinished: unfinished})
	}
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return store, nil
}

// inSQLite is the file of a store that must be one in SQLite, for what is done otherwise in MongoDB.
func (l storeLocation) inSQLite(instead string) (string, error) {
	if l.Path == "" {
		return "", usagef("the store is in MongoDB, and this is for SQLite: use %s, as docs/mongodb.md tells", instead)
	}
	return filepath.Abs(l.Path)
}
