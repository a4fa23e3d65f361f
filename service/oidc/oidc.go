// Package oidc says who has a token of an OpenID provider, and what its claims let them do.
package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/debriefhq/debrief/service/access"
)

const (
	// MaxToken bounds a token, in bytes.
	MaxToken = 16 << 10
	// Skew is how far the clocks of the issuer and of this machine may be apart.
	Skew = time.Minute
	// DefaultRoleClaim is the claim that says what somebody may do, unless Options name another.
	DefaultRoleClaim = "groups"
	// DefaultUserClaim is the claim that somebody is called by, unless Options name another.
	DefaultUserClaim = emailClaim
)

// Options say whose tokens are taken, and what is made of them.
type Options struct {
	// Issuer is the provider's URL, the same as in its tokens, such as `https://login.example.com`. It is `https`, or on loopback.
	Issuer string
	// Audiences are whom a token may be for; it has to be for one of them. At least one.
	Audiences []string
	// RoleClaim is the claim whose values Roles know: a text, or a list of texts. A claim within another is written with dots:
	// `realm_access.roles`. Empty: DefaultRoleClaim.
	RoleClaim string
	// Roles say what the values of RoleClaim let somebody do. Of several, the greatest counts.
	Roles map[string]access.Role
	// DefaultRole is the role of those whom Roles give none. access.Nobody: they may do nothing.
	DefaultRole access.Role
	// TeamClaim is the claim that lists somebody's teams, written as RoleClaim. Empty: they belong to none.
	TeamClaim string
	// UserClaim is the claim that somebody is called by: see Authenticator.Authenticate. Empty: DefaultUserClaim.
	UserClaim string
	// Now is the clock.
	Now func() time.Time
	// Transport is the way to the issuer; see NewClient.
	Transport http.RoundTripper
}

// algorithms are those by which tokens may be signed: with keys of which the issuer alone has one half. There is no none among
// them, and no HMAC (RFC 8725, section 3.1).
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// types are what a token may say that it is (RFC 7519, section 5.1; RFC 9068, section 2.1), in small letters: what was signed for
// another purpose, such as to log somebody out, is not taken (RFC 8725, section 3.11).
var types = []string{"", "jwt", "at+jwt"}

// Authenticator knows who has a token of one issuer. It is safe for concurrent use.
type Authenticator struct {
	options Options
	issuer  *issuer
}

// New checks the options. It does not ask the issuer, who may be away for now.
func New(options Options) (*Authenticator, error) {
	if err := CheckURL(options.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer %w", err)
	}
	if len(options.Audiences) == 0 || slices.Contains(options.Audiences, "") {
		return nil, errors.New("an audience is required: say whom tokens are for, or those for everybody else would be taken")
	}
	if len(options.Roles) == 0 && options.DefaultRole == access.Nobody {
		return nil, errors.New("roles or a default role are required: nobody who has a token could do anything")
	}
	options.RoleClaim = cmp.Or(options.RoleClaim, DefaultRoleClaim)
	options.UserClaim = cmp.Or(options.UserClaim, DefaultUserClaim)
	return &Authenticator{options: options, issuer: newIssuer(options)}, nil
}

// CheckURL wants an address that nobody on the way can answer in the place of who has it: https, or http on loopback. Its error
// continues a sentence about the address.
func CheckURL(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" ||
		parsed.Scheme != "https" && parsed.Scheme != "http" {
		return fmt.Errorf("is %q: want an address such as https://login.example.com, without a query", address)
	}
	if parsed.Scheme == "http" && !isLoopback(parsed.Hostname()) {
		return fmt.Errorf("is %q: want https, as anybody on the way could answer in its place", address)
	}
	return nil
}

// Authenticate answers whose a token is, by the name that UserClaim says. A claim is a name where it is printable, at most MaxName
// bytes long, without a slash, and does not begin with `sub:`; an e-mail has to be verified, and is written in small letters.
// Who has no such claim is called `sub:` and their subject, by which the issuer knows them for good. So nobody can be called as an
// API key or an integration is, nor choose the name of somebody else, unless UserClaim is one that people set themselves.
//
// An access.CredentialsError says that the token is not taken, and why; any other error that it can't be told now.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	signed, err := parse(token)
	if err != nil {
		return access.Principal{}, err
	}
	payload, err := a.issuer.verify(ctx, signed)
	if err != nil {
		return access.Principal{}, err
	}
	var claims claims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return access.Principal{}, refusef("its claims are no JSON object")
	}
	if err := a.check(claims); err != nil {
		return access.Principal{}, err
	}
	return a.principal(claims)
}

// parse wants three parts of a bounded size, and a type that is meant to show who somebody is. Nobody is asked for what is none.
func parse(token string) (*jose.JSONWebSignature, error) {
	if len(token) > MaxToken {
		return nil, refusef("it has more than %d bytes", MaxToken)
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, refusef("it is no JWT that is signed with one of the algorithms that are taken: RS, PS, ES with 256, 384 or 512, or EdDSA")
	}
	kind, given := signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]
	text, isText := kind.(string)
	if given && !isText || !slices.Contains(types, strings.TrimPrefix(strings.ToLower(text), "application/")) {
		return nil, refusef("it is of a type that does not show who somebody is: want JWT or at+jwt")
	}
	return signed, nil
}

func refusef(format string, arguments ...any) error {
	return &access.CredentialsError{Problem: "the token is not taken: " + fmt.Sprintf(format, arguments...)}
}
