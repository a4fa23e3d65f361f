package repository

import "errors"

// These are all that a store may answer, beside context.Canceled and context.DeadlineExceeded. Each wraps its cause.
var (
	// ErrNotFound says that there is no such resource.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyExists says that the id is taken.
	ErrAlreadyExists = errors.New("already exists")
	// ErrConflict says that others changed the resource again and again, or that it is not ready for the step.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable says that the store can't be reached or does not work now; the call may be repeated later.
	ErrUnavailable = errors.New("store unavailable")
	// ErrResourceExhausted says that the store is full, or the resource is too large for it.
	ErrResourceExhausted = errors.New("store exhausted")
	// ErrCorrupt says that something stored can't be read; no repetition helps.
	ErrCorrupt = errors.New("stored data unreadable")

	// ErrUnchanged is returned by the function given to Update, to store nothing.
	ErrUnchanged = errors.New("unchanged")
)
