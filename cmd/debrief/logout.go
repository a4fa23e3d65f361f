package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/service/oidc"
)

func (a *application) newLogoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the login for the server, and have its issuer end it", Args: takes,
		Long: "Logout takes away what debrief login has kept for the server that --server names. Where the issuer lets it be ended, it can't be\nrenewed any more either; a token that was issued is good until it expires.",
		RunE: func(command *cobra.Command, _ []string) error { return a.logOut(command.Context()) },
	}
}

// logOut takes the login away in any case, also where nobody can read it any more.
func (a *application) logOut(ctx context.Context) error {
	kept, _, unread := a.logins().read(a.globals.server)
	found, err := a.logins().forget(a.globals.server)
	if err != nil {
		return err
	}
	if !found {
		_, err := fmt.Fprintf(a.out, "You are not logged in for the server %s.\n", line(a.globals.server))
		return err
	}
	if unread == nil {
		if err := kept.revoke(ctx); err != nil {
			a.note("The issuer could not be told to end it: %s", line(err.Error()))
		}
	}
	_, err = fmt.Fprintf(a.out, "You are logged out for the server %s.\n", line(a.globals.server))
	return err
}

// revoke has the issuer end what the login is renewed with (RFC 7009), where it offers that.
func (l login) revoke(ctx context.Context) (err error) {
	if l.RevocationEndpoint == "" || l.RefreshToken == "" {
		return nil
	}
	form := url.Values{"token": {l.RefreshToken}, "token_type_hint": {"refresh_token"}, "client_id": {l.ClientID}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.RevocationEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := oidc.NewClient(nil).Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers with %s", answer.Status)
	}
	return nil
}
