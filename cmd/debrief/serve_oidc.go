package main

import (
	"github.com/spf13/pflag"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

func addOIDCFlags(flags *pflag.FlagSet, oidc *server.OIDCOptions) {
	flags.StringVar(&oidc.Issuer, "oidc-issuer", "", "`URL` of the OpenID provider whose tokens are taken, beside API keys; give --require-authentication, too")
	flags.StringSliceVar(&oidc.Audiences, "oidc-audience", nil, "whom tokens have to be for: one of these `audiences`, such as the id of the client that people log in with")
	flags.StringVar(&oidc.RoleClaim, "oidc-role-claim", oidc.RoleClaim, "`claim` that tells somebody's groups or roles; dots lead into it: realm_access.roles")
	flags.StringSliceVar(&oidc.Roles, "oidc-roles", nil, "`pairs` of a value of that claim and the role that it gives, such as sre=responder,leads=facilitator")
	flags.StringVar(&oidc.DefaultRole, "oidc-default-role", "", "`role` of those to whom these pairs give none (default: none)")
	flags.StringVar(&oidc.TeamClaim, "oidc-team-claim", "", "`claim` that lists somebody's teams (default: they belong to none)")
	flags.StringVar(&oidc.UserClaim, "oidc-user-claim", oidc.UserClaim, "`claim` that somebody is called by, where it is there and can be a name; an e-mail must be verified. Never take one that people set themselves")
	flags.StringVar(&oidc.ClientID, "oidc-client-id", "", "`id` of the client as which debrief login asks the provider")
	flags.StringSliceVar(&oidc.Scopes, "oidc-scopes", oidc.Scopes, "`scopes` that debrief login asks for")
}
