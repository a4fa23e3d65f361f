package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// publish leads a post-mortem of the incidents to its first revision.
func (d *debrief) publish(t *testing.T, incidents ...string) *debriefv1.PostMortem {
	t.Helper()
	draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
		Incidents: incidents, Summary: "It was slow.", ContributingFactors: []*debriefv1.ContributingFactor{{Category: debriefv1.ContributingFactor_CATEGORY_TOOLING, Description: "The tool did not ask."}},
	}}))
	d.readRules(t, draft.GetName())
	must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: draft.GetName()}))
	return must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(as(t, "kim"), &debriefv1.PublishPostMortemRequest{Name: draft.GetName(), KeepIncidentsOpen: true}))
}

func TestADraftIsFilledFromItsIncidents(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		one := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Checkout is slow", Summary: "It was slow.", Responders: []*debriefv1.Responder{{Person: "sam", Role: "commander"}},
			Impact: &debriefv1.Impact{Summary: "Orders were lost.", Services: []string{"checkout", "cart"}, CustomersAffected: proto.Int64(12)},
		}}))
		other := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
			Title: "Cart is slow", Responders: []*debriefv1.Responder{{Person: "sam", Role: "commander"}, {Person: "kim"}},
		}}))
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Incidents: []string{one.GetName(), other.GetName()}},
		}))
		want := &debriefv1.PostMortem{
			Incidents: []string{one.GetName(), other.GetName()}, Title: "Checkout is slow", State: debriefv1.PostMortem_STATE_DRAFT,
			Summary: "It was slow.", Impact: "Orders were lost.\n\nServices: checkout, cart\n\nCustomers affected: 12",
			Participants:  []*debriefv1.Participant{{Person: "sam", Role: "commander"}, {Person: "kim"}},
			GroundRuleSet: "groundRuleSets/default", Template: "postMortemTemplates/default",
			CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start),
		}
		if diff := cmp.Diff(want, draft, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.PostMortem{}, "name", "etag", "applied_template")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err := d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Incidents: []string{"incidents/01JGQ0000000000000000000AA"}},
		})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("a post-mortem of an incident that does not exist: %v", err)
		}
	})
}

func TestPublishedRevisionsNeverChange(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "Checkout is slow").GetName()
		published := d.publish(t, incident)
		if published.GetState() != debriefv1.PostMortem_STATE_PUBLISHED || published.GetLatestRevision() != 1 {
			t.Fatalf("published: %v", published)
		}
		_, err := d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: published.GetName()})
		if got, _ := refused(t, err); got.Reason != "NOTHING_TO_PUBLISH" {
			t.Errorf("publishing twice: %v", err)
		}
		first := must[*debriefv1.PostMortemRevision](t)(d.postMortems.GetPostMortemRevision(t.Context(), &debriefv1.GetPostMortemRevisionRequest{Name: published.GetName() + "/revisions/1"}))
		if diff := cmp.Diff(published, first.GetPostMortem(), protocmp.Transform()); diff != "" {
			t.Errorf("revision 1 (-published +frozen):\n%s", diff)
		}
		if first.GetActor() != "kim" || !strings.Contains(first.GetDocument(), "The tool did not ask.") {
			t.Errorf("revision 1: %v", first)
		}
		d.advance(time.Hour)
		edited := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: published.GetName(), OpenQuestions: "Why **now**?"},
		}))
		if !edited.GetUnpublishedChanges() || edited.GetState() != debriefv1.PostMortem_STATE_PUBLISHED {
			t.Errorf("edited: %v", edited)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: published.GetName()}))
		again := must[*debriefv1.PostMortemRevision](t)(d.postMortems.GetPostMortemRevision(t.Context(), &debriefv1.GetPostMortemRevisionRequest{Name: first.GetName()}))
		if diff := cmp.Diff(first, again, protocmp.Transform()); diff != "" {
			t.Errorf("revision 1 changed:\n%s", diff)
		}
		page := must[*debriefv1.ListPostMortemRevisionsResponse](t)(d.postMortems.ListPostMortemRevisions(t.Context(), &debriefv1.ListPostMortemRevisionsRequest{Parent: published.GetName()}))
		if revisions := page.GetRevisions(); len(revisions) != 2 || revisions[0].GetRevision() != 2 || !strings.Contains(revisions[0].GetDocument(), "Why **now**?") {
			t.Errorf("revisions %v", page)
		}
		_, err = d.postMortems.DeletePostMortem(t.Context(), &debriefv1.DeletePostMortemRequest{Name: published.GetName()})
		if got, _ := refused(t, err); got.Reason != "PUBLISHED" {
			t.Errorf("deleting what was published: %v", err)
		}
	})
}

