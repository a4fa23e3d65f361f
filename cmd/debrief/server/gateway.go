package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// gateway offers the services over REST, below /v1.
type gateway struct {
	mux        *runtime.ServeMux
	parameters parameters
	bodies     *bodies
}

func newGateway(ctx context.Context, calls *calls, bodies *bodies) (*gateway, error) {
	known, err := newParameters(calls.services)
	if err != nil {
		return nil, err
	}
	g := &gateway{parameters: known, bodies: bodies}
	g.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: strictJSON{}}),
		runtime.WithIncomingHeaderMatcher(none),
		runtime.WithOutgoingHeaderMatcher(none),
		runtime.WithOutgoingTrailerMatcher(none),
		runtime.WithMetadata(callerMetadata),
		runtime.WithMiddlewares(g.beforeCall),
		runtime.WithForwardResponseOption(protectDocument),
		runtime.WithErrorHandler(writeCallError),
		runtime.WithRoutingErrorHandler(g.writeRoutingError),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithWriteContentLength(),
	)
	return g, g.register(ctx, calls.inProcess)
}

func (g *gateway) register(ctx context.Context, connection grpc.ClientConnInterface) error {
	for _, register := range []func() error{
		func() error {
			return debriefv1.RegisterIncidentServiceHandlerClient(ctx, g.mux, debriefv1.NewIncidentServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterTimelineServiceHandlerClient(ctx, g.mux, debriefv1.NewTimelineServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterPostMortemServiceHandlerClient(ctx, g.mux, debriefv1.NewPostMortemServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterActionItemServiceHandlerClient(ctx, g.mux, debriefv1.NewActionItemServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterStatementServiceHandlerClient(ctx, g.mux, debriefv1.NewStatementServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterClockServiceHandlerClient(ctx, g.mux, debriefv1.NewClockServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterLanguageServiceHandlerClient(ctx, g.mux, debriefv1.NewLanguageServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterPracticeServiceHandlerClient(ctx, g.mux, debriefv1.NewPracticeServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterSystemServiceHandlerClient(ctx, g.mux, debriefv1.NewSystemServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterMentalModelServiceHandlerClient(ctx, g.mux, debriefv1.NewMentalModelServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterEventServiceHandlerClient(ctx, g.mux, debriefv1.NewEventServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterIntakeServiceHandlerClient(ctx, g.mux, debriefv1.NewIntakeServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterAlertServiceHandlerClient(ctx, g.mux, debriefv1.NewAlertServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterIntegrationServiceHandlerClient(ctx, g.mux, debriefv1.NewIntegrationServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterAccessServiceHandlerClient(ctx, g.mux, debriefv1.NewAccessServiceClient(connection))
		},
		func() error {
			return debriefv1.RegisterSubscriptionServiceHandlerClient(ctx, g.mux, debriefv1.NewSubscriptionServiceClient(connection))
		},
	} {
		if err := register(); err != nil {
			return fmt.Errorf("offer a service over REST: %w", err)
		}
	}
	return nil
}

// ServeHTTP makes the request a call. The body is read first, so that one that is too large, or no JSON, is told so.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, release, problem := g.bodies.read(w, r)
	defer release()
	if problem != nil {
		problem.write(w)
		return
	}
	request := r.Clone(context.WithValue(r.Context(), requestKey{}, r))
	request.Header.Del("Content-Type") // It was read, and the gateway would complain on stderr of one that makes no sense.
	request.Body = io.NopCloser(bytes.NewReader(body))
	if r.Method == http.MethodHead {
		request.Method = http.MethodGet // The answer's body is left out by the server.
	}
	w.Header().Set("Cache-Control", "no-store")
	g.mux.ServeHTTP(w, request)
}

type requestKey struct{}

// beforeCall comes between the choice of the route and the call.
func (g *gateway) beforeCall(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, path map[string]string) {
		if found, ok := r.Context().Value(probeKey{}).(*bool); ok {
			*found = true
			return
		}
		pattern, _ := runtime.HTTPPattern(r.Context())
		if original, ok := r.Context().Value(requestKey{}).(*http.Request); ok {
			original.Pattern = pattern.String() // Spans and measurements go by it.
		}
		if problem := g.parameters.check(r, pattern); problem != nil {
			problem.write(w)
			return
		}
		next(w, r, path)
	}
}

// none keeps HTTP headers and gRPC metadata apart.
func none(string) (string, bool) { return "", false }

// callerMetadata is what HTTP headers tell the services: who calls.
func callerMetadata(_ context.Context, r *http.Request) metadata.MD {
	told := metadata.MD{}
	for _, name := range []string{service.ActorHeader, service.AuthorizationHeader} {
		if values := r.Header.Values(name); len(values) > 0 {
			told[name] = values
		}
	}
	return told
}

// writeCallError answers what a service answered.
func writeCallError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
	answer := status.Convert(err)
	if answer.Code() == codes.InvalidArgument && len(answer.Details()) == 0 {
		// The gateway itself found that body or path does not fit.
		answer = newStatus(codes.InvalidArgument, "INVALID_ARGUMENT", answer.Message())
	}
	writeStatus(w, runtime.HTTPStatusFromCode(answer.Code()), answer)
}

// writeRoutingError answers a request for which there is no route.
func (g *gateway) writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, httpStatus int) {
	if _, probed := r.Context().Value(probeKey{}).(*bool); probed {
		return
	}
	switch httpStatus {
	case http.StatusMethodNotAllowed:
		methodNotAllowed(w, r, g.allowed(r))
	case http.StatusBadRequest:
		invalidQuery("", "the path is not well-formed").write(w)
	default:
		notFound(w, r)
	}
}

type probeKey struct{}

// nowhere takes the answers to probes.
type nowhere struct{}

func (nowhere) Header() http.Header            { return http.Header{} }
func (nowhere) Write(data []byte) (int, error) { return len(data), nil }
func (nowhere) WriteHeader(int)                {}

// allowed are the methods that the path has, found by trying each of them without calling anything.
func (g *gateway) allowed(r *http.Request) []string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		var found bool
		probe := r.Clone(context.WithValue(r.Context(), probeKey{}, &found))
		probe.Method = method
		g.mux.ServeHTTP(nowhere{}, probe)
		if found {
			methods = append(methods, method)
		}
	}
	return methods
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request, allowed []string) {
	if len(allowed) > 0 && allowed[0] == http.MethodGet {
		allowed = append([]string{http.MethodHead}, allowed...)
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	(&problem{
		httpStatus: http.StatusMethodNotAllowed, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED",
		message: fmt.Sprintf("%s does not have the method %s: it has %s", r.URL.Path, r.Method, list),
	}).write(w)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	(&problem{
		httpStatus: http.StatusNotFound, code: codes.NotFound, reason: "PATH_NOT_FOUND",
		message: fmt.Sprintf("there is no %s: /docs tells what there is", r.URL.Path),
	}).write(w)
}
