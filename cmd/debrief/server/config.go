package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/email"
)

// Config is how a server runs. Start from [DefaultConfig] and change what is to be different.
type Config struct {
	// Store is where everything is kept: `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`. The path of a MongoDB URI
	// names the database; without one it is `debrief`. Empty: the file that [DefaultStore] names.
	Store string
	// GRPCAddr is the TCP address for gRPC, HOST:PORT. Port 0 lets the system choose one.
	GRPCAddr string
	// HTTPAddr is the TCP address for REST, the API page, alerts and metrics, HOST:PORT. Port 0 lets the system choose one.
	HTTPAddr string
	// RequireAuthentication refuses calls, deliveries of alerts and requests for metrics of those who do not show who they are.
	// Otherwise everybody who reaches an address may do everything.
	RequireAuthentication bool
	// InsecureAllowUnauthenticatedNetwork lets the addresses be other than loopback without RequireAuthentication: everybody who can
	// reach such an address can read and change everything.
	InsecureAllowUnauthenticatedNetwork bool
	// OIDC says whose tokens are taken. Its zero value means: nobody's.
	OIDC OIDCOptions
	// Audit is what is kept of what callers do: AuditAuto, AuditOn or AuditOff.
	Audit string
	// TLS says how the server proves who it is, on both addresses. Its zero value means that they are in the clear.
	TLS TLSOptions
	// CORSOrigins are the web origins whose pages may call the API from a browser, such as `https://dashboard.example.com`;
	// `*` is all of them. Empty: none.
	CORSOrigins []string
	// PublicURL is where people and programs reach Debrief over HTTP, such as `https://debrief.example.com`: what leaves
	// Debrief, such as feeds, links to it. Empty: links are relative, or left out.
	PublicURL string

	// DefaultDeadline is how long a call may take whose caller did not set a deadline.
	DefaultDeadline time.Duration
	// DrainDelay is how long a server that is to stop goes on serving after it has said that it is not ready any more,
	// so that load balancers can notice.
	DrainDelay time.Duration
	// ShutdownTimeout is how long stopping may take in all, DrainDelay included. What is under way then is cut off.
	ShutdownTimeout time.Duration

	// Retention is how long deleted resources, and deliveries that made no sense, are kept before they are purged.
	Retention time.Duration
	// Retentions say how long is kept what nobody deletes.
	Retentions service.Retentions
	// PurgeInterval is how often, on average, what is past its retention is purged.
	PurgeInterval time.Duration
	// ClockPolicies is the file that says how the clocks of incidents run; see clock.ParsePolicies. Empty: 24 hours for all.
	ClockPolicies string
	// ClockInterval is how often, at least, the server looks for what clocks have to tell. What it knows to be due is
	// told when it is.
	ClockInterval time.Duration
	// DeliveryInterval is how often the server looks for deliveries that are to be tried again, or were left behind.
	DeliveryInterval time.Duration
	// StoreCheckInterval is how often the server looks whether the store can be reached.
	StoreCheckInterval time.Duration
	// LookBack is how long after an action item was done one looks back whether it helped.
	LookBack time.Duration
	// Alerts says how alerts become incidents. Its zero value means the service's defaults.
	Alerts service.AlertOptions
	// Language says how the blameless check reads. Its zero value means the service's defaults.
	Language service.LanguageOptions
	// Webhooks says how webhooks are sent. Its zero value means the service's defaults.
	Webhooks service.WebhookOptions
	// SMTPServer is the mail server that takes e-mail; see email.Options. Empty: none is sent.
	SMTPServer string
	// EmailFrom is who e-mail is from: an address, with or without a name. Required where there is an SMTPServer.
	EmailFrom string
	// EmailDomains are those to whose addresses e-mail is sent, such as `example.com`; `*` is all. Required where there is an
	// SMTPServer: whoever can create a subscription decides who gets it.
	EmailDomains []string

	// MaxConnections bounds the connections to each of the two addresses; further ones wait to be accepted.
	MaxConnections int
	// MaxCalls bounds the calls that are worked on at once; further ones are answered 503.
	MaxCalls int
	// MaxCallRate is how many calls a second each principal may make, five times as many at once after a rest. Zero: any number.
	MaxCallRate int
	// MaxDeliveryRate is how many deliveries a second each integration may make, five times as many at once after a rest. Zero: any
	// number.
	MaxDeliveryRate int
	// MaxDeliveries bounds the deliveries of alerts that are worked on at once; further ones wait for half a second, and are
	// then answered 503.
	MaxDeliveries int

	// LogLevel is the least level to log. At slog.LevelInfo there is a line for each call.
	LogLevel slog.Level
	// LogFormat is `json` or `text`.
	LogFormat string
	// LogOutput takes the log. Nil: standard error.
	LogOutput io.Writer
	// Version is the program's version, told in telemetry. Empty: that of the build, where it is known.
	Version string

	// policies are what the file ClockPolicies says.
	policies clock.Policies
	// email is how e-mail is sent.
	email service.EmailOptions
	// tokens knows who has a token; nil where none are taken.
	tokens service.Authenticator
	// certified knows who has a certificate; nil where nobody is known by one.
	certified service.Certificates
	// certificates are what TLS is served with; nil where it is not.
	certificates *certificates
}