func TestExportsShowTheWholeStory(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "Checkout <b>is</b> slow").GetName()
		must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), &debriefv1.CreateTimelineEntryRequest{
			Parent: incident, TimelineEntry: &debriefv1.TimelineEntry{Text: "Looked at <script>alert(1)</script> the graphs.", Author: "sam"},
		}))
		published := d.publish(t, incident)
		must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Ask before deleting", PostMortem: published.GetName(), Strength: debriefv1.ActionItem_STRENGTH_STRONGER},
		}))
		export := func(format debriefv1.ExportFormat, revision int32) *httpbody.HttpBody {
			return must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: published.GetName(), Format: format, Revision: revision}))
		}
		markdown := export(debriefv1.ExportFormat_EXPORT_FORMAT_UNSPECIFIED, 0)
		if markdown.GetContentType() != "text/markdown; charset=utf-8" {
			t.Errorf("content type %q", markdown.GetContentType())
		}
		for _, want := range []string{"Looked at", "The tool did not ask.", "Ask before deleting"} {
			if !strings.Contains(string(markdown.GetData()), want) {
				t.Errorf("the document lacks %q:\n%s", want, markdown.GetData())
			}
		}
		page := export(debriefv1.ExportFormat_EXPORT_FORMAT_HTML, 0)
		if page.GetContentType() != "text/html; charset=utf-8" || strings.Contains(string(page.GetData()), "<script>") || strings.Contains(string(page.GetData()), "<b>is</b>") {
			t.Errorf("%s:\n%s", page.GetContentType(), page.GetData())
		}
		frozen := export(debriefv1.ExportFormat_EXPORT_FORMAT_MARKDOWN, 1)
		if strings.Contains(string(frozen.GetData()), "Ask before deleting") {
			t.Error("revision 1 shows an action item that came later")
		}
		_, err := d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: published.GetName(), Revision: 7})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("exporting revision 7: %v", err)
		}
	})
}

func TestScheduledReviewsCanBeMoved(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		draft := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{Incidents: []string{d.open(t, "x").GetName()}}}))
		for _, hours := range []int{24, 48} {
			when := timestamppb.New(start.Add(time.Duration(hours) * time.Hour))
			scheduled := must[*debriefv1.PostMortem](t)(d.postMortems.SchedulePostMortem(t.Context(), &debriefv1.SchedulePostMortemRequest{Name: draft.GetName(), ReviewTime: when}))
			if scheduled.GetState() != debriefv1.PostMortem_STATE_SCHEDULED || !scheduled.GetReviewTime().AsTime().Equal(when.AsTime()) {
				t.Errorf("scheduled: %v", scheduled)
			}
		}
		_, err := d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: draft.GetName()})
		if got, more := refused(t, err); got.Reason != "ILLEGAL_STATE" || more["legal_states"] != "IN_REVIEW,PUBLISHED" {
			t.Errorf("publishing before the review: %v", err)
		}
	})
}

func TestContributingFactorsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		published := d.publish(t, d.open(t, "x").GetName())
		factor := published.GetContributingFactors()[0]
		edited := must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Name: published.GetName(), ContributingFactors: []*debriefv1.ContributingFactor{{Description: "Another."}, factor},
		}}))
		got := edited.GetContributingFactors()
		if factor.GetId() == "" || got[1].GetId() != factor.GetId() || got[0].GetId() == "" || got[0].GetId() == factor.GetId() {
			t.Errorf("factors %v, first %v", got, factor)
		}
		_, err := d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Name: published.GetName(), ContributingFactors: []*debriefv1.ContributingFactor{factor, factor},
		}})
		if got, _ := refused(t, err); got.Code != codes.InvalidArgument {
			t.Errorf("two factors with one id: %v", err)
		}
	})
}
