package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// believe adds a mental model to a post-mortem.
func (d *debrief) believe(t *testing.T, postMortem string, model *debriefv1.MentalModel) *debriefv1.MentalModel {
	t.Helper()
	return must[*debriefv1.MentalModel](t)(d.mentalModels.CreateMentalModel(as(t, "sam"), &debriefv1.CreateMentalModelRequest{Parent: postMortem, MentalModel: model}))
}

// believed is the shop as the on-call took it to be: without the replica, with a cache that was never there.
func believed() *debriefv1.SystemGraph {
	return &debriefv1.SystemGraph{
		Components: []*debriefv1.SystemComponent{{Name: "Orders"}, {Name: "the ledger"}, {Name: "cache"}},
		Links:      []*debriefv1.SystemLink{{From: "Orders", To: "the ledger", Kind: debriefv1.SystemLink_KIND_WRITES}},
		Facts:      []*debriefv1.SystemFact{{Component: "the ledger", Key: "connections", Value: "200"}},
	}
}

func onCall() *debriefv1.MentalModel {
	return &debriefv1.MentalModel{HeldBy: "on-call", System: "systems/shop", Belief: believed()}
}

// brief is what tells gaps apart in a test.
func brief(gaps []*debriefv1.ModelGap) []string {
	var told []string
	for _, gap := range gaps {
		text := strings.TrimPrefix(gap.GetKind().String(), "MODEL_GAP_KIND_") + " " + strings.Join(gap.GetComponents(), ">")
		if gap.GetImpliedBy() != "" {
			text += " implied"
		}
		if gap.GetResolved() {
			text += " resolved"
		}
		told = append(told, text)
	}
	return told
}

func TestModelsAreComparedWithWhatIsKnown(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		postMortem := d.review(t).GetName()
		request := &debriefv1.CreateMentalModelRequest{Parent: postMortem, MentalModel: onCall(), RequestId: "once"}
		model := must[*debriefv1.MentalModel](t)(d.mentalModels.CreateMentalModel(as(t, "sam"), request))
		want := []string{
			"MISSING_COMPONENT replica", "PHANTOM_COMPONENT cache", "MISSING_LINK replica>orders-db implied", "OTHER_FACT_VALUE orders-db",
		}
		if diff := cmp.Diff(want, brief(model.GetGaps())); diff != "" {
			t.Errorf("gaps (-want +got):\n%s", diff)
		}
		fact := model.GetGaps()[3]
		if model.GetSystemRevision() != 1 || fact.GetBelieved() != "200" || fact.GetActual() != "100" || fact.GetFactKey() != "connections" {
			t.Errorf("fact %v of revision %d", fact, model.GetSystemRevision())
		}
		again := must[*debriefv1.MentalModel](t)(d.mentalModels.CreateMentalModel(as(t, "sam"), request))
		if diff := cmp.Diff(model, again, protocmp.Transform()); diff != "" {
			t.Errorf("the same request again (-want +got):\n%s", diff)
		}
		comparison := must[*debriefv1.CompareMentalModelResponse](t)(d.mentalModels.CompareMentalModel(t.Context(), &debriefv1.CompareMentalModelRequest{Name: model.GetName()}))
		if diff := cmp.Diff(model.GetGaps(), comparison.GetGaps(), protocmp.Transform()); diff != "" {
			t.Errorf("compared (-stored +compared):\n%s", diff)
		}
		matches := []*debriefv1.ComponentMatch{{Believed: "Orders", Actual: "orders", Confidence: 0.98}, {Believed: "the ledger", Actual: "orders-db", Confidence: 0.95}}
		if diff := cmp.Diff(matches, comparison.GetMatches(), protocmp.Transform()); diff != "" {
			t.Errorf("matches (-want +got):\n%s", diff)
		}
		got := must[*debriefv1.MentalModel](t)(d.mentalModels.GetMentalModel(t.Context(), &debriefv1.GetMentalModelRequest{Name: model.GetName()}))
		if diff := cmp.Diff(model, got, protocmp.Transform()); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
	})
}

func TestAnyRevisionCanBeComparedWith(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		model := d.believe(t, d.review(t).GetName(), onCall())
		must[*debriefv1.System](t)(d.systems.UpdateSystem(t.Context(), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: "systems/shop", Reality: believed()},
		}))
		for revision, want := range map[int32]int{0: 4, 1: 4, 2: 0} {
			comparison := must[*debriefv1.CompareMentalModelResponse](t)(d.mentalModels.CompareMentalModel(t.Context(),
				&debriefv1.CompareMentalModelRequest{Name: model.GetName(), SystemRevision: revision}))
			if got := len(comparison.GetGaps()); got != want {
				t.Errorf("revision %d: %d gaps, want %d", revision, got, want)
			}
		}
		_, err := d.mentalModels.CompareMentalModel(t.Context(), &debriefv1.CompareMentalModelRequest{Name: model.GetName(), SystemRevision: 9})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("revision 9: %v", err)
		}
	})
}

