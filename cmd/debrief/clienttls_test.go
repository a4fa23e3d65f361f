package main

import (
	"path/filepath"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// trusted are the files by which a server and its callers know each other.
type trusted struct {
	ca, cert, key, clientCert, clientKey string
	// stranger is an authority that the server does not come from.
	stranger string
}

func newTrusted(t *testing.T) trusted {
	t.Helper()
	authority, directory := tlstest.NewAuthority(t), t.TempDir()
	f := trusted{
		ca:       tlstest.WriteFile(t, filepath.Join(directory, "ca.pem"), authority.PEM),
		stranger: tlstest.WriteFile(t, filepath.Join(directory, "stranger.pem"), tlstest.NewAuthority(t).PEM),
	}
	f.cert, f.key = authority.Server(t).Write(t, directory)
	f.clientCert, f.clientKey = authority.Client(t, "ana").Write(t, t.TempDir())
	return f
}

// server are the flags of a server that speaks TLS.
func (f trusted) server(more ...string) []string {
	return append([]string{"--tls-cert", f.cert, "--tls-key", f.key}, more...)
}

// runOf is a way to call a server, on the command line or by variables, and what comes of it.
type runOf struct {
	arguments, variables []string
	code                 int
	want                 string
}

func (r runOf) run(t *testing.T, address string, command ...string) {
	t.Helper()
	environment := testEnvironment(t, address)
	environment.variables = append(environment.variables, r.variables...)
	got := execute(t, environment, append(command, r.arguments...)...)
	if got.code != r.code || !strings.Contains(got.stdout+got.stderr, r.want) {
		t.Errorf("exit code %d, %q, %q, want %d and %q", got.code, got.stdout, got.stderr, r.code, r.want)
	}
}

func TestCommandsSpeakTLS(t *testing.T) {
	files := newTrusted(t)
	address, _ := startServingBoth(t, files.server()...)
	for name, test := range map[string]runOf{
		"to the server's authority":        {arguments: []string{"--tls", "--tls-ca", files.ca}, want: "There are none"},
		"as the authority alone says":      {arguments: []string{"--tls-ca", files.ca}, want: "There are none"},
		"as variables say":                 {variables: []string{"DEBRIEF_TLS=true", "DEBRIEF_TLS_CA=" + files.ca}, want: "There are none"},
		"to another name of the server":    {arguments: []string{"--tls-ca", files.ca, "--tls-server-name", "debrief.example"}, want: "There are none"},
		"to a name that it has not":        {arguments: []string{"--tls-ca", files.ca, "--tls-server-name", "elsewhere.example"}, code: exitUnreachable, want: "not elsewhere.example"},
		"to another authority":             {arguments: []string{"--tls-ca", files.stranger}, code: exitUnreachable, want: "unknown authority"},
		"to the authorities of the system": {arguments: []string{"--tls"}, code: exitUnreachable, want: "x509: "},
		"not at all":                       {code: exitUnreachable, want: "If it speaks TLS, say --tls."},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, address, "incident", "list") })
	}
	t.Run("to a server that does not", func(t *testing.T) {
		runOf{arguments: []string{"--tls-ca", files.ca}, code: exitUnreachable, want: "first record does not look like a TLS handshake"}.
			run(t, startServing(t), "incident", "list")
	})
}

func TestACertificateSaysWhoRunsACommand(t *testing.T) {
	files := newTrusted(t)
	address, _ := startServingBoth(t, files.server("--tls-client-ca", files.ca, "--tls-client-roles", "cn:ana=facilitator", "--require-authentication")...)
	runOf{
		arguments: []string{"--tls-ca", files.ca, "--tls-client-cert", files.clientCert, "--tls-client-key", files.clientKey},
		want:      "certificates/cn:ana, FACILITATOR",
	}.run(t, address, "whoami")
}

