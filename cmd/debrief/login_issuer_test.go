package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// testIssuer issues tokens to whoever asks, by the device authorization grant.
type testIssuer struct {
	*httptest.Server
	t   *testing.T
	key *ecdsa.PrivateKey

	mutex sync.Mutex
	// refused is the error with which the token endpoint answers, in the place of tokens.
	refused string
	// issued counts the tokens, of which each is of another size; requests are what was asked for.
	issued   int
	requests []string
	// idToken is what it gives in the place of an ID token of its own.
	idToken string
}

func startIssuer(t *testing.T) *testIssuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &testIssuer{t: t, key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *testIssuer) change(change func()) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	change()
}

// asked are the requests so far.
func (i *testIssuer) asked() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.requests
}

func (i *testIssuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := r.ParseForm(); err != nil {
		i.t.Error(err)
	}
	var document any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		document = map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "token_endpoint": i.URL + "/token", "device_authorization_endpoint": i.URL + "/device",
			"revocation_endpoint": i.URL + "/revoke", "id_token_signing_alg_values_supported": []string{"ES256"},
		}
	case "/keys":
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}}
	case "/device":
		i.requests = append(i.requests, "device "+r.PostForm.Get("client_id")+" "+r.PostForm.Get("scope"))
		document = map[string]any{
			"device_code": "device-secret", "user_code": "WDJB-\x1b[2JMJHT", "verification_uri": i.URL + "/activate", "expires_in": 60, "interval": 1,
		}
	case "/token":
		i.requests = append(i.requests, "token "+r.PostForm.Get("client_id")+" "+r.PostForm.Get("device_code")+r.PostForm.Get("refresh_token"))
		if i.refused != "" {
			w.WriteHeader(http.StatusBadRequest)
			document = map[string]any{"error": i.refused, "error_description": "as the test has it"}
			break
		}
		i.issued++
		document = map[string]any{
			"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "refresh_token": fmt.Sprintf("refresh-secret-%d", i.issued), "id_token": i.token(),
		}
	case "/revoke":
		i.requests = append(i.requests, "revoke "+r.PostForm.Get("client_id")+" "+r.PostForm.Get("token"))
		return
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(document)
}

func (i *testIssuer) token() string {
	if i.idToken != "" {
		return i.idToken
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "one"}}, nil)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	claims, err := json.Marshal(map[string]any{
		"iss": i.URL, "aud": "debrief-cli", "sub": "1234", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
		"email": "ana@example.com", "email_verified": true, "groups": []string{"sre"},
	})
	if err != nil {
		i.t.Error(err)
		return ""
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		i.t.Error(err)
	}
	return token
}