func TestPeopleCorrectWhichComponentIsMeant(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		model := d.believe(t, d.review(t).GetName(), onCall())
		corrected := must[*debriefv1.MentalModel](t)(d.mentalModels.UpdateMentalModel(t.Context(), &debriefv1.UpdateMentalModelRequest{
			MentalModel: &debriefv1.MentalModel{Name: model.GetName(), MatchCorrections: []*debriefv1.MatchCorrection{
				{Believed: "cache", Actual: "replica"}, {Believed: "the ledger"},
			}},
		}))
		want := []string{
			"MISSING_COMPONENT orders-db", "PHANTOM_COMPONENT the ledger", "MISSING_LINK orders>orders-db implied",
			"MISSING_LINK replica>orders-db implied", "PHANTOM_LINK orders>the ledger implied",
			"MISSING_FACT orders-db implied", "PHANTOM_FACT the ledger implied",
		}
		if diff := cmp.Diff(want, brief(corrected.GetGaps())); diff != "" {
			t.Errorf("gaps (-want +got):\n%s", diff)
		}
		_, err := d.mentalModels.UpdateMentalModel(t.Context(), &debriefv1.UpdateMentalModelRequest{
			MentalModel: &debriefv1.MentalModel{Name: model.GetName(), MatchCorrections: []*debriefv1.MatchCorrection{
				{Believed: "cache", Actual: "replica"}, {Believed: "Orders", Actual: "replica"},
			}},
		})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"mental_model.match_corrections"}) {
			t.Errorf("one component for two: %v", err)
		}
	})
}

func TestWhatIsNotedOnAGapStaysOnIt(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		model := d.believe(t, d.review(t).GetName(), onCall())
		item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Show the replica", ModelGap: model.GetName() + "/gaps/" + model.GetGaps()[0].GetId()},
		}))
		request := &debriefv1.AnnotateModelGapRequest{
			Name: model.GetName(), GapId: model.GetGaps()[0].GetId(), RequestId: "once", Etag: model.GetEtag(),
			Gap: &debriefv1.ModelGap{
				Surprise: debriefv1.ModelGap_SURPRISE_FUNDAMENTAL, Discovery: "It lagged.",
				Evidence: []*debriefv1.Evidence{{Title: "Lag", Uri: "https://graphs.example.com/lag"}},
				Updates:  []*debriefv1.ModelUpdate{{Kind: debriefv1.ModelUpdate_KIND_ACTION_ITEM, ActionItem: item.GetName()}},
			},
		}
		noted := must[*debriefv1.MentalModel](t)(d.mentalModels.AnnotateModelGap(as(t, "kim"), request))
		request.Etag = ""
		d.advance(time.Hour)
		if again := must[*debriefv1.MentalModel](t)(d.mentalModels.AnnotateModelGap(as(t, "kim"), request)); again.GetEtag() != noted.GetEtag() {
			t.Error("the same request notes it twice")
		}
		want := []*debriefv1.ModelUpdate{{Kind: debriefv1.ModelUpdate_KIND_ACTION_ITEM, ActionItem: item.GetName(), Time: timestamppb.New(start), Actor: "kim"}}
		if diff := cmp.Diff(want, noted.GetGaps()[0].GetUpdates(), protocmp.Transform()); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
		more := must[*debriefv1.MentalModel](t)(d.mentalModels.AnnotateModelGap(as(t, "lee"), &debriefv1.AnnotateModelGapRequest{
			Name: model.GetName(), GapId: model.GetGaps()[0].GetId(), Gap: &debriefv1.ModelGap{Updates: append(want, &debriefv1.ModelUpdate{
				Kind: debriefv1.ModelUpdate_KIND_TRAINING, Note: "told at the meeting",
			})},
		}))
		if got := more.GetGaps()[0].GetUpdates(); len(got) != 2 || got[0].GetActor() != "kim" || got[1].GetActor() != "lee" || more.GetGaps()[0].GetDiscovery() != "It lagged." {
			t.Errorf("noted further: %v", more.GetGaps()[0])
		}
		known := believed()
		known.Components = append(known.Components, &debriefv1.SystemComponent{Name: "Replica"})
		resolved := must[*debriefv1.MentalModel](t)(d.mentalModels.UpdateMentalModel(t.Context(), &debriefv1.UpdateMentalModelRequest{
			MentalModel: &debriefv1.MentalModel{Name: model.GetName(), Belief: known},
		}))
		if diff := cmp.Diff([]string{
			"PHANTOM_COMPONENT cache", "MISSING_LINK replica>orders-db", "OTHER_FACT_VALUE orders-db", "MISSING_COMPONENT replica resolved",
		}, brief(resolved.GetGaps())); diff != "" {
			t.Errorf("once they knew of it (-want +got):\n%s", diff)
		}
		back := must[*debriefv1.MentalModel](t)(d.mentalModels.UpdateMentalModel(t.Context(), &debriefv1.UpdateMentalModelRequest{
			MentalModel: &debriefv1.MentalModel{Name: model.GetName(), Belief: believed()},
		}))
		if diff := cmp.Diff(more.GetGaps(), back.GetGaps(), protocmp.Transform()); diff != "" {
			t.Errorf("when it is back (-want +got):\n%s", diff)
		}
		if got := types(d.feed(t, `type = MODEL_GAP_ANNOTATED OR type = MENTAL_MODEL_UPDATED`)); len(got) != 4 {
			t.Errorf("events %v", got)
		}
	})
}

func TestModelsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		postMortem := d.review(t).GetName()
		model := d.believe(t, postMortem, onCall())
		broken := believed()
		broken.Links[0].To = "nowhere"
		for name, test := range map[string]struct {
			model *debriefv1.MentalModel
			want  refusal
		}{
			"a person's address": {&debriefv1.MentalModel{HeldBy: "sam@example.com", System: "systems/shop"}, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"mental_model.held_by"}}},
			"a person's handle":  {&debriefv1.MentalModel{HeldBy: "@sam", System: "systems/shop"}, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"mental_model.held_by"}}},
			"no such system":     {&debriefv1.MentalModel{HeldBy: "on-call", System: "systems/none"}, refusal{codes.NotFound, "RESOURCE_NOT_FOUND", nil}},
			"no such revision":   {&debriefv1.MentalModel{HeldBy: "on-call", System: "systems/shop", SystemRevision: 2}, refusal{codes.NotFound, "RESOURCE_NOT_FOUND", nil}},
			"a broken graph":     {&debriefv1.MentalModel{HeldBy: "on-call", System: "systems/shop", Belief: broken}, refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"mental_model.belief.links[0].to"}}},
		} {
			_, err := d.mentalModels.CreateMentalModel(t.Context(), &debriefv1.CreateMentalModelRequest{Parent: postMortem, MentalModel: test.model})
			if got, _ := refused(t, err); !cmp.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
		missing := "actionItems/01JD3V2Q6R8T0W2Y4A6C8E0G2J"
		for name, test := range map[string]struct {
			gap    string
			update *debriefv1.ModelUpdate
			want   codes.Code
		}{
			"no such gap":         {"gnone", &debriefv1.ModelUpdate{Kind: debriefv1.ModelUpdate_KIND_TRAINING}, codes.NotFound},
			"no such action item": {model.GetGaps()[0].GetId(), &debriefv1.ModelUpdate{Kind: debriefv1.ModelUpdate_KIND_ACTION_ITEM, ActionItem: missing}, codes.NotFound},
			"no action item":      {model.GetGaps()[0].GetId(), &debriefv1.ModelUpdate{Kind: debriefv1.ModelUpdate_KIND_ACTION_ITEM}, codes.InvalidArgument},
			"an action item too":  {model.GetGaps()[0].GetId(), &debriefv1.ModelUpdate{Kind: debriefv1.ModelUpdate_KIND_OTHER, ActionItem: missing}, codes.InvalidArgument},
		} {
			_, err := d.mentalModels.AnnotateModelGap(t.Context(), &debriefv1.AnnotateModelGapRequest{
				Name: model.GetName(), GapId: test.gap, Gap: &debriefv1.ModelGap{Updates: []*debriefv1.ModelUpdate{test.update}},
			})
			if got, _ := refused(t, err); got.Code != test.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Show it", ModelGap: model.GetName() + "/gaps/gnone"},
		})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("an action item for a gap that there is not: %v", err)
		}
	})
}

func TestModelsAreDrawn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		model := d.believe(t, d.review(t).GetName(), onCall())
		for format, want := range map[debriefv1.DrawMentalModelRequest_Format][2]string{
			debriefv1.DrawMentalModelRequest_FORMAT_UNSPECIFIED: {"image/svg+xml", "<svg "},
			debriefv1.DrawMentalModelRequest_FORMAT_SVG:         {"image/svg+xml", "<svg "},
			debriefv1.DrawMentalModelRequest_FORMAT_MERMAID:     {"text/plain; charset=utf-8", "flowchart"},
			debriefv1.DrawMentalModelRequest_FORMAT_DOT:         {"text/plain; charset=utf-8", "digraph"},
		} {
			drawn := must[*httpbody.HttpBody](t)(d.mentalModels.DrawMentalModel(t.Context(), &debriefv1.DrawMentalModelRequest{Name: model.GetName(), Format: format}))
			if text := string(drawn.GetData()); drawn.GetContentType() != want[0] || !strings.Contains(text, want[1]) || !strings.Contains(text, "replica") {
				t.Errorf("%v: %s %.80q", format, drawn.GetContentType(), text)
			}
		}
	})
}

