package service

import (
	"context"

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
