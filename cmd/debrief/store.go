package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// storeLocation is where a store is, as its URL says.
type storeLocation struct {
	// url is as it was given. It may hold a password: it is not shown.
	url string
	// path is the file of a store in SQLite; empty where it is in MongoDB.
	path string
}

// addStore adds the flag that names a store, for a command that works on it without a server.
func addStore(command *cobra.Command, url *string, what string) {
	command.Flags().StringVar(url, "store", "", what+": `URL` sqlite:PATH, mongodb://… or mongodb+srv://… (default: a file in your data directory)")
}

// locateStore understands a store's URL; an empty one is that of a server that was not told one. What is no store URL may
// still hold a password, as a MongoDB URL may: it is not repeated.
func locateStore(url string) (storeLocation, error) {
	if url == "" {
		var err error
		if url, err = server.DefaultStore(); err != nil {
			return storeLocation{}, err
		}
	}
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && rest != "":
		return storeLocation{url: url, path: rest}, nil
	case scheme == "mongodb" || scheme == "mongodb+srv":
		return storeLocation{url: url}, nil
	default:
		return storeLocation{}, usagef("store is not a URL of a known kind: want sqlite:PATH, mongodb://… or mongodb+srv://…")
	}
}

// String names the store for people, without a password.
func (l storeLocation) String() string {
	if l.path == "" {
		return "the store at MongoDB"
	}
	return "sqlite:" + l.path
}

// exists says whether there is a store: of MongoDB that is found out by opening it.
func (l storeLocation) exists() error {
	if l.path == "" {
		return nil
	}
	_, err := os.Stat(l.path)
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
	if l.path == "" {
		store, err = mongodb.Open(ctx, l.url, mongodb.Options{Unfinished: unfinished})
	} else {
		store, err = sqlite.Open(ctx, l.path, sqlite.Options{Unfinished: unfinished})
	}
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return store, nil
}

// inSQLite is the file of a store that must be one in SQLite, for what is done otherwise in MongoDB.
func (l storeLocation) inSQLite(instead string) (string, error) {
	if l.path == "" {
		return "", usagef("the store is in MongoDB, and this is for SQLite: use %s, as docs/mongodb.md tells", instead)
	}
	return filepath.Abs(l.path)
}
