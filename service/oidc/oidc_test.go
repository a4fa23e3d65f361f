package oidc_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/oidc"
)

// refusal is why a token is not taken; it fails the test where it is, or where that could not be told.
func refusal(t *testing.T, authenticator *oidc.Authenticator, token string) string {
	t.Helper()
	principal, err := authenticator.Authenticate(t.Context(), token)
	refused, ok := errors.AsType[*access.CredentialsError](err)
	if !ok {
		t.Fatalf("got %+v, %v; want an access.CredentialsError", principal, err)
	}
	if principal.Name != "" || principal.Role != access.Nobody {
		t.Errorf("with the refusal comes %+v", principal)
	}
	return refused.Problem
}

func TestTokensOfTheIssuerAreTaken(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.EdDSA,
	} {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			key := newKey(t, "one", algorithm)
			issuer := startIssuer(t, key)
			authenticator, _ := issuer.authenticator(t, nil)
			got, err := authenticator.Authenticate(t.Context(), key.sign(t, issuer.claims(nil), nil))
			if err != nil {
				t.Fatal(err)
			}
			want := access.Principal{Name: "ana@example.com", Role: access.Responder, By: access.ByToken}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("principal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClaimsAreRead(t *testing.T) {
	t.Parallel()
	key := newKey(t, "one", jose.ES256)
	issuer := startIssuer(t, key)
	nested := func(options *oidc.Options) { options.RoleClaim = "realm_access.roles" }
	named := func(options *oidc.Options) { options.UserClaim = "preferred_username" }
	teams := func(options *oidc.Options) { options.TeamClaim = "https://example.com/teams" }
	byDefault := func(options *oidc.Options) { options.DefaultRole = access.Viewer }
	much := func(options *oidc.Options) { options.DefaultRole = access.Admin }
	for name, test := range map[string]struct {
		change func(*oidc.Options)
		claims map[string]any
		want   access.Principal
	}{
		"the greatest of several roles":         {nil, map[string]any{"groups": []string{"leads", "sre"}}, access.Principal{Role: access.Facilitator}},
		"one role alone":                        {nil, map[string]any{"groups": "leads"}, access.Principal{Role: access.Facilitator}},
		"another case is another group":         {nil, map[string]any{"groups": "LEADS"}, access.Principal{}},
		"a role is no group":                    {nil, map[string]any{"groups": []string{"admin", "ADMIN"}}, access.Principal{}},
		"no groups":                             {nil, map[string]any{"groups": nil}, access.Principal{}},
		"no groups, and a role for all":         {byDefault, map[string]any{"groups": nil}, access.Principal{Role: access.Viewer}},
		"groups above the role for all":         {byDefault, nil, access.Principal{Role: access.Responder}},
		"groups below the role for all":         {much, nil, access.Principal{Role: access.Responder}},
		"no known group, and a role for all":    {much, map[string]any{"groups": []string{"others"}}, access.Principal{Role: access.Admin}},
		"roles within a claim":                  {nested, map[string]any{"realm_access": map[string]any{"roles": []string{"leads"}}}, access.Principal{Role: access.Facilitator}},
		"roles in a claim with dots":            {nested, map[string]any{"realm_access.roles": []string{"leads"}}, access.Principal{Role: access.Facilitator}},
		"a claim that is no object":             {nested, map[string]any{"realm_access": "roles"}, access.Principal{}},
		"teams":                                 {teams, map[string]any{"https://example.com/teams": []string{"shop", "pay", "shop", "", " x", strings.Repeat("x", 65)}}, access.Principal{Role: access.Responder, Teams: []string{"pay", "shop"}}},
		"as many teams as there may be":         {teams, map[string]any{"https://example.com/teams": append(manyTeams(256), "team-000")}, access.Principal{Role: access.Responder, Teams: manyTeams(256)}},
		"no teams":                              {teams, nil, access.Principal{Role: access.Responder}},
		"several audiences":                     {nil, map[string]any{"aud": []string{"other", "debrief-api"}}, access.Principal{Role: access.Responder}},
		"an e-mail that is not verified":        {nil, map[string]any{"email_verified": false}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail that is verified by a text":  {nil, map[string]any{"email_verified": "true"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail that nobody speaks of":       {nil, map[string]any{"email_verified": nil}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail that is none":                {nil, map[string]any{"email": 7}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail with a line break":           {nil, map[string]any{"email": "a@example.com\nadmin"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail written backwards":           {nil, map[string]any{"email": "a\u202e@example.com"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail that is too long":            {nil, map[string]any{"email": strings.Repeat("a", 128) + "@example.com"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"an e-mail that imitates a key":         {nil, map[string]any{"email": "apiKeys/root"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"a subject that imitates an e-mail":     {nil, map[string]any{"email": nil, "sub": "ana@example.com"}, access.Principal{Name: "sub:ana@example.com", Role: access.Responder}},
		"a subject that imitates a key":         {nil, map[string]any{"email": nil, "sub": "apiKeys/root"}, access.Principal{Name: "sub:apiKeys/root", Role: access.Responder}},
		"a name of another claim":               {named, map[string]any{"preferred_username": "Ana"}, access.Principal{Name: "Ana", Role: access.Responder}},
		"a name that imitates a key":            {named, map[string]any{"preferred_username": "apiKeys/root"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"a name that imitates an integration":   {named, map[string]any{"preferred_username": "integrations/x"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"a name that imitates another subject":  {named, map[string]any{"preferred_username": "sub:1"}, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"a name that is not there":              {named, nil, access.Principal{Name: "sub:1234", Role: access.Responder}},
		"it expired within the skew":            {nil, map[string]any{"exp": testNow.Add(-59 * time.Second).Unix()}, access.Principal{Role: access.Responder}},
		"it is valid from within the skew":      {nil, map[string]any{"nbf": testNow.Add(time.Minute).Unix()}, access.Principal{Role: access.Responder}},
		"it does not say when it was issued":    {nil, map[string]any{"iat": nil}, access.Principal{Role: access.Responder}},
		"another key of the issuer's own claim": {nil, map[string]any{"role": "admin", "roles": "admin"}, access.Principal{Role: access.Responder}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authenticator, _ := issuer.authenticator(t, test.change)
			got, err := authenticator.Authenticate(t.Context(), key.sign(t, issuer.claims(test.claims), nil))
			if err != nil {
				t.Fatal(err)
			}
			test.want.By = access.ByToken
			if test.want.Name == "" {
				test.want.Name = "ana@example.com"
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("principal (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostileTokensAreRefused tries what somebody may send who is not whom they want to be taken for.
func TestHostileTokensAreRefused(t *testing.T) {
	t.Parallel()
	one, foreign := newKey(t, "one", jose.RS256), newKey(t, "one", jose.RS256)
	unknown := newKey(t, "another", jose.RS256)
	elliptic := newKey(t, "one", jose.ES256)
	issuer := startIssuer(t, one)
	signed := func(claims map[string]any) string { return one.sign(t, issuer.claims(claims), nil) }
	typed := func(kind any) string {
		return one.sign(t, issuer.claims(nil), map[jose.HeaderKey]any{jose.HeaderType: kind})
	}
	good := signed(nil)
	parts := strings.Split(good, ".")
	for name, test := range map[string]struct{ token, want string }{
		"another issuer":                     {signed(map[string]any{"iss": "https://other.example.com"}), "not of the issuer"},
		"the issuer with a slash":            {signed(map[string]any{"iss": issuer.URL + "/"}), "not of the issuer"},
		"no issuer":                          {signed(map[string]any{"iss": nil, "ISS": issuer.URL}), "not of the issuer"},
		"another audience":                   {signed(map[string]any{"aud": "somebody-else"}), "for another audience: want debrief or debrief-api"},
		"no audience":                        {signed(map[string]any{"aud": nil}), "for another audience"},
		"an audience by another spelling":    {signed(map[string]any{"aud": nil, "AUD": "debrief"}), "for another audience"},
		"it has expired":                     {signed(map[string]any{"exp": testNow.Add(-time.Minute).Unix()}), "has expired"},
		"it never expires":                   {signed(map[string]any{"exp": nil}), "does not say when it expires"},
		"it expires by another spelling":     {signed(map[string]any{"exp": nil, "EXP": testNow.Add(time.Hour).Unix()}), "does not say when it expires"},
		"it expires after all time":          {signed(map[string]any{"exp": 1e300}), "not"},
		"it is not valid yet":                {signed(map[string]any{"nbf": testNow.Add(61 * time.Second).Unix()}), "not valid yet"},
		"it was issued later":                {signed(map[string]any{"iat": testNow.Add(61 * time.Second).Unix()}), "not valid yet"},
		"no subject":                         {signed(map[string]any{"sub": nil}), "its claim sub"},
		"a subject with a line break":        {signed(map[string]any{"sub": "a\nb"}), "its claim sub"},
		"a subject that is too long":         {signed(map[string]any{"sub": strings.Repeat("1", 125)}), "its claim sub"},
		"groups that are a number":           {signed(map[string]any{"groups": 7}), "its claim groups is neither"},
		"teams beyond all measure":           {signed(map[string]any{"teams": manyTeams(257)}), "its claim teams has more than 256 teams"},
		"groups that are an object":          {signed(map[string]any{"groups": map[string]any{"sre": true}}), "its claim groups is neither"},
		"groups of several types":            {signed(map[string]any{"groups": []any{"sre", 7}}), "its claim groups is neither"},
		"claims that are null":               {one.sign(t, nil, nil), "not of the issuer"},
		"an algorithm that is not the key's": {one.as(jose.PS256).sign(t, issuer.claims(nil), nil), "not signed by a key"},
		"groups within groups":               {signed(map[string]any{"groups": []any{[]any{"sre"}}}), "its claim groups is neither"},
		"a key that somebody else has":       {foreign.sign(t, issuer.claims(nil), nil), "not signed by a key"},
		"an unknown key":                     {unknown.sign(t, issuer.claims(nil), nil), "not signed by a key"},
		"a key of another kind":              {elliptic.sign(t, issuer.claims(nil), nil), "not signed by a key"},
		"a key that it brings along":         {foreign.sign(t, issuer.claims(nil), map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: foreign.private.Public()}}), "not signed by a key"},
		"claims that were changed":           {parts[0] + "." + encoded(t, issuer.claims(map[string]any{"groups": "leads"})) + "." + parts[2], "not signed by a key"},
		"no signature":                       {parts[0] + "." + parts[1] + ".", "not signed by a key"},
		"the algorithm none":                 {encoded(t, map[string]any{"alg": "none"}) + "." + parts[1] + ".", "no JWT that is signed"},
		"the algorithm NONE":                 {encoded(t, map[string]any{"alg": "NoNe", "kid": "one"}) + "." + parts[1] + ".", "no JWT that is signed"},
		"the public key as a secret":         {signedBySecret(t, one, issuer.claims(nil)), "no JWT that is signed"},
		"a token to log out":                 {typed("logout+jwt"), "of a type"},
		"a type that is no text":             {typed(7), "of a type"},
		"a header that must be known":        {one.sign(t, issuer.claims(nil), map[jose.HeaderKey]any{"crit": []string{"x"}, "x": 1}), "not"},
		"in the form of JSON":                {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "no JWT that is signed"},
		"a huge token":                       {signed(map[string]any{"x": strings.Repeat("x", oidc.MaxToken)}), "more than 16384 bytes"},
		"no token at all":                    {"letmein", "no JWT that is signed"},
		"dots":                               {"..", "no JWT that is signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authenticator, _ := issuer.authenticator(t, func(options *oidc.Options) { options.TeamClaim = "teams" })
			if got := refusal(t, authenticator, test.token); !strings.Contains(got, test.want) {
				t.Errorf("it is refused because %q, want …%s…", got, test.want)
			} else if strings.Contains(got, parts[1]) {
				t.Errorf("the refusal repeats the token: %q", got)
			}
		})
	}
}

// manyTeams are as many, each another one.
func manyTeams(count int) []string {
	teams := make([]string, count)
	for i := range teams {
		teams[i] = fmt.Sprintf("team-%03d", i)
	}
	return teams
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// signedBySecret signs with what everybody knows of a key, as if it was a secret (RFC 8725, section 2.1).
func signedBySecret(t *testing.T, key key, claims map[string]any) string {
	t.Helper()
	public, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := encoded(t, map[string]any{"alg": "HS256", "kid": key.id}) + "." + encoded(t, claims)
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestOptionsThatLetNobodyOrEverybodyInAreRefused(t *testing.T) {
	t.Parallel()
	good := oidc.Options{Issuer: "https://login.example.com", Audiences: []string{"debrief"}, DefaultRole: access.Viewer}
	if _, err := oidc.New(good); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*oidc.Options)
		want   string
	}{
		"no issuer":              {func(o *oidc.Options) { o.Issuer = "" }, "the issuer is"},
		"an issuer in the clear": {func(o *oidc.Options) { o.Issuer = "http://login.example.com" }, "want https"},
		"an issuer with a query": {func(o *oidc.Options) { o.Issuer += "?x" }, "without a query"},
		"no audience":            {func(o *oidc.Options) { o.Audiences = nil }, "an audience is required"},
		"an empty audience":      {func(o *oidc.Options) { o.Audiences = []string{""} }, "an audience is required"},
		"no roles":               {func(o *oidc.Options) { o.DefaultRole = access.Nobody }, "roles or a default role"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := good
			test.change(&options)
			if _, err := oidc.New(options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}
