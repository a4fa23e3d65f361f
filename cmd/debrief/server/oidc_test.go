package server

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/oidc"
)

// issuerAway is one that does not answer.
const issuerAway = "http://127.0.0.1:1"

func withIssuer(c *Config) {
	c.OIDC.Issuer, c.OIDC.Audiences, c.OIDC.Roles, c.OIDC.ClientID = issuerAway, []string{"debrief"}, []string{"sre=responder"}, "debrief-cli"
}

// unverifiable is a token that nobody can tell anything about while its issuer is away.
func unverifiable() string {
	part := base64.RawURLEncoding.EncodeToString
	return strings.Join([]string{part([]byte(`{"alg":"ES256","kid":"one"}`)), part([]byte(`{}`)), part(make([]byte, 64))}, ".")
}

// TestTheServerServesWhileTheIssuerIsAway calls with each kind of credentials.
func TestTheServerServesWhileTheIssuerIsAway(t *testing.T) {
	server, viewer, _ := closedServer(t, withIssuer)
	for name, test := range map[string]struct {
		authorization string
		status        int
		reason        string
	}{
		"an API key":           {viewer, http.StatusOK, ""},
		"a token":              {"Bearer " + unverifiable(), http.StatusServiceUnavailable, "AUTHENTICATION_UNAVAILABLE"},
		"what is no token":     {"Bearer letmein", http.StatusUnauthorized, "CREDENTIALS_INVALID"},
		"a token of no issuer": {"Bearer " + strings.Replace(unverifiable(), "eyJ", "eyK", 1), http.StatusUnauthorized, "CREDENTIALS_INVALID"},
		"nothing":              {"", http.StatusUnauthorized, "CREDENTIALS_REQUIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if test.authorization != "" {
				headers = append(headers, "Authorization", test.authorization)
			}
			got := server.send(t, http.MethodGet, "/v1/incidents", "", headers...)
			if got.StatusCode != test.status {
				t.Fatalf("status %d %s, want %d", got.StatusCode, got.body, test.status)
			}
			if strings.Contains(got.body, issuerAway) || strings.Contains(got.body, "refused") {
				t.Errorf("the answer tells too much: %s", got.body)
			}
			if test.reason == "" {
				return
			}
			if _, reason := readError(t, got.body); reason != test.reason {
				t.Errorf("reason %s, want %s", reason, test.reason)
			}
		})
	}
	if log := server.log.String(); !strings.Contains(log, "find out who calls") || strings.Contains(log, unverifiable()) {
		t.Errorf("the log says %s", log)
	}
}

// TestAnIssuerAloneRequiresNothing has the setting be about tokens, and not about who may call.
func TestAnIssuerAloneRequiresNothing(t *testing.T) {
	server := start(t, withIssuer)
	if got := server.send(t, http.MethodGet, "/v1/incidents", ""); got.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", got.StatusCode, got.body)
	}
}

func TestTheServerTellsWhoIssuesTokens(t *testing.T) {
	server := start(t, func(c *Config) {
		withIssuer(c)
		c.RequireAuthentication, c.OIDC.Scopes, c.PublicURL = true, []string{"openid", "groups"}, "https://debrief.example.com/"
	})
	got := server.send(t, http.MethodGet, "/.well-known/oauth-protected-resource", "", "Host", "debrief.example.com")
	var told oidc.Resource
	if err := json.Unmarshal([]byte(got.body), &told); err != nil || got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s: %v", got.StatusCode, got.body, err)
	}
	want := oidc.Resource{
		Resource: "https://debrief.example.com", AuthorizationServers: []string{issuerAway}, ScopesSupported: []string{"openid", "groups"},
		BearerMethods: []string{"header"}, ResourceName: "Debrief", ClientID: "debrief-cli",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestAServerWithoutAnIssuerTellsOfNone(t *testing.T) {
	server := start(t, nil)
	if got := server.send(t, http.MethodGet, "/.well-known/oauth-protected-resource", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", got.StatusCode, got.body)
	}
}

func TestOIDCSettingsThatMakeNoSense(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*OIDCOptions)
		want   string
	}{
		"no audience":              {func(o *OIDCOptions) { o.Audiences = nil }, "oidc-audience is required"},
		"no roles":                 {func(o *OIDCOptions) { o.Roles = nil }, "oidc-roles or oidc-default-role is required"},
		"roles without issuer":     {func(o *OIDCOptions) { o.Issuer, o.Audiences = "", nil }, "oidc-issuer is required where oidc-client-id is given"},
		"an issuer in the clear":   {func(o *OIDCOptions) { o.Issuer = "http://login.example.com" }, "oidc-issuer: the issuer is \"http://login.example.com\": want https"},
		"no pair":                  {func(o *OIDCOptions) { o.Roles = []string{"sre"} }, "oidc-roles: \"sre\" is no pair"},
		"a pair of nothing":        {func(o *OIDCOptions) { o.Roles = []string{"=admin"} }, "is no pair"},
		"a role that there is not": {func(o *OIDCOptions) { o.Roles = []string{"sre=root"} }, "\"root\" is no role"},
		"the role of a sender":     {func(o *OIDCOptions) { o.DefaultRole = "integration" }, "oidc-default-role: \"integration\" is no role"},
		"a value given twice":      {func(o *OIDCOptions) { o.Roles = []string{"sre=viewer", "sre=admin"} }, "is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			withIssuer(&config)
			test.change(&config.OIDC)
			if err := config.complete(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}

func TestValuesOfRolesMayHaveEqualsSigns(t *testing.T) {
	got, err := parseRoles([]string{"cn=sre,ou=groups=responder", "leads=Facilitator"}, "sre=responder")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]access.Role{"cn=sre,ou=groups": access.Responder, "leads": access.Facilitator}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}
