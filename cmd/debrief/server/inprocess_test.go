package server

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// fakeIncidents answers one method, as the test says.
type fakeIncidents struct {
	debriefv1.UnimplementedIncidentServiceServer
	get func(context.Context, *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error)
}

func (f *fakeIncidents) GetIncident(ctx context.Context, request *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
	return f.get(ctx, request)
}

// events records what a stats handler is told.
type events []string

func (e *events) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	*e = append(*e, "tag "+info.FullMethodName)
	return ctx
}

func (e *events) HandleRPC(_ context.Context, event stats.RPCStats) {
	switch event := event.(type) {
	case *stats.Begin:
		*e = append(*e, "begin")
	case *stats.End:
		*e = append(*e, "end "+status.Code(event.Error).String())
	}
}

func (e *events) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (e *events) HandleConn(context.Context, stats.ConnStats)                       {}

func (e *events) interceptor(name string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		*e = append(*e, name+" before "+info.FullMethod)
		answer, err := handler(ctx, request)
		*e = append(*e, name+" after "+status.Code(err).String())
		return answer, err
	}
}

type getIncident = func(context.Context, *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error)

// connect offers the method over an in-process connection.
func connect(told *events, get getIncident) (debriefv1.IncidentServiceClient, *inProcess) {
	interceptor := chained([]grpc.UnaryServerInterceptor{told.interceptor("first"), told.interceptor("second")})
	connection := newInProcess(interceptor, chainedStreams(nil), told)
	debriefv1.RegisterIncidentServiceServer(connection, &fakeIncidents{get: get})
	return debriefv1.NewIncidentServiceClient(connection), connection
}

func TestACallInProcessPassesWhatACallOverTheNetworkPasses(t *testing.T) {
	var told events
	var arrivedWith []string
	client, _ := connect(&told, func(ctx context.Context, _ *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
		arrivedWith = metadata.ValueFromIncomingContext(ctx, "debrief-actor")
		return nil, errors.New("something internal")
	})
	ctx := metadata.AppendToOutgoingContext(t.Context(), "debrief-actor", "ann")
	_, err := client.GetIncident(ctx, &debriefv1.GetIncidentRequest{Name: "x"})
	if status.Code(err) != codes.Unknown {
		t.Errorf("error is %v, want a status", err)
	}
	const method = "/debrief.v1.IncidentService/GetIncident"
	want := events{
		"tag " + method, "begin", "first before " + method, "second before " + method,
		"second after Unknown", "first after Unknown", "end Unknown",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("passed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ann"}, arrivedWith); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestCallerAndServiceInProcessShareNoMessage(t *testing.T) {
	kept := &debriefv1.Incident{Title: "kept by the service", Labels: map[string]string{"a": "b"}}
	client, _ := connect(&events{}, func(_ context.Context, request *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
		request.Name = "changed by the service"
		return kept, nil
	})
	request := &debriefv1.GetIncidentRequest{Name: "x"}
	answer, err := client.GetIncident(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Labels["a"] = "changed by the caller"
	if diff := cmp.Diff("x", request.GetName()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	want := &debriefv1.Incident{Title: "kept by the service", Labels: map[string]string{"a": "b"}}
	if diff := cmp.Diff(want, kept, protocmp.Transform()); diff != "" {
		t.Errorf("what the service kept (-want +got):\n%s", diff)
	}
}

func TestAMethodThatIsNotOfferedInProcess(t *testing.T) {
	_, connection := connect(&events{}, nil)
	_, err := debriefv1.NewEventServiceClient(connection).ListEvents(t.Context(), &debriefv1.ListEventsRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("error is %v, want Unimplemented", err)
	}
	if _, err := connection.NewStream(t.Context(), &grpc.StreamDesc{}, "/x/y"); status.Code(err) != codes.Unimplemented {
		t.Errorf("error of a stream is %v, want Unimplemented", err)
	}
}

func TestClosingInProcessWaitsForCallsAndTakesNoMore(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	client, connection := connect(&events{}, func(context.Context, *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
		close(entered)
		<-leave
		return &debriefv1.Incident{}, nil
	})
	answered := make(chan error)
	go func() {
		_, err := client.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{})
		answered <- err
	}()
	<-entered

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := connection.close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("closing while a call is under way: %v, want context.Canceled", err)
	}
	if _, err := client.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a call after closing: %v, want Unavailable", err)
	}
	close(leave)
	if err := <-answered; err != nil {
		t.Errorf("the call that was under way: %v", err)
	}
	if err := connection.close(t.Context()); err != nil {
		t.Errorf("closing after the last call: %v", err)
	}
}
