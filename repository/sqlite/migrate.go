package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// migrations are the steps from one version of the schema to the next. Their files' names sort in their order, and the
// first is that to version 1. One that has been released never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a file as Debrief's: "DBRF". https://sqlite.org/pragma.html#pragma_application_id
const applicationID = 0x44425246

// refusal says why a file is not opened. Nothing that the store could do makes it better.
type refusal string

func (r refusal) Error() string { return string(r) }

// migrate makes sure that the file is Debrief's, brings it to this version's schema, and refuses one that is unfinished,
// unless that is what is wanted.
func (r *Repository) migrate(ctx context.Context, unfinished bool) error {
	connection, err := connect(ctx, r.engine, r.path, busyPragma(), "synchronous = FULL")
	if err != nil {
		return err
	}
	if err = identify(ctx, connection); err == nil {
		if err = useLog(ctx, connection); err == nil {
			err = upgrade(ctx, connection)
		}
	}
	if err == nil && !unfinished {
		err = refuseUnfinished(ctx, connection)
	}

	return errors.Join(err, connection.close())
}

// identify refuses a file that another program has made. It changes nothing.
func identify(ctx context.Context, connection *connection) error {
	application, err := connection.number(ctx, "PRAGMA application_id")
	if err != nil {
		return err
	}
	tables, err := connection.number(ctx, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if application != applicationID && (application != 0 || tables != 0) {
		return refusal(fmt.Sprintf("it is the database of another program (application id %d, and Debrief's is %d)", application, applicationID))
	}
	return nil
}

// useLog switches to the write-ahead log, which the file remembers. SQLite does not wait for others here.
func useLog(ctx context.Context, connection *connection) error {
	for {
		err := connection.script(ctx, "PRAGMA journal_mode = WAL")
		if !isBusy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// migrationSteps are the files of the migrations, in their order.
func migrationSteps() ([]string, error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	slices.Sort(steps)
	return steps, err
}

// upgrade makes the steps that are missing, all in one transaction. Another process may be about to make them too.
func upgrade(ctx context.Context, connection *connection) error {
	steps, err := migrationSteps()
	if err != nil {
		return err
	}
	if err := connection.script(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := upgradeFrom(ctx, connection, steps); err != nil {
		return errors.Join(err, connection.script(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return connection.script(ctx, "COMMIT")
}

// versionOf is the version of a file's schema, which must not be newer than the newest that is known.
func versionOf(ctx context.Context, connection *connection, newest int) (int, error) {
	version, err := connection.number(ctx, "PRAGMA user_version")
	if err == nil && version > int64(newest) {
		err = refusal(fmt.Sprintf("a newer version of Debrief has written it (its schema is %d, and this version knows up to %d)", version, newest))
	}
	return int(version), err
}

func upgradeFrom(ctx context.Context, connection *connection, steps []string) error {
	version, err := versionOf(ctx, connection, len(steps))
	if err != nil {
		return err
	}
	for _, step := range steps[version:] {
		text, err := migrations.ReadFile(step)
		if err != nil {
			return err
		}
		if err := connection.script(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", step, err)
		}
	}
	return connection.script(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
}
