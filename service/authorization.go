package service

import (
	"context"
	"errors"
	"fmt"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/debriefhq/debrief/service/access"
)

const (
	// refusalsPerSecond and refusalsAtOnce bound the refusals that are written into the audit trail.
	refusalsPerSecond = 10
	refusalsAtOnce    = 100
)

// authorize lets a call through whose caller may make it.
func (s *Services) authorize(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	message, _ := request.(proto.Message)
	ctx, err := s.admitMethod(ctx, info.FullMethod, message)
	if err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

// authorizeStream does the same for streams, which change nothing.
func (s *Services) authorizeStream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, err := s.admitMethod(stream.Context(), info.FullMethod, nil)
	if err != nil {
		return err
	}
	return handler(service, &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx})
}

func (s *Services) admitMethod(ctx context.Context, method string, request proto.Message) (context.Context, error) {
	asked, known := permissions[method]
	if !known {
		return nil, permissionDenied("METHOD_NOT_PERMITTED", "%s is open to nobody", method)
	}
	return s.admit(ctx, method, asked, request)
}

// admit answers a context in which the caller is known, or why they may not do what they want to. A change is written into the audit
// trail before it is made, and not made where it can't be.
func (s *Services) admit(ctx context.Context, method string, asked permission, request proto.Message) (context.Context, error) {
	if asked.open {
		return ctx, nil
	}
	principal, err := s.base.authenticate(ctx)
	if err == nil && !principal.Role.Includes(asked.role) {
		err = roleRequired(principal, method, asked.role)
	}
	if err != nil {
		return nil, s.base.refuse(ctx, principal, method, request, err)
	}
	if err := s.base.limitCalls(principal); err != nil {
		return nil, err
	}
	nameless, err := s.base.isAnonymous(ctx, request)
	if err != nil {
		return nil, err
	}
	if asked.changes && s.base.access.Audit {
		if err := s.base.trail.write(ctx, s.base.auditRecord(ctx, principal, method, request, nameless)); err != nil {
			return nil, err
		}
	}
	if principal.By == access.ByAPIKey && !nameless {
		s.base.touchAPIKey(ctx, principal)
	}
	return access.WithPrincipal(ctx, principal), nil
}

func roleRequired(principal access.Principal, method string, role access.Role) error {
	has := "no role"
	if principal.Role != access.Nobody {
		has = "the role " + string(principal.Role)
	}
	return &stateError{
		Code: codes.PermissionDenied, Reason: "ROLE_REQUIRED", Metadata: map[string]string{"method": method, "role": string(role)},
		Message: fmt.Sprintf("%s is for the role %s and those above it: %s has %s", method, role, principal.Name, has),
	}
}

// isRefusal says whether somebody is refused for want of credentials or of a role.
func isRefusal(err error) bool {
	state, ok := errors.AsType[*stateError](err)
	return ok && (state.Code == codes.Unauthenticated || state.Code == codes.PermissionDenied)
}

// refuse counts a refusal, and writes it into the audit trail as long as there are not too many of them: nobody is to fill the store
// by being refused. It answers the error that it is given.
func (b *base) refuse(ctx context.Context, principal access.Principal, method string, request proto.Message, err error) error {
	state, _ := errors.AsType[*stateError](err)
	if !isRefusal(err) {
		return err
	}
	b.counts.refused(ctx, state.Reason)
	if !b.access.Audit || !b.refusals.AllowN(b.now(), 1) {
		return err
	}
	record := b.auditRecord(ctx, principal, method, request, mayBeAnonymous(request))
	record.Decision, record.Reason = decisionRefused, state.Reason
	if auditErr := b.trail.write(ctx, record); auditErr != nil {
		b.logger.WarnContext(ctx, "write a refusal into the audit trail", "error", auditErr)
	}
	return err
}
