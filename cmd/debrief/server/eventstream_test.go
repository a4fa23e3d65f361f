package server

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// fakeEvents streams what the test says.
type fakeEvents struct {
	debriefv1.UnimplementedEventServiceServer
	watch func(*debriefv1.WatchEventsRequest, grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error
}

func (f *fakeEvents) WatchEvents(request *debriefv1.WatchEventsRequest, stream grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error {
	return f.watch(request, stream)
}

func newEventStream(t *testing.T, fake *fakeEvents) *httptest.Server {
	t.Helper()
	calls := newInProcess(nil, chainedStreams(nil), &events{})
	debriefv1.RegisterEventServiceServer(calls, fake)
	server := httptest.NewServer(&eventStream{calls: calls})
	t.Cleanup(server.Close)
	return server
}

func TestEventStream(t *testing.T) {
	var got *debriefv1.WatchEventsRequest
	server := newEventStream(t, &fakeEvents{watch: func(request *debriefv1.WatchEventsRequest, stream grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error {
		got = request
		for _, message := range []*debriefv1.WatchEventsResponse{
			{Sequence: 6},
			{Sequence: 7, Event: &debriefv1.Event{Sequence: 7, Actor: "two\nlines"}},
		} {
			if err := stream.Send(message); err != nil {
				return err
			}
		}
		return nil
	}})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/?afterSequence=3&filter=type+%3D+INCIDENT_OPENED&heartbeatInterval=2.5s", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", "6")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var lines []string
	for scanner := bufio.NewScanner(answer.Body); scanner.Scan(); {
		// The JSON's spaces differ from run to run, by intent of its library.
		lines = append(lines, strings.ReplaceAll(scanner.Text(), `", "`, `","`))
	}
	if diff := cmp.Diff([]string{
		"retry: 2000", "",
		"id: 6", ": heartbeat", "",
		"id: 7", `data: {"sequence":"7","actor":"two\nlines"}`, "",
	}, lines); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := answer.Header.Get("Content-Type"), eventStreamType; got != want {
		t.Errorf("Content-Type is %q, want %q", got, want)
	}
	want := &debriefv1.WatchEventsRequest{
		AfterSequence: 6, Filter: "type = INCIDENT_OPENED", HeartbeatInterval: durationpb.New(2500 * time.Millisecond),
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("the request: -want +got\n%s", diff)
	}
}

func TestEventStreamRefuses(t *testing.T) {
	server := newEventStream(t, &fakeEvents{watch: func(*debriefv1.WatchEventsRequest, grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error {
		return status.Error(codes.DeadlineExceeded, "too late")
	}})
	for _, test := range []struct {
		query, lastEventID string
		want               int
	}{
		{query: "afterSequence=few", want: http.StatusBadRequest},
		{query: "heartbeatInterval=soon", want: http.StatusBadRequest},
		{query: "filter=a&filter=b", want: http.StatusBadRequest},
		{query: "order=1", want: http.StatusBadRequest},
		{query: "filter=%zz", want: http.StatusBadRequest},
		{lastEventID: "7; x", want: http.StatusBadRequest},
		{want: http.StatusGatewayTimeout},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/?"+test.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.lastEventID != "" {
			request.Header.Set("Last-Event-ID", test.lastEventID)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%q, %q: %d, want %d", test.query, test.lastEventID, answer.StatusCode, test.want)
		}
	}
}
