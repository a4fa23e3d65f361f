// Package otlp proves, with the receiver of a real OpenTelemetry collector, that what Debrief tells about itself arrives:
// the spans of a call in one trace from the caller's own down to the store, its metrics and its log.
package otlp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

const (
	// binaryVariable names the program to test.
	binaryVariable = "DEBRIEF_BINARY"

	callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
)

func TestTelemetryReachesACollector(t *testing.T) {
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		t.Fatalf("%s does not name the program to test: go build ./cmd/debrief", binaryVariable)
	}
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		for _, store := range []struct {
			system string
			open   func(*testing.T) string
		}{{"sqlite", sqliteStore}, {"mongodb", func(t *testing.T) string { return mongodbtest.NewDatabase(t) }}} {
			t.Run(protocol+"/"+store.system, func(t *testing.T) {
				uri := store.open(t)
				receiver := startReceiver(t)
				serveOneCall(t, binary, uri, receiver.variables(protocol))
				receiver.checkTrace(t, store.system)
				receiver.checkMetrics(t)
				receiver.checkLog(t)
			})
		}
	}
}

func sqliteStore(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
}

// receiver is a collector's way in, and what came in by it.
type receiver struct {
	grpcAddress, httpAddress string
	traces                   consumertest.TracesSink
	metrics                  consumertest.MetricsSink
	logs                     consumertest.LogsSink
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	factory := otlpreceiver.NewFactory()
	config, ok := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	if !ok {
		t.Fatal("the receiver has another configuration than its own")
	}
	r := &receiver{grpcAddress: freeAddress(t), httpAddress: freeAddress(t)}
	grpcConfig, httpConfig := config.Protocols.GRPC.GetOrInsertDefault(), config.Protocols.HTTP.GetOrInsertDefault()
	grpcConfig.NetAddr.Endpoint, httpConfig.ServerConfig.NetAddr.Endpoint = r.grpcAddress, r.httpAddress
	config.Protocols.GRPC, config.Protocols.HTTP = configoptional.Some(*grpcConfig), configoptional.Some(*httpConfig)

	settings, ctx := receivertest.NewNopSettings(factory.Type()), context.WithoutCancel(t.Context())
	traces, err := factory.CreateTraces(ctx, settings, config, &r.traces)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := factory.CreateMetrics(ctx, settings, config, &r.metrics); err != nil {
		t.Fatal(err)
	}
	if _, err := factory.CreateLogs(ctx, settings, config, &r.logs); err != nil {
		t.Fatal(err)
	}
	// The three are one receiver.
	if err := traces.Start(ctx, componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := traces.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

// variables are all that has to be set for a program to send its telemetry here.
func (r *receiver) variables(protocol string) []string {
	endpoint := "http://" + r.httpAddress
	if protocol == "grpc" {
		endpoint = "http://" + r.grpcAddress
	}
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol}
}

// serveOneCall runs the server, calls it once over REST from within a trace, and stops it: then everything is sent.
func serveOneCall(t *testing.T, binary, store string, variables []string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, "serve", "--store", store, "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0")
	command.Env = append(slices.DeleteFunc(os.Environ(), ours), variables...)
	output, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	openIncident(t, servingAddress(t, lines))
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Log(lines.Text())
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("the server ended with %v", err)
	}
}

// ours says whether a variable would set up the server otherwise than the test does.
func ours(variable string) bool {
	return strings.HasPrefix(variable, "DEBRIEF_") || strings.HasPrefix(variable, "OTEL_")
}

// servingAddress reads the log until it says where HTTP is served.
func servingAddress(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		t.Log(lines.Text())
		var line struct{ Msg, HTTP string }
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" {
			return line.HTTP
		}
	}
	t.Fatalf("the server does not serve: %v", lines.Err())
	return ""
}

func openIncident(t *testing.T, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/incidents", strings.NewReader(`{"title":"Checkout fails"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-01")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the call is answered %s: %s %v", answer.Status, body, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkTrace wants the caller's span to have one over HTTP below it, that one over gRPC, and that one in the store.
func (r *receiver) checkTrace(t *testing.T, system string) {
	t.Helper()
	spans := r.callerSpans(t)
	overHTTP := only(t, spans, "over HTTP", func(span ptrace.Span) bool { return span.ParentSpanID().String() == callerSpan })
	expectAttribute(t, overHTTP, "http.route", "/v1/incidents")
	overGRPC := only(t, spans, "over gRPC", func(span ptrace.Span) bool { return span.ParentSpanID() == overHTTP.SpanID() })
	expectAttribute(t, overGRPC, "rpc.method", "debrief.v1.IncidentService/CreateIncident")
	inStore := slices.DeleteFunc(slices.Clone(spans), func(span ptrace.Span) bool { return span.ParentSpanID() != overGRPC.SpanID() })
	if len(inStore) == 0 {
		t.Errorf("no span of the store below that over gRPC: %s", names(spans))
	}
	for _, span := range inStore {
		expectAttribute(t, span, "db.system.name", system)
	}
}

// callerSpans are the spans of the caller's trace.
func (r *receiver) callerSpans(t *testing.T) []ptrace.Span {
	t.Helper()
	var spans []ptrace.Span
	for _, batch := range r.traces.AllTraces() {
		for _, resource := range batch.ResourceSpans().All() {
			if name, ok := resource.Resource().Attributes().Get("service.name"); !ok || name.Str() != "debrief" {
				t.Errorf("spans of a service that is not debrief: %v", resource.Resource().Attributes().AsRaw())
			}
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					if span.TraceID().String() == callerTrace {
						spans = append(spans, span)
					}
				}
			}
		}
	}
	return spans
}

func only(t *testing.T, spans []ptrace.Span, which string, matches func(ptrace.Span) bool) ptrace.Span {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(spans), func(span ptrace.Span) bool { return !matches(span) })
	if len(found) != 1 {
		t.Fatalf("there are %d spans %s, want 1, of all: %s", len(found), which, names(spans))
	}
	return found[0]
}

func names(spans []ptrace.Span) string {
	var all []string
	for _, span := range spans {
		all = append(all, fmt.Sprintf("%s %s below %s", span.Name(), span.SpanID(), span.ParentSpanID()))
	}
	return strings.Join(all, "; ")
}

func expectAttribute(t *testing.T, span ptrace.Span, name, want string) {
	t.Helper()
	if got, ok := span.Attributes().Get(name); !ok || got.Str() != want {
		t.Errorf("%s of the span %s is not %q: %v", name, span.Name(), want, span.Attributes().AsRaw())
	}
}

func (r *receiver) checkMetrics(t *testing.T) {
	t.Helper()
	got := map[string]bool{}
	for _, batch := range r.metrics.AllMetrics() {
		for _, resource := range batch.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					got[metric.Name()] = true
				}
			}
		}
	}
	for _, want := range []string{
		"http.server.request.duration", "rpc.server.call.duration", "db.client.operation.duration", "debrief.incidents.opened",
	} {
		if !got[want] {
			t.Errorf("the metric %s did not arrive, but %v", want, got)
		}
	}
}

// checkLog wants the line of the call, in the caller's trace.
func (r *receiver) checkLog(t *testing.T) {
	t.Helper()
	var lines []string
	for _, batch := range r.logs.AllLogs() {
		for _, resource := range batch.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					lines = append(lines, record.Body().AsString())
					method, ok := record.Attributes().Get("method")
					if ok && record.TraceID().String() == callerTrace && method.Str() == "/debrief.v1.IncidentService/CreateIncident" {
						return
					}
				}
			}
		}
	}
	t.Errorf("the line of the call did not arrive, but %q", lines)
}
