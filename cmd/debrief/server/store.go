package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// DefaultStore is the store of somebody who did not name one: a file in the user's data directory, which is
// $XDG_DATA_HOME or ~/.local/share (XDG Base Directory Specification), %AppData% on Windows, and
// ~/Library/Application Support on macOS.
func DefaultStore() (string, error) {
	directory, err := dataDirectory()
	if err != nil {
		return "", settingsErrorf("no place for the default store: %w; name one with --store", err)
	}
	return "sqlite:" + filepath.Join(directory, "debrief", "debrief.db"), nil
}

func dataDirectory() (string, error) {
	// The specification has relative paths ignored.
	if directory := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(directory) {
		return directory, nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		// There, data and settings of a user share a directory.
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share"), err
}

// StoreLocation is where a store is, as its URL says.
type StoreLocation struct {
	// URL is as it was given. It may hold a password: it is not shown.
	URL string
	// Path is the file of a store in SQLite; empty where it is in MongoDB.
	Path string
}

// LocateStore understands a store's URL, as Config.Store has it, or answers a *[SettingsError]. What is no store URL may still
// hold a password: it is not repeated.
func LocateStore(url string) (StoreLocation, error) {
	switch scheme, rest, _ := strings.Cut(url, ":"); {
	case scheme == "sqlite" && rest == "":
		return StoreLocation{}, settingsErrorf("store is `sqlite:` without a path: want sqlite:PATH")
	case scheme == "sqlite":
		return StoreLocation{URL: url, Path: rest}, nil
	case scheme == "mongodb", scheme == "mongodb+srv":
		return StoreLocation{URL: url}, nil
	default:
		return StoreLocation{}, settingsErrorf("store is not a URL of a known kind: want sqlite:PATH, mongodb://… or mongodb+srv://…")
	}
}

// openStore opens the store that the setting names.
func (c *Config) openStore(ctx context.Context, telemetry *telemetry) (repository.Repository, error) {
	location, err := LocateStore(c.Store)
	switch {
	case err != nil:
		return nil, err
	case location.Path != "":
		return openSQLite(ctx, location.Path, telemetry)
	default:
		return openMongoDB(ctx, location.URL, telemetry)
	}
}

func openSQLite(ctx context.Context, path string, telemetry *telemetry) (repository.Repository, error) {
	store, err := sqlite.Open(ctx, path, sqlite.Options{
		TracerProvider: telemetry.tracers, MeterProvider: telemetry.meters, Logger: telemetry.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return store, nil
}

func openMongoDB(ctx context.Context, uri string, telemetry *telemetry) (repository.Repository, error) {
	store, err := mongodb.Open(ctx, uri, mongodb.Options{
		TracerProvider: telemetry.tracers, MeterProvider: telemetry.meters, Logger: telemetry.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("open the store at MongoDB: %w", err)
	}
	return store, nil
}
