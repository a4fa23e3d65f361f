package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// secure is a server that speaks TLS.
type secure struct {
	*running
	authority *tlstest.Authority
	pair      tlstest.Pair
	// directory has its files.
	directory string
}

// startSecure starts a server with a certificate of an authority of its own. It looks at its files when the test has it do so.
func startSecure(t *testing.T, change func(*Config)) *secure {
	t.Helper()
	s := &secure{authority: tlstest.NewAuthority(t), directory: t.TempDir()}
	s.pair = s.authority.Server(t)
	s.running = start(t, func(c *Config) {
		c.TLS.Cert, c.TLS.Key = s.pair.Write(t, s.directory)
		c.TLS.ReloadInterval = 24 * time.Hour
		if change != nil {
			change(c)
		}
	})
	return s
}

// believing is how somebody calls who believes the server's authority, and shows certificates.
func (s *secure) believing(certificates ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: s.authority.Pool(), Certificates: certificates}
}

// connect opens a gRPC connection, which is closed with the test.
func (s *secure) connect(t *testing.T, config *tls.Config) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(s.Addresses().GRPC.String(), grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	return connection
}

// httpClient speaks HTTP/2, or HTTP/1.1.
func httpClient(t *testing.T, config *tls.Config, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config.Clone(), ForceAttemptHTTP2: http2, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// callers call the server, each by another protocol.
var callers = map[string]func(*testing.T, *secure, *tls.Config) error{
	"gRPC": func(t *testing.T, server *secure, config *tls.Config) error {
		t.Helper()
		_, err := healthpb.NewHealthClient(server.connect(t, config)).Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err
	},
	"HTTP/1.1": func(t *testing.T, server *secure, config *tls.Config) error {
		t.Helper()
		return getHealth(t, server, httpClient(t, config, false), "HTTP/1.1")
	},
	"HTTP/2.0": func(t *testing.T, server *secure, config *tls.Config) error {
		t.Helper()
		return getHealth(t, server, httpClient(t, config, true), "HTTP/2.0")
	},
}

func getHealth(t *testing.T, server *secure, client *http.Client, protocol string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+server.Addresses().HTTP.String()+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || answer.Proto != protocol {
		err = fmt.Errorf("the answer is %s over %s, want 200 over %s", answer.Status, answer.Proto, protocol)
	}
	return errors.Join(err, answer.Body.Close())
}

func TestTLSSettingsThatMakeNoSense(t *testing.T) {
	authority, directory := tlstest.NewAuthority(t), t.TempDir()
	cert, key := authority.Server(t).Write(t, directory)
	ca := tlstest.WriteFile(t, filepath.Join(directory, "ca.pem"), authority.PEM)
	other := authority.Server(t)
	write := func(name string, content []byte) string {
		return tlstest.WriteFile(t, filepath.Join(directory, name), content)
	}
	valid := func(from, until time.Duration) (cert, key string) {
		return authority.Issue(t, x509.Certificate{NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until)}).Write(t, t.TempDir())
	}
	expiredCert, expiredKey := valid(-2*time.Hour, -time.Hour)
	futureCert, futureKey := valid(time.Hour, 2*time.Hour)
	otherKey, text := write("other.key", other.Key), write("text", []byte("not PEM at all"))
	broken := write("broken.pem", []byte("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"))
	large := write("large.pem", make([]byte, maxTLSFile+1))
	absent := filepath.Join(directory, "absent.pem")

	for name, test := range map[string]struct {
		tls  TLSOptions
		want string
	}{
		"a certificate without a key":            {TLSOptions{Cert: cert}, "tls-key is required"},
		"a key without a certificate":            {TLSOptions{Key: key}, "tls-cert is required"},
		"authorities alone":                      {TLSOptions{ClientCA: ca}, "tls-cert and tls-key are required"},
		"a rule for callers alone":               {TLSOptions{ClientAuth: ClientAuthRequire}, "tls-cert and tls-key are required"},
		"a rule for callers, but no authorities": {TLSOptions{Cert: cert, Key: key, ClientAuth: ClientAuthRequire}, "tls-client-ca is required"},
		"a rule that there is not":               {TLSOptions{Cert: cert, Key: key, ClientCA: ca, ClientAuth: "maybe"}, `tls-client-auth is "maybe": want require or allow`},
		"no file of the certificate":             {TLSOptions{Cert: absent, Key: key}, "tls-cert: open "},
		"no file of the key":                     {TLSOptions{Cert: cert, Key: absent}, "tls-key: open "},
		"no file of the authorities":             {TLSOptions{Cert: cert, Key: key, ClientCA: absent}, "tls-client-ca: open "},
		"a directory":                            {TLSOptions{Cert: directory, Key: key}, "tls-cert: read "},
		"a certificate that is no PEM":           {TLSOptions{Cert: text, Key: key}, "failed to find any PEM data in certificate input"},
		"a certificate that can't be read":       {TLSOptions{Cert: broken, Key: key}, "x509: "},
		"a certificate that is too large":        {TLSOptions{Cert: large, Key: key}, "has more than 1048576 bytes"},
		"a key that is no PEM":                   {TLSOptions{Cert: cert, Key: text}, "failed to find any PEM data in key input"},
		"the two exchanged":                      {TLSOptions{Cert: key, Key: cert}, "PEM inputs may have been switched"},
		"the key of another certificate":         {TLSOptions{Cert: cert, Key: otherKey}, "private key does not match public key"},
		"a certificate that has expired":         {TLSOptions{Cert: expiredCert, Key: expiredKey}, "which expired at "},
		"a certificate that is not valid yet":    {TLSOptions{Cert: futureCert, Key: futureKey}, "which is not valid before "},
		"authorities that are none":              {TLSOptions{Cert: cert, Key: key, ClientCA: text}, "want the certificates of authorities in PEM"},
		"a key for authorities":                  {TLSOptions{Cert: cert, Key: key, ClientCA: key}, "want the certificates of authorities in PEM"},
		"an authority that can't be read":        {TLSOptions{Cert: cert, Key: key, ClientCA: broken}, "a certificate that can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			test.tls.ReloadInterval = time.Second
			config.TLS = test.tls
			server, err := Start(t.Context(), config)
			if err == nil {
				t.Fatal("it started", server.Stop(t.Context()))
			}
			if !errors.As(err, new(*SettingsError)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want a SettingsError that says %q", err, test.want)
			}
		})
	}
	t.Run("no time between looking at the files", func(t *testing.T) {
		config := testConfig(t)
		config.TLS.ReloadInterval = 0
		if _, err := Start(t.Context(), config); err == nil || !strings.Contains(err.Error(), "tls-reload-interval must be more than zero") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestEachProtocolIsSpokenOverTLS(t *testing.T) {
	server := startSecure(t, nil)
	for protocol, call := range callers {
		t.Run(protocol, func(t *testing.T) {
			if err := call(t, server, server.believing()); err != nil {
				t.Errorf("somebody who believes the authority: %v", err)
			}
			stranger := &tls.Config{RootCAs: tlstest.NewAuthority(t).Pool()}
			if err := call(t, server, stranger); err == nil || !strings.Contains(err.Error(), "unknown authority") {
				t.Errorf("somebody who believes another authority: %v", err)
			}
		})
	}
}

func TestRESTIsTheSameOverHTTP2(t *testing.T) {
	server := startSecure(t, nil)
	client := httpClient(t, server.believing(), true)
	for _, test := range []struct {
		name, method, path, contentType, body string
		want                                  int
	}{
		{"a list", http.MethodGet, "/v1/incidents", "", "", http.StatusOK},
		{"a head", http.MethodHead, "/v1/incidents", "", "", http.StatusOK},
		{"a body", http.MethodPost, "/v1/incidents", asJSON, `{"title":"x"}`, http.StatusOK},
		{"a verb without a body", http.MethodPost, "/v1/incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J:acknowledge", "", "", http.StatusNotFound},
		{"a body that is no JSON", http.MethodPost, "/v1/incidents", "text/plain", "x", http.StatusUnsupportedMediaType},
		{"a body that is too large", http.MethodPost, "/v1/incidents", asJSON, strings.Repeat(" ", maxRequest+1), http.StatusRequestEntityTooLarge},
		{"an alert", http.MethodPost, "/intake/generic", asJSON, `{"key":"x","status":"firing","title":"x"}`, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := "https://" + server.Addresses().HTTP.String() + test.path
			request, err := http.NewRequestWithContext(t.Context(), test.method, url, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			answer, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != test.want || answer.Proto != "HTTP/2.0" {
				t.Errorf("got %s over %s, want %d over HTTP/2.0", answer.Status, answer.Proto, test.want)
			}
			if err := answer.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeysInTheClearAreWarnedOf(t *testing.T) {
	everywhere := func(c *Config) { c.RequireAuthentication, c.HTTPAddr = true, "0.0.0.0:0" }
	anybody := func(c *Config) { c.InsecureAllowUnauthenticatedNetwork, c.HTTPAddr = true, "0.0.0.0:0" }
	for name, test := range map[string]struct {
		log  *logBuffer
		want int
	}{
		"beyond this machine":           {start(t, everywhere).log, 1},
		"beyond this machine, to all":   {start(t, anybody).log, 1},
		"beyond this machine, over TLS": {startSecure(t, everywhere).log, 0},
		"on this machine":               {start(t, func(c *Config) { c.RequireAuthentication = true }).log, 0},
	} {
		if got := strings.Count(test.log.String(), "keys and texts are sent in the clear beyond this machine"); got != test.want {
			t.Errorf("%s: %d warnings, want %d: %s", name, got, test.want, test.log)
		}
	}
}

func TestNothingIsServedInTheClear(t *testing.T) {
	server := startSecure(t, nil)
	if got := server.send(t, http.MethodGet, "/v1/incidents", ""); got.StatusCode != http.StatusBadRequest || !strings.Contains(got.body, "HTTPS") {
		t.Errorf("over HTTP: %d %s, want 400 and nothing but that", got.StatusCode, got.body)
	}
	_, err := healthpb.NewHealthClient(server.grpc).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("over gRPC: %v, want Unavailable", err)
	}
}

func TestOldAndWeakTLSIsRefused(t *testing.T) {
	server := startSecure(t, nil)
	for name, test := range map[string]struct {
		offer   *tls.Config
		version uint16
		refused string
	}{
		"the newest goes first": {&tls.Config{}, tls.VersionTLS13, ""},
		"TLS 1.2":               {&tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS12, ""},
		"TLS 1.1":               {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0, "protocol version not supported"},
		"TLS 1.0":               {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, 0, "protocol version not supported"},
		"a suite of TLS 1.2 without authenticated encryption": {
			&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, 0, "handshake failure",
		},
		"a protocol that is not spoken": {&tls.Config{NextProtos: []string{"spdy/3"}}, 0, "no application protocol"},
	} {
		for door, address := range map[string]string{"gRPC": server.Addresses().GRPC.String(), "HTTP": server.Addresses().HTTP.String()} {
			t.Run(name+" over "+door, func(t *testing.T) {
				offer := test.offer.Clone()
				offer.RootCAs = server.authority.Pool()
				if offer.NextProtos == nil {
					offer.NextProtos = []string{"h2"}
				}
				state, err := shakeHands(t, address, offer)
				if test.refused != "" {
					if err == nil || !strings.Contains(err.Error(), test.refused) {
						t.Errorf("error is %v, want %q", err, test.refused)
					}
					return
				}
				if err != nil || state.Version != test.version || state.NegotiatedProtocol != "h2" {
					t.Errorf("%s, %q (%v), want %s, h2", tls.VersionName(state.Version), state.NegotiatedProtocol, err, tls.VersionName(test.version))
				}
			})
		}
	}
}

// shakeHands is how a connection begins.
func shakeHands(t *testing.T, address string, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	connection, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = connection.Close() }() // The server may be gone already.
	spoken, ok := connection.(*tls.Conn)
	if !ok {
		t.Fatalf("the connection is a %T", connection)
	}
	return spoken.ConnectionState(), nil
}

func TestCallersSayWhoTheyAreByCertificates(t *testing.T) {
	ours, theirs := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	ca := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), ours.PEM)
	shown := map[string][]tls.Certificate{
		"no certificate":                   nil,
		"one of the authority":             {ours.Client(t, "ann").TLS(t)},
		"one of another authority":         {theirs.Client(t, "ann").TLS(t)},
		"one that has expired":             {ours.Issue(t, x509.Certificate{NotAfter: time.Now().Add(-time.Hour), ExtKeyUsage: clientUse}).TLS(t)},
		"one that is not for clients":      {ours.Server(t).TLS(t)},
		"one of an authority, but by name": {theirs.Client(t, "Authority of a test").TLS(t)},
	}
	for rule, admitted := range map[string]map[string]bool{
		"":                {"one of the authority": true},
		ClientAuthRequire: {"one of the authority": true},
		ClientAuthAllow:   {"one of the authority": true, "no certificate": true},
	} {
		server := startSecure(t, func(c *Config) { c.TLS.ClientCA, c.TLS.ClientAuth = ca, rule })
		for name, certificates := range shown {
			for protocol, call := range callers {
				t.Run(fmt.Sprintf("%q, %s, %s", rule, name, protocol), func(t *testing.T) {
					config := server.believing()
					if certificates != nil {
						// What is shown is not what the server would like to see, but what there is.
						config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificates[0], nil }
					}
					if err := call(t, server, config); (err == nil) != admitted[name] {
						t.Errorf("error is %v, want it let in: %v", err, admitted[name])
					}
				})
			}
		}
	}
}

var clientUse = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

func TestNobodyIsLetInByAnEarlierConnection(t *testing.T) {
	ours, theirs := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	ca := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), ours.PEM)
	server := startSecure(t, func(c *Config) { c.TLS.ClientCA = ca })
	config := server.believing(ours.Client(t, "ann").TLS(t))
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	call := callers["HTTP/1.1"]
	if err := call(t, server, config); err != nil {
		t.Fatal(err)
	}
	tlstest.WriteFile(t, ca, theirs.PEM)
	server.config.certificates.check(t.Context())
	if err := call(t, server, config); err == nil {
		t.Error("somebody is let in whose authority is not believed any more")
	}
}

