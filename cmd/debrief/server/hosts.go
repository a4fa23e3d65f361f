package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
)

// onlyLocal refuses requests that name another host than this machine. Somebody who owns a name can have it lead to this
// machine after a browser has loaded a page from there (DNS rebinding): the browser then takes the server for the page's
// own origin, and lets the page read and change everything.
func onlyLocal(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			foreignHost(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// isLocal says whether a Host header is a loopback address, or a name that leads to one and that nobody can own
// (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
func isLocal(host string) bool {
	name := strings.ToLower((&url.URL{Host: host}).Hostname())
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

func foreignHost(w http.ResponseWriter, r *http.Request) {
	(&problem{
		httpStatus: http.StatusForbidden, code: codes.PermissionDenied, reason: "FOREIGN_HOST",
		message: fmt.Sprintf("the Host header is %q: want localhost, or a loopback address such as 127.0.0.1; "+
			"only a server with require-authentication, or insecure-allow-unauthenticated-network, answers to other names", r.Host),
	}).write(w)
}
