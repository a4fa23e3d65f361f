package server

import (
	"net"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// observed makes a span and measurements of each request to the site, but for those that machines make every few seconds.
func observed(telemetry *telemetry, address net.Addr, site http.Handler) http.Handler {
	return unnamed(rooted(unkeyed(untokened(otelhttp.NewHandler(routed(site), "HTTP",
		otelhttp.WithTracerProvider(telemetry.tracers),
		otelhttp.WithMeterProvider(telemetry.meters),
		otelhttp.WithPropagators(telemetry.propagators),
		otelhttp.WithFilter(noProbe),
		// Else it is read from the Host header, and callers make as many series as they like.
		otelhttp.WithServerName(address.String()),
	)))))
}

// tellCallers are the headers that tell a caller from others, and that spans would have as attributes.
var tellCallers = []string{"Forwarded", "User-Agent", "X-Forwarded-For"}

// unnamed takes from requests where they came from, so that no span and no measurement can tell: what was said anonymously must
// not be brought home by its trace. The audit trail, which leaves out what was said anonymously, has it from the context.
func unnamed(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.RemoteAddr = ""
		for _, name := range tellCallers {
			r.Header.Del(name)
		}
		handler.ServeHTTP(w, r)
	})
}

// routed tells the request's span which route it took, once that is known.
func routed(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		if span := trace.SpanFromContext(r.Context()); span.IsRecording() && r.Pattern != "" {
			span.SetAttributes(attribute.String("http.route", r.Pattern))
		}
	})
}

// noProbe leaves out what machines ask every few seconds.
func noProbe(r *http.Request) bool {
	return r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && r.URL.Path != "/metrics"
}
