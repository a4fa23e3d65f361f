package service

import (
	"cmp"
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Practice implements PracticeService.
type Practice struct {
	debriefv1.UnimplementedPracticeServiceServer
	*base
}

// builtInID is the id of what is built in: everybody can read it, and nobody can change it.
const builtInID = "default"

// changeable answers nil where the resource is not built in.
func changeable(name string) error {
	if lastID(name) != builtInID {
		return nil
	}
	return &stateError{
		Code: codes.FailedPrecondition, Reason: "BUILT_IN", Message: name + " is built in and stays as it is: create one of your own under another id",
		Metadata: map[string]string{"resource": name},
	}
}

// newOfItsOwn says no where a resource is to have the id of what is built in.
func newOfItsOwn(name string) error {
	if lastID(name) == builtInID {
		return alreadyExists(name)
	}
	return nil
}

// createNamed stores a resource under the id that its caller has chosen, or only says what it would be.
func createNamed[T any](ctx context.Context, b *base, schema repository.Schema[T], collection repository.Collection[T], resource T, name, event string, validateOnly bool) (T, error) {
	header := schema.Header(&resource)
	if validateOnly {
		if _, err := collection.Get(ctx, header.ID); !errors.Is(err, repository.ErrNotFound) {
			return resource, cmp.Or(err, alreadyExists(name))
		}
		return resource, nil
	}
	effects := repository.Effects{Events: []repository.Event{b.event(ctx, event, name, "", 1, header.CreateTime, nil)}}
	stored, _, err := create(ctx, schema, collection, resource, effects)
	if errors.Is(err, repository.ErrAlreadyExists) {
		return stored, alreadyExists(name)
	}
	return stored, err
}

// namedHeader begins a resource under the id that its caller has chosen.
func (b *base) namedHeader(id, requestID string, request proto.Message) (repository.Header, error) {
	header, err := b.newHeader(b.present(), requestID, request)
	header.ID = id
	return header, err
}

// problemsOf are the problems that an idea's package has found, as violations of the fields of a request.
func problemsOf[P any](message string, problems []P, read func(P) (field, text string)) error {
	return &invalidError{Violations: each(problems, func(problem P) violation {
		field, text := read(problem)
		return violation{Field: message + "." + field, Problem: text}
	})}
}
