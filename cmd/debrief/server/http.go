package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/rs/cors"
	"google.golang.org/grpc/codes"

	"github.com/debriefhq/debrief/service"
)

// anyOrigin stands for all origins in Config.CORSOrigins.
const anyOrigin = "*"

// minCompressed is the least size of an answer that is compressed, in bytes: below it, a packet is saved by nothing.
const minCompressed = 1400

// dressed puts around the handler what all of the site has in common.
func dressed(config Config, telemetry *telemetry, handler http.Handler) (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompressed), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	handler = compress(handler)
	if handler, err = withOrigins(config.CORSOrigins, handler); err != nil {
		return nil, err
	}
	if !config.InsecureAllowUnauthenticatedNetwork && !config.RequireAuthentication {
		handler = onlyLocal(handler)
	}
	return recovered(telemetry.logger, pathed(handler)), nil
}

// withOrigins lets pages of the given origins call from a browser, and keeps those of all others from changing anything.
func withOrigins(origins []string, handler http.Handler) (http.Handler, error) {
	if slices.Contains(origins, anyOrigin) {
		return allowOrigins(origins).Handler(handler), nil
	}
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("cors-origins: %w", err)
		}
	}
	// The page to unsubscribe has no origin to tell, as it sends no referrer; the token in its address is the permission.
	protection.AddInsecureBypassPattern("POST " + service.UnsubscribePath + "{subscription}")
	protection.SetDenyHandler(http.HandlerFunc(foreignOrigin))
	handler = protection.Handler(handler)
	if len(origins) == 0 {
		return handler, nil
	}
	return allowOrigins(origins).Handler(handler), nil
}

func allowOrigins(origins []string) *cors.Cors {
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Content-Type", "Authorization", service.ActorHeader, "traceparent", "tracestate"},
		ExposedHeaders: []string{"Retry-After", "Content-Disposition"},
		MaxAge:         600,
	})
}

func foreignOrigin(w http.ResponseWriter, r *http.Request) {
	(&problem{
		httpStatus: http.StatusForbidden, code: codes.PermissionDenied, reason: "FOREIGN_ORIGIN",
		message: fmt.Sprintf("pages of %s may not call: the server's setting cors-origins does not name them", r.Header.Get("Origin")),
	}).write(w)
}

// secured sets the headers that keep browsers from making anything of an answer but what it is. Pages that need more
// set a policy of their own.
func secured(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		handler.ServeHTTP(w, r)
	})
}

// pathed refuses what is not asked of any path, but of the server as a whole, as nothing here is: the library would answer it without
// saying why.
func pathed(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI == "*" {
			w.Header().Set("Connection", "close")
			invalidQuery("", "the path is not well-formed: it must begin with a slash").write(w)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// recovered makes a panic an error of the one request that caused it.
func recovered(logger *slog.Logger, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { answerPanic(w, r, logger, recover()) }()
		handler.ServeHTTP(w, r)
	})
}

func answerPanic(w http.ResponseWriter, r *http.Request, logger *slog.Logger, cause any) {
	switch cause {
	case nil:
	case http.ErrAbortHandler:
		panic(cause) // It is the way to end a connection.
	default:
		logPanic(r.Context(), logger, cause)
		(&problem{
			httpStatus: http.StatusInternalServerError, code: codes.Internal, reason: "INTERNAL", message: internalMessage,
		}).write(w)
	}
}

// bounded refuses requests beyond a number of those under way, but for questions after health. Over HTTP/1.1 there is one on a
// connection, and the bound is that of connections; over HTTP/2 there are many, and it is to be the same.
func bounded(most int, handler http.Handler) http.Handler {
	var open atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer open.Add(-1)
		if open.Add(1) > int64(most) && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			(&problem{
				httpStatus: http.StatusServiceUnavailable, code: codes.Unavailable, reason: "OVERLOADED",
				message: "too many requests are under way: try again later, or another replica",
			}).write(w)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// newHTTPServer bounds what callers may take: in the clear, and over TLS, where the time for the header is the time for the
// handshake as well, and HTTP/2 is spoken with those who ask for it.
func newHTTPServer(handler http.Handler, certificates *certificates, logger *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxMetadata,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			// What has arrived and is not read yet: a body waits for room without taking any.
			MaxReceiveBufferPerConnection: 64 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
			SendPingTimeout:               time.Minute,
			PingTimeout:                   20 * time.Second,
			WriteByteTimeout:              30 * time.Second,
		},
		ErrorLog: slog.NewLogLogger(unaddressed{logger.Handler()}, slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // It would answer OPTIONS * past all that is put around the site.
	}
	if certificates != nil {
		server.TLSConfig = certificates.config("h2", "http/1.1")
	}
	return server
}

// serveHTTP serves what the server was made for: TLS, or in the clear.
func serveHTTP(server *http.Server, listener net.Listener, certificates *certificates) error {
	if certificates == nil {
		return server.Serve(listener)
	}
	return server.ServeTLS(listener, "", "")
}

// startHTTP serves the site until it is closed: then the requests under way come to their end, but for those that take
// too long.
func (s *Server) startHTTP(site http.Handler, listener net.Listener) {
	handler := connected(addressed(secured(bounded(s.config.MaxConnections, observed(s.telemetry, listener.Addr(), site)))))
	server := newHTTPServer(handler, s.config.certificates, s.logger)
	s.goServe("HTTP", func() error { return serveHTTP(server, listener, s.config.certificates) }, http.ErrServerClosed)
	s.closers.push("drain HTTP", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			_ = server.Close() // It ends what did not come to its end; that it did not is the error.
		}
		return err
	})
}
