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

// openStore opens the store that the setting names.
func (c *Config) openStore(ctx context.Context, telemetry *telemetry) (repository.Repository, error) {
	scheme, rest, _ := strings.Cut(c.Store, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest, telemetry)
	case "mongodb", "mongodb+srv":
		return openMongoDB(ctx, c.Store, telemetry)
	}
	// What is no store URL may still hold a password: it is not repeated.
	return nil, settingsErrorf("store is not a URL of a known kind: want sqlite:PATH, mongodb://… or mongodb+srv://…")
}

func openSQLite(ctx context.Context, path string, telemetry *telemetry) (repository.Repository, error) {
	if path == "" {
		return nil, settingsErrorf("store is `sqlite:` without a path: want sqlite:PATH")
	}
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