// What Config.Audit can be.
const (
	// AuditAuto keeps an audit trail where callers are known.
	AuditAuto = "auto"
	// AuditOn keeps one, even of callers whom nobody knows.
	AuditOn = "on"
	// AuditOff keeps none.
	AuditOff = "off"
)

// SettingsError says which setting makes no sense, and what would be right.
type SettingsError struct{ cause error }

// Error is what to tell the person who chose the setting.
func (e *SettingsError) Error() string { return e.cause.Error() }

// Unwrap is the cause.
func (e *SettingsError) Unwrap() error { return e.cause }

func settingsErrorf(format string, arguments ...any) error {
	return &SettingsError{fmt.Errorf(format, arguments...)}
}

// DefaultConfig is how a server runs where nothing else is said.
func DefaultConfig() Config {
	return Config{
		GRPCAddr:           "127.0.0.1:9090",
		HTTPAddr:           "127.0.0.1:8080",
		TLS:                TLSOptions{ReloadInterval: 10 * time.Second},
		DefaultDeadline:    15 * time.Second,
		ShutdownTimeout:    20 * time.Second,
		Retention:          service.DefaultRetention,
		Retentions:         service.Retentions{Alerts: service.DefaultAlertRetention},
		PurgeInterval:      time.Hour,
		LookBack:           service.DefaultLookBack,
		ClockInterval:      10 * time.Second,
		DeliveryInterval:   5 * time.Second,
		StoreCheckInterval: 2 * time.Second,
		MaxConnections:     4096,
		MaxDeliveries:      64,
		MaxCalls:           512,
		MaxCallRate:        200,
		MaxDeliveryRate:    1000,
		LogLevel:           slog.LevelInfo,
		LogFormat:          "json",
		Audit:              AuditAuto,
		OIDC:               defaultOIDC(),
	}
}

// complete checks the settings that can be checked by themselves, and fills in what was left to the environment.
func (c *Config) complete() error {
	if err := c.fill(); err != nil {
		return err
	}
	if err := errors.Join(c.check(), c.prepareEmail(), c.prepareOIDC(), c.prepareTLS(), c.prepareClientRoles()); err != nil {
		return &SettingsError{err}
	}
	return nil
}

// check checks what needs no more than the settings and the files that they name.
func (c *Config) check() error {
	return errors.Join(c.checkBounds(), c.checkOrigins(), c.checkPublicURL(), c.checkFormat(), c.readPolicies())
}

// fill fills in what was left to the environment.
func (c *Config) fill() error {
	if c.LogOutput == nil {
		c.LogOutput = os.Stderr
	}
	if c.Version == "" {
		c.Version = buildVersion()
	}
	if c.Store == "" {
		store, err := DefaultStore()
		if err != nil {
			return err
		}
		c.Store = store
	}
	return nil
}

