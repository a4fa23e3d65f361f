package main

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The exit codes. The help of the root command documents them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitInvalid     = 5
	exitUnreachable = 6
	exitExhausted   = 7
	exitDenied      = 8
	exitInterrupted = 130
)

const exitCodesHelp = `Exit codes:
  0    it was done
  1    it failed in a way that has no code of its own; with lint and doctor: there are findings
  2    the command line or an environment variable makes no sense; with lint: something could not be checked
  3    there is no such resource
  4    not now: the resource's state does not allow it, or somebody else changed it meanwhile
  5    the server refused a value
  6    the server could not be reached, or did not answer in time
  7    too much: a limit of the server or its store was hit
  8    not allowed
  130  interrupted`

// usageError says that the command line makes no sense.
type usageError struct{ cause error }

func (e *usageError) Error() string { return e.cause.Error() }
func (e *usageError) Unwrap() error { return e.cause }

func usagef(format string, arguments ...any) error {
	return &usageError{fmt.Errorf(format, arguments...)}
}

// errFindings says that a check found something. All is told by then.
var errFindings = errors.New("there are findings")

// uncheckedError says that something could not be checked, which must not look like findings.
type uncheckedError struct{ cause error }

func (e *uncheckedError) Error() string { return e.cause.Error() }
func (e *uncheckedError) Unwrap() error { return e.cause }

// errInterrupted says that a signal ended the command.
var errInterrupted = errors.New("interrupted")

var exitCodes = map[codes.Code]int{
	codes.NotFound:           exitNotFound,
	codes.AlreadyExists:      exitConflict,
	codes.Aborted:            exitConflict,
	codes.FailedPrecondition: exitConflict,
	codes.InvalidArgument:    exitInvalid,
	codes.OutOfRange:         exitInvalid,
	codes.Unavailable:        exitUnreachable,
	codes.DeadlineExceeded:   exitUnreachable,
	codes.ResourceExhausted:  exitExhausted,
	codes.PermissionDenied:   exitDenied,
	codes.Unauthenticated:    exitDenied,
	codes.Canceled:           exitInterrupted,
}

func exitCode(err error) int {
	if errors.As(err, new(*usageError)) {
		return exitUsage
	}
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	if errors.As(err, new(*uncheckedError)) {
		return exitUsage
	}
	if refused, ok := errors.AsType[*intakeError](err); ok {
		return refused.code
	}
	if answer, ok := statusOf(err); ok {
		if code, known := exitCodes[answer.Code()]; known {
			return code
		}
	}
	return exitFailure
}

// statusOf is the server's answer as it came, without what was wrapped around it on the way.
func statusOf(err error) (*status.Status, bool) {
	var answer interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &answer) {
		return nil, false
	}
	return answer.GRPCStatus(), true
}