func TestModelsBelongToTheirPostMortem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		first, second := d.review(t).GetName(), d.review(t).GetName()
		one, two := d.believe(t, first, onCall()), d.believe(t, second, &debriefv1.MentalModel{HeldBy: "the shop team", System: "systems/shop"})
		list := func(parent, filter string) []string {
			var names []string
			for token := ""; ; {
				page := must[*debriefv1.ListMentalModelsResponse](t)(d.mentalModels.ListMentalModels(t.Context(),
					&debriefv1.ListMentalModelsRequest{Parent: parent, Filter: filter, PageSize: 1, PageToken: token}))
				for _, model := range page.GetMentalModels() {
					names = append(names, model.GetName())
				}
				if token = page.GetNextPageToken(); token == "" {
					return names
				}
			}
		}
		for _, test := range []struct {
			parent, filter string
			want           []string
		}{
			{first, "", []string{one.GetName()}},
			{"postMortems/-", "", []string{one.GetName(), two.GetName()}},
			{"postMortems/-", `held_by = "on-call"`, []string{one.GetName()}},
			{"postMortems/-", `gaps.kind = MISSING_LINK AND system = "systems/shop"`, []string{one.GetName(), two.GetName()}},
			{"postMortems/-", `gaps.kind = PHANTOM_COMPONENT AND gaps.components:cache`, []string{one.GetName()}},
		} {
			if got := list(test.parent, test.filter); !cmp.Equal(got, test.want) {
				t.Errorf("%s %q: %v, want %v", test.parent, test.filter, got, test.want)
			}
		}
		other := strings.Replace(one.GetName(), first, second, 1)
		_, err := d.mentalModels.GetMentalModel(t.Context(), &debriefv1.GetMentalModelRequest{Name: other})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("under another post-mortem: %v", err)
		}
		must[*debriefv1.MentalModel](t)(d.mentalModels.DeleteMentalModel(t.Context(), &debriefv1.DeleteMentalModelRequest{Name: two.GetName()}))
		if got := list(second, ""); len(got) != 0 {
			t.Errorf("after its deletion: %v", got)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.DeletePostMortem(t.Context(), &debriefv1.DeletePostMortemRequest{Name: first}))
		d.advance(31 * 24 * time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = d.mentalModels.GetMentalModel(t.Context(), &debriefv1.GetMentalModelRequest{Name: one.GetName()})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("after the purge of its post-mortem: %v", err)
		}
	})
}

func TestModelsChangeToAnotherSystem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		d.describe(t, "other", believed())
		model := d.believe(t, d.review(t).GetName(), onCall())
		moved := must[*debriefv1.MentalModel](t)(d.mentalModels.UpdateMentalModel(t.Context(), &debriefv1.UpdateMentalModelRequest{
			MentalModel: &debriefv1.MentalModel{Name: model.GetName(), System: "systems/other"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"system"}},
		}))
		if moved.GetSystemRevision() != 1 || len(moved.GetGaps()) != 0 {
			t.Errorf("moved %v", moved)
		}
	})
}

func TestDocumentsShowWhatWasBelieved(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		postMortem := d.review(t).GetName()
		for _, team := range []string{"on-call", "the shop team"} {
			model := onCall()
			model.HeldBy = team
			d.believe(t, postMortem, model)
		}
		export := func(format debriefv1.ExportFormat) string {
			return string(must[*httpbody.HttpBody](t)(d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: postMortem, Format: format})).GetData())
		}
		markdown, page := export(debriefv1.ExportFormat_EXPORT_FORMAT_MARKDOWN), export(debriefv1.ExportFormat_EXPORT_FORMAT_HTML)
		for _, want := range []string{"## Mental models", "### on-call of shop", "| Missing component | replica |", "```mermaid\n"} {
			if !strings.Contains(markdown, want) {
				t.Errorf("the document lacks %q:\n%s", want, markdown)
			}
		}
		if got := strings.Count(page, "<svg "); got != 2 || strings.Contains(page, "flowchart") {
			t.Errorf("%d pictures in the page", got)
		}
		if strings.Contains(page, "style=\"") {
			t.Error("the page has styles that its policy does not let through")
		}
	})
}
