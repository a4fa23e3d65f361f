package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shownSecret = regexp.MustCompile(`not shown again: (dba_\S+)`)

func secretIn(t *testing.T, output string) string {
	t.Helper()
	found := shownSecret.FindStringSubmatch(output)
	if found == nil {
		t.Fatalf("no secret in %q", output)
	}
	return found[1]
}

// TestKeyStory leads from the first key, made next to the store, to an audit trail that holds together.
func TestKeyStory(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	here := teller{t, "127.0.0.1:1"}
	created := here.does("key", "create", "root", "--role", "admin", "--offline", "--store", store)
	if !strings.HasPrefix(created, "apiKeys/root is created: ADMIN, does not expire") {
		t.Errorf("create says %q", created)
	}
	root := secretIn(t, created)
	address, _ := startServingBoth(t, "--store", store, "--require-authentication")
	s := teller{t, address}
	if got := s.tries("", "incident", "list"); got.code == exitOK || !strings.Contains(got.stderr, "show who they are") {
		t.Errorf("without a key: %d %q", got.code, got.stderr)
	}
	as := func(secret string, arguments ...string) string {
		t.Helper()
		return s.does(append(arguments, "--api-key", secret)...)
	}
	if got := as(root, "whoami"); got != "apiKeys/root, ADMIN" {
		t.Errorf("whoami says %q", got)
	}
	reader := secretIn(t, as(root, "key", "create", "reader", "--role", "viewer", "--expires", "90d", "--title", "Dashboards", "--team", "shop"))
	if got := as(reader, "whoami"); got != "apiKeys/reader, VIEWER, shop" {
		t.Errorf("whoami says %q", got)
	}
	if got := s.tries("", "incident", "open", "x", "--api-key", reader); got.code == exitOK || !strings.Contains(got.stderr, "for the role RESPONDER") {
		t.Errorf("a viewer opens an incident: %d %q", got.code, got.stderr)
	}
	list := as(root, "key", "list")
	for _, want := range []string{"reader  VIEWER", "root    ADMIN", "Dashboards"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
	if got := as(root, "key", "revoke", "reader"); !strings.HasPrefix(got, "apiKeys/reader is revoked") {
		t.Errorf("revoke says %q", got)
	}
	if got := as(root, "key", "show", "reader"); !strings.Contains(got, "REVOKED") || strings.Contains(got, reader) {
		t.Errorf("show says %q", got)
	}
	if got := here.does("key", "list", "--offline", "--store", store, "-o", "name"); got != "apiKeys/reader\napiKeys/root" {
		t.Errorf("offline the keys are %q", got)
	}

	audited := as(root, "audit", "list", "--decision", "refused", "-o", "json")
	if !strings.Contains(audited, "ROLE_REQUIRED") || !strings.Contains(audited, "CreateIncident") {
		t.Errorf("the trail lacks what was refused: %s", audited)
	}
	verified := as(root, "audit", "verify")
	if !strings.HasPrefix(verified, "The trail holds together: ") {
		t.Errorf("verify says %q", verified)
	}
	through := verified[strings.LastIndexByte(verified, ' ')+1:]
	exported := as(root, "audit", "export")
	check := func(text string, wants int, says string, flags ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "trail")
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := s.tries("", append([]string{"audit", "verify", file}, flags...)...); got.code != wants || !strings.Contains(got.stdout+got.stderr, says) {
			t.Errorf("verify: %d %q %q, want %d …%s…", got.code, got.stdout, got.stderr, wants, says)
		}
	}
	check(exported, exitOK, through, "--through", through)
	check(strings.Replace(exported, "apiKeys/reader", "apiKeys/root", 1), exitFailure, "its hash is not that of what it says")
	lines := strings.Split(exported, "\n")
	check(strings.Join(lines[:len(lines)-1], "\n"), exitFailure, "the trail was cut off", "--through", through)
	check(strings.Join(lines[:len(lines)-1], "\n"), exitOK, "holds together")
	check("no record", exitFailure, ":1 is no record")
	check(exported, exitUsage, "SEQUENCE:HASH", "--through", "x")
}
