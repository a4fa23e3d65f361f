package service

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"buf.build/go/protovalidate"
	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/debriefhq/debrief/service/access"
)

// ActorHeader is the gRPC metadata key, and the HTTP header, with which callers name themselves.
const ActorHeader = "debrief-actor"

// ActorBinaryHeader is the gRPC metadata key for names beyond ASCII, in UTF-8: https://grpc.io/docs/guides/metadata
const ActorBinaryHeader = ActorHeader + "-bin"

const maxActor = 128

type actorKey struct{}

// WithActor is a context in which the actor is at work. Empty: somebody who did not say who they are.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actor(ctx context.Context) string {
	name, _ := ctx.Value(actorKey{}).(string)
	return name
}

// Interceptors are what every call passes, in this order: errors become statuses, there is room
// for another call, the caller is known and may call the method, for whom they call is read from the metadata, and the request is held against the rules in its proto.
func (s *Services) Interceptors() ([]grpc.UnaryServerInterceptor, error) {
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("prepare validation: %w", err)
	}
	return []grpc.UnaryServerInterceptor{s.mapErrors, s.shed, s.authorize, identify, validate(validator)}, nil
}

// StreamInterceptors are the same for streams.
func (s *Services) StreamInterceptors() ([]grpc.StreamServerInterceptor, error) {
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("prepare validation: %w", err)
	}
	return []grpc.StreamServerInterceptor{s.mapStreamErrors, s.authorizeStream, identifyAndValidateStream(validator)}, nil
}

func (s *Services) mapStreamErrors(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return s.ToStatus(stream.Context(), handler(service, stream))
}

func identifyAndValidateStream(validator protovalidate.Validator) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := identified(stream.Context())
		if err != nil {
			return err
		}
		return handler(service, checkedStream{&middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}, validator})
	}
}

// checkedStream is a stream of a caller who is identified, whose messages are held against the rules in their proto.
type checkedStream struct {
	*middleware.WrappedServerStream

	validator protovalidate.Validator
}

// RecvMsg receives a message.
func (s checkedStream) RecvMsg(message any) error {
	if err := s.WrappedServerStream.RecvMsg(message); err != nil {
		return err
	}
	if request, ok := message.(proto.Message); ok {
		return check(s.validator, request)
	}
	return nil
}

func (s *Services) mapErrors(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	if err != nil {
		return nil, s.ToStatus(ctx, err)
	}
	return answer, nil
}

func identify(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, err := identified(ctx)
	if err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

// identified is a context in which somebody is at work: the caller, unless nobody knows who that is, or they may say for whom they call.
func identified(ctx context.Context) (context.Context, error) {
	principal, _ := access.PrincipalOf(ctx)
	if principal.Name != "" {
		ctx = WithActor(ctx, cut(principal.Name, maxActor))
		if !principal.ActsForOthers {
			return ctx, nil
		}
	}
	values := append(metadata.ValueFromIncomingContext(ctx, ActorHeader), metadata.ValueFromIncomingContext(ctx, ActorBinaryHeader)...)
	if len(values) == 0 {
		return ctx, nil
	}
	if err := checkActor(values); err != nil {
		return nil, err
	}
	return WithActor(ctx, values[0]), nil
}

func checkActor(values []string) error {
	if len(values) > 1 {
		return invalid(ActorHeader, "is given %d times: give it once", len(values))
	}
	if len(values[0]) > maxActor {
		return invalid(ActorHeader, "has %d bytes: at most %d are allowed", len(values[0]), maxActor)
	}
	for _, r := range values[0] {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return invalid(ActorHeader, "may have printable characters only")
		}
	}
	return nil
}

func validate(validator protovalidate.Validator) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		message, ok := request.(proto.Message)
		if !ok {
			return handler(ctx, request)
		}
		if err := check(validator, message); err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
}

// check holds a request against the rules in its proto: those of protovalidate, and the fields that must be there.
func check(validator protovalidate.Validator, request proto.Message) error {
	violations := missing(request)
	var broken *protovalidate.ValidationError
	err := validator.Validate(request)
	switch {
	case errors.As(err, &broken):
		violations = append(violations, brokenRules(broken, violations)...)
	case err != nil:
		return fmt.Errorf("validate: %w", err)
	}
	if len(violations) > 0 {
		return &invalidError{Violations: violations}
	}
	return nil
}

// brokenRules are the violations of rules, but for those of fields that are known to be missing.
func brokenRules(broken *protovalidate.ValidationError, known []violation) []violation {
	seen := map[string]bool{}
	for _, v := range known {
		seen[v.Field] = true
	}
	var violations []violation
	for _, v := range broken.Violations {
		field := protovalidate.FieldPathString(v.Proto.GetField())
		if !seen[field] {
			violations = append(violations, violation{Field: field, Problem: v.Proto.GetMessage()})
		}
	}
	return violations
}
