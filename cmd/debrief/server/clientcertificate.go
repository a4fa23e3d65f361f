package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/debriefhq/debrief/service/access"
)

// certified knows who has a certificate.
type certified struct{ access.Certificates }

// Authenticate answers whose the certificate is by which the caller has proved who they are.
func (c certified) Authenticate(ctx context.Context) (access.Principal, bool, error) {
	certificate, ok := clientCertificate(ctx)
	if !ok {
		return access.Principal{}, false, nil
	}
	return c.Principal(certificate)
}

// prepareClientRoles makes of the settings what knows who has a certificate.
func (c *Config) prepareClientRoles() error {
	switch {
	case len(c.TLS.ClientRoles) == 0:
		return nil
	case c.TLS.ClientCA == "":
		return errors.New("tls-client-ca is required where tls-client-roles is given: want the file of the authorities of callers")
	case !c.RequireAuthentication:
		return errors.New("require-authentication is required where tls-client-roles is given: whoever has no role could do everything without it")
	}
	roles, err := parseRoles(c.TLS.ClientRoles, "dns:ci.example.com=responder")
	if err != nil {
		return fmt.Errorf("tls-client-roles: %w", err)
	}
	known, err := access.NewCertificates(roles)
	if err != nil {
		return fmt.Errorf("tls-client-roles: %w", err)
	}
	c.certified = certified{known}
	return nil
}

// clientCertificate is the certificate by which the caller of a gRPC call, or of an HTTP request and the call that became of it,
// has proved who they are when the connection began. It was issued by an authority of Config.TLS.ClientCA, for client
// authentication. There is none where callers are not asked, where this one showed none, and once it has expired: connections may
// live longer than what they began with.
func clientCertificate(ctx context.Context) (*x509.Certificate, bool) {
	state, ok := connectionState(ctx)
	if !ok || len(state.VerifiedChains) == 0 {
		return nil, false
	}
	certificate := state.VerifiedChains[0][0]
	if time.Now().After(certificate.NotAfter) {
		return nil, false
	}
	return certificate, true
}

func connectionState(ctx context.Context) (tls.ConnectionState, bool) {
	if state, ok := ctx.Value(connectionKey{}).(*tls.ConnectionState); ok {
		return *state, true
	}
	if caller, ok := peer.FromContext(ctx); ok {
		if info, ok := caller.AuthInfo.(credentials.TLSInfo); ok {
			return info.State, true
		}
	}
	return tls.ConnectionState{}, false
}

type connectionKey struct{}

// connected has the context of each request know the TLS connection that it came by: the gateway hands it on to the call that it
// makes of the request.
func connected(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			r = r.WithContext(context.WithValue(r.Context(), connectionKey{}, r.TLS))
		}
		handler.ServeHTTP(w, r)
	})
}
