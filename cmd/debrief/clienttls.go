package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// maxCertificates bounds a file of certificates or of a key, in bytes.
const maxCertificates = 2 << 20

// clientTLSFlags are the names of the flags that say how to call a server over TLS.
var clientTLSFlags = []string{"tls", "tls-ca", "tls-client-cert", "tls-client-key", "tls-server-name"}

// tlsFlags say how to reach a server over TLS, as they are given on the command line.
type tlsFlags struct {
	on                        bool
	ca, cert, key, serverName string
}

func (t *tlsFlags) add(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.BoolVar(&t.on, "tls", false, "speak to the server over TLS; any other flag of TLS means that too")
	flags.StringVar(&t.ca, "tls-ca", "", "PEM `file` of the authorities that the server's certificate may come from (default: those of the system)")
	flags.StringVar(&t.cert, "tls-client-cert", "", "PEM `file` of the certificate to show to the server, where it asks for one")
	flags.StringVar(&t.key, "tls-client-key", "", "PEM `file` of the certificate's private key")
	flags.StringVar(&t.serverName, "tls-server-name", "", "`name` that the server's certificate is to have (default: that of its address)")
	for _, name := range []string{"tls-ca", "tls-client-cert", "tls-client-key"} {
		completeFile(root, name)
	}
}

// enabled says whether the server is spoken to over TLS: somebody who says how means that it is.
func (t *tlsFlags) enabled() bool {
	return t.judges() || t.cert != "" || t.key != ""
}

// judges says whether it was said what to make of the server's certificate.
func (t *tlsFlags) judges() bool {
	return t.on || t.ca != "" || t.serverName != ""
}

// config is how connections over TLS begin.
func (t *tlsFlags) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName}
	if t.ca != "" {
		bundle, err := readPEM("--tls-ca", t.ca)
		if err != nil {
			return nil, &usageError{err}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(bundle) {
			return nil, usagef("--tls-ca %s: want certificates of authorities in PEM, and it has none", t.ca)
		}
	}
	if t.cert == "" && t.key == "" {
		return config, nil
	}
	pair, err := t.pair()
	if err != nil {
		return nil, &usageError{err}
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func (t *tlsFlags) pair() (tls.Certificate, error) {
	switch {
	case t.key == "":
		return tls.Certificate{}, errors.New("--tls-client-cert needs --tls-client-key: the file of its private key")
	case t.cert == "":
		return tls.Certificate{}, errors.New("--tls-client-key needs --tls-client-cert: the file of the certificate that it belongs to")
	}
	certificate, err := readPEM("--tls-client-cert", t.cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM("--tls-client-key", t.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("--tls-client-cert %s and --tls-client-key %s: want a certificate and its key: %w", t.cert, t.key, err)
	}
	return pair, nil
}

// readPEM reads the file that a flag names.
func readPEM(flag, path string) ([]byte, error) {
	content, err := readBounded(path, maxCertificates)
	if err == nil && len(content) > maxCertificates {
		err = fmt.Errorf("%s has more than %d bytes", path, maxCertificates)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return content, nil
}

// credentials are how the gRPC connection begins.
func (t *tlsFlags) credentials() (credentials.TransportCredentials, error) {
	if !t.enabled() {
		return insecure.NewCredentials(), nil
	}
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(config), nil
}

// transport is the way to the server over HTTP.
func (t *tlsFlags) transport() (http.RoundTripper, error) {
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableKeepAlives: true}, nil
}

// url is the HTTP address of a server on this machine, where no other was given by a flag.
func (t *tlsFlags) url(flags *pflag.FlagSet, given string) string {
	if flags.Changed("url") {
		return given
	}
	return t.scheme() + "://127.0.0.1:8080"
}

// scheme is that of the server's HTTP addresses.
func (t *tlsFlags) scheme() string {
	if t.enabled() {
		return "https"
	}
	return "http"
}
