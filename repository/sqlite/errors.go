package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/debriefhq/debrief/repository"
)

// errClosed is answered after Close.
var errClosed = fmt.Errorf("%w: it is closed", repository.ErrUnavailable)

// primaryCode is the lower byte of SQLite's extended result codes: https://sqlite.org/rescode.html
const primaryCode = 0xff

// refusalOr is for errors of opening a file: it leaves a refusal as it is, and translates any other error.
func refusalOr(ctx context.Context, err error) error {
	if refused, ok := errors.AsType[refusal](err); ok {
		return refused
	}
	if isNoDatabase(err) {
		return refusal("it is no SQLite database")
	}
	return translate(ctx, err)
}

// translate makes an error one of those that a store may answer. An error of the function given to Update is none of the
// store's, and stays as it is.
func translate(ctx context.Context, err error) error {
	if own, ok := errors.AsType[changeError](err); ok {
		return own.error
	}
	if err == nil || answers(err) {
		return err
	}
	code, ok := resultCode(err)
	if !ok {
		return fmt.Errorf("%w: %w", repository.ErrUnavailable, err)
	}
	switch code {
	case lib.SQLITE_INTERRUPT:
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return fmt.Errorf("%w: %w", repository.ErrUnavailable, err)
	case lib.SQLITE_FULL, lib.SQLITE_NOMEM, lib.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", repository.ErrResourceExhausted, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_FORMAT:
		return fmt.Errorf("%w: %w", repository.ErrCorrupt, err)
	default:
		return fmt.Errorf("%w: %w", repository.ErrUnavailable, err)
	}
}

// answers says whether the error is one that a store may answer.
func answers(err error) bool {
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded,
		repository.ErrNotFound, repository.ErrAlreadyExists, repository.ErrConflict, repository.ErrUnavailable,
		repository.ErrResourceExhausted, repository.ErrCorrupt,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func resultCode(err error) (int, bool) {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0, false
	}
	return failure.Code() & primaryCode, true
}

// isNoDatabase says that the file is none of SQLite's.
func isNoDatabase(err error) bool {
	code, _ := resultCode(err)
	return code == lib.SQLITE_NOTADB
}

// isDamage says that the file can't be read for what is in it.
func isDamage(err error) bool {
	code, _ := resultCode(err)
	return code == lib.SQLITE_CORRUPT || code == lib.SQLITE_NOTADB || code == lib.SQLITE_FORMAT
}

// isBusy says that another process holds the lock.
func isBusy(err error) bool {
	code, ok := resultCode(err)
	return ok && (code == lib.SQLITE_BUSY || code == lib.SQLITE_LOCKED)
}

// isOwnFault says that a statement failed for what it is or was given, and not for the state that the file is in: others
// in its transaction would have gone through without it.
func isOwnFault(err error) bool {
	code, ok := resultCode(err)
	if !ok {
		return err != nil && !errors.Is(err, context.Canceled)
	}
	switch code {
	case lib.SQLITE_ERROR, lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_MISUSE, lib.SQLITE_RANGE, lib.SQLITE_TOOBIG:
		return true
	default:
		return false
	}
}

// isFailure says that the store did not do what it is for.
func isFailure(err error) bool {
	return errors.Is(err, repository.ErrUnavailable) || errors.Is(err, repository.ErrResourceExhausted) ||
		errors.Is(err, repository.ErrCorrupt)
}

// kind names the kind of a failure.
func kind(err error) string {
	switch {
	case errors.Is(err, repository.ErrResourceExhausted):
		return "exhausted"
	case errors.Is(err, repository.ErrCorrupt):
		return "corrupt"
	default:
		return "unavailable"
	}
}