func TestTheLogDoesNotTellWhoFailed(t *testing.T) {
	authority := tlstest.NewAuthority(t)
	ca := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), authority.PEM)
	server := startSecure(t, func(c *Config) { c.TLS.ClientCA, c.LogLevel = ca, slog.LevelDebug })
	for _, want := range []string{"gRPC: TLS handshake failed", "http: TLS handshake error from ADDRESS"} {
		for !strings.Contains(server.log.String(), want) {
			for _, call := range callers {
				if err := call(t, server, server.believing()); err == nil {
					t.Fatal("somebody is let in without a certificate")
				}
			}
		}
	}
	if log := server.log.String(); strings.Contains(log, "127.0.0.1") {
		t.Errorf("the log tells addresses: %s", log)
	}
}

func TestAddressesAreTakenFromMessages(t *testing.T) {
	for message, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:50002: EOF":            "http: TLS handshake error from ADDRESS: EOF",
		"read tcp [2001:db8::1]:8080->[fe80::1%eth0]:50002: i/o timeout": "read tcp ADDRESS->ADDRESS: i/o timeout",
		"tls: client offered only unsupported versions: [302 301]":       "tls: client offered only unsupported versions: [302 301]",
		"version 1.2.3 at 10:02:07":                                      "version 1.2.3 at 10:02:07",
	} {
		if got := addresses.ReplaceAllString(message, anAddress); got != want {
			t.Errorf("%s became %s, want %s", message, got, want)
		}
	}
}
