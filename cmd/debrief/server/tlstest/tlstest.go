// Package tlstest makes certificates for tests.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is not said to be valid at another time is valid whenever a test may take place.
var (
	begin = time.Date(1990, time.January, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// Authority issues certificates.
type Authority struct {
	// PEM is its certificate.
	PEM         []byte
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority is an authority that nobody else knows.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	key := newKey(tb)
	template := &x509.Certificate{
		SerialNumber: newSerial(tb), Subject: pkix.Name{CommonName: "Authority of a test"}, NotBefore: begin, NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	return &Authority{PEM: encode("CERTIFICATE", encoded), certificate: certificate, key: key}
}

// Pool believes the authority, and nobody else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Pair is a certificate and its key, in PEM.
type Pair struct{ Cert, Key []byte }

// Server is a certificate for servers on this machine.
func (a *Authority) Server(tb testing.TB) Pair {
	tb.Helper()
	return a.Issue(tb, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// Client is a certificate by which somebody says who they are.
func (a *Authority) Client(tb testing.TB, name string) Pair {
	tb.Helper()
	return a.Issue(tb, x509.Certificate{
		Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Issue is a certificate for this machine, and what else the template says.
func (a *Authority) Issue(tb testing.TB, template x509.Certificate) Pair {
	tb.Helper()
	template.SerialNumber = newSerial(tb)
	if template.DNSNames == nil {
		template.DNSNames = []string{"localhost", "debrief.example"}
	}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if template.NotBefore.IsZero() {
		template.NotBefore = begin
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = end
	}
	key := newKey(tb)
	encoded, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, key.Public(), a.key)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return Pair{Cert: encode("CERTIFICATE", encoded), Key: encode("PRIVATE KEY", secret)}
}

// Write writes the pair into a directory, in the place of what is there.
func (p Pair) Write(tb testing.TB, directory string) (cert, key string) {
	tb.Helper()
	return WriteFile(tb, filepath.Join(directory, "tls.crt"), p.Cert), WriteFile(tb, filepath.Join(directory, "tls.key"), p.Key)
}

// TLS is the pair as connections need it.
func (p Pair) TLS(tb testing.TB) tls.Certificate {
	tb.Helper()
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return pair
}

// Serial is the certificate's serial number.
func (p Pair) Serial(tb testing.TB) string {
	tb.Helper()
	return p.TLS(tb).Leaf.SerialNumber.String()
}

// WriteFile writes a file, and answers its path.
func WriteFile(tb testing.TB, path string, content []byte) string {
	tb.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newSerial(tb testing.TB) *big.Int {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	return serial
}

func encode(kind string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
}
