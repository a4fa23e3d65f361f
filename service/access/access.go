// Package access says who somebody is to Debrief, and what the roles may do.
package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Role is what somebody may do. Each but Integration may do all that those before it may. The names are those of the API, without
// the prefix.
type Role string

const (
	// Nobody has no role: what needs none is all that they may do.
	Nobody Role = ""
	// Integration delivers alerts, and does nothing else.
	Integration Role = "INTEGRATION"
	// Viewer reads.
	Viewer Role = "VIEWER"
	// Responder works on incidents, on their timelines, and on what follows from them.
	Responder Role = "RESPONDER"
	// Facilitator leads reviews, publishes, and takes away.
	Facilitator Role = "FACILITATOR"
	// Admin says who may call, what comes in and what goes out, and reads the audit trail.
	Admin Role = "ADMIN"
)

// ranks are the roles of those who call the API, the lesser first.
var ranks = []Role{Viewer, Responder, Facilitator, Admin}

// ParseRole reads a role as people write it: "responder".
func ParseRole(text string) (Role, error) {
	role := Role(strings.ToUpper(strings.TrimSpace(text)))
	if !slices.Contains(ranks, role) {
		return Nobody, fmt.Errorf("%q is no role: want viewer, responder, facilitator or admin", text)
	}
	return role, nil
}

// Includes says whether who has the role may do what another one allows. Everybody may do what Nobody may; what Integration may
// do is no part of other roles.
func (r Role) Includes(other Role) bool {
	switch other {
	case Nobody:
		return true
	case Integration:
		return r == Integration
	default:
		return slices.Index(ranks, r) >= slices.Index(ranks, other) && slices.Contains(ranks, other)
	}
}

// Greatest is the role that includes the others; Nobody where there are none.
func Greatest(roles ...Role) Role {
	greatest := Nobody
	for _, role := range roles {
		if slices.Index(ranks, role) > slices.Index(ranks, greatest) {
			greatest = role
		}
	}
	return greatest
}

// How somebody has shown who they are.
const (
	// ByNothing is where nobody has to.
	ByNothing = ""
	// ByAPIKey is by an API key.
	ByAPIKey = "API_KEY"
	// ByIntegrationKey is by the key of an integration.
	ByIntegrationKey = "INTEGRATION_KEY"
	// ByToken is by a token of an OpenID provider.
	ByToken = "TOKEN"
	// ByCertificate is by a certificate of TLS.
	ByCertificate = "CERTIFICATE"
)

// Principal is who calls.
type Principal struct {
	// Name is unique among those who call: `apiKeys/ci`, or what an OpenID provider calls a person. Empty: nobody knows.
	Name string
	// Role is what they may do.
	Role Role
	// Teams are those that they belong to, sorted.
	Teams []string
	// By is how they have shown who they are.
	By string
	// ActsForOthers lets them say for whom they call.
	ActsForOthers bool
	// LastUsed is when it was noted last that they called; zero where that is not noted.
	LastUsed time.Time
}

// Among says whether the principal is one of the people, or in one of the teams.
func (p Principal) Among(people, teams []string) bool {
	return p.Name != "" && slices.Contains(people, p.Name) ||
		slices.ContainsFunc(teams, func(team string) bool { return slices.Contains(p.Teams, team) })
}

type principalKey struct{}

// WithPrincipal is a context in which the principal calls.
func WithPrincipal(ctx context.Context, principal Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, principal)
}

// PrincipalOf is who calls; false where a call has not come so far, or Debrief itself is at work.
func PrincipalOf(ctx context.Context) (Principal, bool) {
	principal, ok := ctx.Value(principalKey{}).(Principal)
	return principal, ok
}

type addressKey struct{}

// WithAddress is a context of a call that comes from an address.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// AddressOf is where a call comes from; empty where that is not known.
func AddressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// CredentialsError says why a token is not taken, as its owner may read it.
type CredentialsError struct {
	// Problem is what is wrong with it, and what would be right.
	Problem string
}

// Error is what to tell who sent it.
func (e *CredentialsError) Error() string { return e.Problem }
