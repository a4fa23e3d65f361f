package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/service/oidc"
)

const loginHelp = `Login shows an address and a code. Open the address in any browser, on this machine or another one, see that it shows the
code, and say who you are there. From then on commands that are given no API key show the server who you are; what they show it is
renewed for as long as the issuer lets it be, and kept in your configuration directory, readable by you alone.

Who issues tokens, and the client to ask as, are read from the server, at --url, unless you give --issuer and --client-id.`

// loginFlags say where to log in, as it is given on the command line.
type loginFlags struct {
	issuer, clientID, url string
	scopes                []string
	accessToken           bool
}

func (a *application) newLoginCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "login", Short: "Log in by your browser, where the server knows people by OpenID Connect", Args: takes, Long: loginHelp,
		Example: "  debrief login --server debrief.example.com:9090 --url https://debrief.example.com",
	}
	var given loginFlags
	flags := command.Flags()
	flags.StringVar(&given.issuer, "issuer", "", "`URL` of who issues tokens (default: the one that the server tells)")
	flags.StringVar(&given.clientID, "client-id", "", "`id` of the client to ask as (default: the one that the server tells)")
	flags.StringSliceVar(&given.scopes, "scopes", nil, "`scopes` to ask for (default: those that the server tells)")
	flags.StringVar(&given.url, "url", "http://127.0.0.1:8080", "HTTP `address` of the server; with --tls it begins with https")
	flags.BoolVar(&given.accessToken, "access-token", false, "show the access token, and not the ID token: for issuers whose access tokens are JWTs for the server")
	command.RunE = func(command *cobra.Command, _ []string) error {
		given.url = a.globals.tls.url(flags, given.url)
		return a.logIn(command.Context(), given)
	}
	return command
}

// logIn asks the issuer by the device authorization grant (RFC 8628), and keeps what it gives.
func (a *application) logIn(ctx context.Context, given loginFlags) error {
	ctx = goidc.ClientContext(ctx, oidc.NewClient(nil))
	transport, err := a.globals.tls.transport()
	if err != nil {
		return err
	}
	if err := given.complete(ctx, transport); err != nil {
		return err
	}
	offered, err := given.discover(ctx)
	if err != nil {
		return err
	}
	asked, err := offered.DeviceAuth(ctx)
	if err != nil {
		return fmt.Errorf("ask %s to log in: %s", given.issuer, issuerProblem(err))
	}
	a.invite(asked)
	tokens, err := offered.DeviceAccessToken(ctx, asked)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("nobody has logged in for as long as the code was good: try again")
	}
	if err != nil {
		return fmt.Errorf("log in at %s: %s", given.issuer, issuerProblem(err))
	}
	made, err := offered.with(tokens)
	if err != nil {
		return err
	}
	return a.welcome(ctx, offered.Provider, made)
}

// welcome keeps a login whose ID token is what it has to be (OpenID Connect Core 1.0, section 3.1.3.7).
func (a *application) welcome(ctx context.Context, provider *goidc.Provider, made login) error {
	if !made.AccessToken {
		expected := &goidc.Config{ClientID: made.ClientID, Now: a.environment.now}
		if _, err := provider.VerifierContext(ctx, expected).Verify(ctx, made.Token); err != nil {
			return fmt.Errorf("the ID token of %s is not taken: %s", made.Issuer, line(err.Error()))
		}
	}
	made.Server = a.globals.server
	if err := a.logins().keep(made); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "You are logged in at %s for the server %s. 'debrief whoami' says who you are to it.\n", line(made.Issuer), line(made.Server))
	return err
}

// invite shows the address and the code.
func (a *application) invite(asked *oauth2.DeviceAuthResponse) {
	address := cmp.Or(asked.VerificationURIComplete, asked.VerificationURI)
	a.note("Open %s\nIt asks for, or shows, the code %s", line(address), line(asked.UserCode))
}

