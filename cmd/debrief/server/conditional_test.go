package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestFeedsAreSentOnlyWhereTheyChanged(t *testing.T) {
	server := start(t, func(c *Config) { c.PublicURL = "https://debrief.example.com/incidents/" })
	for _, path := range []string{"/v1/calendar.ics", "/v1/postMortems.atom"} {
		first := server.send(t, http.MethodGet, path, "")
		tag := first.Header.Get("ETag")
		if first.StatusCode != http.StatusOK || tag == "" || first.body == "" {
			t.Errorf("%s: %d, ETag %q\n%s", path, first.StatusCode, tag, first.body)
		}
		for _, test := range []struct {
			ifNoneMatch string
			want        int
		}{
			{tag, http.StatusNotModified},
			{`"other", W/` + tag, http.StatusNotModified},
			{"*", http.StatusNotModified},
			{`"other"`, http.StatusOK},
		} {
			got := server.send(t, http.MethodGet, path, "", "If-None-Match", test.ifNoneMatch)
			if got.StatusCode != test.want || (got.body == "") != (test.want == http.StatusNotModified) || got.Header.Get("ETag") != tag {
				t.Errorf("%s, If-None-Match %s: %d with ETag %s, want %d with %s", path, test.ifNoneMatch, got.StatusCode, got.Header.Get("ETag"), test.want, tag)
			}
		}
		unmatched := server.send(t, http.MethodGet, path, "", "If-Match", `"other"`, "Range", "bytes=999999-")
		if _, reason := readError(t, unmatched.body); unmatched.StatusCode != http.StatusPreconditionFailed || reason != "ETAG_MISMATCH" {
			t.Errorf("%s with an If-Match of another: %d %s", path, unmatched.StatusCode, unmatched.body)
		}
		if got := server.send(t, http.MethodGet, path, "", "If-Match", tag, "Range", "bytes=999999-"); got.StatusCode != http.StatusOK || got.body != first.body {
			t.Errorf("%s with its own If-Match: %d %s", path, got.StatusCode, got.body)
		}
		if refused := server.send(t, http.MethodGet, path+"?no=parameter", ""); refused.StatusCode != http.StatusBadRequest || refused.Header.Get("ETag") != "" {
			t.Errorf("%s with a parameter that there is not: %d, ETag %q", path, refused.StatusCode, refused.Header.Get("ETag"))
		}
	}
	if feed := server.send(t, http.MethodGet, "/v1/postMortems.atom", "").body; !strings.Contains(feed, `href="https://debrief.example.com/incidents/v1/postMortems.atom"`) {
		t.Errorf("the feed does not say where it is:\n%s", feed)
	}
}

func TestPublicURL(t *testing.T) {
	for _, wrong := range []string{"debrief.example.com", "ftp://debrief.example.com", "https://a:b@debrief.example.com", "https://debrief.example.com/?a=b", "https://debrief.example.com/#a", "https://"} {
		config := Config{PublicURL: wrong}
		if err := config.checkPublicURL(); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
