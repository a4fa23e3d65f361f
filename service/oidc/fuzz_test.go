package oidc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/debriefhq/debrief/service/access"
)

// isRefusal says whether an error is one that tells the caller what is wrong with the token.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*access.CredentialsError](err)
	return ok
}

// FuzzForm holds that what is no token is refused, without being repeated.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "..", "a.b.c", "letmein", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "eyJhbGciOiJSUzI1NiIsInR5cCI6N30.e30.c2ln",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln", `{"payload":"e30","signatures":[]}`, "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdLCJ4IjoxfQ.e30.c2ln", "\xff.\xfe.\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := parse(token); err != nil && (!isRefusal(err) || len(token) > 100 && strings.Contains(err.Error(), token)) {
			t.Errorf("%q: %v", token, err)
		}
	})
}

// FuzzClaims holds that nobody can be called as somebody else is known, nor have a role that no value of theirs gives.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"1","email":"ANA@example.com","email_verified":true,"groups":["sre"],"teams":["a","b","a"]}`, `{"sub":"1","groups":"leads"}`, `{"sub":"apiKeys/root"}`,
		`{"sub":"1","email":"apiKeys/root","email_verified":true}`, `{"sub":"1","email":"sub:2","email_verified":true}`, `{"sub":"a\nb"}`, `{"sub":7}`, `{}`, `null`,
		`{"sub":"1","groups":{"sre":true}}`, `{"sub":"1","groups":[1]}`, `{"sub":"1","groups":[["sre"]]}`, `{"sub":"1","email":"a\u202e@b","email_verified":true}`,
		`{"sub":"1","exp":1e300,"nbf":-1,"iat":"x","aud":7}`, `{"sub":"1","email":"ﬁ\u0000","email_verified":"true"}`, `{"sub":"\ud800"}`, `{"sub":"1","email":"İ@x","email_verified":true}`,
	} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	a := &Authenticator{options: Options{
		Issuer: "https://login.example.com", Audiences: []string{"debrief"}, UserClaim: emailClaim, RoleClaim: "groups", TeamClaim: "teams",
		Roles: map[string]access.Role{"sre": access.Responder, "leads": access.Facilitator}, DefaultRole: access.Viewer, Now: func() time.Time { return now },
	}}
	f.Fuzz(func(t *testing.T, text string) {
		var told claims
		if json.Unmarshal([]byte(text), &told) != nil {
			return
		}
		if err := a.check(told); err != nil && !isRefusal(err) {
			t.Errorf("%s: %v", text, err)
		}
		principal, err := a.principal(told)
		if err != nil {
			if !isRefusal(err) {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
		checkName(t, told, principal.Name)
		if !slices.Contains([]access.Role{access.Viewer, access.Responder, access.Facilitator}, principal.Role) || principal.Role != access.Viewer && !strings.Contains(text, `"`) {
			t.Errorf("%s has the role %v", text, principal.Role)
		}
		if !slices.IsSorted(principal.Teams) || len(principal.Teams) > maxTeams || slices.ContainsFunc(principal.Teams, func(team string) bool { return !isPrintable(team) }) {
			t.Errorf("%s is in the teams %q", text, principal.Teams)
		}
	})
}

func checkName(t *testing.T, told claims, name string) {
	t.Helper()
	subject, _ := told["sub"].(string)
	email, _ := told["email"].(string)
	verified, _ := told["email_verified"].(bool)
	switch {
	case !isPrintable(name) || len(name) > MaxName:
		t.Errorf("%v is called %q", told, name)
	case name == subjectPrefix+subject:
	case !verified || name != strings.ToLower(email) || strings.Contains(name, "/") || strings.HasPrefix(name, subjectPrefix):
		t.Errorf("%v is called %q", told, name)
	}
}
