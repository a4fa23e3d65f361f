package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"

	"github.com/debriefhq/debrief/repository"
)

// Codes of the server, from its error_codes.yml.
const (
	codeWriteConflict       = 112
	codeExceededMemoryLimit = 146
	codeObjectTooLarge      = 10334
	codeOutOfDiskSpace      = 14031
	codeExceededQuota       = 12501
)

// known are the errors that are translated already.
var known = []error{
	repository.ErrNotFound, repository.ErrAlreadyExists, repository.ErrConflict, repository.ErrUnavailable,
	repository.ErrResourceExhausted, repository.ErrCorrupt,
}

// translate makes one of the repository's errors, or the context's, of what the driver answered. It is the only place
// that knows the driver's errors.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	for _, kind := range known {
		if errors.Is(err, kind) {
			return err
		}
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%w: %w", ended, err)
	}
	kind := kindOf(err)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		// It is a bound of the driver's or of this package's that was reached, not the caller's.
		return fmt.Errorf("%w: %s", kind, err.Error())
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func kindOf(err error) error {
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return repository.ErrNotFound
	case mongo.IsDuplicateKeyError(err):
		return repository.ErrAlreadyExists
	case isExhausted(err):
		return repository.ErrResourceExhausted
	default:
		return repository.ErrUnavailable
	}
}

// isExhausted says whether something is too large, or the engine has no room left. Engines that are not MongoDB may
// answer the latter in the words of the operating system only.
func isExhausted(err error) bool {
	if errors.Is(err, driver.ErrDocumentTooLarge) {
		return true
	}
	var answer mongo.ServerError
	if !errors.As(err, &answer) {
		return false
	}
	codes := []int{codeExceededMemoryLimit, codeObjectTooLarge, codeOutOfDiskSpace, codeExceededQuota}
	return slices.ContainsFunc(codes, answer.HasErrorCode) || strings.Contains(answer.Error(), "No space left on device")
}

// isEntangled says whether the engine gave a command up because it and another one waited for each other. An engine on
// PostgreSQL has no code for it.
func isEntangled(err error) bool {
	if err == nil {
		return false
	}
	var answer mongo.ServerError
	return errors.As(err, &answer) && (answer.HasErrorCode(codeWriteConflict) || strings.Contains(answer.Error(), "deadlock detected"))
}

// corrupt says that something stored can't be read.
func corrupt(err error) error { return fmt.Errorf("%w: %w", repository.ErrCorrupt, err) }

// writeErrors are the errors of the single documents of an insertMany, by their place; false where the command failed as
// a whole, so that nothing is known of them.
func writeErrors(err error) (map[int]error, bool) {
	var failed mongo.BulkWriteException
	if !errors.As(err, &failed) || failed.WriteConcernError != nil || len(failed.WriteErrors) == 0 {
		return nil, false
	}
	errs := make(map[int]error, len(failed.WriteErrors))
	for _, one := range failed.WriteErrors {
		errs[one.Index] = fmt.Errorf("%w: %w", kindOf(one.WriteError), one.WriteError)
	}
	return errs, true
}

func isNotFound(err error) bool { return errors.Is(err, repository.ErrNotFound) }
