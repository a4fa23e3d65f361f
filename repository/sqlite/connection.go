package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"modernc.org/sqlite"
)

// maxStatements bounds how many prepared statements a connection keeps.
const maxStatements = 200

// connection is one connection to the file, for one goroutine at a time. It speaks to the driver itself and not through
// database/sql: that would start a goroutine for each query of a context that can end, and look each statement up again.
type connection struct {
	driver     driverConnection
	statements map[string]statement
	arguments  []driver.NamedValue
}

type driverConnection interface {
	driver.Conn
	driver.ExecerContext
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// location is the URI of a file: https://sqlite.org/uri.html
func location(path, parameters string) string {
	name := url.URL{Scheme: "file", Path: path, RawQuery: parameters}
	return name.String()
}

// connect opens the file, which must be there.
func connect(ctx context.Context, engine *sqlite.Driver, path string, pragmas ...string) (*connection, error) {
	return connectAt(ctx, engine, location(path, "mode=rw"), pragmas...)
}

// connectAt opens the file at a location.
func connectAt(ctx context.Context, engine *sqlite.Driver, location string, pragmas ...string) (*connection, error) {
	opened, err := engine.Open(location)
	if err != nil {
		return nil, err
	}
	speaking, ok := opened.(driverConnection)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver connection is a %T", opened), opened.Close())
	}
	c := &connection{driver: speaking, statements: map[string]statement{}}
	for _, pragma := range pragmas {
		if err := c.script(ctx, "PRAGMA "+pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *connection) close() error {
	var errs []error
	for _, prepared := range c.statements {
		errs = append(errs, prepared.Close())
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

// script executes any number of statements, which are not kept.
func (c *connection) script(ctx context.Context, text string) error {
	_, err := c.driver.ExecContext(ctx, text, nil)
	return err
}

// exec executes a statement, and says how many rows it changed. A context that can end costs a goroutine.
func (c *connection) exec(ctx context.Context, text string, values ...driver.Value) (int64, error) {
	prepared, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := prepared.ExecContext(ctx, c.bind(values))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query executes a statement, and hands on each row that it gives, until each returns errEnough. The slice is the row's
// only until each returns; its values may be kept. A context that can end costs a goroutine.
func (c *connection) query(ctx context.Context, text string, values []driver.Value, each func([]driver.Value) error) error {
	prepared, err := c.prepare(text)
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, c.bind(values))
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for err == nil {
		if err = rows.Next(row); err == nil {
			err = each(row)
		}
	}
	if err == io.EOF || err == errEnough { //nolint:errorlint // The values themselves are returned.
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// number executes a statement that gives one number; NULL is 0.
func (c *connection) number(ctx context.Context, text string, values ...driver.Value) (int64, error) {
	var number int64
	err := c.query(ctx, text, values, func(row []driver.Value) error {
		number, _ = row[0].(int64)
		return nil
	})
	return number, err
}

func (c *connection) prepare(text string) (statement, error) {
	if prepared, ok := c.statements[text]; ok {
		return prepared, nil
	}
	if err := c.forget(); err != nil {
		return nil, err
	}
	made, err := c.driver.Prepare(text)
	if err != nil {
		return nil, err
	}
	prepared, ok := made.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver statement is a %T", made), made.Close())
	}
	c.statements[text] = prepared
	return prepared, nil
}

// forget makes room for another statement, where there is none.
func (c *connection) forget() error {
	for text, prepared := range c.statements {
		if len(c.statements) < maxStatements {
			return nil
		}
		delete(c.statements, text)
		if err := prepared.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) bind(values []driver.Value) []driver.NamedValue {
	c.arguments = c.arguments[:0]
	for i, value := range values {
		c.arguments = append(c.arguments, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return c.arguments
}
