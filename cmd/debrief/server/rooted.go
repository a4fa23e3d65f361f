package server

import (
	"net/http"
	"net/url"
	"strings"
)

// opsgeniePath is where Opsgenie's API for alerts is, on its own host.
const opsgeniePath = "/v2/alerts"

// rooted leads what is meant for Opsgenie to its intake: some clients, such as Opsgenie's own SDK for Go, can be pointed at
// another host and not at a path on it. They are known by their scheme of authorization, which nobody else uses.
func rooted(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(scheme, "GenieKey") && (r.URL.Path == opsgeniePath || strings.HasPrefix(r.URL.Path, opsgeniePath+"/")) {
			r = r.Clone(r.Context())
			r.URL = underIntake(r.URL, "opsgenie")
		}
		handler.ServeHTTP(w, r)
	})
}

// underIntake is the address of the same below the path of an intake.
func underIntake(address *url.URL, source string) *url.URL {
	moved := *address
	moved.Path = intakePath + source + address.Path
	if address.RawPath != "" {
		moved.RawPath = intakePath + source + address.RawPath
	}
	return &moved
}
