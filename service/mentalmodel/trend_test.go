package mentalmodel_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// gapsPerMonth are gaps of a component from January on, so many each month; the first of each month is updated.
func gapsPerMonth(component, heldBy string, counts ...int) []mentalmodel.GapRecord {
	var records []mentalmodel.GapRecord
	for month, count := range counts {
		for day := range count {
			records = append(records, mentalmodel.GapRecord{
				System: "shop", Component: component, Kind: mentalmodel.MissingComponent, HeldBy: heldBy,
				Time: time.Date(2026, time.Month(month+1), day+1, 12, 0, 0, 0, time.UTC), Updated: day == 0,
			})
		}
	}
	return records
}

func year(months int) mentalmodel.TrendPolicy {
	return mentalmodel.TrendPolicy{
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Months: months,
	}
}

func TestTheTrendSaysWhetherPeopleGetToKnowTheSystem(t *testing.T) {
	tests := []struct {
		name   string
		counts []int
		months int
		tau    float64
		trend  mentalmodel.Trend
	}{
		{"falls", []int{5, 4, 3, 2, 1, 0}, 1, -1, mentalmodel.Falls},
		{"rises", []int{0, 0, 0, 0, 2, 3}, 1, 9.0 / 15, mentalmodel.Rises},
		{"level", []int{1, 2, 1, 2, 1, 2}, 1, 3.0 / 15, mentalmodel.Level},
		{"once is no trend", []int{0, 0, 4, 0, 0, 0}, 1, -1.0 / 15, mentalmodel.Level},
		{"too few gaps", []int{2, 1, 0, 0, 0, 0}, 1, 0, mentalmodel.TooFew},
		{"too few periods", []int{5, 4, 3, 2, 1, 0}, 3, 0, mentalmodel.TooFew},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _ := mentalmodel.MostUnknown(gapsPerMonth("replica", "on-call", test.counts...), year(test.months))
			if got[0].Trend != test.trend || got[0].Tau != test.tau {
				t.Errorf("%s, tau %v; want %s, %v", got[0].Trend, got[0].Tau, test.trend, test.tau)
			}
		})
	}
}

func TestTheMostUnknownComesFirst(t *testing.T) {
	records := append(gapsPerMonth("cache", "support", 1, 0, 1), gapsPerMonth("replica", "on-call", 2, 1)...)
	records = append(records, gapsPerMonth("replica", "database team", 0, 1)...)
	records = append(records, mentalmodel.GapRecord{Component: "before", Time: year(1).From.Add(-1)}, mentalmodel.GapRecord{Component: "after", Time: year(1).To})
	got, periods := mentalmodel.MostUnknown(records, year(2))
	want := []mentalmodel.Unknown{
		{"shop", "replica", mentalmodel.MissingComponent, 4, 1, []string{"database team", "on-call"}, []int{4, 0, 0}, -2.0 / 3, mentalmodel.Falls},
		{"shop", "cache", mentalmodel.MissingComponent, 2, 0, []string{"support"}, []int{1, 1, 0}, 0, mentalmodel.TooFew},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if len(periods) != 3 || periods[1] != time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("periods %v", periods)
	}
}

func TestPeriodsAreBounded(t *testing.T) {
	policy := mentalmodel.TrendPolicy{From: time.Time{}, To: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
	got, periods := mentalmodel.MostUnknown(gapsPerMonth("replica", "", 1, 1, 1, 1), policy)
	if len(periods) != mentalmodel.MaxPeriods || periods[len(periods)-1] != time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("%d periods, the last %v", len(periods), periods[len(periods)-1])
	}
	if counts := got[0].Counts; counts[len(counts)-1] != 0 || counts[len(counts)-3] != 1 {
		t.Errorf("counts end in %v", counts[len(counts)-6:])
	}
	if _, periods := mentalmodel.MostUnknown(nil, mentalmodel.TrendPolicy{}); len(periods) != 0 {
		t.Errorf("no time has periods %v", periods)
	}
}
