package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// pending is a request whose body has not arrived yet.
type pending struct {
	body   *io.PipeWriter
	answer chan answer
}

// begin sends a request up to its body, and waits until the server works on it.
func begin(t *testing.T, server *running) *pending {
	t.Helper()
	reader, writer := io.Pipe()
	p := &pending{writer, make(chan answer, 1)}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url("/v1/incidents"), reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", asJSON)
	request.Header.Set("Expect", "100-continue") // The server asks for the body when it wants to read it.
	go func() {
		response, err := server.http.Do(request)
		if err != nil {
			p.answer <- answer{body: err.Error()}
			return
		}
		body, err := io.ReadAll(response.Body)
		p.answer <- answer{response, string(body)}
		_ = errors.Join(err, response.Body.Close()) // What matters is in the answer.
	}()
	if _, err := writer.Write([]byte(`{"title":`)); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pending) end(t *testing.T) {
	t.Helper()
	if _, err := p.body.Write([]byte(`"x"}`)); err != nil {
		t.Error(err)
	}
	if err := p.body.Close(); err != nil {
		t.Error(err)
	}
}

// watch follows the health of everything, from the state that it is in, until it is told to stop.
func watch(t *testing.T, server *running) (health grpc.ServerStreamingClient[healthpb.HealthCheckResponse], unwatch func()) {
	t.Helper()
	ctx, unwatch := context.WithCancel(t.Context())
	t.Cleanup(unwatch)
	stream, err := healthpb.NewHealthClient(server.grpc).Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expectHealth(t, stream, healthpb.HealthCheckResponse_SERVING)
	return stream, unwatch
}

func expectHealth(t *testing.T, stream grpc.ServerStreamingClient[healthpb.HealthCheckResponse], want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	got, err := stream.Recv()
	if err != nil || got.GetStatus() != want {
		t.Fatalf("health is %v (%v), want %v", got.GetStatus(), err, want)
	}
}

func TestStoppingLetsWhatIsUnderWayComeToItsEnd(t *testing.T) {
	server := start(t, nil)
	// The watcher has to go before gRPC can be drained.
	health, unwatch := watch(t, server)
	request := begin(t, server)
	stopped := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		stopped <- server.Stop(ctx)
	}()
	expectHealth(t, health, healthpb.HealthCheckResponse_NOT_SERVING)
	unwatch()
	select {
	case err := <-stopped:
		t.Fatalf("it stopped while a request was under way: %v", err)
	default:
	}
	request.end(t)
	if got := <-request.answer; got.Response == nil || got.StatusCode != http.StatusOK {
		t.Errorf("the request that was under way: %v", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	if connection, err := net.Dial("tcp", server.Addresses().HTTP.String()); err == nil {
		t.Error("the address is still open", connection.Close())
	}
}

func TestStoppingCutsOffWhatTakesTooLong(t *testing.T) {
	server := start(t, nil)
	health, _ := watch(t, server)
	request := begin(t, server)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := server.Stop(ctx)
	if err == nil || !strings.Contains(err.Error(), "drain HTTP") || !strings.Contains(err.Error(), "drain gRPC") {
		t.Errorf("Stop: %v, want it to say what was cut off", err)
	}
	if err := request.body.Close(); err != nil {
		t.Error(err)
	}
	if got := <-request.answer; got.Response != nil && got.StatusCode == http.StatusOK {
		t.Error("the request was answered although it was cut off")
	}
	expectHealth(t, health, healthpb.HealthCheckResponse_NOT_SERVING)
	if _, err := health.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v, want Unavailable", err)
	}
}

func TestOneDeadListenerEndsTheServer(t *testing.T) {
	server := start(t, nil)
	server.goServe("HTTP", func() error { return net.ErrClosed }, http.ErrServerClosed)
	err := server.Wait(t.Context())
	if !errors.Is(err, net.ErrClosed) || err.Error() != "HTTP listener: "+net.ErrClosed.Error() {
		t.Errorf("Wait: %v, want which listener died, and of what", err)
	}
}

func TestEachServiceSaysThatItServes(t *testing.T) {
	server := start(t, nil)
	services := []string{
		"", "debrief.v1.IncidentService", "debrief.v1.TimelineService", "debrief.v1.PostMortemService",
		"debrief.v1.ActionItemService", "debrief.v1.EventService", "debrief.v1.IntakeService",
	}
	for _, service := range services {
		answer, err := healthpb.NewHealthClient(server.grpc).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("the health of %q is %v (%v), want SERVING", service, answer.GetStatus(), err)
		}
	}
}
