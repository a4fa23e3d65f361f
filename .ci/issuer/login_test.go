package issuer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binaryVariable names the program to test.
const binaryVariable = "DEBRIEF_BINARY"

// debrief is a server that runs, and somebody who calls it from a command line.
type debrief struct {
	t                         *testing.T
	grpc, http, configuration string
}

// command is one of the program, that knows nothing but what it is told.
func command(t *testing.T, variables []string, arguments ...string) *exec.Cmd {
	t.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		t.Fatalf("%s does not name the program to test: go build ./cmd/debrief", binaryVariable)
	}
	made := exec.CommandContext(context.WithoutCancel(t.Context()), binary, arguments...)
	made.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DEBRIEF_") || strings.HasPrefix(variable, "OTEL_")
	}), variables...)
	return made
}

// serve runs a server that takes the tokens of a provider, until the test ends.
func serve(t *testing.T, from provider) debrief {
	t.Helper()
	server := command(t, nil, "serve", "--store", "sqlite:"+filepath.Join(t.TempDir(), "debrief.db"),
		"--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--require-authentication",
		"--oidc-issuer", from.url, "--oidc-audience", clientID, "--oidc-client-id", clientID, "--oidc-roles", "sre=responder,leads=facilitator")
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	type addresses struct{ Msg, GRPC, HTTP string }
	serving, drained := make(chan addresses, 1), make(chan struct{})
	go func() {
		defer close(drained)
		defer close(serving)
		lines := bufio.NewScanner(log)
		for told := false; lines.Scan(); {
			t.Log(lines.Text())
			var line addresses
			if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" && !told {
				serving <- line
				told = true
			}
		}
	}()
	t.Cleanup(func() {
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-drained
		if err := server.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	at, ok := <-serving
	if !ok {
		t.Fatal("the server does not serve")
	}
	return debrief{t, at.GRPC, at.HTTP, t.TempDir()}
}

func (d debrief) command(arguments ...string) *exec.Cmd {
	return command(d.t, []string{"DEBRIEF_SERVER=" + d.grpc, "XDG_CONFIG_HOME=" + d.configuration}, arguments...)
}

// says runs a command that has to succeed.
func (d debrief) says(arguments ...string) string {
	d.t.Helper()
	var problems bytes.Buffer
	run := d.command(arguments...)
	run.Stderr = &problems
	output, err := run.Output()
	if err != nil {
		d.t.Fatalf("debrief %s: %v: %s", strings.Join(arguments, " "), err, problems.String())
	}
	return strings.TrimSpace(string(output))
}

// refuses runs a command that has to fail, and answers what it says.
func (d debrief) refuses(arguments ...string) string {
	d.t.Helper()
	output, err := d.command(arguments...).CombinedOutput()
	if err == nil {
		d.t.Fatalf("debrief %s succeeds: %s", strings.Join(arguments, " "), output)
	}
	return string(output)
}

var userCode = regexp.MustCompile(`the code (\S+)`)

// logIn runs debrief login, and lets answer do in the browser what somebody does who has read the code.
func (d debrief) logIn(answer func(code string) error, arguments ...string) (string, error) {
	d.t.Helper()
	login := d.command(append([]string{"login", "--url", "http://" + d.http}, arguments...)...)
	told, err := login.StderrPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	var output bytes.Buffer
	login.Stdout = &output
	if err := login.Start(); err != nil {
		d.t.Fatal(err)
	}
	lines := bufio.NewScanner(told)
	for lines.Scan() {
		d.t.Log(lines.Text())
		if found := userCode.FindStringSubmatch(lines.Text()); found != nil {
			if err := answer(found[1]); err != nil {
				d.t.Error(err)
			}
			break
		}
	}
	rest, err := io.ReadAll(told)
	if err != nil {
		d.t.Error(err)
	}
	err = login.Wait() // Before it returns, what goes to stdout may still be on its way.
	return output.String() + string(rest), err
}

func (p provider) allow(t *testing.T) func(string) error {
	t.Helper()
	return func(code string) error { return p.storage.CompleteDeviceAuthorization(t.Context(), code, user) }
}

// TestLogInAtARealProvider shows the ID token, and then the access token.
func TestLogInAtARealProvider(t *testing.T) {
	t.Parallel()
	from := startProvider(t, time.Hour)
	d := serve(t, from)
	if got := d.refuses("whoami"); !strings.Contains(got, "CREDENTIALS_REQUIRED") {
		t.Errorf("before the login whoami says %q", got)
	}
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{nil, userEmail + ", RESPONDER"},
		{[]string{"--access-token"}, "sub:" + user + ", FACILITATOR"}, // It tells no e-mail.
	} {
		output, err := d.logIn(from.allow(t), test.arguments...)
		if err != nil || !strings.Contains(output, "You are logged in at "+from.url) {
			t.Fatalf("login %v: %v: %s", test.arguments, err, output)
		}
		if got := d.says("whoami"); got != test.want {
			t.Errorf("login %v: whoami says %q, want %q", test.arguments, got, test.want)
		}
	}
	if got := d.says("logout"); !strings.HasPrefix(got, "You are logged out") {
		t.Errorf("logout says %q", got)
	}
	if got := d.refuses("whoami"); !strings.Contains(got, "CREDENTIALS_REQUIRED") {
		t.Errorf("after the logout whoami says %q", got)
	}
}

// TestARealProviderRenewsTokens has ID tokens be so short-lived that each command renews them, until the provider ends that.
func TestARealProviderRenewsTokens(t *testing.T) {
	t.Parallel()
	from := startProvider(t, 20*time.Second)
	d := serve(t, from)
	if output, err := d.logIn(from.allow(t)); err != nil {
		t.Fatalf("login: %v: %s", err, output)
	}
	for range 3 {
		before := d.kept()
		if got := d.says("whoami"); got != userEmail+", RESPONDER" {
			t.Errorf("whoami says %q", got)
		}
		if before == d.kept() {
			t.Error("the login was not renewed")
		}
	}
	if err := from.storage.TerminateSession(t.Context(), user, clientID); err != nil {
		t.Fatal(err)
	}
	if got := d.refuses("whoami"); !strings.Contains(got, "your login at "+from.url+" has ended") {
		t.Errorf("after its end whoami says %q", got)
	}
}

// kept is what the command line has kept.
func (d debrief) kept() string {
	d.t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(d.configuration), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(d.configuration, path))
		all.Write(content)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all.String()
}

func TestSomebodySaysNo(t *testing.T) {
	t.Parallel()
	from := startProvider(t, time.Hour)
	d := serve(t, from)
	output, err := d.logIn(func(code string) error { return from.storage.DenyDeviceAuthorization(t.Context(), code) })
	if err == nil || !strings.Contains(output, "access_denied") {
		t.Errorf("login: %v: %s", err, output)
	}
	if got := d.kept(); got != "" {
		t.Errorf("kept is %s", got)
	}
}
