package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// feed is an answer with the events of some sequences.
func feed(token string, sequences ...int64) *debriefv1.ListEventsResponse {
	answer := &debriefv1.ListEventsResponse{NextPageToken: token}
	for _, sequence := range sequences {
		answer.Events = append(answer.Events, &debriefv1.Event{Sequence: sequence, Id: fmt.Sprint("event-", sequence)})
	}
	return answer
}

// TestEventsNewest shows that without a cursor the newest events are shown, the oldest of them first.
func TestEventsNewest(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.answer("ListEvents", feed("more", 9, 8), feed("more", 7))
	got := mustSucceed(t, debrief(t, server, "events", "--limit", "3", "-o", "name", "--type", "incident_opened", "--incident", testID, "--actor", `a"b`))
	if diff := cmp.Diff("event-7\nevent-8\nevent-9\n", got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	filter := `type = INCIDENT_OPENED AND incident = "` + testIncident + `" AND actor = "a\"b"`
	want := []proto.Message{
		&debriefv1.ListEventsRequest{PageSize: 3, Filter: filter, OrderBy: "sequence desc"},
		&debriefv1.ListEventsRequest{PageSize: 1, Filter: filter, OrderBy: "sequence desc", PageToken: "more"},
	}
	if diff := cmp.Diff(want, server.called("ListEvents"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestEventsForward shows that from a cursor on the feed is read in its order.
func TestEventsForward(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.answer("ListEvents", feed("more", 3, 4), feed("", 5))
	got := mustSucceed(t, debrief(t, server, "events", "--after", "2", "--all", "-o", "name"))
	if diff := cmp.Diff("event-3\nevent-4\nevent-5\n", got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	want := []proto.Message{
		&debriefv1.ListEventsRequest{PageSize: 500, AfterSequence: 2},
		&debriefv1.ListEventsRequest{PageSize: 500, AfterSequence: 2, PageToken: "more"},
	}
	if diff := cmp.Diff(want, server.called("ListEvents"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// following runs events --follow; between two questions to the server the next of some steps is taken, and after the last
// one the command is interrupted.
func following(t *testing.T, address string, steps []func(), arguments ...string) (got result, pauses []time.Duration) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	environment := testEnvironment(t, address)
	environment.wait = func(_ context.Context, pause time.Duration) error {
		pauses = append(pauses, pause)
		if len(steps) == 0 {
			interrupt()
			return context.Canceled
		}
		steps[0]()
		steps = steps[1:]
		return nil
	}
	var stdout, stderr bytes.Buffer
	environment.stdout, environment.stderr = &stdout, &stderr
	code := run(ctx, append([]string{"events", "--follow"}, arguments...), environment)
	return result{code, stdout.String(), stderr.String()}, pauses
}

// TestFollow shows that a feed is followed over the end of a server, without a gap and without telling anything twice.
func TestFollow(t *testing.T) {
	t.Parallel()
	first := startFake(t, "127.0.0.1:0")
	first.answer("ListEvents", feed("", 2, 1), feed("more", 3), feed("", 4), feed(""))
	var second *fakeServer
	steps := []func(){
		func() { first.stop() },
		func() {},
		func() {
			second = startFake(t, first.address)
			// A server that is behind, or repeats itself, is not believed.
			second.answer("ListEvents", unavailable, unavailable, unavailable, unavailable, unavailable, feed("", 4, 5), feed("", 6))
		},
		func() {}, func() {},
	}
	got, pauses := following(t, first.address, steps, "-o", "name")
	want := result{
		exitInterrupted, "event-1\nevent-2\nevent-3\nevent-4\nevent-5\nevent-6\n",
		"The server does not answer (Unavailable); waiting for it.\nThe server is back; going on after sequence 4.\nerror: interrupted\n",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{1e9, 2e9, 4e9, 8e9, 1e9, 1e9}, pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	requests := first.called("ListEvents")
	wanted := []proto.Message{
		&debriefv1.ListEventsRequest{PageSize: 20, OrderBy: "sequence desc"},
		&debriefv1.ListEventsRequest{PageSize: 500, AfterSequence: 2},
		&debriefv1.ListEventsRequest{PageSize: 500, AfterSequence: 3},
	}
	if diff := cmp.Diff(wanted, requests, protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestFollowForms shows that each event can be read by itself.
func TestFollowForms(t *testing.T) {
	for output, want := range map[string]string{
		"json":  "{\"sequence\":\"8\",\"id\":\"event-8\"}\n{\"sequence\":\"9\",\"id\":\"event-9\"}\n",
		"yaml":  "---\nsequence: \"8\"\nid: event-8\n---\nsequence: \"9\"\nid: event-9\n",
		"table": "SEQUENCE  TIME  TYPE  ID       ACTOR  CHANGES\n8                     event-8  -\n9                     event-9  -\n",
	} {
		t.Run(output, func(t *testing.T) {
			server := startFake(t, "127.0.0.1:0")
			events := feed("", 8, 9)
			for _, event := range events.GetEvents() {
				if output == "table" {
					event.Resource = event.GetId()
				}
			}
			server.answer("ListEvents", events, feed(""))
			got, _ := following(t, server.address, []func(){func() {}}, "-o", output, "--after", "7")
			if diff := cmp.Diff(want, got.stdout); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFollowGivesUp shows which failures waiting does not cure.
func TestFollowGivesUp(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.answer("ListEvents", feed("", 1), failure(codes.InvalidArgument, "filter: at position 1"))
	if got, _ := following(t, server.address, []func(){func() {}, func() {}}, "--after", "0"); got.code != exitInvalid {
		t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
	}
	server.stop()
	if got, _ := following(t, server.address, nil, "--after", "0"); got.code != exitUnreachable {
		t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
	}
}

// TestPages shows how many resources a list asks for, and when it is done.
func TestPages(t *testing.T) {
	page := func(token string, count int) *debriefv1.ListIncidentsResponse {
		answer := &debriefv1.ListIncidentsResponse{NextPageToken: token}
		for range count {
			answer.Incidents = append(answer.Incidents, &debriefv1.Incident{Name: testIncident})
		}
		return answer
	}
	tests := []struct {
		name      string
		arguments []string
		want      []proto.Message
		shown     int
		stderr    string
		json      string
	}{
		{
			name: "as many as the limit", arguments: []string{"--limit", "3", "--page-size", "2", "--order-by", "severity", "--show-deleted"},
			want: []proto.Message{
				&debriefv1.ListIncidentsRequest{PageSize: 2, OrderBy: "severity", ShowDeleted: true},
				&debriefv1.ListIncidentsRequest{PageSize: 1, OrderBy: "severity", ShowDeleted: true, PageToken: "p2"},
			},
			shown: 3, stderr: "There are more: --all shows them all, --page-token p3 goes on here.\n", json: `"nextPageToken": "p3"`,
		},
		{
			name: "all", arguments: []string{"--all"},
			want: []proto.Message{
				&debriefv1.ListIncidentsRequest{PageSize: 500},
				&debriefv1.ListIncidentsRequest{PageSize: 500, PageToken: "p2"},
				&debriefv1.ListIncidentsRequest{PageSize: 500, PageToken: "p3"},
			},
			shown: 4,
		},
		{
			name: "from a token on", arguments: []string{"--page-token", "p1", "--limit", "1"},
			want:  []proto.Message{&debriefv1.ListIncidentsRequest{PageSize: 1, PageToken: "p1"}},
			shown: 2, stderr: "There are more: --all shows them all, --page-token p2 goes on here.\n", json: `"nextPageToken": "p2"`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, output := range []string{"table", "json"} {
				server := startFake(t, "127.0.0.1:0")
				server.answer("ListIncidents", page("p2", 2), page("p3", 1), page("", 1))
				got := debrief(t, server, append([]string{"incident", "list", "-o", output}, test.arguments...)...)
				if diff := cmp.Diff(test.want, server.called("ListIncidents"), protocmp.Transform()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if count := strings.Count(got.stdout, testID); count != test.shown {
					t.Errorf("%d are shown", count)
				}
				if output == "table" && got.stderr != test.stderr || output == "json" && !strings.Contains(got.stdout, test.json) {
					t.Errorf("stderr %q, stdout:\n%s", got.stderr, got.stdout)
				}
			}
		})
	}
}
