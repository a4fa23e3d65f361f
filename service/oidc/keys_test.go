package oidc_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/oidc"
)

// What a token comes to.
const (
	taken   = "taken"
	refused = "refused"
	untold  = "can't be told"
)

func outcome(t *testing.T, authenticator *oidc.Authenticator, token string) string {
	t.Helper()
	_, err := authenticator.Authenticate(t.Context(), token)
	switch {
	case err == nil:
		return taken
	case errors.As(err, new(*access.CredentialsError)):
		return refused
	default:
		return untold
	}
}

// expect wants an outcome, and to know how often the issuer was asked until then.
func expect(t *testing.T, what string, issuer *testIssuer, authenticator *oidc.Authenticator, token, want string, asked int) {
	t.Helper()
	if got := outcome(t, authenticator, token); got != want {
		t.Errorf("%s: the token is %s, want %s", what, got, want)
	}
	if got := issuer.timesAsked(); got != asked {
		t.Errorf("%s: the issuer was asked %d times, want %d", what, got, asked)
	}
}

func TestAnIssuerThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	key := newKey(t, "one", jose.ES256)
	issuer := startIssuer(t, key)
	issuer.change(func() { issuer.away = true })
	authenticator, clock := issuer.authenticator(t, nil)
	token := key.sign(t, issuer.claims(nil), nil)
	expect(t, "away", issuer, authenticator, token, untold, 1)
	expect(t, "at once", issuer, authenticator, token, untold, 1)
	expect(t, "no JWT", issuer, authenticator, "letmein", refused, 1)
	clock.pass(time.Second)
	expect(t, "after a second", issuer, authenticator, token, untold, 2)
	clock.pass(time.Second)
	expect(t, "after another one", issuer, authenticator, token, untold, 2)
	clock.pass(time.Second)
	expect(t, "after two", issuer, authenticator, token, untold, 3)
	issuer.change(func() { issuer.away = false })
	clock.pass(time.Minute)
	expect(t, "it is back", issuer, authenticator, token, taken, 4)
	expect(t, "and known", issuer, authenticator, token, taken, 4)
}

func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	one, two := newKey(t, "one", jose.ES256), newKey(t, "two", jose.RS256)
	issuer := startIssuer(t, one)
	authenticator, clock := issuer.authenticator(t, nil)
	first, second := one.sign(t, issuer.claims(nil), nil), two.sign(t, issuer.claims(nil), nil)
	expect(t, "the first", issuer, authenticator, first, taken, 1)
	issuer.publish(one, two)
	expect(t, "the second, at once", issuer, authenticator, second, refused, 1)
	clock.pass(10 * time.Second)
	expect(t, "the second", issuer, authenticator, second, taken, 2)
	expect(t, "the first, still", issuer, authenticator, first, taken, 2)
	issuer.publish(two)
	clock.pass(15 * time.Minute)
	expect(t, "the first, withdrawn", issuer, authenticator, first, refused, 3)
	expect(t, "the second, still", issuer, authenticator, second, taken, 3)
}

// TestUnknownKeysDoNotHaveTheIssuerAskedEachTime sends tokens that name keys which there are not.
func TestUnknownKeysDoNotHaveTheIssuerAskedEachTime(t *testing.T) {
	t.Parallel()
	key := newKey(t, "one", jose.ES256)
	issuer := startIssuer(t, key)
	authenticator, clock := issuer.authenticator(t, nil)
	for range 20 {
		forged := newKey(t, rand.Text(), jose.ES256).sign(t, issuer.claims(nil), nil)
		if got := outcome(t, authenticator, forged); got != refused {
			t.Errorf("a forged token is %s", got)
		}
		clock.pass(time.Second)
	}
	if got := issuer.timesAsked(); got != 2 {
		t.Errorf("the issuer was asked %d times within 20 seconds, want 2", got)
	}
}

