package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/debriefhq/debrief/service"
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
	// InsecureAllowUnauthenticatedNetwork lets the addresses be other than loopback. Debrief does not know yet who
	// calls: everybody who can reach such an address can read and change everything.
	InsecureAllowUnauthenticatedNetwork bool
	// CORSOrigins are the web origins whose pages may call the API from a browser, such as `https://dashboard.example.com`;
	// `*` is all of them. Empty: none.
	CORSOrigins []string

	// DefaultDeadline is how long a call may take whose caller did not set a deadline.
	DefaultDeadline time.Duration
	// DrainDelay is how long a server that is to stop goes on serving after it has said that it is not ready any more,
	// so that load balancers can notice.
	DrainDelay time.Duration
	// ShutdownTimeout is how long stopping may take in all, DrainDelay included. What is under way then is cut off.
	ShutdownTimeout time.Duration

	// Retention is how long deleted resources, and deliveries that made no sense, are kept before they are purged.
	Retention time.Duration
	// PurgeInterval is how often, on average, what is past its retention is purged.
	PurgeInterval time.Duration
	// StoreCheckInterval is how often the server looks whether the store can be reached.
	StoreCheckInterval time.Duration
	// Alerts says how alerts become incidents. Its zero value means the service's defaults.
	Alerts service.AlertOptions

	// MaxConnections bounds the connections to each of the two addresses; further ones wait to be accepted.
	MaxConnections int
	// MaxDeliveries bounds the deliveries of alerts that are worked on at once; further ones are answered 503.
	MaxDeliveries int

	// LogLevel is the least level to log. At slog.LevelInfo there is a line for each call.
	LogLevel slog.Level
	// LogFormat is `json` or `text`.
	LogFormat string
	// LogOutput takes the log. Nil: standard error.
	LogOutput io.Writer
	// Version is the program's version, told in telemetry. Empty: that of the build, where it is known.
	Version string
}

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
		DefaultDeadline:    15 * time.Second,
		ShutdownTimeout:    20 * time.Second,
		Retention:          service.DefaultRetention,
		PurgeInterval:      time.Hour,
		StoreCheckInterval: 2 * time.Second,
		MaxConnections:     4096,
		MaxDeliveries:      64,
		LogLevel:           slog.LevelInfo,
		LogFormat:          "json",
	}
}

// complete checks the settings that can be checked by themselves, and fills in what was left to the environment.
func (c *Config) complete() error {
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
	if err := errors.Join(c.checkBounds(), c.checkOrigins(), c.checkFormat()); err != nil {
		return &SettingsError{err}
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
		"store-check-interval": int64(c.StoreCheckInterval),
		"max-connections":      int64(c.MaxConnections),
		"max-deliveries":       int64(c.MaxDeliveries),
	} {
		if value <= 0 {
			problems = append(problems, fmt.Errorf("%s must be more than zero", name))
		}
	}
	if c.DrainDelay < 0 || c.DrainDelay > c.ShutdownTimeout/2 {
		problems = append(problems, fmt.Errorf("drain-delay is %v: it must be between zero and half of shutdown-timeout, %v", c.DrainDelay, c.ShutdownTimeout/2))
	}
	return errors.Join(problems...)
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
	return nil
}
