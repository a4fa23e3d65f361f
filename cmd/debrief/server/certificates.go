package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const (
	// expiryNotice is how long before its end a certificate is complained about; one that lives for less than three times as
	// long, when the last third of its life has begun.
	expiryNotice = 14 * 24 * time.Hour
	// expiryReminder is how often it is complained about.
	expiryReminder = 24 * time.Hour
)

// certificates are the identity of the server as its files have it. New connections begin with what the files had when they were
// last looked at and made sense; connections that are there go on.
type certificates struct {
	options TLSOptions
	now     func() time.Time
	current atomic.Pointer[identity]

	logger  *slog.Logger
	reloads metric.Int64Counter

	// What follows is for check alone, which runs once at a time.

	// refused is what was wrong with the files when they were last looked at.
	refused string
	// reminded is when it was last said that the certificate expires.
	reminded time.Time
}

// newCertificates reads the files.
func newCertificates(options TLSOptions, now func() time.Time) (*certificates, error) {
	files, err := options.read()
	if err != nil {
		return nil, err
	}
	first, err := options.parse(files, now())
	if err != nil {
		return nil, err
	}
	c := &certificates{options: options, now: now}
	c.current.Store(first)
	return c, nil
}

// config is how connections begin, each with the identity of that moment; protocols are offered by ALPN.
func (c *certificates) config(protocols ...string) *tls.Config {
	config := c.current.Load().config(protocols)
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return c.current.Load().config(protocols), nil
	}
	return config
}

func (c *certificates) expiry() time.Time { return c.current.Load().pair.Leaf.NotAfter }

// report says where to tell of reloads and of the certificate's end. It comes before check.
func (c *certificates) report(meters metric.MeterProvider, logger *slog.Logger) error {
	c.logger = logger
	meter := meters.Meter("github.com/debriefhq/debrief/cmd/debrief/server")
	var err error
	c.reloads, err = meter.Int64Counter("debrief.tls.reloads", metric.WithUnit("{reload}"),
		metric.WithDescription("Times that the TLS files were found to have changed, by what came of it: LOADED, or REFUSED each time that they are looked at."))
	if err != nil {
		return err
	}
	_, err = meter.Int64ObservableGauge("debrief.tls.certificate.expiry_timestamp", metric.WithUnit("s"),
		metric.WithDescription("When the TLS certificate that is served expires, in seconds since 1970."),
		metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
			observer.Observe(c.expiry().Unix())
			return nil
		}))
	return err
}

// followCertificates takes what the TLS files have, as they change.
func (s *Server) followCertificates(ctx context.Context) error {
	c := s.config.certificates
	if c == nil {
		return nil
	}
	if err := c.report(s.telemetry.meters, s.logger); err != nil {
		return err
	}
	s.closers.push("stop looking at the TLS files", repeat(ctx, c.follow))
	return nil
}

// follow looks at the files until the context ends.
func (c *certificates) follow(ctx context.Context) {
	c.remind(ctx)
	for sleep(ctx, c.options.ReloadInterval) {
		c.check(ctx)
	}
}

// check takes what the files have now, if it is new and makes sense. It compares what is in them: times of change say little of
// files that are links, such as those of a Kubernetes secret, which change all together when one link on the way to them does.
func (c *certificates) check(ctx context.Context) {
	switch fresh, err := c.look(); {
	case err != nil:
		c.refuse(ctx, err)
	case fresh == nil:
		c.refused = ""
	default:
		c.current.Store(fresh)
		c.refused, c.reminded = "", time.Time{}
		c.count(ctx, "LOADED")
		c.logger.InfoContext(ctx, "the TLS files have changed: new connections begin with them", "expires", c.expiry())
	}
	c.remind(ctx)
}

// look is the identity that the files have now; nil where it is the one that is served.
func (c *certificates) look() (*identity, error) {
	files, err := c.options.read()
	if err != nil || files.digest() == c.current.Load().digest {
		return nil, err
	}
	return c.options.parse(files, c.now())
}

// refuse stays with the identity that there is. Files that stay as they are count each time, and are told of once.
func (c *certificates) refuse(ctx context.Context, err error) {
	c.count(ctx, "REFUSED")
	if c.refused == err.Error() {
		return
	}
	c.refused = err.Error()
	c.logger.ErrorContext(ctx, "the TLS files are refused: those before them are served on", "error", err, "expires", c.expiry())
}

func (c *certificates) count(ctx context.Context, outcome string) {
	c.reloads.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}

// expiresSoon says that a certificate is to be complained about.
func expiresSoon(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < min(expiryNotice, leaf.NotAfter.Sub(leaf.NotBefore)/3)
}

// remind says, once a day, that the certificate expires.
func (c *certificates) remind(ctx context.Context) {
	leaf, now := c.current.Load().pair.Leaf, c.now()
	if !expiresSoon(leaf, now) || now.Sub(c.reminded) < expiryReminder {
		return
	}
	c.reminded = now
	if now.After(leaf.NotAfter) {
		c.logger.ErrorContext(ctx, "the TLS certificate has expired", "expires", leaf.NotAfter)
		return
	}
	c.logger.WarnContext(ctx, "the TLS certificate expires soon", "expires", leaf.NotAfter)
}
