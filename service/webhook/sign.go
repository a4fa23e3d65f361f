package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

const (
	secretPrefix = "whsec_"
	secretSize   = 32
	minSecret    = 24
	maxSecret    = 64
)

// NewSecret makes a secret to sign with, of random bits from the reader.
func NewSecret(random io.Reader) (string, error) {
	key := make([]byte, secretSize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(key), nil
}

// errSecret tells nothing of the secret.
var errSecret = errors.New("the secret is not whsec_ and the base64 of 24 to 64 bytes")

func key(secret string) ([]byte, error) {
	encoded, found := strings.CutPrefix(secret, secretPrefix)
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(decoded) < minSecret || len(decoded) > maxSecret {
		return nil, errSecret
	}
	return decoded, nil
}

// Timestamp is a time as webhook-timestamp has it.
func Timestamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// Sign is the webhook-signature of a body by each of the secrets, in their order.
func Sign(id string, sent time.Time, body []byte, secrets ...string) (string, error) {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		decoded, err := key(secret)
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, decoded)
		mac.Write([]byte(id + "." + Timestamp(sent) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " "), nil
}
