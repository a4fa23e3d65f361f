package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// spanRecorder keeps the spans that servers send out.
type spanRecorder struct {
	mutex sync.Mutex
	spans tracetest.SpanStubs
}

// recorded is where servers send their spans whose OTEL_TRACES_EXPORTER is "recorder".
var recorded spanRecorder

func (r *spanRecorder) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.spans = append(r.spans, tracetest.SpanStubsFromReadOnlySpans(spans)...)
	return nil
}

func (r *spanRecorder) Shutdown(context.Context) error { return nil }

// take is what was recorded, which is forgotten.
func (r *spanRecorder) take() tracetest.SpanStubs {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	taken := r.spans
	r.spans = nil
	return taken
}

// callFrom has a client call from an address of its own, where the system has more than one of this machine.
func callFrom(client *http.Client, address string) {
	transport, ok := client.Transport.(*http.Transport)
	if ok && runtime.GOOS == "linux" {
		transport.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext
	}
}

func TestNoTraceTellsWhoWasAnonymous(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "recorder")
	server := start(t, nil)
	callFrom(server.http, "127.0.0.77")
	incident := openIncident(t, server)
	recorded.take()
	entry := post(t, server, "/v1/"+incident.GetName()+"/timelineEntries",
		`{"kind":"KIND_NOTE","text":"I was not told","occurTime":"2026-03-14T09:00:00Z","anonymous":true}`, &debriefv1.TimelineEntry{},
		"Debrief-Actor", "robin-the-caller", "User-Agent", "robins-own-browser/1", "X-Forwarded-For", "198.51.100.7", "Forwarded", "for=198.51.100.7")
	if !entry.GetAnonymous() {
		t.Fatalf("the entry is not anonymous: %v", entry)
	}
	server.stop(t) // What was recorded is sent.

	spans := recorded.take()
	names := map[string]bool{}
	for _, span := range spans {
		names[span.Name] = true
		for _, attribute := range span.Attributes {
			for _, prefix := range []string{"client.", "network.peer.", "user_agent.", "http.request.header."} {
				if strings.HasPrefix(string(attribute.Key), prefix) {
					t.Errorf("the span %q has %s: %s", span.Name, attribute.Key, attribute.Value.String())
				}
			}
		}
	}
	for _, want := range []string{"POST /v1/{parent=incidents/*}/timelineEntries", "debrief.v1.TimelineService/CreateTimelineEntry"} {
		if !names[want] {
			t.Errorf("there is no span %q among %v", want, names)
		}
	}
	told, err := json.Marshal(spans)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"robin", "127.0.0.77", "198.51.100.7", "I was not told"} {
		if strings.Contains(string(told), secret) {
			t.Errorf("the spans tell of %q: %s", secret, told)
		}
	}
}

func TestCallersMakeNoSeriesByTheirHostHeaders(t *testing.T) {
	server := start(t, func(c *Config) { c.InsecureAllowUnauthenticatedNetwork = true })
	for _, host := range []string{"evil.example", "evil.example:1", "worse.example:2"} {
		server.send(t, http.MethodGet, "/v1/incidents", "", "Host", host)
	}
	page := server.send(t, http.MethodGet, "/metrics", "").body
	if strings.Contains(page, "evil") || strings.Contains(page, "worse") {
		t.Errorf("the metrics have labels of callers' making: %s", page)
	}
	if series := strings.Count(page, "http_server_request_duration_seconds_count{"); series != 1 {
		t.Errorf("there are %d series, want one for requests that differ by their host alone: %s", series, page)
	}
}

// TestNoTraceHasAKeyThatWentAstray sends an integration's key where none is taken.
func TestNoTraceHasAKeyThatWentAstray(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "recorder")
	server := start(t, nil)
	recorded.take()
	key := "dbk_" + strings.Repeat("a", 43)
	for _, path := range []string{"/intakes/alertmanager/" + key, "/v2/alerts/%64bk_" + key[4:], "/v1/incidents/" + key, "/" + key} {
		got := server.send(t, http.MethodPost, path, `{}`, "Content-Type", asJSON)
		if _, reason := readError(t, got.body); got.StatusCode != http.StatusNotFound || reason != "PATH_NOT_FOUND" || strings.Contains(got.body, key) {
			t.Errorf("%s: %d %s, want 404 without the key", path, got.StatusCode, got.body)
		}
	}
	server.stop(t)
	told, err := json.Marshal(recorded.take())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(told), key) || strings.Contains(server.log.String(), key) {
		t.Error("the key is in a span, or in the log")
	}
}
