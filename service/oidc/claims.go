package oidc

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/access"
)

const (
	// MaxName bounds what somebody is called, in bytes.
	MaxName = 128
	// maxTeams and maxTeam bound the teams of somebody, and the name of each, in characters. What is beyond them is no team: it would
	// fit no resource.
	maxTeams, maxTeam = 256, 64
	// subjectPrefix is before the name of those who are called by their subject.
	subjectPrefix = "sub:"
	emailClaim    = "email"
)

// claims are what a token says, by the exact names (RFC 7519, section 4).
type claims map[string]any

// check holds the claims that are registered against what is expected here.
func (a *Authenticator) check(claims claims) error {
	now := a.options.Now()
	if claims["iss"] != a.options.Issuer {
		return refusef("it is not of the issuer %s", a.options.Issuer)
	}
	audiences, ok := texts(claims["aud"])
	if !ok || !slices.ContainsFunc(audiences, func(audience string) bool { return slices.Contains(a.options.Audiences, audience) }) {
		return refusef("it is for another audience: want %s", strings.Join(a.options.Audiences, " or "))
	}
	expires, ok := moment(claims["exp"])
	switch {
	case !ok:
		return refusef("it does not say when it expires")
	case !now.Before(expires.Add(Skew)):
		return refusef("it has expired: log in again")
	}
	for _, claim := range []string{"nbf", "iat"} {
		begins, ok := moment(claims[claim])
		if _, given := claims[claim]; given && !ok {
			return refusef("its claim %s is no time", claim)
		}
		if ok && now.Add(Skew).Before(begins) {
			return refusef("it is not valid yet: does the clock of its issuer go right?")
		}
	}
	return nil
}

// moment is a time in seconds since 1970.
func moment(claim any) (time.Time, bool) {
	seconds, ok := claim.(float64)
	if !ok || math.IsNaN(seconds) || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// principal is whom the claims tell of.
func (a *Authenticator) principal(claims claims) (access.Principal, error) {
	name, err := a.name(claims)
	if err != nil {
		return access.Principal{}, err
	}
	role, err := a.role(claims)
	if err != nil {
		return access.Principal{}, err
	}
	teams, err := a.teams(claims)
	if err != nil {
		return access.Principal{}, err
	}
	return access.Principal{Name: name, Role: role, Teams: teams, By: access.ByToken}, nil
}

func (a *Authenticator) name(claims claims) (string, error) {
	subject, _ := claims["sub"].(string)
	if !isPrintable(subject) || len(subjectPrefix)+len(subject) > MaxName {
		return "", refusef("its claim sub is not text of 1 to %d printable bytes", MaxName-len(subjectPrefix))
	}
	name, _ := claims.at(a.options.UserClaim).(string)
	if a.options.UserClaim == emailClaim {
		if verified, _ := claims["email_verified"].(bool); !verified {
			return subjectPrefix + subject, nil
		}
		name = strings.ToLower(name)
	}
	if !isPrintable(name) || len(name) > MaxName || strings.Contains(name, "/") || strings.HasPrefix(name, subjectPrefix) {
		return subjectPrefix + subject, nil
	}
	return name, nil
}

// isPrintable says whether a text has something to read in it, and nothing that is hidden, or around it.
func isPrintable(text string) bool {
	return text != "" && utf8.ValidString(text) && strings.TrimSpace(text) == text &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// role is the greatest that the claim gives, or the default where it gives none: who has a lesser role than the default is meant to.
func (a *Authenticator) role(claims claims) (access.Role, error) {
	values, ok := texts(claims.at(a.options.RoleClaim))
	if !ok {
		return access.Nobody, refusef("its claim %s is neither a text nor a list of texts", a.options.RoleClaim)
	}
	roles := make([]access.Role, len(values))
	for i, value := range values {
		roles[i] = a.options.Roles[value]
	}
	if role := access.Greatest(roles...); role != access.Nobody {
		return role, nil
	}
	return a.options.DefaultRole, nil
}

func (a *Authenticator) teams(claims claims) ([]string, error) {
	if a.options.TeamClaim == "" {
		return nil, nil
	}
	teams, ok := texts(claims.at(a.options.TeamClaim))
	if !ok {
		return nil, refusef("its claim %s is neither a text nor a list of texts", a.options.TeamClaim)
	}
	teams = slices.DeleteFunc(slices.Clone(teams), func(team string) bool { return !isPrintable(team) || utf8.RuneCountInString(team) > maxTeam })
	slices.Sort(teams)
	teams = slices.Compact(teams)
	if len(teams) > maxTeams {
		return nil, refusef("its claim %s has more than %d teams", a.options.TeamClaim, maxTeams)
	}
	return teams, nil
}

// at is the claim of a name or, where there is none, the one that the dots in the name lead to; nil where there is none either.
func (c claims) at(path string) any {
	if claim, ok := c[path]; ok {
		return claim
	}
	var claim any = map[string]any(c)
	for name := range strings.SplitSeq(path, ".") {
		object, ok := claim.(map[string]any)
		if !ok {
			return nil
		}
		claim = object[name]
	}
	return claim
}

// texts are a text, or those of a list; none where there is no claim. False where it is anything else.
func texts(claim any) ([]string, bool) {
	switch claim := claim.(type) {
	case nil:
		return nil, true
	case string:
		return []string{claim}, true
	case []any:
		found := make([]string, len(claim))
		for i, element := range claim {
			text, ok := element.(string)
			if !ok {
				return nil, false
			}
			found[i] = text
		}
		return found, true
	default:
		return nil, false
	}
}
