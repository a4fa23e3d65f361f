package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestRetry shows that a call is repeated, with the same request_id, while the server is away.
func TestRetry(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.answer("CreateIncident", unavailable, unavailable, &debriefv1.Incident{Name: testIncident})
	mustSucceed(t, debrief(t, server, "incident", "open", "Slow"))
	requests := server.called("CreateIncident")
	if len(requests) != 3 || !proto.Equal(requests[0], requests[2]) {
		t.Errorf("it was asked %v", requests)
	}
}

// TestAddingToLists shows that adding to a list keeps what is there, and what others add at the same time.
func TestAddingToLists(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetIncident",
		&debriefv1.Incident{Name: testIncident, Labels: map[string]string{"team": "payments", "old": "1"}, Etag: "1"},
		&debriefv1.Incident{Name: testIncident, Labels: map[string]string{"team": "payments", "old": "1", "new": "2"}, Etag: "2"})
	server.answer("UpdateIncident", aborted, &debriefv1.Incident{Name: testIncident})
	mustSucceed(t, debrief(t, server, "incident", "update", testID, "--label", "team=checkout", "--remove-label", "old"))
	want := []proto.Message{
		&debriefv1.UpdateIncidentRequest{
			Incident:   &debriefv1.Incident{Name: testIncident, Labels: map[string]string{"team": "checkout"}, Etag: "1"},
			UpdateMask: mask("labels"),
		},
		&debriefv1.UpdateIncidentRequest{
			Incident:   &debriefv1.Incident{Name: testIncident, Labels: map[string]string{"team": "checkout", "new": "2"}, Etag: "2"},
			UpdateMask: mask("labels"),
		},
	}
	if diff := cmp.Diff(want, server.called("UpdateIncident"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestEtagGiven shows that a conflict is final for somebody who gave an etag.
func TestEtagGiven(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("GetIncident", &debriefv1.Incident{Name: testIncident, Etag: "2"})
	server.answer("UpdateIncident", aborted, &debriefv1.Incident{Name: testIncident})
	got := debrief(t, server, "incident", "update", testID, "--label", "a=b", "--etag", "1")
	if got.code != exitConflict || len(server.called("UpdateIncident")) != 1 {
		t.Errorf("exit code %d after %d calls", got.code, len(server.called("UpdateIncident")))
	}
}
