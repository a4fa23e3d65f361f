package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/intake"
)

const (
	keyPrefix = "dbk_"
	// keyBytes are random; in base62 they have keyDigits digits.
	keyBytes  = 32
	keyDigits = 43
	// shownKey is how much of a key is shown to tell it from others.
	shownKey = len(keyPrefix) + 6
)

// isMeantAsKey says whether a text is meant as the key of an integration. One that was cut short is refused, and not passed
// over: else its sender's deliveries were taken without the integration's rules.
func isMeantAsKey(text string) bool { return strings.HasPrefix(text, keyPrefix) }

// newKey makes a key that begins with the prefix.
func newKey(prefix string) (string, error) {
	random := make([]byte, keyBytes)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	digits := new(big.Int).SetBytes(random).Text(62)
	return prefix + strings.Repeat("0", keyDigits-len(digits)) + digits, nil
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// AuthorizationKey is the key in the value of the header Authorization: of the schemes Bearer and GenieKey, or the password
// or user of Basic. Empty where there is none.
func AuthorizationKey(header string) string {
	scheme, value, _ := strings.Cut(header, " ")
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "bearer", "geniekey", "token":
		return keyOrEmpty(value)
	case "basic":
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return ""
		}
		user, password, _ := strings.Cut(string(decoded), ":")
		if key := keyOrEmpty(password); key != "" {
			return key
		}
		return keyOrEmpty(user)
	default:
		return ""
	}
}

func keyOrEmpty(text string) string {
	if isMeantAsKey(text) {
		return text
	}
	return ""
}

// CutURLKey takes keys out of a URL, and answers the last one: a segment of its path, or a parameter, however it is encoded. What is left
// may be told to everybody.
func CutURLKey(address *url.URL) (*url.URL, string) {
	cut := *address
	segments, key := cutKeys(strings.Split(cut.EscapedPath(), "/"), url.PathUnescape, "/")
	if key != "" {
		cut.RawPath = strings.Join(segments, "/")
		if path, err := url.PathUnescape(cut.RawPath); err == nil {
			cut.Path = path
		}
	}
	parameters, inQuery := cutKeys(strings.Split(cut.RawQuery, "&"), url.QueryUnescape, ";=")
	if inQuery != "" {
		key, cut.RawQuery = inQuery, strings.Join(parameters, "&")
	}
	return &cut, key
}

// cutKeys leaves out the parts of an address that have keys in them, and answers the last key. Between the separators each part may have
// one; what can't be decoded is looked at as it is.
func cutKeys(parts []string, decode func(string) (string, error), separators string) (kept []string, key string) {
	separate := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
	}
	for _, part := range parts {
		var pieces []string
		for _, piece := range separate(part) {
			if plain, err := decode(piece); err == nil {
				pieces = append(pieces, separate(plain)...)
			}
			pieces = append(pieces, piece)
		}
		if at := slices.IndexFunc(pieces, isMeantAsKey); at >= 0 {
			key = pieces[at]
			continue
		}
		kept = append(kept, part)
	}
	return kept, key
}

// integrationOf finds the integration that has a key which is taken; false where there is none, or the key is not taken any more. It is
// found by the key's hash, so that no comparison tells how much of a wrong one is right.
func (b *base) integrationOf(ctx context.Context, key string) (repository.Integration, bool, error) {
	hash := hashKey(key)
	found, err := b.integrationKeys.get(hash, b.now(), func() ([]repository.Integration, error) {
		return b.repository.Integrations().List(ctx, repository.Query{Where: repository.TermIn{repository.Term("keys.hash", hash)}, Limit: 1})
	})
	if err != nil {
		return repository.Integration{}, false, fmt.Errorf("find the integration of a key: %w", err)
	}
	if len(found) == 0 || found[0].Visibility != repository.Live || !isTaken(found[0], hash, b.present()) {
		return repository.Integration{}, false, nil
	}
	return found[0], true, nil
}

// RequiresKeys says whether nothing is taken without the key of an integration.
func (s *Intake) RequiresKeys() bool { return s.options.RequireKeys }

// Admits says whether a key that was found in header or URL lets a delivery in; empty: there was none. Its error is that of Receive.
func (s *Intake) Admits(ctx context.Context, adapter intake.Adapter, key string) error {
	_, err := s.admit(ctx, adapter.Kind, adapter.Source, key)
	return err
}

// admit says which integration a key lets in to the intake of a source. Who is refused is counted, and on the audit trail.
func (s *Intake) admit(ctx context.Context, kind, source, key string) (*repository.Integration, error) {
	integration, err := s.keyHolder(ctx, kind, key)
	if err != nil {
		principal := access.Principal{}
		if integration != nil {
			principal = access.Principal{Name: integrationName(integration.ID), Role: access.Integration}
		}
		return nil, s.refuse(ctx, principal, "/intake/"+source, nil, err)
	}
	return integration, nil
}

// keyHolder is the integration that a key lets in to an intake of a kind. An unknown, expired or deleted key is one that is not
// known; who has a key that is known is told more.
func (s *Intake) keyHolder(ctx context.Context, kind, key string) (*repository.Integration, error) {
	if key == "" {
		if s.options.RequireKeys {
			return nil, unauthenticated("INTAKE_KEY_REQUIRED", "a key is required: send that of an integration as Authorization: Bearer, or as the last part of the path")
		}
		return nil, nil //nolint:nilnil // Without a key there is no integration.
	}
	integration, found, err := s.integrationOf(ctx, key)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, unauthenticated("INTAKE_KEY_INVALID", "the key is not known, or not taken any more: create or rotate the integration's key")
	}
	switch {
	case integration.Disabled:
		return &integration, integrationDisabled(integration.ID)
	case integration.Kind != kind:
		return &integration, permissionDenied("INTEGRATION_KIND", "the key is that of %s, whose kind is %s: send to its path, or use the key of one of the kind %s",
			integrationName(integration.ID), integration.Kind, kind)
	}
	return &integration, nil
}

func integrationDisabled(id string) error {
	return permissionDenied("INTEGRATION_DISABLED", "%s is disabled: enable it, or have the sender stop", integrationName(id))
}

// isTaken says whether a key of an integration is still taken.
func isTaken(integration repository.Integration, hash string, now time.Time) bool {
	for _, key := range integration.Keys {
		if key.Hash == hash {
			return key.ExpireTime.IsZero() || now.Before(key.ExpireTime)
		}
	}
	return false
}
