package server

import (
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
)

func TestOnlyThisMachineIsALocalHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":                true,
		"LocalHost:8080":           true,
		"debrief.localhost":        true,
		"a.debrief.localhost:8080": true,
		"127.0.0.1":                true,
		"127.0.0.1:8080":           true,
		"127.8.9.10:8080":          true,
		"[::1]":                    true,
		"[::1]:8080":               true,
		"[::ffff:127.0.0.1]:8080":  true,

		"":                           false,
		":8080":                      false,
		"evil.example":               false,
		"evil.example:8080":          false,
		"localhost.evil.example":     false,
		"evillocalhost":              false,
		"127.0.0.1.evil.example:80":  false,
		"127.0.0.1:8080.evil":        false,
		"evil.example:80@localhost":  false,
		"localhost:80@evil.example":  false,
		"[::1].evil.example":         false,
		"[2001:db8::1]:8080":         false,
		"192.0.2.1":                  false,
		"0.0.0.0:8080":               false,
		"[::]:8080":                  false,
		"[::ffff:192.0.2.1]:8080":    false,
		"2130706433":                 false,
		"127.1:8080":                 false,
		"debrief.localhost.example.": false,
	} {
		if got := isLocal(host); got != want {
			t.Errorf("%q is local: %v, want %v", host, got, want)
		}
	}
}

func TestAServerForThisMachineAnswersToNoOtherName(t *testing.T) {
	server := start(t, nil)
	for _, path := range []string{"/v1/incidents", "/intake/alertmanager", "/docs/", "/openapi.json", "/metrics", "/healthz", "/readyz", "/nowhere"} {
		got := server.send(t, http.MethodGet, path, "", "Host", "evil.example:8080")
		code, reason := readError(t, got.body)
		if got.StatusCode != http.StatusForbidden || code != codes.PermissionDenied || reason != "FOREIGN_HOST" {
			t.Errorf("%s: %d %s, want 403 FOREIGN_HOST", path, got.StatusCode, got.body)
		}
	}
	// To the browser, and by its headers, this is a page of the server's own.
	got := server.send(t, http.MethodPost, "/v1/incidents", `{"title":"rebound"}`, "Content-Type", asJSON,
		"Host", "evil.example:8080", "Origin", "http://evil.example:8080", "Sec-Fetch-Site", "same-origin")
	if _, reason := readError(t, got.body); got.StatusCode != http.StatusForbidden || reason != "FOREIGN_HOST" {
		t.Errorf("a page whose name was made to lead here: %d %s, want 403 FOREIGN_HOST", got.StatusCode, got.body)
	}
	if got := server.send(t, http.MethodGet, "/v1/incidents", "", "Host", "debrief.localhost"); got.StatusCode != http.StatusOK || got.body != "{}" {
		t.Errorf("a name of this machine: %d %s, want 200 and no incident", got.StatusCode, got.body)
	}
}

func TestAServerForTheNetworkAnswersToAnyName(t *testing.T) {
	server := start(t, func(c *Config) { c.InsecureAllowUnauthenticatedNetwork = true })
	if got := server.send(t, http.MethodGet, "/v1/incidents", "", "Host", "debrief.example.com"); got.StatusCode != http.StatusOK {
		t.Errorf("got %d %s, want 200", got.StatusCode, got.body)
	}
}
