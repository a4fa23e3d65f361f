package service_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestRevisionsAreComparedSectionBySection(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Incidents: []string{d.open(t, "Slow").GetName()}},
		}))
		_, err := d.postMortems.DiffRevisions(t.Context(), &debriefv1.DiffRevisionsRequest{Name: draft.GetName()})
		if got, _ := refused(t, err); got.Code != codes.FailedPrecondition || got.Reason != "NO_EARLIER_REVISION" {
			t.Errorf("a draft: %v", err)
		}
		p := d.publish(t, d.open(t, "Slow").GetName())
		diff := func(from, to int32) *debriefv1.DiffRevisionsResponse {
			return must[*debriefv1.DiffRevisionsResponse](t)(d.postMortems.DiffRevisions(t.Context(), &debriefv1.DiffRevisionsRequest{Name: p.GetName(), FromRevision: from, ToRevision: to}))
		}
		if got := diff(0, 0); len(got.GetSections()) > 0 || got.GetFromRevision() != 1 {
			t.Errorf("what was just published differs: %v", got)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: p.GetName(), Summary: "It was very slow.", Scribe: "sam"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"summary", "scribe"}},
		}))
		d.act(t, &debriefv1.ActionItem{Title: "Limit the pool", PostMortem: p.GetName()})
		got := diff(0, 0)
		var ids []string
		for _, section := range got.GetSections() {
			ids = append(ids, section.GetSection())
		}
		if diff := cmp.Diff([]string{"document", "summary", "action_items"}, ids); diff != "" {
			t.Fatalf("sections (-want +got):\n%s", diff)
		}
		want := &debriefv1.SectionDiff{Section: "summary", Title: "Summary", Runs: []*debriefv1.SectionDiff_Run{
			{Operation: debriefv1.SectionDiff_Run_OPERATION_EQUAL, Text: "It was"},
			{Operation: debriefv1.SectionDiff_Run_OPERATION_INSERT, Text: " very"},
			{Operation: debriefv1.SectionDiff_Run_OPERATION_EQUAL, Text: " slow.\n"},
		}, Unified: "--- Summary\n+++ Summary\n@@ -1 +1 @@\n-It was slow.\n+It was very slow.\n"}
		if diff := cmp.Diff(want, got.GetSections()[1], protocmp.Transform()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if unified := got.GetSections()[0].GetUnified(); !strings.Contains(unified, "+- **Scribe:** sam") || strings.Contains(unified, "State") {
			t.Errorf("document:\n%s", unified)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: p.GetName(), KeepIncidentsOpen: true}))
		for _, pair := range [][2]int32{{0, 2}, {1, 2}, {1, 0}} {
			if diff := cmp.Diff(got.GetSections(), diff(pair[0], pair[1]).GetSections(), protocmp.Transform()); diff != "" {
				t.Errorf("revisions %v (-before publication +after):\n%s", pair, diff)
			}
		}
		for _, pair := range [][2]int32{{2, 2}, {2, 1}} {
			_, err := d.postMortems.DiffRevisions(t.Context(), &debriefv1.DiffRevisionsRequest{Name: p.GetName(), FromRevision: pair[0], ToRevision: pair[1]})
			if got, _ := refused(t, err); got.Code != codes.InvalidArgument || !cmp.Equal(got.Fields, []string{"from_revision"}) {
				t.Errorf("revisions %v: %v", pair, err)
			}
		}
		_, err = d.postMortems.DiffRevisions(t.Context(), &debriefv1.DiffRevisionsRequest{Name: p.GetName(), ToRevision: 7})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("a revision that does not exist: %v", err)
		}
	})
}
