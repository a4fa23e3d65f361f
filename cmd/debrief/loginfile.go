package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// login is what is kept of a login, for one server alone: what one server is shown is not for another.
type login struct {
	// Server is the address of the server that Token is sent to.
	Server string `json:"server"`
	// Issuer is who has issued Token, to ClientID.
	Issuer   string `json:"issuer"`
	ClientID string `json:"clientId"`
	// TokenEndpoint is where the issuer renews tokens, RevocationEndpoint where it ends them; empty where it does not.
	TokenEndpoint      string `json:"tokenEndpoint"`
	RevocationEndpoint string `json:"revocationEndpoint,omitempty"`
	// AccessToken says that Token is the access token, and not the ID token.
	AccessToken bool `json:"accessToken,omitempty"`
	// Token is what is sent with each call, until Expires.
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
	// RefreshToken is what Token is renewed with; empty where the issuer gave none.
	RefreshToken string `json:"refreshToken,omitempty"`
}

// renewBefore is how long before it expires a token is renewed.
const renewBefore = 30 * time.Second

// isValid says whether the token can still be sent.
func (l login) isValid(now time.Time) bool {
	return l.Token != "" && now.Before(l.Expires.Add(-renewBefore))
}

// maxLogin bounds the file of a login, in bytes.
const maxLogin = 256 << 10

// logins are the files in which logins are kept, one for each server. Their owner alone can read them.
type logins struct{ directory string }

func (a *application) logins() logins {
	if a.environment.configuration == "" {
		return logins{}
	}
	return logins{filepath.Join(a.environment.configuration, "debrief", "logins")}
}

// path is the file of a server.
func (l logins) path(server string) string {
	return filepath.Join(l.directory, url.QueryEscape(server)+".json")
}

// read answers the login that is kept for a server; false where there is none.
func (l logins) read(server string) (login, bool, error) {
	if l.directory == "" {
		return login{}, false, nil
	}
	content, err := readBounded(l.path(server), maxLogin)
	if errors.Is(err, fs.ErrNotExist) {
		return login{}, false, nil
	}
	if err != nil {
		return login{}, false, fmt.Errorf("read your login: %w", err)
	}
	var kept login
	if err := json.Unmarshal(content, &kept); err != nil || kept.Server != server {
		return login{}, false, fmt.Errorf("%s is no login for %s: debrief logout takes it away, debrief login makes a new one", l.path(server), server)
	}
	return kept, true, nil
}

// keep writes a login down, in the place of the one before it, so that nobody reads half of it.
func (l logins) keep(kept login) error {
	if l.directory == "" {
		return errors.New("keep the login: the operating system knows no directory for your configuration; set HOME")
	}
	content, err := json.MarshalIndent(kept, "", "  ") //nolint:gosec // It is written into a file that its owner alone can read.
	if err != nil {
		return fmt.Errorf("keep the login: %w", err)
	}
	if err := os.MkdirAll(l.directory, 0o700); err != nil {
		return fmt.Errorf("keep the login: %w", err)
	}
	file, err := os.CreateTemp(l.directory, ".login-*") // It is for its owner alone: mode 0600.
	if err != nil {
		return fmt.Errorf("keep the login: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), l.path(kept.Server))
	}
	if err != nil {
		return fmt.Errorf("keep the login: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// forget takes the login for a server away; false where there is none.
func (l logins) forget(server string) (bool, error) {
	if l.directory == "" {
		return false, nil
	}
	err := os.Remove(l.path(server))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("forget your login: %w", err)
	}
	return true, nil
}
