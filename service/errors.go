package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// ErrorDomain is the domain of every google.rpc.ErrorInfo that Debrief sends.
const ErrorDomain = "debrief"

// violation says what is wrong with one field of a request.
type violation struct {
	Field, Problem string
}

// invalidError says what is wrong with a request.
type invalidError struct {
	// Reason is INVALID_ARGUMENT unless a program could want to tell it apart.
	Reason     string
	Violations []violation
}

// maxViolations bounds how many are told of in one answer: a small request can have thousands.
const maxViolations = 100

// told are the violations that an answer has.
func (e *invalidError) told() []violation {
	return e.Violations[:min(len(e.Violations), maxViolations)]
}

func (e *invalidError) Error() string {
	var parts []string
	for _, v := range e.told() {
		parts = append(parts, v.Field+": "+v.Problem)
	}
	if left := len(e.Violations) - len(parts); left > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(parts, "; ")
}

func invalid(field, format string, args ...any) error {
	return &invalidError{Violations: []violation{{Field: field, Problem: fmt.Sprintf(format, args...)}}}
}

// stateError says that a request is in order, but not now.
type stateError struct {
	Code     codes.Code
	Reason   string
	Message  string
	Metadata map[string]string
	// Retry is after how long it may be in order; zero: nobody knows.
	Retry time.Duration
}

func (e *stateError) Error() string { return e.Message }

// details say when to try again.
func (e *stateError) details() []protoadapt.MessageV1 {
	if e.Retry == 0 {
		return nil
	}
	return []protoadapt.MessageV1{&errdetails.RetryInfo{RetryDelay: durationpb.New(e.Retry)}}
}

func failedPrecondition(reason, format string, args ...any) error {
	return &stateError{Code: codes.FailedPrecondition, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// tooMany says that what is asked for is in order, and that there is too much of it now.
func tooMany(reason, format string, args ...any) error {
	return &stateError{Code: codes.ResourceExhausted, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// stopping ends what would go on as long as the server does.
func stopping() error {
	return &stateError{Code: codes.Unavailable, Reason: "STOPPING", Message: "the server is stopping: try another one, or later"}
}

func unauthenticated(reason, message string) error {
	return &stateError{Code: codes.Unauthenticated, Reason: reason, Message: message}
}

func permissionDenied(reason, format string, args ...any) error {
	return &stateError{Code: codes.PermissionDenied, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// overloaded says that something is to be tried again later.
func overloaded(reason, message string) error {
	return &stateError{Code: codes.Unavailable, Reason: reason, Message: message}
}

func notFound(name string) error {
	return &stateError{
		Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND",
		Message: name + " does not exist", Metadata: map[string]string{"resource": name},
	}
}

// reasonExists is the reason of an id that is taken.
const reasonExists = "RESOURCE_ALREADY_EXISTS"

func alreadyExists(name string) error {
	return &stateError{
		Code: codes.AlreadyExists, Reason: reasonExists,
		Message: name + " exists already: choose another id; a deleted one keeps its id until it is purged", Metadata: map[string]string{"resource": name},
	}
}

func etagMismatch(name string) error {
	return &stateError{
		Code: codes.Aborted, Reason: "ETAG_MISMATCH",
		Message:  name + " has changed since the etag was read: read it again",
		Metadata: map[string]string{"resource": name},
	}
}

// repositoryErrors are the codes and messages of what a store may answer.
var repositoryErrors = []struct {
	cause           error
	code            codes.Code
	reason, message string
}{
	{repository.ErrNotFound, codes.NotFound, "RESOURCE_NOT_FOUND", "there is no such resource"},
	{repository.ErrAlreadyExists, codes.AlreadyExists, "RESOURCE_ALREADY_EXISTS", "there is such a resource already"},
	{repository.ErrConflict, codes.Aborted, "CONFLICT", "others changed the resource at the same time: try again"},
	{repository.ErrUnavailable, codes.Unavailable, "STORE_UNAVAILABLE", "the store can't be reached now: try again later"},
	{repository.ErrResourceExhausted, codes.ResourceExhausted, "STORE_EXHAUSTED", "the store is full, or the resource too large for it"},
	{context.DeadlineExceeded, codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "the call did not end before its deadline"},
	{context.Canceled, codes.Canceled, "CANCELED", "the caller went away"},
}

// toStatus is the answer to a caller: a canonical code and google.rpc details, never an internal cause.
func toStatus(ctx context.Context, logger *slog.Logger, err error) error {
	var (
		bad     *invalidError
		state   *stateError
		step    *lifecycle.TransitionError
		order   *lifecycle.OrderError
		already interface{ GRPCStatus() *status.Status }
	)
	switch {
	case errors.As(err, &bad):
		return bad.status()
	case errors.As(err, &state):
		return newStatus(state.Code, state.Reason, state.Message, state.Metadata, state.details()...)
	case errors.As(err, &step):
		return newStatus(codes.FailedPrecondition, "ILLEGAL_STATE", step.Error(), map[string]string{
			"state": step.State, "verb": step.Verb, "legal_states": strings.Join(step.Legal, ","),
		})
	case errors.As(err, &order):
		return orderStatus(order)
	case errors.As(err, &already):
		return err
	}
	for _, known := range repositoryErrors {
		if errors.Is(err, known.cause) {
			if known.code != codes.Canceled && known.code != codes.NotFound {
				logger.WarnContext(ctx, "call failed", "code", known.code.String(), "error", err)
			}
			return newStatus(known.code, known.reason, known.message, nil)
		}
	}
	logger.ErrorContext(ctx, "internal error", "error", err)
	return newStatus(codes.Internal, "INTERNAL", "an internal error, which the server's log tells about", nil)
}

// ToStatus is the gRPC status error that a caller of the API would see for an error of this package.
func (s *Services) ToStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return toStatus(ctx, s.base.logger, err)
}

func (e *invalidError) status() error {
	request := &errdetails.BadRequest{}
	for _, v := range e.told() {
		request.FieldViolations = append(request.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Description: v.Problem,
		})
	}
	reason := cmp.Or(e.Reason, "INVALID_ARGUMENT")
	return newStatus(codes.InvalidArgument, reason, e.Error(), nil, request)
}

func orderStatus(order *lifecycle.OrderError) error {
	problem := order.Error()
	return newStatus(codes.InvalidArgument, "MILESTONES_OUT_OF_ORDER", problem,
		map[string]string{"earlier": order.Earlier.String(), "later": order.Later.String()},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "milestones." + order.Earlier.Field(), Description: problem},
			{Field: "milestones." + order.Later.Field(), Description: problem},
		}})
}

func newStatus(code codes.Code, reason, message string, metadata map[string]string, details ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: ErrorDomain, Metadata: maps.Clone(metadata)}
	answer, err := status.New(code, strings.ToValidUTF8(message, "\uFFFD")).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil {
		return status.Error(codes.Internal, "an internal error: its details can't be sent")
	}
	return answer.Err()
}
