package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// person is somebody at a command line, with a configuration directory.
type person struct {
	t                     *testing.T
	server, configuration string
	// later is how far their clock is ahead.
	later time.Duration
}

func (p person) tries(arguments ...string) result {
	p.t.Helper()
	environment := testEnvironment(p.t, p.server)
	environment.now = func() time.Time { return time.Now().Add(p.later) }
	environment.configuration = p.configuration
	got := execute(p.t, environment, arguments...)
	for _, secret := range []string{"device-secret", "refresh-secret", "eyJ"} {
		if strings.Contains(got.stdout+got.stderr, secret) {
			p.t.Errorf("debrief %s shows a secret: %s%s", strings.Join(arguments, " "), got.stdout, got.stderr)
		}
	}
	return got
}

func (p person) does(arguments ...string) string {
	p.t.Helper()
	return strings.TrimSuffix(mustSucceed(p.t, p.tries(arguments...)), "\n")
}

// files are the names and modes of what is kept.
func (p person) files() map[string]string {
	p.t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(p.configuration, "debrief", "logins"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			p.t.Fatal(err)
		}
		found[entry.Name()] = info.Mode().String()
	}
	return found
}

// TestLoginStory leads from a server that asks who calls to one that does not know its caller any more.
func TestLoginStory(t *testing.T) {
	t.Parallel()
	issuer := startIssuer(t)
	address, httpAddress := startServingBoth(t, "--require-authentication", "--oidc-issuer", issuer.URL, "--oidc-audience", "debrief-cli",
		"--oidc-roles", "sre=responder", "--oidc-client-id", "debrief-cli", "--oidc-scopes", "openid,groups")
	ana := person{t: t, server: address, configuration: t.TempDir()}
	if got := ana.tries("whoami"); got.code != exitDenied {
		t.Errorf("before the login: %d %q", got.code, got.stderr)
	}

	login := ana.tries("login", "--url", "http://"+httpAddress)
	if want := "You are logged in at " + issuer.URL + " for the server " + address; login.code != exitOK || !strings.HasPrefix(login.stdout, want) {
		t.Fatalf("login: %d %q %q", login.code, login.stdout, login.stderr)
	}
	if want := "Open " + issuer.URL + "/activate\nIt asks for, or shows, the code WDJB-"; !strings.Contains(login.stderr, want) || strings.Contains(login.stderr, "\x1b") {
		t.Errorf("login invites with %q", login.stderr)
	}
	if got := ana.does("whoami"); got != "ana@example.com, RESPONDER" {
		t.Errorf("whoami says %q", got)
	}
	if got := ana.tries("whoami", "--api-key", "dba_wrong"); got.code != exitDenied {
		t.Errorf("an API key goes before the login: %d %q", got.code, got.stdout)
	}
	for name, mode := range ana.files() {
		if runtime.GOOS != "windows" && mode != "-rw-------" {
			t.Errorf("%s has the mode %s", name, mode)
		}
	}
	if len(ana.files()) != 1 {
		t.Errorf("kept are %v, want one file", ana.files())
	}
	elsewhere := ana
	elsewhere.server, _ = startServingBoth(t, "--require-authentication")
	if got := elsewhere.tries("whoami"); got.code != exitDenied || !strings.Contains(got.stderr, "CREDENTIALS_REQUIRED") {
		t.Errorf("another server is shown something: %d %q", got.code, got.stderr)
	}

	ana.later = 2 * time.Hour
	if got := ana.does("whoami"); got != "ana@example.com, RESPONDER" {
		t.Errorf("two hours later whoami says %q", got)
	}
	issuer.change(func() { issuer.refused = "invalid_grant" })
	if got := ana.tries("whoami"); got.code != exitDenied || !strings.Contains(got.stderr, "has ended: the issuer says invalid_grant: as the test has it; 'debrief login'") {
		t.Errorf("a login that has ended: %d %q", got.code, got.stderr)
	}

	if got := ana.does("logout"); got != "You are logged out for the server "+address+"." {
		t.Errorf("logout says %q", got)
	}
	if got := ana.does("logout"); got != "You are not logged in for the server "+address+"." {
		t.Errorf("another logout says %q", got)
	}
	if kept := ana.files(); len(kept) != 0 {
		t.Errorf("kept after the logout are %v", kept)
	}
	want := []string{
		"device debrief-cli openid groups", "token debrief-cli device-secret", "token debrief-cli refresh-secret-1",
		"token debrief-cli refresh-secret-2", "revoke debrief-cli refresh-secret-2",
	}
	if diff := cmp.Diff(want, issuer.asked()); diff != "" {
		t.Errorf("the issuer was asked for (-want +got):\n%s", diff)
	}
}

// TestLoginSaysWhatIsWrong has it fail in each of its steps.
func TestLoginSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	issuer := startIssuer(t)
	_, without := startServingBoth(t)
	tests := []struct {
		name      string
		refused   string
		idToken   string
		arguments []string
		code      int
		want      string
	}{
		{"a server that takes no tokens", "", "", []string{"--url", "http://" + without}, exitFailure, "takes no tokens: it has no setting --oidc-issuer"},
		{"a server in the clear", "", "", []string{"--url", "http://debrief.example.com"}, exitUsage, "want https"},
		{"a server that is not there", "", "", []string{"--url", "http://127.0.0.1:1"}, exitFailure, "--issuer and --client-id do without it"},
		{"an issuer in the clear", "", "", []string{"--issuer", "http://login.example.com", "--client-id", "x"}, exitUsage, "want https"},
		{"an issuer that is none", "", "", []string{"--issuer", "http://" + without, "--client-id", "x"}, exitFailure, "what it offers: 404"},
		{"somebody says no", "access_denied", "", []string{"--issuer", issuer.URL, "--client-id", "debrief-cli"}, exitFailure, "the issuer says access_denied: as the test has it"},
		{"tokens for another client", "", "", []string{"--issuer", issuer.URL, "--client-id", "other"}, exitFailure, "expected audience"},
		{"a token that is none", "", "x", []string{"--issuer", issuer.URL, "--client-id", "debrief-cli"}, exitFailure, "the issuer's ID token is no JWT"},
	}
	for _, test := range tests {
		issuer.change(func() { issuer.refused, issuer.idToken = test.refused, test.idToken })
		ana := person{t: t, server: "127.0.0.1:1", configuration: t.TempDir()}
		got := ana.tries(append([]string{"login"}, test.arguments...)...)
		if got.code != test.code || !strings.Contains(got.stderr, test.want) {
			t.Errorf("%s: exit code %d and %q, want %d and …%s…", test.name, got.code, got.stderr, test.code, test.want)
		}
		if kept := ana.files(); len(kept) != 0 {
			t.Errorf("%s: kept are %v", test.name, kept)
		}
	}
}

// TestLoginsThatCantBeRead shows that nothing is sent in the place of a login that is broken, or meant for another server.
func TestLoginsThatCantBeRead(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"broken": "{", "for another server": `{"server":"other:9090","token":"eyJ"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ana := person{t: t, server: "127.0.0.1:1", configuration: t.TempDir()}
			file := logins{filepath.Join(ana.configuration, "debrief", "logins")}.path(ana.server)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := ana.tries("whoami"); got.code != exitFailure || !strings.Contains(got.stderr, "is no login for 127.0.0.1:1") {
				t.Errorf("exit code %d and %q", got.code, got.stderr)
			}
			ana.does("logout")
			if kept := ana.files(); len(kept) != 0 {
				t.Errorf("kept after the logout are %v", kept)
			}
		})
	}
}
