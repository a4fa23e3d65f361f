package service

import (
	"context"

	"google.golang.org/grpc"

	"github.com/debriefhq/debrief/service/access"
)

// MethodRoles are the least roles that may call methods, by the methods' full names.
func MethodRoles() map[string]access.Role {
	roles := map[string]access.Role{}
	for name, permission := range permissions {
		roles[name] = permission.role
	}
	return roles
}

// MethodChanges says whether a method changes something.
func MethodChanges(name string) bool { return permissions[name].changes }

// RefusalsAtOnce is how many refusals are written into the audit trail at once.
const RefusalsAtOnce = refusalsAtOnce

// Admit is what lets a call of a method through.
func Admit(ctx context.Context, services *Services, method string) (context.Context, error) {
	return services.admitMethod(ctx, method, nil)
}

// Shed is what sends calls away when there are too many.
func (s *Services) Shed(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return s.shed(ctx, request, info, handler)
}

// MaxAuditPages is how many pages of the trail are read for one answer.
const MaxAuditPages = maxAuditPages

// MaxRestricted is how many incidents can be restricted at a time.
const MaxRestricted = maxRestricted

// MaxWatchesOfOne is how often one principal can watch the feed at the same time.
const MaxWatchesOfOne = maxWatchesOfOne
