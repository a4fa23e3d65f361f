package service

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/mentalmodel"
)

const (
	// maxSummarizedModels and maxSummaries bound a summary.
	maxSummarizedModels = 2000
	maxSummaries        = 200
)

// SummarizeModelGaps says what people most often do not know of a system, and whether that becomes less.
func (s *MentalModels) SummarizeModelGaps(ctx context.Context, request *debriefv1.SummarizeModelGapsRequest) (*debriefv1.SummarizeModelGapsResponse, error) {
	policy, err := s.summaryPolicy(request)
	if err != nil {
		return nil, err
	}
	if _, err := get(ctx, s.repository.Systems(), request.GetSystem()); err != nil {
		return nil, err
	}
	found, err := s.gapRecords(ctx, request.GetSystem(), policy)
	if err != nil {
		return nil, err
	}
	unknown, periods := mentalmodel.MostUnknown(found.records, policy)
	return &debriefv1.SummarizeModelGapsResponse{
		Summaries:   each(unknown[:min(len(unknown), maxSummaries)], summaryToProto),
		ModelCount:  found.models,
		PeriodTimes: each(append(periods, policy.To), timestamppb.New),
		Truncated:   found.truncated,
	}, nil
}

// summaryPolicy reads the time to look at. It has months as periods up to two years, quarters up to ten, and else years.
func (s *MentalModels) summaryPolicy(request *debriefv1.SummarizeModelGapsRequest) (mentalmodel.TrendPolicy, error) {
	var policy mentalmodel.TrendPolicy
	end, err := readTime("end_time", request.GetEndTime())
	if err != nil {
		return policy, err
	}
	if end.IsZero() {
		end = s.present()
	}
	begin, err := readTime("start_time", request.GetStartTime())
	if err != nil {
		return policy, err
	}
	if begin.IsZero() {
		begin = end.AddDate(-1, 0, 0)
	}
	if !begin.Before(end) {
		return policy, invalid("start_time", "%s must lie before end_time, %s", begin.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	policy = mentalmodel.TrendPolicy{From: begin, To: end, Months: 1}
	switch {
	case begin.AddDate(10, 0, 0).Before(end):
		policy.Months = 12
	case begin.AddDate(2, 0, 0).Before(end):
		policy.Months = 3
	}
	return policy, nil
}

// gapRecords are gaps, and of how many models. They are truncated where there are more models than are looked at.
type gapRecords struct {
	records   []mentalmodel.GapRecord
	models    int32
	truncated bool
}

// gapRecords are the gaps that stand alone, of a system's models of a time, the newest first.
func (s *MentalModels) gapRecords(ctx context.Context, system string, policy mentalmodel.TrendPolicy) (gapRecords, error) {
	var all gapRecords
	query := repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("system", system)},
			repository.IDRange{From: lowestID(policy.From.UnixMilli()), Before: lowestID(policy.To.UnixMilli())},
		},
		Descending: true, Limit: modelsAtOnce,
	}
	for found, err := range everyPage(ctx, repository.MentalModelSchema, s.repository.MentalModels(), query) {
		if err != nil {
			return all, err
		}
		for _, model := range found {
			if all.models == maxSummarizedModels {
				all.truncated = true
				return all, nil
			}
			all.models++
			all.records = append(all.records, standingAlone(model)...)
		}
	}
	return all, nil
}

func standingAlone(model repository.MentalModel) []mentalmodel.GapRecord {
	var records []mentalmodel.GapRecord
	for _, gap := range model.Gaps {
		if gap.ImpliedBy != "" || gap.Resolved {
			continue
		}
		component := ""
		if len(gap.Components) > 0 {
			component = gap.Components[0]
		}
		records = append(records, mentalmodel.GapRecord{
			System: model.System, Component: component, Kind: mentalmodel.GapKind(gap.Kind), HeldBy: model.HeldBy,
			Time: model.CreateTime, Updated: len(gap.Updates) > 0,
		})
	}
	return records
}

func summaryToProto(unknown mentalmodel.Unknown) *debriefv1.ModelGapSummary {
	trends := map[mentalmodel.Trend]debriefv1.ModelGapSummary_Trend{
		mentalmodel.Falls: debriefv1.ModelGapSummary_TREND_FALLING,
		mentalmodel.Level: debriefv1.ModelGapSummary_TREND_LEVEL,
		mentalmodel.Rises: debriefv1.ModelGapSummary_TREND_RISING,
	}
	return &debriefv1.ModelGapSummary{
		Component: unknown.Component, Kind: valueOf[debriefv1.ModelGapKind](string(unknown.Kind)),
		Count: int32(unknown.Total), UpdatedCount: int32(unknown.Total - unknown.Open),
		PeriodCounts: each(unknown.Counts, func(count int) int32 { return int32(count) }),
		Trend:        trends[unknown.Trend], HeldBy: unknown.HeldBy,
	}
}
