package service

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// AuthorizationHeader is the gRPC metadata key, and the HTTP header, with which callers show who they are.
const AuthorizationHeader = "authorization"

// AccessOptions say who may call, and what is kept of what they do.
type AccessOptions struct {
	// Required refuses calls of those who do not show who they are. Otherwise such callers may do everything.
	Required bool
	// Tokens knows the tokens of an OpenID provider. Default: there is none.
	Tokens Authenticator
	// Certificates knows who has a certificate. Default: nobody is known by one.
	Certificates Certificates
	// Audit keeps a trail of every change and every refusal. A change that can't be written there is refused.
	Audit bool
}

// Authenticator knows who has a token.
type Authenticator interface {
	// Authenticate answers whose a token is. An access.CredentialsError says that the token is not taken; any other error that it
	// can't be told now.
	Authenticate(ctx context.Context, token string) (access.Principal, error)
}

// Certificates knows who has a certificate of TLS.
type Certificates interface {
	// Authenticate answers whose the verified certificate of a call is; false where it has none, or nobody is known by it. An
	// access.CredentialsError says that it is not taken.
	Authenticate(ctx context.Context) (access.Principal, bool, error)
}

// authenticate says who calls. It is a stateError where that is asked for, and not shown.
func (b *base) authenticate(ctx context.Context) (access.Principal, error) {
	values := metadata.ValueFromIncomingContext(ctx, AuthorizationHeader)
	switch {
	case len(values) > 1:
		return access.Principal{}, unauthenticated("CREDENTIALS_INVALID", "authorization is given more than once: give it once")
	case len(values) == 1 && (b.access.Required || b.isMeantForDebrief(credentials(values[0]))):
		return b.principalOf(ctx, credentials(values[0]))
	}
	if b.access.Certificates != nil {
		principal, known, err := b.access.Certificates.Authenticate(ctx)
		if known || err != nil {
			return principal, refusedCredentials(err)
		}
	}
	if b.access.Required {
		return access.Principal{}, unauthenticated("CREDENTIALS_REQUIRED", "who calls must show who they are: send an API key, or a token, as Authorization: Bearer")
	}
	return access.Principal{Role: access.Admin}, nil
}

// credentials are what the value of the header Authorization holds: what follows Bearer, or the password of Basic, which is all
// that some readers of feeds and calendars can send. Empty where there is nothing of the kind.
func credentials(header string) string {
	scheme, value, _ := strings.Cut(header, " ")
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "bearer":
		return value
	case "basic":
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return ""
		}
		_, password, _ := strings.Cut(string(decoded), ":")
		return password
	default:
		return ""
	}
}

// isMeantForDebrief says whether somebody wants to show Debrief who they are. Where nobody has to, what is meant for others, such as
// a proxy on the way, is passed over.
func (b *base) isMeantForDebrief(secret string) bool {
	return strings.HasPrefix(secret, apiKeyPrefix) || isMeantAsKey(secret) || secret != "" && b.access.Tokens != nil
}

func (b *base) principalOf(ctx context.Context, secret string) (access.Principal, error) {
	switch {
	case strings.HasPrefix(secret, apiKeyPrefix):
		return b.apiKeyPrincipal(ctx, secret)
	case isMeantAsKey(secret):
		return b.integrationPrincipal(ctx, secret)
	case secret == "" || b.access.Tokens == nil:
		return access.Principal{}, notTaken()
	}
	principal, err := b.access.Tokens.Authenticate(ctx, secret)
	if errors.As(err, new(*access.CredentialsError)) {
		return access.Principal{}, refusedCredentials(err)
	}
	if err != nil {
		return access.Principal{}, b.unknowable(ctx, err)
	}
	return principal, nil
}

// refusedCredentials tells whoever showed them what is wrong with their credentials; nil: nothing is.
func refusedCredentials(err error) error {
	if err == nil {
		return nil
	}
	return unauthenticated("CREDENTIALS_INVALID", err.Error())
}

// notTaken tells nobody whether a key is unknown, expired or revoked.
func notTaken() error {
	return unauthenticated("CREDENTIALS_INVALID", "the key or token is not known, or not taken any more: want a current one as Authorization: Bearer")
}

// unknowable says that it can't be told now who calls.
func (b *base) unknowable(ctx context.Context, err error) error {
	b.logger.WarnContext(ctx, "find out who calls", "error", err)
	return overloaded("AUTHENTICATION_UNAVAILABLE", "it can't be told now who calls: try again later")
}

func (b *base) apiKeyPrincipal(ctx context.Context, secret string) (access.Principal, error) {
	hash := hashKey(secret)
	found, err := b.apiKeys.get(hash, b.now(), func() ([]repository.APIKey, error) {
		return b.repository.APIKeys().List(ctx, repository.Query{Where: repository.TermIn{repository.Term("hash", hash)}, Limit: 1})
	})
	if err != nil {
		return access.Principal{}, fmt.Errorf("find an API key: %w", err)
	}
	if len(found) == 0 || stateOfKey(found[0], b.present()) != keyActive {
		return access.Principal{}, notTaken()
	}
	key := found[0]
	return access.Principal{
		Name: apiKeyName(key.ID), Role: access.Role(key.Role), Teams: key.Teams, By: access.ByAPIKey, ActsForOthers: key.ActsForOthers,
		LastUsed: key.LastUsedTime,
	}, nil
}

// integrationPrincipal is the integration that has a key: it may deliver, and do nothing else; nothing at all where it is disabled.
func (b *base) integrationPrincipal(ctx context.Context, secret string) (access.Principal, error) {
	integration, found, err := b.integrationOf(ctx, secret)
	if err != nil {
		return access.Principal{}, err
	}
	if !found {
		return access.Principal{}, notTaken()
	}
	principal := access.Principal{Name: integrationName(integration.ID), Role: access.Integration, By: access.ByIntegrationKey}
	if integration.Disabled {
		return principal, integrationDisabled(integration.ID)
	}
	return principal, nil
}

// Authorize says who calls, for what is no method of the API, and answers a refusal where they may not do what the role is for.
// The authorization is the value of the header, empty where there is none.
func (s *Services) Authorize(ctx context.Context, authorization, path string, role access.Role) error {
	if authorization != "" {
		ctx = metadata.NewIncomingContext(ctx, metadata.Pairs(AuthorizationHeader, authorization))
	}
	_, err := s.admit(ctx, path, permission{role: role}, nil)
	return err
}

// callerAddress is where a call comes from, without the port.
func callerAddress(ctx context.Context) string {
	address := access.AddressOf(ctx)
	if address == "" {
		if caller, ok := peer.FromContext(ctx); ok && caller.Addr != nil {
			address = caller.Addr.String()
		}
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// touchAPIKey notes that a key is used, once an hour.
func (b *base) touchAPIKey(ctx context.Context, principal access.Principal) {
	hour := b.present().Truncate(time.Hour)
	if !principal.LastUsed.Before(hour) {
		return
	}
	_, err := b.repository.APIKeys().Update(ctx, lastID(principal.Name), func(key *repository.APIKey) (repository.Effects, error) {
		if !key.LastUsedTime.Before(hour) {
			return repository.Effects{}, repository.ErrUnchanged
		}
		key.LastUsedTime = hour
		return repository.Effects{}, nil
	})
	if err != nil {
		b.logger.WarnContext(ctx, "note that an API key is used: will be tried again", "error", err)
	}
}
