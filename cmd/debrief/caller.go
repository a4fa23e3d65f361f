package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/credentials"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// newCallerCommand says who one is to the server.
func (a *application) newCallerCommand() *cobra.Command {
	command := &cobra.Command{Use: "whoami", Short: "Say who you are to the server, and what you may do", Args: takes}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		caller, err := server.access.GetCaller(command.Context(), &debriefv1.GetCallerRequest{})
		if err != nil {
			return err
		}
		return a.show(caller, func() error {
			name := cmp.Or(caller.GetPrincipal(), "nobody in particular: the server does not ask")
			_, err := fmt.Fprintf(a.out, "%s\n", joined(", ", line(name), enumText(caller.GetRole()), line(strings.Join(caller.GetTeams(), " "))))
			return err
		})
	})
	return command
}

// credentials show with every call who makes it: an API key, else what debrief login has kept for the server; nil where there is
// neither.
func (a *application) credentials() (credentials.PerRPCCredentials, error) {
	if a.globals.apiKey != "" {
		return bearer(a.globals.apiKey), nil
	}
	kept, found, err := a.logins().read(a.globals.server)
	if err != nil || !found {
		return nil, err
	}
	return &session{app: a, login: kept}, nil
}

// bearer is a secret that is sent with every call (RFC 6750).
type bearer string

// GetRequestMetadata is what is sent.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is decided where the connection is made: a server on this machine needs none.
func (b bearer) RequireTransportSecurity() bool { return false }