func (c *Config) checkBounds() error {
	var problems []error
	for name, value := range map[string]int64{
		"default-deadline":     int64(c.DefaultDeadline),
		"shutdown-timeout":     int64(c.ShutdownTimeout),
		"retention":            int64(c.Retention),
		"purge-interval":       int64(c.PurgeInterval),
		"look-back":            int64(c.LookBack),
		"clock-interval":       int64(c.ClockInterval),
		"delivery-interval":    int64(c.DeliveryInterval),
		"store-check-interval": int64(c.StoreCheckInterval),
		"tls-reload-interval":  int64(c.TLS.ReloadInterval),
		"max-connections":      int64(c.MaxConnections),
		"max-deliveries":       int64(c.MaxDeliveries),
		"max-calls":            int64(c.MaxCalls),
	} {
		if value <= 0 {
			problems = append(problems, fmt.Errorf("%s must be more than zero", name))
		}
	}
	for name, value := range map[string]time.Duration{
		"alert-retention": c.Retentions.Alerts, "audit-retention": c.Retentions.Audit, "event-retention": c.Retentions.Events,
	} {
		if value != 0 && value < service.MinRetention {
			problems = append(problems, fmt.Errorf("%s is %v: it must be %v at least, or 0, which keeps them for good", name, value, service.MinRetention))
		}
	}
	if c.MaxCallRate < 0 || c.MaxDeliveryRate < 0 {
		problems = append(problems, errors.New("max-call-rate and max-delivery-rate must not be negative: 0 is no limit"))
	}
	if c.DrainDelay < 0 || c.DrainDelay > c.ShutdownTimeout/2 {
		problems = append(problems, fmt.Errorf("drain-delay is %v: it must be between zero and half of shutdown-timeout, %v", c.DrainDelay, c.ShutdownTimeout/2))
	}
	return errors.Join(problems...)
}

// checkPublicURL takes a slash at the end away.
func (c *Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	parsed, err := url.Parse(c.PublicURL)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" ||
		parsed.Scheme != "https" && parsed.Scheme != "http" {
		return fmt.Errorf("public-url is %q: want an address such as https://debrief.example.com, without a query", c.PublicURL)
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return nil
}

// checkOrigins wants whole origins: a pattern that matches more than was meant opens the API to strangers' pages.
func (c *Config) checkOrigins() error {
	for _, origin := range c.CORSOrigins {
		if origin == anyOrigin {
			continue
		}
		parsed, err := url.Parse(origin)
		if err != nil || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host || (parsed.Scheme != "https" && parsed.Scheme != "http") {
			return fmt.Errorf("cors-origins has %q: want `*`, or an origin such as https://dashboard.example.com, without a path", origin)
		}
	}
	return nil
}

func (c *Config) checkFormat() error {
	if c.LogFormat != "json" && c.LogFormat != "text" {
		return fmt.Errorf("log-format is %q: want json or text", c.LogFormat)
	}
	if c.Audit != AuditAuto && c.Audit != AuditOn && c.Audit != AuditOff {
		return fmt.Errorf("audit is %q: want auto, on or off", c.Audit)
	}
	return nil
}

// prepareEmail makes of the settings what sends e-mail.
func (c *Config) prepareEmail() error {
	if c.SMTPServer == "" {
		if c.EmailFrom != "" || len(c.EmailDomains) > 0 {
			return errors.New("smtp-server is required where email-from or email-domains are given: no e-mail is sent without it")
		}
		return nil
	}
	switch {
	case c.EmailFrom == "":
		return errors.New("email-from is required where smtp-server is given: say who e-mail is from")
	case len(c.EmailDomains) == 0:
		return errors.New("email-domains is required where smtp-server is given: say who may be written to, such as example.com; * is everybody")
	case c.PublicURL == "":
		return errors.New("public-url is required where smtp-server is given: e-mail has links, and one to unsubscribe")
	}
	for _, domain := range c.EmailDomains {
		if err := email.CheckDomain(domain); err != nil {
			return fmt.Errorf("email-domains has %q, which %w", domain, err)
		}
	}
	mailer, err := email.NewMailer(email.Options{Server: c.SMTPServer, From: c.EmailFrom})
	if err != nil {
		return fmt.Errorf("smtp-server, email-from: %w", err)
	}
	c.email = service.EmailOptions{Mailer: mailer, Domains: c.EmailDomains}
	return nil
}

// readPolicies reads the file of clock policies, of which no more than is taken.
func (c *Config) readPolicies() error {
	if c.ClockPolicies == "" {
		c.policies = clock.DefaultPolicies()
		return nil
	}
	file, err := os.Open(c.ClockPolicies)
	if err != nil {
		return fmt.Errorf("clock-policies: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, clock.MaxPoliciesSize+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("clock-policies: %w", err)
	}
	if c.policies, err = clock.ParsePolicies(data); err != nil {
		return fmt.Errorf("clock-policies: %s: %w", c.ClockPolicies, err)
	}
	return nil
}