func TestCommandsShowACertificate(t *testing.T) {
	files := newTrusted(t)
	address, _ := startServingBoth(t, files.server("--tls-client-ca", files.ca)...)
	shown := []string{"--tls-ca", files.ca, "--tls-client-cert", files.clientCert, "--tls-client-key", files.clientKey}
	for name, test := range map[string]runOf{
		"that the server believes": {arguments: shown, want: "There are none"},
		"by variables": {variables: []string{
			"DEBRIEF_TLS_CA=" + files.ca, "DEBRIEF_TLS_CLIENT_CERT=" + files.clientCert, "DEBRIEF_TLS_CLIENT_KEY=" + files.clientKey,
		}, want: "There are none"},
		"that is missing": {arguments: shown[:2], code: exitUnreachable, want: "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, address, "incident", "list") })
	}
}

func TestTLSFlagsThatMakeNoSense(t *testing.T) {
	files := newTrusted(t)
	absent := filepath.Join(t.TempDir(), "absent.pem")
	large := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "large.pem"), make([]byte, maxCertificates+1))
	for name, test := range map[string]runOf{
		"no file of authorities":       {arguments: []string{"--tls-ca", absent}, want: "--tls-ca: open "},
		"a file that is too large":     {arguments: []string{"--tls-ca", large}, want: "has more than 2097152 bytes"},
		"authorities that are none":    {arguments: []string{"--tls-ca", files.key}, want: "want certificates of authorities in PEM"},
		"a certificate without a key":  {arguments: []string{"--tls-client-cert", files.clientCert}, want: "--tls-client-cert needs --tls-client-key"},
		"a key without a certificate":  {arguments: []string{"--tls-client-key", files.clientKey}, want: "--tls-client-key needs --tls-client-cert"},
		"no file of the certificate":   {arguments: []string{"--tls-client-cert", absent, "--tls-client-key", files.clientKey}, want: "--tls-client-cert: open "},
		"no file of the key":           {arguments: []string{"--tls-client-cert", files.clientCert, "--tls-client-key", absent}, want: "--tls-client-key: open "},
		"the key of another":           {arguments: []string{"--tls-client-cert", files.clientCert, "--tls-client-key", files.key}, want: "does not match"},
		"a variable that has no sense": {variables: []string{"DEBRIEF_TLS=perhaps"}, want: "DEBRIEF_TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			test.code = exitUsage
			test.run(t, "127.0.0.1:1", "incident", "list")
		})
	}
}

func TestHealthcheckSpeaksTLS(t *testing.T) {
	files := newTrusted(t)
	_, plain := startServingBoth(t)
	_, open := startServingBoth(t, files.server()...)
	_, closed := startServingBoth(t, files.server("--tls-client-ca", files.ca)...)
	shown := []string{"--tls-client-cert", files.clientCert, "--tls-client-key", files.clientKey}
	for name, test := range map[string]struct {
		address string
		runOf
	}{
		"as the server's setting says":            {open, runOf{arguments: []string{"--tls-cert", files.cert}}},
		"as the server's variable says":           {open, runOf{variables: []string{"DEBRIEF_TLS_CERT=" + files.cert, "DEBRIEF_TLS_KEY=" + files.key}}},
		"and looks at the certificate":            {open, runOf{arguments: []string{"--tls-ca", files.ca}}},
		"and refuses the certificate":             {open, runOf{arguments: []string{"--tls-ca", files.stranger}, code: exitFailure, want: "unknown authority"}},
		"and shows a certificate":                 {closed, runOf{arguments: append([]string{"--tls-cert", files.cert}, shown...)}},
		"and shows one that is all it is told of": {closed, runOf{arguments: shown}},
		"and shows none where it has to":          {closed, runOf{arguments: []string{"--tls-cert", files.cert}, code: exitFailure, want: "the server can't be asked"}},
		"and shows half of one":                   {closed, runOf{arguments: shown[:2], code: exitUsage, want: "needs --tls-client-key"}},
		"only where the server does":              {plain, runOf{arguments: []string{"--tls-cert", files.cert}, code: exitFailure, want: "HTTP response to HTTPS client"}},
		"where the server does":                   {open, runOf{code: exitFailure, want: "400 Bad Request"}},
	} {
		t.Run(name, func(t *testing.T) { test.run(t, "", "healthcheck", "--http-addr", test.address) })
	}
}

func TestAlertsAreSentOverTLS(t *testing.T) {
	files := newTrusted(t)
	_, httpAddress := startServingBoth(t, files.server("--tls-client-ca", files.ca)...)
	runOf{arguments: []string{
		"--url", "https://" + httpAddress, "--tls-ca", files.ca, "--tls-client-cert", files.clientCert, "--tls-client-key", files.clientKey,
	}, want: "202 Accepted"}.run(t, "", "send-test", "pagerduty")
	runOf{arguments: []string{"--url", "https://" + httpAddress}, code: exitUnreachable, want: "x509: "}.run(t, "", "send-test", "pagerduty")
	// There is no time to ask whoever may be there.
	runOf{arguments: []string{"--tls-ca", files.ca, "--timeout", "1ns"}, code: exitUnreachable, want: "https://127.0.0.1:8080 does not answer"}.
		run(t, "", "send-test", "pagerduty")
}

func TestALoginAsksTheServerOverTLS(t *testing.T) {
	files := newTrusted(t)
	_, httpAddress := startServingBoth(t, files.server()...)
	given := []string{"--url", "https://" + httpAddress}
	runOf{arguments: append(given, "--tls-ca", files.ca), code: exitFailure, want: "takes no tokens"}.run(t, "", "login")
	runOf{arguments: given, code: exitFailure, want: "x509: "}.run(t, "", "login")
}

func TestSendersAreToldToSpeakTLS(t *testing.T) {
	for scheme, flags := range map[string]tlsFlags{"http": {}, "https": {on: true}} {
		if hint := keyHint(debriefv1.Integration_KIND_PAGERDUTY, flags.scheme(), "dbk_x"); !strings.Contains(hint, " "+scheme+"://HOST:8080/") {
			t.Errorf("the hint is %q, want %s", hint, scheme)
		}
	}
}
