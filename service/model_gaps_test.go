package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestGapsAreListedOverAllIncidents(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		var models []*debriefv1.MentalModel
		for i := range 30 {
			d.advance(time.Minute)
			model := onCall()
			model.HeldBy = fmt.Sprint("team ", i%2)
			models = append(models, d.believe(t, d.review(t).GetName(), model))
		}
		must[*debriefv1.MentalModel](t)(d.mentalModels.AnnotateModelGap(t.Context(), &debriefv1.AnnotateModelGapRequest{
			Name: models[3].GetName(), GapId: models[3].GetGaps()[0].GetId(), Gap: &debriefv1.ModelGap{
				Surprise: debriefv1.ModelGap_SURPRISE_SITUATIONAL, Updates: []*debriefv1.ModelUpdate{{Kind: debriefv1.ModelUpdate_KIND_DASHBOARD}},
			},
		}))
		list := func(filter string, size int32) []*debriefv1.LocatedModelGap {
			var all []*debriefv1.LocatedModelGap
			for token := ""; ; {
				page := must[*debriefv1.ListModelGapsResponse](t)(d.mentalModels.ListModelGaps(t.Context(),
					&debriefv1.ListModelGapsRequest{Filter: filter, PageSize: size, PageToken: token}))
				all = append(all, page.GetModelGaps()...)
				if token = page.GetNextPageToken(); token == "" {
					return all
				}
			}
		}
		all := list("", 500)
		if len(all) != 120 || all[0].GetMentalModel() != models[29].GetName() || all[119].GetMentalModel() != models[0].GetName() {
			t.Errorf("%d gaps", len(all))
		}
		if diff := cmp.Diff(all, list("", 7), protocmp.Transform()); diff != "" {
			t.Errorf("page by page (-want +got):\n%s", diff)
		}
		for filter, want := range map[string]int{
			`system = "systems/shop" AND updated = false`: 119,
			`updated = true`:                                   1,
			`kind = MISSING_COMPONENT`:                         30,
			`kind != MISSING_COMPONENT AND held_by = "team 1"`: 45,
			`components:"orders-db" AND implied = false`:       30,
			`surprise = SITUATIONAL`:                           1,
			`surprise = SURPRISE_UNSPECIFIED`:                  119,
			`surprise:* OR kind = PHANTOM_COMPONENT`:           31,
			`NOT system = "systems/shop"`:                      0,
			`resolved = true`:                                  0,
			`create_time >= "` + start.Add(20*time.Minute).Format(time.RFC3339) + `"`: 44,
		} {
			if got := len(list(filter, 0)); got != want {
				t.Errorf("%s: %d gaps, want %d", filter, got, want)
			}
		}
		page := must[*debriefv1.ListModelGapsResponse](t)(d.mentalModels.ListModelGaps(t.Context(), &debriefv1.ListModelGapsRequest{PageSize: 1}))
		_, err := d.mentalModels.ListModelGaps(t.Context(), &debriefv1.ListModelGapsRequest{Filter: "updated = true", PageToken: page.GetNextPageToken()})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"page_token"}) {
			t.Errorf("the token of another request: %v", err)
		}
	})
}

func TestSummariesSayWhatPeopleMostOftenDoNotKnow(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.describe(t, "shop", shop())
		for month := range 4 {
			for range 4 - month {
				model := onCall()
				if month > 1 {
					model.HeldBy = "the shop team"
				}
				d.believe(t, d.review(t).GetName(), model)
			}
			d.advance(31 * 24 * time.Hour)
		}
		summary := must[*debriefv1.SummarizeModelGapsResponse](t)(d.mentalModels.SummarizeModelGaps(t.Context(), &debriefv1.SummarizeModelGapsRequest{
			System: "systems/shop", StartTime: timestamppb.New(start.AddDate(0, 0, -13)), EndTime: timestamppb.New(start.AddDate(0, 4, -14)),
		}))
		if summary.GetModelCount() != 10 || summary.GetTruncated() || len(summary.GetPeriodTimes()) != 5 || len(summary.GetSummaries()) != 3 {
			t.Fatalf("%v", summary)
		}
		want := &debriefv1.ModelGapSummary{
			Component: "cache", Kind: debriefv1.ModelGapKind_MODEL_GAP_KIND_PHANTOM_COMPONENT, Count: 10,
			PeriodCounts: []int32{4, 3, 2, 1}, Trend: debriefv1.ModelGapSummary_TREND_FALLING, HeldBy: []string{"on-call", "the shop team"},
		}
		if diff := cmp.Diff(want, summary.GetSummaries()[0], protocmp.Transform()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err := d.mentalModels.SummarizeModelGaps(t.Context(), &debriefv1.SummarizeModelGapsRequest{
			System: "systems/shop", StartTime: timestamppb.New(start), EndTime: timestamppb.New(start),
		})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"start_time"}) {
			t.Errorf("no time at all: %v", err)
		}
	})
}
