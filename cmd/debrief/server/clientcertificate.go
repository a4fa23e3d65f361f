package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

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