// complete reads from the server, by the transport, what was not given.
func (l *loginFlags) complete(ctx context.Context, transport http.RoundTripper) error {
	if l.issuer == "" || l.clientID == "" {
		resource, err := readResource(ctx, transport, l.url)
		if err != nil {
			return err
		}
		l.issuer = cmp.Or(l.issuer, resource.AuthorizationServers[0])
		if l.issuer == resource.AuthorizationServers[0] {
			l.clientID = cmp.Or(l.clientID, resource.ClientID)
			if len(l.scopes) == 0 {
				l.scopes = resource.ScopesSupported
			}
		}
	}
	if len(l.scopes) == 0 {
		l.scopes = server.DefaultConfig().OIDC.Scopes
	}
	if l.clientID == "" {
		return usagef("--client-id is required: the server does not tell the client to ask %s as", l.issuer)
	}
	if err := oidc.CheckURL(l.issuer); err != nil {
		return usagef("--issuer %w", err)
	}
	return nil
}

// maxResource bounds what a server tells of itself, in bytes.
const maxResource = 64 << 10

// readResource reads who issues the tokens that a server takes (RFC 9728, section 3).
func readResource(ctx context.Context, transport http.RoundTripper, address string) (resource oidc.Resource, err error) {
	if err := oidc.CheckURL(address); err != nil {
		return resource, usagef("--url %w; or give --issuer and --client-id", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(address, "/")+oidc.ResourcePath, http.NoBody)
	if err != nil {
		return resource, usagef("--url is %q: %w", address, err)
	}
	answer, err := oidc.NewClient(transport).Do(request)
	if err != nil {
		return resource, fmt.Errorf("ask the server at %s who issues tokens: %w; --url says where it is, --issuer and --client-id do without it", address, withoutMethod(err))
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode == http.StatusNotFound {
		return resource, fmt.Errorf("the server at %s takes no tokens: it has no setting --oidc-issuer. An API key shows it who you are", address)
	}
	if answer.StatusCode != http.StatusOK {
		return resource, fmt.Errorf("the server at %s does not tell who issues tokens: %s", address, answer.Status)
	}
	err = json.NewDecoder(http.MaxBytesReader(nil, answer.Body, maxResource)).Decode(&resource)
	if err != nil || len(resource.AuthorizationServers) == 0 {
		return resource, fmt.Errorf("the server at %s does not tell who issues tokens: is it a Debrief?", address)
	}
	return resource, nil
}

// withoutMethod is the error below one that says what was asked.
func withoutMethod(err error) error {
	if told, ok := errors.AsType[*url.Error](err); ok {
		return told.Err
	}
	return err
}

// offer is what an issuer offers: the way to log in, and what a login begins with.
type offer struct {
	*goidc.Provider
	oauth2.Config
	login
}

// discover reads what the issuer offers.
func (l *loginFlags) discover(ctx context.Context) (*offer, error) {
	provider, err := goidc.NewProvider(ctx, l.issuer)
	if err != nil {
		return nil, fmt.Errorf("ask %s what it offers: %s", l.issuer, line(err.Error()))
	}
	var offered struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := provider.Claims(&offered); err != nil {
		return nil, fmt.Errorf("read what %s offers: %w", l.issuer, err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if endpoint.DeviceAuthURL == "" {
		return nil, fmt.Errorf("%s lets nobody log in by a code (RFC 8628): an API key shows the server who you are", l.issuer)
	}
	for _, address := range []string{endpoint.DeviceAuthURL, endpoint.TokenURL} {
		if err := oidc.CheckURL(address); err != nil {
			return nil, fmt.Errorf("an address of %s %w", l.issuer, err)
		}
	}
	if oidc.CheckURL(offered.Revocation) != nil {
		offered.Revocation = ""
	}
	made := login{
		Issuer: l.issuer, ClientID: l.clientID, TokenEndpoint: endpoint.TokenURL, RevocationEndpoint: offered.Revocation, AccessToken: l.accessToken,
	}
	return &offer{provider, oauth2.Config{ClientID: l.clientID, Scopes: l.scopes, Endpoint: endpoint}, made}, nil
}