// TestKeysAreTakenForADayWhileTheIssuerIsAway has it go away for good.
func TestKeysAreTakenForADayWhileTheIssuerIsAway(t *testing.T) {
	t.Parallel()
	key, next := newKey(t, "one", jose.ES256), newKey(t, "two", jose.ES256)
	issuer := startIssuer(t, key)
	authenticator, clock := issuer.authenticator(t, nil)
	lasting := map[string]any{"exp": testNow.Add(100 * time.Hour).Unix()}
	token, unknown := key.sign(t, issuer.claims(lasting), nil), next.sign(t, issuer.claims(lasting), nil)
	expect(t, "there", issuer, authenticator, token, taken, 1)
	issuer.change(func() { issuer.away = true })
	clock.pass(23 * time.Hour)
	expect(t, "away", issuer, authenticator, token, taken, 2)
	expect(t, "away, an unknown key", issuer, authenticator, unknown, untold, 2)
	clock.pass(time.Hour)
	expect(t, "away for a day", issuer, authenticator, token, untold, 3)
}

func TestAnIssuerThatIsAnotherIsNotTaken(t *testing.T) {
	t.Parallel()
	key := newKey(t, "one", jose.ES256)
	for name, test := range map[string]struct {
		metadata func(issuer *testIssuer) map[string]any
		want     string
	}{
		"another issuer's metadata": {func(i *testIssuer) map[string]any {
			return map[string]any{"issuer": "https://other.example.com", "jwks_uri": i.URL + "/keys"}
		}, "did not match the issuer"},
		"keys in the clear": {func(i *testIssuer) map[string]any {
			return map[string]any{"issuer": i.URL, "jwks_uri": "http://keys.example.com/"}
		}, "want https"},
		"keys that are elsewhere": {func(i *testIssuer) map[string]any {
			return map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/moved"}
		}, "it answers with status 307"},
		"no keys": {func(i *testIssuer) map[string]any { return map[string]any{"issuer": i.URL} }, "its jwks_uri is \"\""},
		"no such page": {func(i *testIssuer) map[string]any {
			return map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/none"}
		}, "it answers with status 404"},
		"a huge document": {func(i *testIssuer) map[string]any {
			return map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "x": strings.Repeat("x", 1<<20)}
		}, "more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := startIssuer(t, key)
			issuer.change(func() { issuer.metadata = test.metadata(issuer) })
			authenticator, _ := issuer.authenticator(t, nil)
			_, err := authenticator.Authenticate(t.Context(), key.sign(t, issuer.claims(nil), nil))
			if err == nil || errors.As(err, new(*access.CredentialsError)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q, and not that the token is refused", err, test.want)
			}
		})
	}
}

// TestKeysForOtherUsesAreNotTaken publishes, beside a key that is used, those that are not for signatures, or secret.
func TestKeysForOtherUsesAreNotTaken(t *testing.T) {
	t.Parallel()
	sealing, private := newKey(t, "sealing", jose.RS256), newKey(t, "private", jose.RS256)
	issuer := startIssuer(t)
	issuer.change(func() {
		issuer.keys = []jose.JSONWebKey{
			{Key: sealing.private.Public(), KeyID: "sealing", Use: "enc"},
			{Key: private.private, KeyID: "private", Use: "sig"},
			{Key: []byte("a secret of thirty-two bytes, all"), KeyID: "secret", Use: "sig"},
		}
	})
	authenticator, _ := issuer.authenticator(t, nil)
	for _, key := range []key{sealing, private} {
		if got := outcome(t, authenticator, key.sign(t, issuer.claims(nil), nil)); got != refused {
			t.Errorf("what the key %s signed is %s, want %s", key.id, got, refused)
		}
	}
}

// TestACallerWhoDoesNotWaitSpoilsNothing has one give up before the issuer answers.
func TestACallerWhoDoesNotWaitSpoilsNothing(t *testing.T) {
	t.Parallel()
	key := newKey(t, "one", jose.ES256)
	issuer := startIssuer(t, key)
	authenticator, _ := issuer.authenticator(t, nil)
	token := key.sign(t, issuer.claims(nil), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := authenticator.Authenticate(ctx, token); err != nil {
		t.Errorf("the one who gave up, and had begun to ask: %v", err)
	}
	expect(t, "another one", issuer, authenticator, token, taken, 1)
}
