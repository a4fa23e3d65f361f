package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
)

// served reads a server's log until it says where HTTP is served.
func served(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		var line struct{ Msg, HTTP string }
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" {
			return line.HTTP
		}
		t.Log(lines.Text())
	}
	t.Fatalf("the server does not serve: %v", lines.Err())
	return ""
}

// serveArguments are those of a server with a new store on free ports.
func serveArguments(t *testing.T) []string {
	t.Helper()
	return []string{
		"serve", "--store", "sqlite:" + sqlitetest.NewFile(t),
		"--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0",
	}
}

func TestServeServesUntilItIsToldToStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	log, logged := io.Pipe()
	environment := testEnvironment(t, "")
	environment.stdout, environment.stderr = io.Discard, logged
	ended := make(chan int)
	go func() {
		code := run(ctx, serveArguments(t), environment)
		_ = logged.Close() // A pipe's end is always closed without an error.
		ended <- code
	}()
	lines := bufio.NewScanner(log)
	address := served(t, lines)
	if got := execute(t, testEnvironment(t, ""), "healthcheck", "--http-addr", address); got.code != exitOK {
		t.Errorf("healthcheck: exit code %d: %s", got.code, got.stderr)
	}
	stop()
	for lines.Scan() {
		t.Log(lines.Text())
	}
	if code := <-ended; code != exitOK {
		t.Errorf("exit code is %d, want %d", code, exitOK)
	}
}

func TestServeRefusesWhatMakesNoSense(t *testing.T) {
	senseless := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(senseless, []byte("off:\n  - omision\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		arguments []string
		code      int
		want      string
	}{
		"a severity that there is not": {[]string{"--alert-severities", "page=SEV9"}, exitUsage, "SEV9"},
		"a level that there is not":    {[]string{"--log-level", "loud"}, exitUsage, "loud"},
		"an address of the network":    {[]string{"--http-addr", "0.0.0.0:0"}, exitUsage, "--insecure-allow-unauthenticated-network"},
		"a store that there is not":    {[]string{"--store", "redis://x"}, exitUsage, "want sqlite:PATH"},
		"no retention":                 {[]string{"--retention", "0s"}, exitUsage, "retention must be more than zero"},
		"too long a delay":             {[]string{"--drain-delay", "15s"}, exitUsage, "half of shutdown-timeout"},
		"a certificate without a key":  {[]string{"--tls-cert", "tls.crt"}, exitUsage, "tls-key is required"},
		"a certificate without a name": {[]string{"--tls-cert", "", "--tls-key", ""}, exitUsage, "tls-cert is empty"},
		"no authorities by name":       {[]string{"--tls-client-ca", ""}, exitUsage, "tls-client-ca is empty"},
		"TLS as callers ask for it":    {[]string{"--tls"}, exitUsage, "to serve over TLS want tls-cert and tls-key"},
		"TLS that is but read again":   {[]string{"--tls-reload-interval", "5s"}, exitUsage, "want tls-cert and tls-key as well"},
		"a directory that is no store": {[]string{"--store", "sqlite:" + t.TempDir()}, exitFailure, "open the store"},
		"a policy that there is not":   {[]string{"--language-policy", "shout"}, exitUsage, "want off, warn or block"},
		"rules that are not there":     {[]string{"--language-rules", "absent.yaml"}, exitUsage, "language-rules: open absent.yaml"},
		"rules that make no sense":     {[]string{"--language-rules", senseless}, exitUsage, "line 2: off[0]: there is no rule \"omision\""},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, testEnvironment(t, ""), append(serveArguments(t), test.arguments...)...)
			if got.code != test.code || !strings.Contains(got.stderr, test.want) {
				t.Errorf("exit code %d and %q, want %d and %q", got.code, got.stderr, test.code, test.want)
			}
		})
	}
}

func TestHealthcheckSaysWhatTheServerSays(t *testing.T) {
	for name, test := range map[string]struct {
		status, code int
		want         string
	}{
		"ready":     {http.StatusOK, exitOK, ""},
		"not ready": {http.StatusServiceUnavailable, exitFailure, "the store can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" || r.Host != "localhost" {
					t.Errorf("%s is asked for %s, want localhost for /readyz", r.Host, r.URL.Path)
				}
				http.Error(w, "the store can't be reached", test.status)
			}))
			defer server.Close()
			environment := testEnvironment(t, "")
			environment.variables = append(environment.variables, "DEBRIEF_HTTP_ADDR="+server.Listener.Addr().String())
			got := execute(t, environment, "healthcheck")
			if got.code != test.code || !strings.Contains(got.stderr, test.want) {
				t.Errorf("exit code %d and %q, want %d and %q", got.code, got.stderr, test.code, test.want)
			}
		})
	}
}

func TestHealthcheckOfAServerThatIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	if got := execute(t, testEnvironment(t, ""), "healthcheck", "--http-addr", address); got.code == exitOK {
		t.Error("it is said to be ready")
	}
}

func TestAServerOnAllAddressesIsReachedOnThisMachine(t *testing.T) {
	for given, want := range map[string]string{
		"0.0.0.0:8080":     "localhost:8080",
		"[::]:8080":        "localhost:8080",
		":8080":            "localhost:8080",
		"127.0.0.1:8080":   "127.0.0.1:8080",
		"debrief.lan:8080": "debrief.lan:8080",
	} {
		if got := server.Reachable(given); got != want {
			t.Errorf("%s is reached at %s, want %s", given, got, want)
		}
	}
}
