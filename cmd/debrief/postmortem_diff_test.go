package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestRevisionsAreCompared shows a difference, in colours where they are wanted.
func TestRevisionsAreCompared(t *testing.T) {
	server := startFake(t, "127.0.0.1:0")
	server.answer("DiffRevisions", &debriefv1.DiffRevisionsResponse{Sections: []*debriefv1.SectionDiff{
		{Section: "summary", Unified: "--- Summary\n+++ Summary\n@@ -1 +1 @@\n-slow\n+very\x1b[2J slow\n"},
	}})
	got := mustSucceed(t, debrief(t, server, "postmortem", "diff", testID, "--from", "1", "--to", "2"))
	if diff := cmp.Diff("--- Summary\n+++ Summary\n@@ -1 +1 @@\n-slow\n+very slow\n", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	colored := mustSucceed(t, debrief(t, server, "--color", "always", "postmortem", "diff", testID))
	const want = "\x1b[1m--- Summary\x1b[0m\n\x1b[1m+++ Summary\x1b[0m\n\x1b[34m@@ -1 +1 @@\x1b[0m\n\x1b[31m-slow\x1b[0m\n\x1b[32m+very slow\x1b[0m\n"
	if diff := cmp.Diff(want, colored); diff != "" {
		t.Errorf("in colours (-want +got):\n%s", diff)
	}
	requests := []proto.Message{&debriefv1.DiffRevisionsRequest{Name: testPostMortem, FromRevision: 1, ToRevision: 2}, &debriefv1.DiffRevisionsRequest{Name: testPostMortem}}
	if diff := cmp.Diff(requests, server.called("DiffRevisions"), protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
