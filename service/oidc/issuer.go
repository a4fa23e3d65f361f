package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// loadTimeout bounds one look at what the issuer publishes.
	loadTimeout = 5 * time.Second
	// maxDocument bounds each of the documents that the issuer publishes, in bytes.
	maxDocument = 1 << 20
	// refreshInterval is how long keys are taken without another look: so long can a key be used that the issuer has withdrawn.
	refreshInterval = 15 * time.Minute
	// staleLimit is how long keys are taken while the issuer is away.
	staleLimit = 24 * time.Hour
	// searchInterval is the least time between two looks for keys that are not known: whoever sends tokens that name any keys has
	// the issuer asked no more often.
	searchInterval = 10 * time.Second
	// minPatience and maxPatience are how long it takes until the issuer is asked again after it did not answer: it doubles from the
	// first to the second.
	minPatience, maxPatience = time.Second, time.Minute
)

// errAway says that the issuer is not asked now, as it did not answer a moment ago.
var errAway = errors.New("the issuer did not answer a moment ago")

// issuer is who publishes keys, and what is known of them.
type issuer struct {
	url    string
	client *http.Client
	now    func() time.Time

	// loading is held by the one who asks the issuer.
	loading chan struct{}
	// mutex guards what follows.
	mutex sync.Mutex
	keys  []jose.JSONWebKey
	// loaded is when the keys were loaded; zero: never.
	loaded time.Time
	// failures are how often in a row the issuer could not be asked, failed when it was for the last time.
	failures int
	failed   time.Time
}

func newIssuer(options Options) *issuer {
	return &issuer{url: options.Issuer, now: options.Now, loading: make(chan struct{}, 1), client: NewClient(options.Transport)}
}

// NewClient makes a client for what issuers publish and answer: within five seconds, of a bounded size, and without being sent
// elsewhere. Transport is the way to them; nil: a new connection for each request, by the proxy of the environment.
func NewClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	}
	return &http.Client{
		Transport:     bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// find answers the keys of an id, of which a token without one may mean any; none where the issuer publishes no such key. An error
// says that it can't be told now.
func (i *issuer) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	keys, fresh := i.known(id)
	if len(keys) > 0 && fresh {
		return keys, nil
	}
	if !i.begin(ctx, len(keys) == 0) {
		return keys, ctx.Err() // Nobody waits who has keys.
	}
	defer func() { <-i.loading }()
	err := i.refresh(ctx, id)
	if keys, _ = i.known(id); len(keys) > 0 {
		return keys, nil
	}
	return nil, err
}

// begin takes the turn to ask the issuer; false where somebody else has it, and goes on having it where one waits.
func (i *issuer) begin(ctx context.Context, wait bool) bool {
	select {
	case i.loading <- struct{}{}:
		return true
	default:
	}
	if !wait {
		return false
	}
	select {
	case i.loading <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// known are the keys of an id that may still be taken, and whether they were looked at a short while ago.
func (i *issuer) known(id string) (keys []jose.JSONWebKey, fresh bool) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	age := i.now().Sub(i.loaded)
	if i.loaded.IsZero() || age >= staleLimit {
		return nil, false
	}
	for _, key := range i.keys {
		if id == "" || key.KeyID == id {
			keys = append(keys, key)
		}
	}
	return keys, age < refreshInterval
}

// refresh looks at what the issuer publishes, unless somebody did so a moment ago. Who has begun calls it.
func (i *issuer) refresh(ctx context.Context, id string) error {
	if keys, fresh := i.known(id); fresh && (len(keys) > 0 || i.now().Sub(i.loaded) < searchInterval) {
		return nil
	}
	if i.failures > 0 && i.now().Sub(i.failed) < min(maxPatience, minPatience<<min(i.failures-1, 6)) {
		return errAway
	}
	// A caller who does not wait must not make it look as if the issuer did not answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer cancel()
	keys, err := i.load(ctx)
	if err != nil {
		i.failures, i.failed = i.failures+1, i.now()
		return fmt.Errorf("ask %s for its keys: %w", i.url, err)
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.keys, i.loaded, i.failures = keys, i.now(), 0
	return nil
}

// load reads the issuer's metadata (OpenID Connect Discovery 1.0, section 4) and its keys (RFC 7517, section 5).
func (i *issuer) load(ctx context.Context) ([]jose.JSONWebKey, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.url)
	if err != nil {
		return nil, fmt.Errorf("discover the issuer: %w", err)
	}
	var published struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&published); err != nil {
		return nil, fmt.Errorf("read the issuer's metadata: %w", err)
	}
	if err := CheckURL(published.Keys); err != nil {
		return nil, fmt.Errorf("its jwks_uri %w", err)
	}
	return i.loadKeys(ctx, published.Keys)
}

func (i *issuer) loadKeys(ctx context.Context, address string) (keys []jose.JSONWebKey, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read its keys: %w", err)
	}
	answer, err := i.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read its keys: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read its keys: it answers with status %d", answer.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("read its keys: %w", err)
	}
	return verifying(set.Keys), nil
}

// verifying are the keys by which signatures are verified. Those of other kinds, and for other uses, are passed over, as the
// standard asks for; so are keys that are secret or private, which nobody publishes who means to keep them.
func verifying(set []json.RawMessage) []jose.JSONWebKey {
	var keys []jose.JSONWebKey
	for _, raw := range set {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
			continue
		}
		if key.Algorithm == "" || slices.Contains(algorithms, jose.SignatureAlgorithm(key.Algorithm)) {
			keys = append(keys, key)
		}
	}
	return keys
}

// verify answers what the issuer has signed.
func (i *issuer) verify(ctx context.Context, signed *jose.JSONWebSignature) ([]byte, error) {
	header := signed.Signatures[0].Header
	keys, err := i.find(ctx, header.KeyID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, refusef("it is not signed by a key of %s, or with an algorithm that is not taken", i.url)
}

// bounded reads answers to their end, within a time and a size, so that nothing stays open where somebody leaves an answer alone.
type bounded struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (b bounded) RoundTrip(request *http.Request) (answer *http.Response, err error) {
	ctx, cancel := context.WithTimeout(request.Context(), loadTimeout)
	defer cancel()
	answer, err = b.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("the answer has more than %d bytes", maxDocument)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// isLoopback says whether a name leads to this machine whoever is asked for it.
func isLoopback(name string) bool {
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback() || strings.EqualFold(name, "localhost")
}
