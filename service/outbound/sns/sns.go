// Package sns asks Amazon SNS for the certificates that it signs with, and tells it that its messages are wanted.
package sns

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/outbound"
)

const (
	// maxCertificates is how many certificates are kept. A region has one at a time.
	maxCertificates = 64
	// maxCertificate and maxConfirmation are bytes; a certificate has about 2,000, a confirmation 500.
	maxCertificate  = 64 << 10
	maxConfirmation = 64 << 10
	// maxFetches is how many certificates are fetched at the same time: whoever makes up addresses has few of them asked.
	maxFetches = 4
)

// Client asks hosts of Amazon SNS, and no others. It is safe for use by several goroutines.
type Client struct {
	http *http.Client

	flight singleflight.Group
	mutex  sync.Mutex
	kept   map[string]*x509.Certificate

	slots chan struct{}
}

// NewClient makes a client on one of outbound.NewClient.
func NewClient(client *http.Client) *Client {
	return &Client{http: client, kept: map[string]*x509.Certificate{}, slots: make(chan struct{}, maxFetches)}
}

var _ intake.Certificates = (*Client)(nil)

// Certificate is the certificate at an address of SNS. What is at such an address never changes, so that it is asked for
// once; several who want the same one at the same time wait for one answer.
func (c *Client) Certificate(ctx context.Context, address string) (*x509.Certificate, error) {
	if !intake.IsSNSCertificateURL(address) {
		return nil, errors.New("the address is none of a certificate of SNS")
	}
	if certificate := c.cached(address); certificate != nil {
		return certificate, nil
	}
	// The answer is for all who wait: that one of them leaves does not end it. The client's own timeout does.
	answers := c.flight.DoChan(address, func() (any, error) { return c.fetch(context.WithoutCancel(ctx), address) })
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a certificate of SNS: %w", ctx.Err())
	case answer := <-answers:
		certificate, _ := answer.Val.(*x509.Certificate)
		return certificate, answer.Err
	}
}

func (c *Client) cached(address string) *x509.Certificate {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.kept[address]
}

func (c *Client) fetch(ctx context.Context, address string) (*x509.Certificate, error) {
	// Who was late for one flight begins another when the certificate is kept already.
	if certificate := c.cached(address); certificate != nil {
		return certificate, nil
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		return nil, errors.New("too many certificates of SNS are being fetched at the moment")
	}
	body, err := outbound.Get(ctx, c.http, address, maxCertificate)
	if err != nil {
		return nil, fmt.Errorf("fetch a certificate of SNS: %w", err)
	}
	block, _ := pem.Decode(body)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("what SNS sent is no certificate in PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read a certificate of SNS: %w", err)
	}
	c.keep(address, certificate)
	return certificate, nil
}

// keep begins anew when there are too many: that happens once in many years, or when somebody makes up addresses.
func (c *Client) keep(address string, certificate *x509.Certificate) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.kept) >= maxCertificates {
		clear(c.kept)
	}
	c.kept[address] = certificate
}

// Confirm confirms a subscription: address is the ConfirmURL of a delivery whose signature was verified. To confirm twice
// does no harm.
func (c *Client) Confirm(ctx context.Context, address string) error {
	if !intake.IsSNSConfirmationURL(address) {
		return errors.New("the address is none that confirms a subscription of SNS")
	}
	if _, err := outbound.Get(ctx, c.http, address, maxConfirmation); err != nil {
		return fmt.Errorf("confirm a subscription of SNS: %w", err)
	}
	return nil
}
