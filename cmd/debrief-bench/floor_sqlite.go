package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	_ "modernc.org/sqlite" // Registers the driver that Debrief's store uses.
)

// sqliteFloor is a plain table with a key and a document, in a file with a write-ahead log that is synchronised at each
// commit. One connection writes, as SQLite lets nobody else in anyway; as many read as there are processors, which was
// seen to be the fastest.
type sqliteFloor struct {
	writer, reader *sql.DB
	inserts, finds *sql.Stmt
	documents      [][]byte
}

func openSQLiteFloor(ctx context.Context, path string) (_ *sqliteFloor, err error) {
	f := &sqliteFloor{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open the bare SQLite: %w", err), f.close(ctx))
		}
	}()
	const durable = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"
	if f.writer, err = sql.Open("sqlite", "file:"+path+durable); err != nil {
		return f, err
	}
	if f.reader, err = sql.Open("sqlite", "file:"+path+durable); err != nil {
		return f, err
	}
	f.writer.SetMaxOpenConns(1)
	f.reader.SetMaxOpenConns(runtime.NumCPU())
	f.reader.SetMaxIdleConns(runtime.NumCPU())
	if _, err = f.writer.ExecContext(ctx, "CREATE TABLE documents (id TEXT PRIMARY KEY, document TEXT NOT NULL)"); err != nil {
		return f, err
	}
	if f.inserts, err = f.writer.PrepareContext(ctx, "INSERT INTO documents (id, document) VALUES (?, ?)"); err != nil {
		return f, err
	}
	if f.finds, err = f.reader.PrepareContext(ctx, "SELECT document FROM documents WHERE id = ?"); err != nil {
		return f, err
	}
	f.documents, err = documents()
	return f, err
}

func (f *sqliteFloor) insert(ctx context.Context, id string, number int64) error {
	_, err := f.inserts.ExecContext(ctx, id, f.documents[number%variants])
	return err
}

func (f *sqliteFloor) find(ctx context.Context, id string) error {
	var document []byte
	if err := f.finds.QueryRowContext(ctx, id).Scan(&document); err != nil {
		return err
	}
	if len(document) == 0 {
		return errNotFound
	}
	return nil
}

func (f *sqliteFloor) close(context.Context) error {
	var problems []error
	for _, statement := range []*sql.Stmt{f.inserts, f.finds} {
		if statement != nil {
			problems = append(problems, statement.Close())
		}
	}
	for _, database := range []*sql.DB{f.reader, f.writer} {
		if database != nil {
			problems = append(problems, database.Close())
		}
	}
	return errors.Join(problems...)
}
