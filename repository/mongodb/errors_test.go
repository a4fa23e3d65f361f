package mongodb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/debriefhq/debrief/repository"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // The context is part of the case.
		err  error
		want error
	}{
		{"none", t.Context(), nil, nil},
		{"none although the context has ended", ended, nil, nil},
		{"the caller has gone", ended, mongo.CommandError{Code: 11601}, context.Canceled},
		{"no server within the driver's own bound", t.Context(), topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, repository.ErrUnavailable},
		{"disconnected", t.Context(), mongo.ErrClientDisconnected, repository.ErrUnavailable},
		{"connection lost", t.Context(), mongo.CommandError{Labels: []string{"NetworkError"}}, repository.ErrUnavailable},
		{"not allowed", t.Context(), mongo.CommandError{Code: 13}, repository.ErrUnavailable},
		{"not there", t.Context(), mongo.ErrNoDocuments, repository.ErrNotFound},
		{"duplicate", t.Context(), mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000}}}, repository.ErrAlreadyExists},
		{"too large for the driver", t.Context(), driver.ErrDocumentTooLarge, repository.ErrResourceExhausted},
		{"too large for the engine", t.Context(), mongo.CommandError{Code: codeObjectTooLarge}, repository.ErrResourceExhausted},
		{"disk full", t.Context(), mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: codeOutOfDiskSpace}}}, repository.ErrResourceExhausted},
		{"disk full, in an engine's own words", t.Context(), mongo.CommandError{Code: 1, Message: "could not extend file: No space left on device"}, repository.ErrResourceExhausted},
		{"unreadable", t.Context(), corrupt(errors.New("cannot decode")), repository.ErrCorrupt},
		{"translated already", ended, fmt.Errorf("wrapped: %w", repository.ErrConflict), repository.ErrConflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := translate(test.ctx, test.err)
			if !errors.Is(got, test.want) {
				t.Fatalf("translate(%v) = %v, want %v", test.err, got, test.want)
			}
			kinds := 0
			for _, kind := range append(known, context.Canceled, context.DeadlineExceeded) {
				if errors.Is(got, kind) {
					kinds++
				}
			}
			if test.want != nil && kinds != 1 {
				t.Errorf("translate(%v) = %v is of %d kinds, want one", test.err, got, kinds)
			}
		})
	}
}

func TestEntangledCommandsAreKnown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"none":                        {nil, false},
		"a conflict of MongoDB's":     {mongo.CommandError{Code: codeWriteConflict}, true},
		"a deadlock below the engine": {mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: mongo.WriteError{Message: "deadlock detected"}}}}, true},
		"a duplicate":                 {mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000}}}, false},
		"something else":              {errors.New("deadlock detected"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := isEntangled(test.err); got != test.want {
				t.Errorf("isEntangled(%v) = %v, want %v", test.err, got, test.want)
			}
		})
	}
}
