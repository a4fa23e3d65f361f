package service_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// shop is a system as it is: orders are kept in a database, and copied to a replica.
func shop() *debriefv1.SystemGraph {
	return &debriefv1.SystemGraph{
		Components: []*debriefv1.SystemComponent{
			{Name: "orders", Kind: "service"}, {Name: "orders-db", Kind: "database", Aliases: []string{"the ledger"}}, {Name: "replica", Kind: "database"},
		},
		Links: []*debriefv1.SystemLink{
			{From: "orders", To: "orders-db", Kind: debriefv1.SystemLink_KIND_WRITES},
			{From: "replica", To: "orders-db", Kind: debriefv1.SystemLink_KIND_READS},
		},
		Facts: []*debriefv1.SystemFact{{Component: "orders-db", Key: "connections", Value: "100"}},
	}
}

// describe creates a system.
func (d *debrief) describe(t *testing.T, id string, reality *debriefv1.SystemGraph) *debriefv1.System {
	t.Helper()
	return must[*debriefv1.System](t)(d.systems.CreateSystem(as(t, "sam"), &debriefv1.CreateSystemRequest{
		SystemId: id, System: &debriefv1.System{Title: "Shop", Reality: reality},
	}))
}

func TestSystemsKeepWhatWasKnownInRevisions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		postMortem := d.review(t).GetName()
		system := d.describe(t, "shop", shop())
		if system.GetName() != "systems/shop" || system.GetLatestRevision() != 1 {
			t.Errorf("created %v", system)
		}
		d.advance(time.Hour)
		renamed := must[*debriefv1.System](t)(d.systems.UpdateSystem(as(t, "kim"), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: "systems/shop", Title: "The shop", Reality: shop()},
		}))
		if renamed.GetLatestRevision() != 1 || renamed.GetTitle() != "The shop" {
			t.Errorf("the same reality makes a revision: %v", renamed)
		}
		changed := shop()
		changed.Facts[0].Value = "50"
		revised := must[*debriefv1.System](t)(d.systems.UpdateSystem(as(t, "kim"), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: "systems/shop", Reality: changed, PostMortem: postMortem, Etag: renamed.GetEtag()},
		}))
		if revised.GetLatestRevision() != 2 || revised.GetPostMortem() != postMortem {
			t.Errorf("revised %v", revised)
		}
		listed := must[*debriefv1.ListSystemRevisionsResponse](t)(d.systems.ListSystemRevisions(t.Context(), &debriefv1.ListSystemRevisionsRequest{Parent: "systems/shop"}))
		want := []*debriefv1.SystemRevision{
			{Name: "systems/shop/revisions/2", Revision: 2, Reality: changed, PostMortem: postMortem, Actor: "kim", ReviseTime: timestamppb.New(start.Add(time.Hour))},
			{Name: "systems/shop/revisions/1", Revision: 1, Reality: shop(), Actor: "sam", ReviseTime: timestamppb.New(start)},
		}
		if diff := cmp.Diff(want, listed.GetRevisions(), protocmp.Transform()); diff != "" {
			t.Errorf("revisions (-want +got):\n%s", diff)
		}
		first := must[*debriefv1.SystemRevision](t)(d.systems.GetSystemRevision(t.Context(), &debriefv1.GetSystemRevisionRequest{Name: "systems/shop/revisions/1"}))
		if diff := cmp.Diff(want[1], first, protocmp.Transform()); diff != "" {
			t.Errorf("revision 1 (-want +got):\n%s", diff)
		}
		if got := types(d.feed(t, `resource = "systems/shop"`)); !cmp.Equal(got, []string{"SYSTEM_CREATED", "SYSTEM_UPDATED", "SYSTEM_UPDATED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestSystemsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		broken := shop()
		broken.Components[2].Name = "Orders DB"
		broken.Links[0].To = "nowhere"
		large := &debriefv1.SystemGraph{}
		for i := range 1500 {
			large.Components = append(large.Components, &debriefv1.SystemComponent{Name: fmt.Sprint("c", i), Description: strings.Repeat("x", 1500)})
		}
		for name, test := range map[string]struct {
			request *debriefv1.CreateSystemRequest
			want    refusal
		}{
			"an id that is taken": {
				&debriefv1.CreateSystemRequest{SystemId: "shop", System: &debriefv1.System{Title: "Shop"}},
				refusal{Code: codes.AlreadyExists, Reason: "RESOURCE_ALREADY_EXISTS"},
			},
			"a graph that contradicts itself": {
				&debriefv1.CreateSystemRequest{SystemId: "other", System: &debriefv1.System{Title: "Shop", Reality: broken}},
				refusal{Code: codes.InvalidArgument, Reason: "INVALID_ARGUMENT", Fields: []string{
					"system.reality.components[2].name", "system.reality.links[0].to", "system.reality.links[1].from",
				}},
			},
			"a graph that is too large": {
				&debriefv1.CreateSystemRequest{SystemId: "other", System: &debriefv1.System{Title: "Shop", Reality: large}},
				refusal{Code: codes.InvalidArgument, Reason: "INVALID_ARGUMENT", Fields: []string{"system.reality"}},
			},
			"a post-mortem that there is not": {
				&debriefv1.CreateSystemRequest{SystemId: "other", System: &debriefv1.System{Title: "Shop", PostMortem: "postMortems/01JD3V2Q6R8T0W2Y4A6C8E0G2J"}},
				refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND"},
			},
		} {
			_, err := d.systems.CreateSystem(t.Context(), test.request)
			got, metadata := refused(t, err)
			if !cmp.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v: %v", name, got, test.want, err)
			}
			if resource := metadata["resource"]; got.Code == codes.AlreadyExists && resource != "systems/shop" {
				t.Errorf("%s: the resource is %q, want systems/shop", name, resource)
			}
		}
	})
}

