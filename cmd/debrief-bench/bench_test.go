package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/intake"
)

// TestMain is also the child that a benchmark starts: the program is then this test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "server" || os.Args[1] == "echo") {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

func TestPercentilesAreOfTheNearestRank(t *testing.T) {
	s := sample{took: []time.Duration{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}}
	for _, test := range []struct {
		share float64
		want  time.Duration
	}{{0.001, 10}, {0.1, 10}, {0.5, 50}, {0.51, 60}, {0.99, 100}, {1, 100}} {
		if got := s.percentile(test.share); got != test.want {
			t.Errorf("percentile(%v) = %d, want %d", test.share, got, test.want)
		}
	}
	if got := (sample{}).percentile(0.5); got != 0 {
		t.Errorf("of nothing: %v, want 0", got)
	}
}

func TestALoadIsBoundedByItsNumberOfCalls(t *testing.T) {
	var calls atomic.Int64
	taken, err := load{clients: 4, duration: time.Hour, most: 1000}.run(t.Context(), func(context.Context, int) error {
		calls.Add(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 1000 || len(taken.took) != 1000 {
		t.Errorf("%d calls were made and %d measured: want 1000", calls.Load(), len(taken.took))
	}
	if !slices.IsSorted(taken.took) {
		t.Error("the times are not sorted")
	}
}

func TestALoadEndsWithItsFirstError(t *testing.T) {
	broken := errors.New("broken")
	var calls atomic.Int64
	_, err := load{clients: 2, duration: time.Hour, most: 1_000_000}.run(t.Context(), func(ctx context.Context, _ int) error {
		if calls.Add(1) == 10 {
			return broken
		}
		return ctx.Err()
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestCopiesOfATemplateDifferInTheirNumbers(t *testing.T) {
	got := string(newTemplate([]byte("a" + mark + "b" + mark + "c")).copy(998))
	if want := "a0000000000998b0000000000999c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRequestsKeepToTheContract(t *testing.T) {
	overGRPC, overREST, err := createTemplates()
	if err != nil {
		t.Fatal(err)
	}
	for i := range overGRPC {
		var request debriefv1.CreateIncidentRequest
		if err := proto.Unmarshal(overGRPC[i].copy(12), &request); err != nil {
			t.Fatal(err)
		}
		if err := protovalidate.Validate(&request); err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(request.GetIncident().GetTitle(), " 0000000000012") {
			t.Errorf("the title %q has no number of its own", request.GetIncident().GetTitle())
		}
		var incident debriefv1.Incident
		if err := protojson.Unmarshal(overREST[i].copy(12), &incident); err != nil {
			t.Error(err)
		}
		if !proto.Equal(&incident, request.GetIncident()) {
			t.Errorf("REST and gRPC send different incidents: %v and %v", &incident, request.GetIncident())
		}
	}
}

func TestEachAlertOfEachDeliveryIsNew(t *testing.T) {
	delivery, seen := deliveryTemplate("test"), map[string]bool{}
	for _, number := range []int64{0, 2 * alertsPerDelivery} {
		parsed, err := intake.ParseAlertmanager(delivery.copy(number))
		if err != nil {
			t.Fatal(err)
		}
		if len(parsed.Alerts) != alertsPerDelivery {
			t.Fatalf("a delivery has %d alerts", len(parsed.Alerts))
		}
		for _, alert := range parsed.Alerts {
			if seen[alert.EpisodeKey] {
				t.Errorf("the episode %s comes twice", alert.EpisodeKey)
			}
			seen[alert.EpisodeKey] = true
		}
	}
}

func TestTheMedianIsTheRunInTheMiddle(t *testing.T) {
	r := report{}
	all := []phase{{name: "floor"}, {name: "phase", floor: "floor"}}
	for _, rate := range []float64{300, 100, 200} {
		r.add(all[0], measured{PerSecond: rate})
		r.add(all[1], measured{PerSecond: rate / 2})
	}
	r.finish(all)
	if got := r.Phases[0].Median.PerSecond; got != 200 {
		t.Errorf("the median is %v, want 200", got)
	}
	if got := r.Phases[1].Ratio; got != 0.5 {
		t.Errorf("the ratio is %v, want 0.5", got)
	}
}

func TestSettingsHaveBounds(t *testing.T) {
	for _, arguments := range [][]string{
		{"--clients", "0"}, {"--runs", "0"}, {"--incidents", "9999"}, {"--base", "1"}, {"--duration", "0s"}, {"--store", "postgres://"}, {"--most", "0"}, {"surplus"},
	} {
		var problems bytes.Buffer
		if code := run(t.Context(), arguments, strings.NewReader(""), io.Discard, &problems); code != 1 || problems.Len() == 0 {
			t.Errorf("%v: exit code %d, %q", arguments, code, problems.String())
		}
	}
}

func TestABenchmarkMeasuresEveryPhase(t *testing.T) {
	var out, problems bytes.Buffer
	code := run(t.Context(), []string{
		"--json", "--runs", "1", "--duration", "20s", "--most", "8", "--base", "500", "--incidents", "1000", "--rest", "1ms", "--clients", "2", "--directory", t.TempDir(), "--only", "floor,gRPC,REST,alerts,growth: a rare label",
	}, strings.NewReader(""), &out, &problems)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
	var told report
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, phase := range told.Phases {
		names = append(names, phase.Name)
		if phase.Median.Calls != 8 || phase.Median.PerSecond <= 0 || phase.Median.P50 <= 0 || phase.Median.Allocations <= 0 {
			t.Errorf("%s was not measured: %+v", phase.Name, phase.Median)
		}
	}
	var want []string
	for _, phase := range (&bench{}).wantedPhases() {
		want = append(want, phase.name)
	}
	if difference := cmp.Diff(want, names); difference != "" {
		t.Errorf("phases (-want +got):\n%s", difference)
	}
	if len(told.Growth) != 2 || told.Growth[0].Incidents != 500 || told.Growth[1].Incidents != 1000 || len(told.Growth[1].Lists) != 1 {
		t.Errorf("growth was not measured: %+v", told.Growth)
	}
	if told.Start.Ready <= 0 {
		t.Errorf("the server was ready after %v ms", told.Start.Ready)
	}
}
