package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"slices"

	"modernc.org/sqlite"
)

// Examination is what was found of a store in a file.
type Examination struct {
	// Version is that of the file's schema, and Newest the one that this program brings it to.
	Version, Newest int
	// Missing are the tables, indexes and triggers that a schema of its version has and the file has not, by their names.
	Missing []string
}

// Examine looks at the store in the file at path, and changes nothing: it makes no file, and no step to a newer schema. Others may
// use the store meanwhile. Its error says that there is none, that it is not Debrief's, that a newer version has written it, or
// that an import into it is not finished; see [CheckIntegrity] for what is damaged.
func Examine(ctx context.Context, path string) (Examination, error) {
	var found Examination
	err := untouched(ctx, path, func(connection *connection) (err error) {
		found, err = examine(ctx, connection)
		return err
	})
	if err != nil {
		err = fmt.Errorf("examining %s: %w", path, refusalOr(ctx, err))
	}
	return found, err
}

// CheckIntegrity reads the store in the file at path from end to end, and changes nothing. repository.ErrCorrupt says what is
// damaged.
func CheckIntegrity(ctx context.Context, path string) error {
	err := untouched(ctx, path, func(connection *connection) error { return checkIntegrity(ctx, connection, "integrity_check") })
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, refusalOr(ctx, err))
	}
	return err
}

// untouched has work read a file that stays as it is.
func untouched(ctx context.Context, path string, work func(*connection) error) (err error) {
	if err := makeAbsolute(&path); err != nil {
		return err
	}
	connection, err := openUntouched(ctx, &sqlite.Driver{}, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.close()) }()
	return work(connection)
}

// openUntouched opens a file such that nothing becomes of it. Where there is a log, which may hold what is not in the file yet, it is
// read with it, and not brought into the file when the connection is closed. Where there is none, nobody has the file open.
func openUntouched(ctx context.Context, engine *sqlite.Driver, path string) (*connection, error) {
	where := location(path, "mode=ro&immutable=1")
	if _, err := os.Stat(path + "-wal"); err == nil {
		where = location(path, "mode=ro")
	}
	return connectAt(ctx, engine, where, busyPragma(), fmt.Sprintf("cache_size = -%d", readerCache), "query_only = ON")
}

func examine(ctx context.Context, connection *connection) (Examination, error) {
	var found Examination
	if err := identifyStore(ctx, connection); err != nil {
		return found, err
	}
	steps, err := migrationSteps()
	if err != nil {
		return found, err
	}
	found.Newest = len(steps)
	if found.Version, err = versionOf(ctx, connection, len(steps)); err != nil {
		return found, err
	}
	there, err := parts(ctx, connection)
	if err != nil {
		return found, err
	}
	wanted, err := partsOf(ctx, steps[:found.Version])
	if err != nil {
		return found, err
	}
	found.Missing = slices.DeleteFunc(wanted, func(name string) bool { return slices.Contains(there, name) })
	if slices.Contains(there, "loads") {
		err = refuseUnfinished(ctx, connection)
	}
	return found, err
}

// parts are the names of what a schema is made of.
func parts(ctx context.Context, connection *connection) (names []string, err error) {
	err = connection.query(ctx, "SELECT name FROM sqlite_schema ORDER BY name", nil, func(row []driver.Value) error {
		name, _ := row[0].(string)
		names = append(names, name)
		return nil
	})
	return names, err
}

// partsOf are those of the schema that migrations lead to: they are tried out in memory.
func partsOf(ctx context.Context, steps []string) (names []string, err error) {
	memory, err := connectAt(ctx, &sqlite.Driver{}, ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, memory.close()) }()
	for _, step := range steps {
		text, err := migrations.ReadFile(step)
		if err != nil {
			return nil, err
		}
		if err := memory.script(ctx, string(text)); err != nil {
			return nil, fmt.Errorf("migration %s: %w", step, err)
		}
	}
	return parts(ctx, memory)
}

// errReadOnly is answered to whoever wants to change what is open for reading alone.
var errReadOnly = refusal("the store is open for reading alone")

// OpenReadOnly opens the store in a file that has this version's schema, to read it and to change nothing, while others may use it.
// Whatever would change something ends with an error.
func OpenReadOnly(ctx context.Context, path string) (*Repository, error) {
	found, err := Examine(ctx, path)
	if err != nil {
		return nil, err
	}
	if found.Version != found.Newest {
		return nil, refusal(fmt.Sprintf("its schema is %d, and this version reads %d: debrief serve brings it there", found.Version, found.Newest))
	}
	r, err := newRepository(path, Options{})
	if err != nil {
		return nil, err
	}
	r.start(ctx, func(ctx context.Context) (*connection, error) { return openUntouched(ctx, r.engine, r.path) },
		func(context.Context) (*connection, error) { return nil, errReadOnly })
	return r, nil
}