// largest is a graph at its bounds.
func largest() *debriefv1.SystemGraph {
	graph := &debriefv1.SystemGraph{}
	for i := range 2000 {
		graph.Components = append(graph.Components, &debriefv1.SystemComponent{Name: fmt.Sprint("component ", i)})
	}
	for i := range 10000 {
		from, to := fmt.Sprint("component ", i%2000), fmt.Sprint("component ", (i+1+i/2000)%2000)
		graph.Links = append(graph.Links, &debriefv1.SystemLink{From: from, To: to, Kind: debriefv1.SystemLink_KIND_CALLS})
		graph.Facts = append(graph.Facts, &debriefv1.SystemFact{Component: from, Key: fmt.Sprint("key ", i/2000), Value: "1"})
	}
	return graph
}

func TestGraphsAtTheirBoundsAreKept(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := &debriefv1.CreateSystemRequest{SystemId: "large", RequestId: "once", System: &debriefv1.System{Title: "Large", Reality: largest()}}
		must[*debriefv1.System](t)(d.systems.CreateSystem(t.Context(), request))
		smaller := largest()
		smaller.Facts = smaller.GetFacts()[1:]
		must[*debriefv1.System](t)(d.systems.UpdateSystem(t.Context(), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: "systems/large", Reality: smaller}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"reality"}},
		}))
		system := must[*debriefv1.System](t)(d.systems.GetSystem(t.Context(), &debriefv1.GetSystemRequest{Name: "systems/large"}))
		if got := len(system.GetReality().GetLinks()); got != 10000 || system.GetLatestRevision() != 2 {
			t.Errorf("%d links, revision %d", got, system.GetLatestRevision())
		}
		model := d.believe(t, d.review(t).GetName(), &debriefv1.MentalModel{HeldBy: "on-call", System: "systems/large"})
		if got := len(model.GetGaps()); got != 5000 || model.GetOmittedGapCount() != 2000+10000+9999-5000 {
			t.Errorf("%d gaps, and %d more", got, model.GetOmittedGapCount())
		}
		if model.GetGaps()[1999].GetImpliedBy() != "" {
			t.Error("gaps that stand alone are left out before those that follow from them")
		}
	})
}

func TestSystemsAreListedByIDAndFoundByWhatIsInThem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for _, id := range []string{"shop", "bank", "mail"} {
			d.describe(t, id, nil)
		}
		must[*debriefv1.System](t)(d.systems.UpdateSystem(t.Context(), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: "systems/mail", Reality: shop(), Labels: map[string]string{"team": "post"}},
		}))
		must[*debriefv1.System](t)(d.systems.DeleteSystem(t.Context(), &debriefv1.DeleteSystemRequest{Name: "systems/bank"}))
		for filter, want := range map[string][]string{
			"":                                      {"systems/mail", "systems/shop"},
			`reality.components.name = "orders-db"`: {"systems/mail"},
			`labels.team = "post"`:                  {"systems/mail"},
			`title:shop`:                            {"systems/mail", "systems/shop"},
		} {
			var got []string
			for token := ""; ; {
				page := must[*debriefv1.ListSystemsResponse](t)(d.systems.ListSystems(t.Context(), &debriefv1.ListSystemsRequest{Filter: filter, PageSize: 1, PageToken: token}))
				for _, system := range page.GetSystems() {
					got = append(got, system.GetName())
				}
				if token = page.GetNextPageToken(); token == "" {
					break
				}
			}
			if !cmp.Equal(got, want) {
				t.Errorf("%q: %v, want %v", filter, got, want)
			}
		}
	})
}

