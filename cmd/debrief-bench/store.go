package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// stores are the places where a benchmark keeps what it measures.
type stores interface {
	// kind is what they are called in the results.
	kind() string
	// url is what a server is told to open a store, by the store's name.
	url(name string) string
	open(ctx context.Context, name string) (repository.Repository, error)
	openFloor(ctx context.Context) (floor, error)
	// remove takes a store away, if it is there.
	remove(ctx context.Context, name string) error
	// finish says that a store that was filled is whole.
	finish(ctx context.Context, name string) error
	// finished says whether a whole one is there.
	finished(ctx context.Context, name string) (bool, error)
	close(ctx context.Context) error
}

func (s settings) stores() (stores, error) {
	if s.mongodb() {
		return openMongoStores(s.store)
	}
	if s.directory != "" {
		return sqliteStores{directory: s.directory}, nil
	}
	directory, err := os.MkdirTemp("", "debrief-bench-")
	return sqliteStores{directory: directory, temporary: true}, err
}

// sqliteStores are files in a directory.
type sqliteStores struct {
	directory string
	temporary bool
}

func (s sqliteStores) kind() string            { return "SQLite" }
func (s sqliteStores) url(name string) string  { return "sqlite:" + s.path(name) }
func (s sqliteStores) path(name string) string { return filepath.Join(s.directory, name+".db") }

func (s sqliteStores) open(ctx context.Context, name string) (repository.Repository, error) {
	return sqlite.Open(ctx, s.path(name), sqlite.Options{})
}

func (s sqliteStores) openFloor(ctx context.Context) (floor, error) {
	if err := s.remove(ctx, "floor"); err != nil {
		return nil, err
	}
	return openSQLiteFloor(ctx, s.path("floor"))
}

func (s sqliteStores) remove(_ context.Context, name string) error {
	files, err := filepath.Glob(s.path(name) + "*")
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// whole is the file that stands beside a store that was filled to the end.
func (s sqliteStores) whole(name string) string { return s.path(name) + ".whole" }

func (s sqliteStores) finish(_ context.Context, name string) error {
	return os.WriteFile(s.whole(name), nil, 0o600)
}

func (s sqliteStores) finished(_ context.Context, name string) (bool, error) {
	_, err := os.Stat(s.whole(name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s sqliteStores) close(context.Context) error {
	if s.temporary {
		return os.RemoveAll(s.directory)
	}
	return nil
}

// mongoStores are databases whose names begin with debrief_bench.
type mongoStores struct {
	uri    *url.URL
	client *mongo.Client
}

func openMongoStores(uri string) (stores, error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return nil, errors.New("store is no valid mongodb:// URL") // What it is may hold a password.
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	return &mongoStores{uri: parsed, client: client}, err
}

func (s *mongoStores) kind() string { return "MongoDB" }

func (s *mongoStores) database(name string) string { return "debrief_bench_" + name }

func (s *mongoStores) url(name string) string {
	uri := *s.uri
	uri.Path = "/" + s.database(name)
	return uri.String()
}

func (s *mongoStores) open(ctx context.Context, name string) (repository.Repository, error) {
	return mongodb.Open(ctx, s.url(name), mongodb.Options{})
}

func (s *mongoStores) openFloor(ctx context.Context) (floor, error) {
	if err := s.remove(ctx, "floor"); err != nil {
		return nil, err
	}
	return openMongoFloor(ctx, s.uri.String(), s.database("floor"))
}

func (s *mongoStores) remove(ctx context.Context, name string) error {
	if err := s.client.Database(s.database(name)).Drop(ctx); err != nil {
		return fmt.Errorf("drop the database %s: %w", s.database(name), err)
	}
	return nil
}

// whole is the collection that is there when a store was filled to the end.
const whole = "bench_whole"

func (s *mongoStores) finish(ctx context.Context, name string) error {
	return s.client.Database(s.database(name)).CreateCollection(ctx, whole)
}

func (s *mongoStores) finished(ctx context.Context, name string) (bool, error) {
	found, err := s.client.Database(s.database(name)).ListCollectionNames(ctx, map[string]string{"name": whole})
	return len(found) > 0, err
}

func (s *mongoStores) close(ctx context.Context) error { return s.client.Disconnect(ctx) }
