package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/service/oidc"
)

// session shows a login with every call, and renews it when it expires.
type session struct {
	app *application

	mutex sync.Mutex
	login login
}

// GetRequestMetadata is what is sent.
func (s *session) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.login.isValid(s.app.environment.now()) {
		renewed, err := s.renew(ctx)
		if err != nil {
			return nil, err
		}
		s.login = renewed
	}
	return bearer(s.login.Token).GetRequestMetadata(ctx)
}

// RequireTransportSecurity is that of API keys.
func (s *session) RequireTransportSecurity() bool { return bearer("").RequireTransportSecurity() }

// renew answers a login that is valid. Another command may have renewed it meanwhile, with which the refresh token that is known
// here may have ended: its file is looked at before and after.
func (s *session) renew(ctx context.Context) (login, error) {
	if kept, ok := s.renewedByAnother(); ok {
		return kept, nil
	}
	if s.login.RefreshToken == "" {
		return login{}, s.ended("it has expired")
	}
	renewed, err := s.login.refresh(ctx)
	if err == nil {
		if err := s.app.logins().keep(renewed); err != nil {
			return login{}, status.Error(codes.Unknown, err.Error())
		}
		return renewed, nil
	}
	if kept, ok := s.renewedByAnother(); ok {
		return kept, nil
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode != "" {
		return login{}, s.ended(issuerProblem(err))
	}
	return login{}, status.Errorf(codes.Unknown, "your login can't be renewed: %s", issuerProblem(err))
}

func (s *session) renewedByAnother() (login, bool) {
	kept, found, err := s.app.logins().read(s.login.Server)
	return kept, err == nil && found && kept.Issuer == s.login.Issuer && kept.isValid(s.app.environment.now())
}

func (s *session) ended(problem string) error {
	return status.Errorf(codes.Unauthenticated, "your login at %s has ended: %s; 'debrief login' makes a new one", s.login.Issuer, problem)
}

// refresh has the issuer renew the tokens (RFC 6749, section 6).
func (l login) refresh(ctx context.Context) (login, error) {
	config := oauth2.Config{ClientID: l.ClientID, Endpoint: oauth2.Endpoint{TokenURL: l.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams}}
	tokens, err := config.TokenSource(goidc.ClientContext(ctx, oidc.NewClient(nil)), &oauth2.Token{RefreshToken: l.RefreshToken}).Token()
	if err != nil {
		return login{}, err
	}
	return l.with(tokens)
}

// with is the login with tokens that were issued just now.
func (l login) with(tokens *oauth2.Token) (login, error) {
	l.RefreshToken = tokens.RefreshToken
	if l.AccessToken {
		l.Token, l.Expires = tokens.AccessToken, tokens.Expiry
		return l, nil
	}
	l.Token, _ = tokens.Extra("id_token").(string)
	if l.Token == "" {
		return login{}, errors.New("the issuer gives no ID token: is openid among the scopes, or are its access tokens what the server takes (--access-token)?")
	}
	var err error
	l.Expires, err = expiryOf(l.Token)
	return l, err
}

// expiryOf is when a JWT expires, as it says itself. The server checks it; here it only says when to renew it.
func expiryOf(token string) (time.Time, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, errors.New("the issuer's ID token is no JWT")
	}
	var claims struct {
		Expires float64 `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		return time.Time{}, errors.New("the issuer's ID token is no JWT")
	}
	return time.Unix(int64(claims.Expires), 0), nil
}

// issuerProblem is what went wrong at an issuer, without what it answered otherwise: there may be a token in that.
func issuerProblem(err error) string {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return line(err.Error())
	case refused.ErrorCode == "":
		return "the issuer answers with status " + line(refused.Response.Status)
	default:
		return line(fmt.Sprintf("the issuer says %s", joined(": ", refused.ErrorCode, refused.ErrorDescription)))
	}
}
