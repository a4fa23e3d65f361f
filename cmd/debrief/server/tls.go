package server

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// What becomes of callers that show no certificate, where callers are asked for one.
const (
	// ClientAuthRequire has them refused.
	ClientAuthRequire = "require"
	// ClientAuthAllow lets them in, to say in another way who they are.
	ClientAuthAllow = "allow"
)

// maxTLSFile bounds each of the files, in bytes.
const maxTLSFile = 1 << 20

// TLSOptions say how the server proves who it is, and has callers prove it, on both addresses. The zero value serves in the
// clear; half of a value is an error. The files are PEM (RFC 7468).
type TLSOptions struct {
	// Cert is the file of the server's certificate, followed by those that lead from it to an authority that callers know.
	Cert string
	// Key is the file of the private key that belongs to the certificate, not encrypted.
	Key string
	// ClientCA is the file of the authorities by whose certificates callers may say who they are. Empty: they are not asked.
	ClientCA string
	// ClientAuth is ClientAuthRequire, or ClientAuthAllow. Empty: ClientAuthRequire where there is a ClientCA.
	ClientAuth string
	// ClientRoles are pairs of a name that a caller's certificate has and the role that it gives, such as
	// `dns:ci.example.com=responder`; see access.NewCertificates. Whose certificate has none of them has to say in another way who
	// they are.
	ClientRoles []string
	// ReloadInterval is how often the server looks whether the files have changed.
	ReloadInterval time.Duration
}

// prepareTLS reads the files, so that nothing is served where they make no sense.
func (c *Config) prepareTLS() error {
	if c.TLS.Cert == "" && c.TLS.Key == "" && c.TLS.ClientCA == "" && c.TLS.ClientAuth == "" {
		return nil
	}
	if err := c.TLS.check(); err != nil {
		return err
	}
	var err error
	c.certificates, err = newCertificates(c.TLS, time.Now)
	return err
}

// check refuses settings that leave open what is meant: none of them may lead to less than was asked for.
func (o TLSOptions) check() error {
	switch {
	case o.Cert == "" && o.Key == "":
		return errors.New("tls-cert and tls-key are required where tls-client-ca or tls-client-auth is given: there is no TLS without them")
	case o.Cert == "":
		return errors.New("tls-cert is required where tls-key is given: want the file of the certificate that the key belongs to")
	case o.Key == "":
		return errors.New("tls-key is required where tls-cert is given: want the file of the certificate's private key")
	case o.ClientAuth != "" && o.ClientAuth != ClientAuthRequire && o.ClientAuth != ClientAuthAllow:
		return fmt.Errorf("tls-client-auth is %q: want require or allow", o.ClientAuth)
	case o.ClientAuth != "" && o.ClientCA == "":
		return errors.New("tls-client-ca is required where tls-client-auth is given: want the file of the authorities of callers")
	}
	return nil
}

// pemFiles are the contents of the files.
type pemFiles struct{ cert, key, clientCA []byte }

func (o TLSOptions) read() (files pemFiles, err error) {
	for _, one := range []struct {
		setting, path string
		content       *[]byte
	}{
		{"tls-cert", o.Cert, &files.cert}, {"tls-key", o.Key, &files.key}, {"tls-client-ca", o.ClientCA, &files.clientCA},
	} {
		if one.path == "" {
			continue
		}
		if *one.content, err = readTLSFile(one.path); err != nil {
			return files, fmt.Errorf("%s: %w", one.setting, err)
		}
	}
	return files, nil
}

func readTLSFile(path string) (content []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err = io.ReadAll(io.LimitReader(file, maxTLSFile+1))
	if err == nil && len(content) > maxTLSFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxTLSFile)
	}
	return content, err
}

// digest tells contents apart.
func (f pemFiles) digest() [sha256.Size]byte {
	var all []byte
	for _, content := range [][]byte{f.cert, f.key, f.clientCA} {
		sum := sha256.Sum256(content)
		all = append(all, sum[:]...)
	}
	return sha256.Sum256(all)
}

// identity is what the files come to: who the server is, and whom it believes who they are.
type identity struct {
	digest [sha256.Size]byte
	pair   tls.Certificate
	// authorities are those of callers; nil where callers are not asked.
	authorities *x509.CertPool
	clientAuth  tls.ClientAuthType
}

// parse makes an identity of the contents, if it is one that can be served now.
func (o TLSOptions) parse(files pemFiles, now time.Time) (*identity, error) {
	pair, err := tls.X509KeyPair(files.cert, files.key)
	if err != nil {
		return nil, fmt.Errorf("tls-cert is %s, tls-key is %s: want a certificate and its key: %w", o.Cert, o.Key, err)
	}
	switch leaf := pair.Leaf; {
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("tls-cert is %s, which is not valid before %s: want a certificate that is valid now", o.Cert, leaf.NotBefore.Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("tls-cert is %s, which expired at %s: want a certificate that is valid now", o.Cert, leaf.NotAfter.Format(time.RFC3339))
	}
	parsed := &identity{digest: files.digest(), pair: pair}
	if o.ClientCA == "" {
		return parsed, nil
	}
	parsed.clientAuth = tls.RequireAndVerifyClientCert
	if o.ClientAuth == ClientAuthAllow {
		parsed.clientAuth = tls.VerifyClientCertIfGiven
	}
	if parsed.authorities, err = parseAuthorities(files.clientCA); err != nil {
		return nil, fmt.Errorf("tls-client-ca is %s: %w", o.ClientCA, err)
	}
	return parsed, nil
}

// parseAuthorities takes all certificates of a bundle or none.
func parseAuthorities(bundle []byte) (*x509.CertPool, error) {
	pool, found := x509.NewCertPool(), false
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("it has a certificate that can't be read: %w", err)
		}
		pool.AddCert(certificate)
		found = true
	}
	if !found {
		return nil, errors.New("want the certificates of authorities in PEM, and it has none")
	}
	return pool, nil
}

// suites are those of TLS 1.2 that are taken: with forward secrecy and authenticated encryption, as RFC 9325, section 4.2, and
// RFC 7905 have them. Those of TLS 1.3, which goes first, are all of that kind.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// config is how connections begin with this identity; protocols are offered by ALPN (RFC 7301).
func (i *identity) config(protocols []string) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.pair},
		NextProtos:   protocols,
		MinVersion:   tls.VersionTLS12,
		CipherSuites: suites,
		ClientAuth:   i.clientAuth,
		ClientCAs:    i.authorities,
		// A resumed session would go on with what was found of a caller's certificate when it began.
		SessionTicketsDisabled: i.authorities != nil,
	}
}
