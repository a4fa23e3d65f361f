package server

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/service/audit"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// found are the checks that say anything but OK, by their names, as `VERDICT message`.
func found(t *testing.T, config Config, now func() time.Time) map[string]string {
	t.Helper()
	told := map[string]string{}
	for _, check := range Examine(t.Context(), config, now) {
		if check.Verdict != OK {
			told[check.Name] += string(check.Verdict) + " " + check.Message
		}
	}
	return told
}

// expectFound wants just the checks to say something, each with a text in it.
func expectFound(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if !strings.Contains(got[name], text) {
			t.Errorf("%s: %q, want it to have %q", name, got[name], text)
		}
	}
	for name, text := range got {
		if _, expected := want[name]; !expected {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// filled opens a store, has it filled, and closes it.
func filled(t *testing.T, open func(context.Context) (repository.Repository, error), fill ...func(context.Context, repository.Repository) error) {
	t.Helper()
	store, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, fill := range fill {
		if err := fill(t.Context(), store); err != nil {
			t.Error(err)
		}
	}
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// opening are the ways to open a store in SQLite and one in MongoDB, by their URLs.
func opening(t *testing.T) map[string]func(t *testing.T) (string, func(context.Context) (repository.Repository, error)) {
	t.Helper()
	return map[string]func(t *testing.T) (string, func(context.Context) (repository.Repository, error)){
		"sqlite": func(t *testing.T) (string, func(context.Context) (repository.Repository, error)) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "debrief.db")
			return "sqlite:" + path, func(ctx context.Context) (repository.Repository, error) {
				return sqlite.Open(ctx, path, sqlite.Options{})
			}
		},
		"mongodb": func(t *testing.T) (string, func(context.Context) (repository.Repository, error)) {
			t.Helper()
			uri := mongodbtest.NewDatabase(t)
			return uri, func(ctx context.Context) (repository.Repository, error) {
				return mongodb.Open(ctx, uri, mongodb.Options{})
			}
		},
	}
}

const (
	oldID = "01JD3V2Q6R8T0W2Y4A6C8E0G2J"
	newID = "01JD3V2Q6R8T0W2Y4A6C8E0G2K"
)

// storing stores a resource, with an event of a time.
func storing[T any](kept func(repository.Repository) repository.Collection[T], resource T) func(context.Context, repository.Repository) error {
	return func(ctx context.Context, store repository.Repository) error {
		_, err := kept(store).Create(ctx, repository.Creation[T]{Resource: resource})
		return err
	}
}

// page is the first page of an audit trail, of two records.
func page(change func(*repository.AuditPage)) repository.AuditPage {
	first := audit.Record{Method: "/debrief.v1.IncidentService/CreateIncident", Decision: "ALLOWED"}.After(audit.Record{})
	second := audit.Record{Method: "/debrief.v1.IncidentService/GetIncident", Decision: "REFUSED"}.After(first)
	made := repository.AuditPage{
		Header:  repository.Header{ID: repository.AuditPageID(1)},
		Records: []repository.AuditRecord{repository.AuditRecord(first), repository.AuditRecord(second)},
	}
	change(&made)
	return made
}

func TestWhatAStoreHasToTell(t *testing.T) {
	now := time.Now()
	deliveries := func(r repository.Repository) repository.Collection[repository.Delivery] { return r.Deliveries() }
	eventDeliveries := func(r repository.Repository) repository.Collection[repository.EventDelivery] {
		return r.EventDeliveries()
	}
	subscriptions := func(r repository.Repository) repository.Collection[repository.Subscription] { return r.Subscriptions() }
	pages := func(r repository.Repository) repository.Collection[repository.AuditPage] { return r.AuditPages() }
	for name, test := range map[string]struct {
		fill func(context.Context, repository.Repository) error
		want map[string]string
	}{
		"an audit trail": {fill: storing(pages, page(func(*repository.AuditPage) {}))},
		"an audit trail that was changed": {
			storing(pages, page(func(p *repository.AuditPage) { p.Records[1].Principal = "apiKeys/nobody" })),
			map[string]string{"audit trail": "FAIL the trail is broken at record 2"},
		},
		"a delivery that nobody works off": {
			storing(deliveries, repository.Delivery{Header: repository.Header{ID: oldID}, State: "PENDING", NextAttemptTime: now.Add(-time.Hour)}),
			map[string]string{"alert deliveries": "WARN 1 have been due"},
		},
		"a delivery that is due in a moment": {
			fill: storing(deliveries, repository.Delivery{Header: repository.Header{ID: oldID}, State: "PENDING", NextAttemptTime: now.Add(time.Hour)}),
		},
		"an event that could not be told": {
			storing(eventDeliveries, repository.EventDelivery{Header: repository.Header{ID: oldID, Parent: newID}, State: "FAILED"}),
			map[string]string{"event deliveries": "WARN 1 were given up"},
		},
		"a subscription that was disabled": {
			storing(subscriptions, repository.Subscription{Header: repository.Header{ID: oldID}, State: "DISABLED"}),
			map[string]string{"subscriptions": "WARN 1 are DISABLED"},
		},
		"an event of tomorrow": {
			func(ctx context.Context, store repository.Repository) error {
				event := repository.Event{Header: repository.Header{CreationKey: newID, CreateTime: now.Add(24*time.Hour + 30*time.Minute)}}
				_, err := store.Incidents().Create(ctx, repository.Creation[repository.Incident]{
					Resource: repository.Incident{Header: repository.Header{ID: oldID}}, Effects: repository.Effects{Events: []repository.Event{event}},
				})
				return err
			},
			map[string]string{"events": "WARN the newest is 24h"},
		},
	} {
		for kind, prepare := range opening(t) {
			t.Run(name+" in "+kind, func(t *testing.T) {
				config := testConfig(t)
				url, open := prepare(t)
				config.Store = url
				filled(t, open, test.fill)
				expectFound(t, found(t, config, time.Now), test.want)
			})
		}
	}
}

func TestNothingChangesInAStoreThatIsExamined(t *testing.T) {
	config, path := testConfig(t), filepath.Join(t.TempDir(), "debrief.db")
	config.Store = "sqlite:" + path
	expectFound(t, found(t, config, time.Now), map[string]string{"store": "WARN there is none at " + config.Store})
	if left, err := filepath.Glob(filepath.Dir(path) + "/*"); err != nil || len(left) > 0 {
		t.Errorf("there is %v, %v", left, err)
	}
	filled(t, func(ctx context.Context) (repository.Repository, error) {
		return sqlite.Open(ctx, path, sqlite.Options{})
	})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	expectFound(t, found(t, config, time.Now), nil)
	after, err := os.ReadFile(path)
	if err != nil || !cmp.Equal(before, after) {
		t.Errorf("the file has changed, %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	expectFound(t, found(t, config, time.Now), map[string]string{"file": "WARN everybody on this machine may open it"})
	copy(before[len(before)/2:], strings.Repeat("damage", 2000))
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := found(t, config, time.Now)["integrity"]; !strings.HasPrefix(got, "FAIL") {
		t.Errorf("a damaged file: %q", got)
	}
}

func TestAServerThatRunsIsAsked(t *testing.T) {
	running := start(t, nil)
	config := running.config
	config.GRPCAddr, config.HTTPAddr = running.Addresses().GRPC.String(), running.Addresses().HTTP.String()
	expectFound(t, found(t, config, time.Now), nil)
	late := func() time.Time { return time.Now().Add(-time.Hour) }
	if got := found(t, config, late)["server clock"]; !strings.HasPrefix(got, "FAIL it and this machine's are apart by 59m5") {
		t.Errorf("the clock of a server: %q", got)
	}
	config.StoreCheckInterval = 0
	config.HTTPAddr = free(t)
	expectFound(t, found(t, config, time.Now), map[string]string{
		"settings": "FAIL store-check-interval must be more than zero", "grpc-addr": "is taken by another program",
	})
}

func TestAServerThatWantsCertificatesIsNotTakenForAnother(t *testing.T) {
	authority, directory := tlstest.NewAuthority(t), t.TempDir()
	cert, key := authority.Server(t).Write(t, directory)
	callers := tlstest.WriteFile(t, filepath.Join(directory, "callers.pem"), authority.PEM)
	for mode, want := range map[string]map[string]string{
		"require": {"server": "WARN 127.0.0.1:"},
		"allow":   nil,
	} {
		t.Run(mode, func(t *testing.T) {
			running := start(t, func(c *Config) {
				c.TLS.Cert, c.TLS.Key, c.TLS.ClientCA, c.TLS.ClientAuth = cert, key, callers, mode
			})
			config := running.config
			config.GRPCAddr, config.HTTPAddr = running.Addresses().GRPC.String(), running.Addresses().HTTP.String()
			expectFound(t, found(t, config, time.Now), want)
		})
	}
}

// issuing is an issuer that publishes keys.
func issuing(t *testing.T, keys ...any) string {
	t.Helper()
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/keys"}
		if r.URL.Path == "/keys" {
			answer = map[string]any{"keys": keys}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(issuer.Close)
	return issuer.URL
}

func TestWhomAServerDependsOn(t *testing.T) {
	authority := tlstest.NewAuthority(t)
	secret := "hunter2"
	key := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig"}
	mail := emailtest.New(t, emailtest.Options{StartTLS: true, User: "debrief", Password: secret})
	withMail := func(url string) func(*testing.T, *Config) {
		return func(_ *testing.T, c *Config) {
			c.SMTPServer, c.EmailFrom, c.EmailDomains, c.PublicURL = url, "debrief@example.com", []string{"*"}, "https://debrief.example"
		}
	}
	withIssuer := func(keys ...any) func(*testing.T, *Config) {
		return func(t *testing.T, c *Config) {
			t.Helper()
			c.OIDC.Issuer, c.OIDC.Audiences, c.OIDC.DefaultRole = issuing(t, keys...), []string{"debrief"}, "viewer"
		}
	}
	withCertificate := func(end time.Time) func(*testing.T, *Config) {
		return func(t *testing.T, c *Config) {
			t.Helper()
			c.TLS.Cert, c.TLS.Key = authority.Issue(t, x509.Certificate{NotBefore: end.Add(-90 * 24 * time.Hour), NotAfter: end}).Write(t, t.TempDir())
		}
	}
	for name, test := range map[string]struct {
		change func(*testing.T, *Config)
		want   map[string]string
	}{
		"a mail server":                   {change: withMail(strings.Replace(mail.URL, "://", "://debrief:"+secret+"@", 1))},
		"a mail server that knows us not": {withMail(strings.Replace(mail.URL, "://", "://debrief:"+secret+"!@", 1)), map[string]string{"e-mail": "FAIL the mail server does not let us in"}},
		"a mail server that is away":      {withMail("smtp://debrief:" + secret + "@" + free(t)), map[string]string{"e-mail": "FAIL the mail server can't be reached"}},
		"an issuer":                       {change: withIssuer(key)},
		"an issuer without keys":          {withIssuer(), map[string]string{"issuer": "FAIL http://127.0.0.1"}},
		"a certificate":                   {change: withCertificate(time.Now().Add(60 * 24 * time.Hour))},
		"a certificate that expires":      {withCertificate(time.Now().Add(24 * time.Hour)), map[string]string{"certificate": "WARN it expires soon"}},
		"a certificate that has expired":  {withCertificate(time.Now().Add(-time.Hour)), map[string]string{"certificate": "which expired at"}},
		"a store that is none":            {func(_ *testing.T, c *Config) { c.Store = "redis://:" + secret + "@x" }, map[string]string{"store": "FAIL store is not a URL of a known kind"}},
		"a database that is away": {func(_ *testing.T, c *Config) {
			c.Store = "mongodb://u:" + secret + "@127.0.0.1:1/?serverSelectionTimeoutMS=100"
		}, map[string]string{"store": "FAIL "}},
		"everybody in the network":         {func(_ *testing.T, c *Config) { c.HTTPAddr, c.InsecureAllowUnauthenticatedNetwork = "0.0.0.0:0", true }, map[string]string{"http-addr": "WARN everybody who reaches"}},
		"a network that listens":           {func(_ *testing.T, c *Config) { c.HTTPAddr, c.RequireAuthentication = "0.0.0.0:0", true }, map[string]string{"http-addr": "WARN what callers show"}},
		"a network without authentication": {func(_ *testing.T, c *Config) { c.HTTPAddr = "0.0.0.0:0" }, map[string]string{"http-addr": "FAIL http-addr is"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			filled(t, func(ctx context.Context) (repository.Repository, error) {
				return sqlite.Open(ctx, strings.TrimPrefix(config.Store, "sqlite:"), sqlite.Options{})
			})
			test.change(t, &config)
			got := found(t, config, time.Now)
			expectFound(t, got, test.want)
			for name, text := range got {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells a secret: %q", name, text)
				}
			}
		})
	}
	if messages := mail.Attempts(); messages > 0 {
		t.Errorf("%d messages were sent", messages)
	}
}
