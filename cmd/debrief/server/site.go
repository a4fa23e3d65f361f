package server

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/oidc"
)

// newSite is all that is offered over HTTP.
func newSite(ctx context.Context, config Config, telemetry *telemetry, calls *calls, services *service.Services) (http.Handler, error) {
	bodies := newBodies(maxBodies, config.DefaultDeadline)
	gateway, err := newGateway(ctx, calls, bodies)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, one := range offers(config, telemetry, gateway, calls, services) {
		mux.Handle(one.pattern, one.handler)
	}
	return dressed(config, telemetry, mux)
}

// offer is what there is at the addresses of a pattern of [http.ServeMux].
type offer struct {
	pattern string
	handler http.Handler
}

// offers are all that there are. Below /v1/ it is the method that says who may call it; each other one has to see to that by itself.
func offers(config Config, telemetry *telemetry, gateway http.Handler, calls *calls, services *service.Services) []offer {
	read := func(path string, handler http.Handler) offer { return offer{path, only(handler, http.MethodGet)} }
	all := []offer{
		{"/v1/", gateway},
		{"/v1/calendar.ics", conditional(gateway)},
		{"/v1/postMortems.atom", conditional(gateway)},
		{"/v1/events:watch", only(&eventStream{calls: calls.inProcess}, http.MethodGet)},
		{intakePath, newIntakes(config, telemetry, services)},
		{service.UnsubscribePath + "{subscription}", only(&unsubscribing{services}, http.MethodGet, http.MethodPost)},
		read("/{$}", http.RedirectHandler("/docs/", http.StatusFound)),
		read("/docs/", newDocs()),
		read("/openapi.json", serveOpenAPI),
		read("/healthz", http.HandlerFunc(alive)),
		read("/readyz", ready(calls.health)),
		read("/metrics", permitted(services, service.MetricsRole, metricsOf(telemetry))),
		{"/", http.HandlerFunc(notFound)},
	}
	if config.OIDC.Issuer != "" {
		all = append(all, read(oidc.ResourcePath, resourceMetadata(config)))
	}
	return all
}

func newIntakes(config Config, telemetry *telemetry, services *service.Services) http.Handler {
	return &intakes{
		intake: services.Intake, adapters: services.Intake.Adapters(), toStatus: services.ToStatus, bodies: newBodies(maxBodies, config.DefaultDeadline),
		keyed: services.Intake.RequiresKeys(), slots: make(chan struct{}, config.MaxDeliveries), patience: slotPatience, deadline: config.DefaultDeadline,
		logger: telemetry.logger,
	}
}

func metricsOf(telemetry *telemetry) http.Handler {
	return promhttp.HandlerFor(telemetry.registry, promhttp.HandlerOpts{
		DisableCompression:  true, // The whole site is compressed in one place.
		MaxRequestsInFlight: 4,
		EnableOpenMetrics:   true,
		ErrorLog:            slog.NewLogLogger(telemetry.logger.Handler(), slog.LevelWarn),
	})
}

// only lets the methods through that are named; whoever may GET may also HEAD.
func only(handler http.Handler, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if !slices.Contains(methods, method) {
			methodNotAllowed(w, r, methods)
			return
		}
		handler.ServeHTTP(w, r)
	}
}

// alive says that the process works; it does not ask for the store, since a restart would not bring that back.
func alive(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

// ready says whether calls can be served now: whether the store can be reached, and the server is not to stop.
func ready(health *health.Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !isServing(r.Context(), health) {
			(&problem{
				httpStatus: http.StatusServiceUnavailable, code: codes.Unavailable, reason: "NOT_READY",
				message: "not ready: the store can't be reached, or the server is stopping",
			}).write(w)
			return
		}
		writeOK(w)
	}
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n")) // Who asked and is gone does not need the answer.
}
