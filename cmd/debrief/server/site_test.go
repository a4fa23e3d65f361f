package server

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/api/openapi"
)

func TestTheSite(t *testing.T) {
	server := start(t, nil)
	for path, test := range map[string]struct {
		status                int
		contentType, location string
		contains              string
	}{
		"/":             {302, "text/html; charset=utf-8", "/docs/", ""},
		"/docs":         {307, "text/html; charset=utf-8", "/docs/", ""},
		"/docs/":        {200, "text/html; charset=utf-8", "", "swagger-ui-bundle.js"},
		"/openapi.json": {200, "application/json", "", `"swagger": "2.0"`},
		"/healthz":      {200, "text/plain; charset=utf-8", "", "ok"},
		"/readyz":       {200, "text/plain; charset=utf-8", "", "ok"},
	} {
		t.Run(path, func(t *testing.T) {
			got := server.send(t, http.MethodGet, path, "")
			if got.StatusCode != test.status || got.Header.Get("Content-Type") != test.contentType || got.Header.Get("Location") != test.location {
				t.Errorf("got %d, type %q, location %q; want %d, %q, %q", got.StatusCode,
					got.Header.Get("Content-Type"), got.Header.Get("Location"), test.status, test.contentType, test.location)
			}
			if !strings.Contains(got.body, test.contains) {
				t.Errorf("%q is not in %.200s", test.contains, got.body)
			}
		})
	}
}

func TestEveryAnswerSaysWhatABrowserMayMakeOfIt(t *testing.T) {
	server := start(t, nil)
	for path, policy := range map[string]string{
		"/nowhere":      "default-src 'none'; frame-ancestors 'none'",
		"/v1/incidents": "default-src 'none'; frame-ancestors 'none'",
		"/docs/":        docsPolicy,
		"/docs/docs.js": docsPolicy,
		"/docs/nothing": docsPolicy,
		"/openapi.json": "default-src 'none'; frame-ancestors 'none'",
	} {
		got := server.send(t, http.MethodGet, path, "").Header
		want := map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
		}
		for name, value := range want {
			if diff := cmp.Diff(value, got.Get(name)); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, path, diff)
			}
		}
	}
}

func TestTheAPIPageNeedsNothingFromElsewhere(t *testing.T) {
	server := start(t, nil)
	page := server.send(t, http.MethodGet, "/docs/", "").body
	references := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(references) < 4 {
		t.Fatalf("the page refers to %d things, want its style, its scripts and its icon: %s", len(references), page)
	}
	for _, reference := range references {
		path := reference[1]
		if !strings.HasPrefix(path, "/") {
			path = "/docs/" + path
		}
		if got := server.send(t, http.MethodGet, path, ""); got.StatusCode != http.StatusOK || got.body == "" {
			t.Errorf("%s: %d with %d bytes", path, got.StatusCode, len(got.body))
		}
	}
	if regexp.MustCompile(`<script>|<style>| on\w+=`).MatchString(page) {
		t.Error("the page has inline scripts or styles, which its policy forbids")
	}
}

func TestWhatIsEmbeddedIsSentOnce(t *testing.T) {
	server := start(t, nil)
	for _, path := range []string{"/openapi.json", "/docs/", "/docs/docs.js", "/docs/swagger-ui.css"} {
		tag := server.send(t, http.MethodGet, path, "").Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
		}
		again := server.send(t, http.MethodGet, path, "", "If-None-Match", tag)
		if again.StatusCode != http.StatusNotModified || again.body != "" {
			t.Errorf("%s again: %d with %d bytes, want 304 with none", path, again.StatusCode, len(again.body))
		}
	}
}

func TestLongAnswersAreCompressed(t *testing.T) {
	server := start(t, nil)
	packed := server.send(t, http.MethodGet, "/openapi.json", "", "Accept-Encoding", "gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("Content-Encoding is %q, want gzip", packed.Header.Get("Content-Encoding"))
	}
	reader, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(openapi.JSON), string(document)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if short := server.send(t, http.MethodGet, "/healthz", "", "Accept-Encoding", "gzip"); short.Header.Get("Content-Encoding") != "" {
		t.Error("an answer of a few bytes is compressed")
	}
}

// from are the headers that browsers send from a page of another origin.
func from(origin string) []string { return []string{"Origin", origin, "Sec-Fetch-Site", "cross-site"} }

func TestBrowsersOfOtherOrigins(t *testing.T) {
	const dashboard, stranger = "https://dashboard.example.com", "https://stranger.example"
	for name, test := range map[string]struct {
		origins []string
		headers []string
		allowed string
		status  int
	}{
		"none is allowed":              {nil, from(stranger), "", 403},
		"one is allowed":               {[]string{dashboard}, from(dashboard), dashboard, 400},
		"another one is not":           {[]string{dashboard}, from(stranger), "", 403},
		"all are allowed":              {[]string{"*"}, from(stranger), "*", 400},
		"the server's own pages":       {nil, []string{"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin"}, "", 400},
		"programs that are no browser": {[]string{dashboard}, nil, "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, func(c *Config) { c.CORSOrigins = test.origins })
			// An incident without a title is refused by the service, once the request has come that far.
			got := server.send(t, http.MethodPost, "/v1/incidents", "{}", append(test.headers, "Content-Type", asJSON)...)
			if got.StatusCode != test.status || got.Header.Get("Access-Control-Allow-Origin") != test.allowed {
				t.Errorf("got %d for %q, want %d for %q", got.StatusCode, got.Header.Get("Access-Control-Allow-Origin"), test.status, test.allowed)
			}
		})
	}
}

func TestABrowserAsksBeforeItChangesAnything(t *testing.T) {
	server := start(t, func(c *Config) { c.CORSOrigins = []string{"https://dashboard.example.com"} })
	got := server.send(t, http.MethodOptions, someIncident, "",
		"Origin", "https://dashboard.example.com", "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "content-type,debrief-actor")
	if got.StatusCode != http.StatusNoContent || got.Header.Get("Access-Control-Allow-Methods") != "PATCH" {
		t.Errorf("got %d and methods %q, want 204 and PATCH", got.StatusCode, got.Header.Get("Access-Control-Allow-Methods"))
	}
	if allowed := got.Header.Get("Access-Control-Allow-Headers"); allowed != "content-type,debrief-actor" {
		t.Errorf("headers %q are allowed, want those that were asked for", allowed)
	}
}

func TestTheDocumentIsThatOfTheServices(t *testing.T) {
	server := start(t, nil)
	var document struct {
		Info  struct{ Title, Version string }
		Paths map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(server.send(t, http.MethodGet, "/openapi.json", "").body), &document); err != nil {
		t.Fatal(err)
	}
	if document.Info.Title != "Debrief" || document.Info.Version == "" || document.Paths["/v1/incidents"] == nil {
		t.Errorf("the document is of %q %q with %d paths", document.Info.Title, document.Info.Version, len(document.Paths))
	}
}