func TestRevisionsOutliveTheirSystemAndGoOnWhereItComesBack(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		must[*debriefv1.System](t)(d.systems.DeleteSystem(t.Context(), &debriefv1.DeleteSystemRequest{Name: "systems/shop"}))
		must[*debriefv1.System](t)(d.systems.UndeleteSystem(t.Context(), &debriefv1.UndeleteSystemRequest{Name: "systems/shop"}))
		must[*debriefv1.System](t)(d.systems.DeleteSystem(t.Context(), &debriefv1.DeleteSystemRequest{Name: "systems/shop"}))
		d.advance(31 * 24 * time.Hour)
		for range 2 { // What waits for its event to be told goes with the next run.
			if err := d.services.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.feed(t, "")
		}
		_, err := d.systems.GetSystem(t.Context(), &debriefv1.GetSystemRequest{Name: "systems/shop"})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("after the purge: %v", err)
		}
		must[*debriefv1.SystemRevision](t)(d.systems.GetSystemRevision(t.Context(), &debriefv1.GetSystemRevisionRequest{Name: "systems/shop/revisions/1"}))
		again := d.describe(t, "shop", &debriefv1.SystemGraph{Components: []*debriefv1.SystemComponent{{Name: "new"}}})
		if again.GetLatestRevision() != 2 {
			t.Errorf("revision %d, want 2", again.GetLatestRevision())
		}
		if got := types(d.feed(t, `resource = "systems/shop"`)); !cmp.Equal(got, []string{
			"SYSTEM_CREATED", "SYSTEM_DELETED", "SYSTEM_UNDELETED", "SYSTEM_DELETED", "SYSTEM_PURGED", "SYSTEM_CREATED",
		}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestDrawingsAreImported(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := &debriefv1.ImportSystemRequest{
			SystemId: "shop", Format: debriefv1.ImportSystemRequest_FORMAT_MERMAID,
			Content: "graph LR\n  web -->|calls| orders --> db[(Orders DB)]\n  subgraph one\n  end\n", ValidateOnly: true,
		}
		if preview := must[*debriefv1.ImportSystemResponse](t)(d.systems.ImportSystem(t.Context(), request)); len(preview.GetSystem().GetReality().GetComponents()) != 3 {
			t.Errorf("preview %v", preview)
		}
		request.ValidateOnly = false
		first := must[*debriefv1.ImportSystemResponse](t)(d.systems.ImportSystem(t.Context(), request))
		if first.GetUnchanged() || first.GetSystem().GetTitle() != "shop" || len(first.GetNotices()) == 0 || first.GetSystem().GetLatestRevision() != 1 {
			t.Errorf("first %v", first)
		}
		again := must[*debriefv1.ImportSystemResponse](t)(d.systems.ImportSystem(t.Context(), request))
		if !again.GetUnchanged() || again.GetSystem().GetEtag() != first.GetSystem().GetEtag() {
			t.Errorf("the same again: %v", again)
		}
		request.Format, request.Content = debriefv1.ImportSystemRequest_FORMAT_DOT, "digraph { web -> orders [label=calls] }"
		next := must[*debriefv1.ImportSystemResponse](t)(d.systems.ImportSystem(t.Context(), request))
		if next.GetUnchanged() || next.GetSystem().GetLatestRevision() != 2 {
			t.Errorf("another drawing: %v", next)
		}
		request.Format, request.Content = debriefv1.ImportSystemRequest_FORMAT_COMPOSE, "services: ["
		_, err := d.systems.ImportSystem(t.Context(), request)
		want := refusal{Code: codes.InvalidArgument, Reason: "INVALID_ARGUMENT", Fields: []string{"content"}}
		if got, _ := refused(t, err); !cmp.Equal(got, want) {
			t.Errorf("a broken file: %v", err)
		}
	})
}

// A change says only what it changes.
func TestSystemsAreChangedInPart(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		before := d.describe(t, "shop", shop())
		got := must[*debriefv1.System](t)(d.systems.UpdateSystem(t.Context(), &debriefv1.UpdateSystemRequest{
			System: &debriefv1.System{Name: before.GetName(), Description: "It sells."}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}},
		}))
		if got.GetTitle() != before.GetTitle() || got.GetDescription() != "It sells." {
			t.Errorf("system %v", got)
		}
		for _, mask := range []string{"title", "*"} {
			_, err := d.systems.UpdateSystem(t.Context(), &debriefv1.UpdateSystemRequest{
				System: &debriefv1.System{Name: before.GetName()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{mask}},
			})
			if got, _ := refused(t, err); got.Code != codes.InvalidArgument || !slices.Contains(got.Fields, "system.title") {
				t.Errorf("no title under the mask %q: %v", mask, err)
			}
		}
		_, err := d.systems.CreateSystem(t.Context(), &debriefv1.CreateSystemRequest{SystemId: "bare", System: &debriefv1.System{Description: "x"}})
		if got, _ := refused(t, err); !slices.Contains(got.Fields, "system.title") {
			t.Errorf("a new one without a title: %v", err)
		}
	})
}
