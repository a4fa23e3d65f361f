package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/oidc"
)

// OIDCOptions say whose tokens of OpenID Connect are taken, and how one logs in to get some.
type OIDCOptions struct {
	// Issuer is the provider's URL, the same as in its tokens. Empty: no tokens are taken.
	Issuer string
	// Audiences are whom a token may be for. Required with an Issuer.
	Audiences []string
	// RoleClaim, TeamClaim and UserClaim are the claims that tell of somebody's roles, teams and name; see oidc.Options.
	RoleClaim, TeamClaim, UserClaim string
	// Roles are pairs of a value of RoleClaim and the role that it gives, such as `sre=responder`.
	Roles []string
	// DefaultRole is the role of those whom Roles give none. Empty: they may do nothing.
	DefaultRole string
	// ClientID is the client as which debrief login asks the provider, and Scopes are what it asks for.
	ClientID string
	Scopes   []string
}

func defaultOIDC() OIDCOptions {
	return OIDCOptions{
		RoleClaim: oidc.DefaultRoleClaim, UserClaim: oidc.DefaultUserClaim,
		Scopes: []string{"openid", "profile", "email", "offline_access"},
	}
}

// prepareOIDC makes of the settings what knows who has a token.
func (c *Config) prepareOIDC() error {
	if c.OIDC.Issuer == "" {
		return c.OIDC.checkUnused()
	}
	if len(c.OIDC.Audiences) == 0 {
		return errors.New("oidc-audience is required where oidc-issuer is given: say whom tokens are for, or those for everybody else would be taken")
	}
	options := oidc.Options{
		Issuer: c.OIDC.Issuer, Audiences: c.OIDC.Audiences,
		RoleClaim: c.OIDC.RoleClaim, TeamClaim: c.OIDC.TeamClaim, UserClaim: c.OIDC.UserClaim, Now: time.Now,
	}
	var err error
	if options.Roles, err = parseRoles(c.OIDC.Roles, "sre=responder"); err != nil {
		return fmt.Errorf("oidc-roles: %w", err)
	}
	if c.OIDC.DefaultRole != "" {
		if options.DefaultRole, err = access.ParseRole(c.OIDC.DefaultRole); err != nil {
			return fmt.Errorf("oidc-default-role: %w", err)
		}
	}
	if len(options.Roles) == 0 && options.DefaultRole == access.Nobody {
		return errors.New("oidc-roles or oidc-default-role is required where oidc-issuer is given: nobody who has a token could do anything")
	}
	tokens, err := oidc.New(options)
	if err != nil {
		return fmt.Errorf("oidc-issuer: %w", err)
	}
	c.tokens = tokens
	return nil
}

// checkUnused refuses what would do nothing, as it is about tokens of no issuer.
func (o OIDCOptions) checkUnused() error {
	unused := map[string]bool{
		"oidc-audience": len(o.Audiences) > 0, "oidc-roles": len(o.Roles) > 0, "oidc-default-role": o.DefaultRole != "",
		"oidc-team-claim": o.TeamClaim != "", "oidc-client-id": o.ClientID != "",
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		if unused[name] {
			return fmt.Errorf("oidc-issuer is required where %s is given: no tokens are taken without it", name)
		}
	}
	return nil
}

// parseRoles reads pairs of a value and a role, such as the example. The value may have an equals sign in it.
func parseRoles(pairs []string, example string) (map[string]access.Role, error) {
	roles := map[string]access.Role{}
	for _, pair := range pairs {
		at := strings.LastIndexByte(pair, '=')
		if at <= 0 {
			return nil, fmt.Errorf("%q is no pair: want VALUE=ROLE, such as %s", pair, example)
		}
		role, err := access.ParseRole(pair[at+1:])
		if err != nil {
			return nil, err
		}
		if _, given := roles[pair[:at]]; given {
			return nil, fmt.Errorf("%q is given twice: name it once, with its greatest role", pair[:at])
		}
		roles[pair[:at]] = role
	}
	return roles, nil
}
