package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/oidc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is when all of the tests take place.
var testNow = time.Date(2026, time.November, 27, 12, 0, 0, 0, time.UTC)

// clock goes on when it is told to.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) pass(duration time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(duration)
}

// key is one that an issuer signs with.
type key struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
}

func newKey(t *testing.T, id string, algorithm jose.SignatureAlgorithm) key {
	t.Helper()
	var (
		private crypto.Signer
		err     error
	)
	switch algorithm {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key{id, algorithm, private}
}

// as is the same key, used with another algorithm than it is published for.
func (k key) as(algorithm jose.SignatureAlgorithm) key {
	k.algorithm = algorithm
	return k
}

// sign makes a token. Header names what its header has beside the algorithm and the key's id.
func (k key) sign(t *testing.T, claims map[string]any, header map[jose.HeaderKey]any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: header}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// testIssuer publishes keys.
type testIssuer struct {
	*httptest.Server

	mutex sync.Mutex
	// keys are those that are published.
	keys []jose.JSONWebKey
	// away has it answer with an error; metadata is what it publishes in the place of its own.
	away     bool
	metadata map[string]any
	// asked counts how often its keys, or anything while it is away, were asked for.
	asked int
}

func startIssuer(t *testing.T, keys ...key) *testIssuer {
	t.Helper()
	i := &testIssuer{}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	i.publish(keys...)
	return i
}

func (i *testIssuer) publish(keys ...key) {
	i.change(func() {
		i.keys = nil
		for _, key := range keys {
			i.keys = append(i.keys, jose.JSONWebKey{Key: key.private.Public(), KeyID: key.id, Algorithm: string(key.algorithm), Use: "sig"})
		}
	})
}

func (i *testIssuer) change(change func()) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	change()
}

func (i *testIssuer) timesAsked() int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.asked
}

func (i *testIssuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.away {
		i.asked++
		http.Error(w, "away", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var document any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		document = i.metadata
		if i.metadata == nil {
			document = map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"none", "HS256", "RS256"}}
		}
	case "/keys":
		i.asked++
		document = jose.JSONWebKeySet{Keys: i.keys}
	case "/moved":
		http.Redirect(w, r, "/keys", http.StatusTemporaryRedirect)
		return
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(document)
}

// claims are good ones, changed; nil takes one away.
func (i *testIssuer) claims(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.URL, "aud": "debrief", "sub": "1234", "exp": testNow.Add(time.Hour).Unix(), "iat": testNow.Unix(),
		"email": "Ana@example.com", "email_verified": true, "groups": []string{"sre", "everybody"},
	}
	for name, value := range change {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return claims
}

// authenticator is one for the issuer, with a clock of its own.
func (i *testIssuer) authenticator(t *testing.T, change func(*oidc.Options)) (*oidc.Authenticator, *clock) {
	t.Helper()
	clock := &clock{now: testNow}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	options := oidc.Options{
		Issuer: i.URL, Audiences: []string{"debrief", "debrief-api"}, Now: clock.Now, Transport: transport,
		Roles: map[string]access.Role{"sre": access.Responder, "leads": access.Facilitator},
	}
	if change != nil {
		change(&options)
	}
	authenticator, err := oidc.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return authenticator, clock
}
