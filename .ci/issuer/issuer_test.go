// Package issuer proves that people log in at a provider of OpenID Connect that others have written and that is certified as one,
// and that Debrief takes the tokens that it issues.
package issuer

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID = "debrief-cli"
	// user is one of those whom the provider's storage has.
	user, userEmail = "id1", "test-user@zitadel.ch"
)

// provider is a real one that runs in the test.
type provider struct {
	url     string
	storage store
}

// startProvider starts one whose ID tokens are good for a while. Where that is shorter than half a minute, the command line renews
// them each time.
func startProvider(t *testing.T, idTokens time.Duration) provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	url := "http://" + server.Listener.Addr().String()
	clients := map[string]*storage.Client{clientID: storage.NativeClient(clientID)}
	kept := store{storage.NewStorageWithClients(storage.NewUserStore(url), clients), idTokens}
	config := &op.Config{
		GrantTypeRefreshToken: true, CodeMethodS256: true,
		DeviceAuthorization: op.DeviceAuthorizationConfig{
			Lifetime: time.Minute, PollInterval: time.Second, UserFormPath: "/device", UserCode: op.UserCodeBase20,
		},
	}
	copy(config.CryptoKey[:], "a key that is for this test alone")
	made, err := op.NewProvider(config, kept, op.StaticIssuer(url), op.WithAllowInsecure())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = made
	server.Start()
	return provider{url, kept}
}

// store is the provider's example of a storage, with a client that is a command line, and people who are in groups.
type store struct {
	*storage.Storage
	idTokens time.Duration
}

// GetClientByClientID knows the command line alone.
func (s store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != clientID {
		return nil, errors.New("there is no such client")
	}
	return client{storage.NativeClient(id), s.idTokens}, nil
}

// CreateAccessAndRefreshTokens has the tokens of a device belong to its client, by which they are renewed.
func (s store) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (id, refresh string, expires time.Time, err error) {
	if device, ok := request.(*op.DeviceAuthorizationState); ok {
		request = &storage.AuthRequest{ApplicationID: device.ClientID, UserID: device.Subject, Scopes: device.Scopes}
	}
	return s.Storage.CreateAccessAndRefreshTokens(ctx, request, current)
}

// SetUserinfoFromRequest adds the groups to ID tokens.
func (s store) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, request op.IDTokenRequest, scopes []string) error {
	info.AppendClaims("groups", []string{"sre"})
	return s.Storage.SetUserinfoFromRequest(ctx, info, request, scopes)
}

// GetPrivateClaimsFromScopes adds the groups to access tokens.
func (s store) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{"groups": []string{"leads"}}, nil
}

// client is a command line: it keeps no secret, and asks for a device.
type client struct {
	*storage.Client
	idTokens time.Duration
}

// GrantTypes are how it may ask for tokens.
func (client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}
}

// AccessTokenType has access tokens be JWTs.
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// IDTokenLifetime is how long ID tokens are good.
func (c client) IDTokenLifetime() time.Duration { return c.idTokens }

// IDTokenUserinfoClaimsAssertion has ID tokens tell the e-mail.
func (client) IDTokenUserinfoClaimsAssertion() bool { return true }
