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
	delivery, seen := deliveryTemplate("test", manyAlerts), map[string]bool{}
	for _, number := range []int64{0, 2 * manyAlerts} {
		parsed, err := intake.ParseAlertmanager(delivery.copy(number))
		if err != nil {
			t.Fatal(err)
		}
		if len(parsed.Alerts) != manyAlerts {
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
		"--json", "--runs", "1", "--duration", "20s", "--most", "8", "--base", "500", "--incidents", "1000", "--rest", "1ms", "--clients", "2", "--directory", t.TempDir(), "--only", "floor,gRPC,REST,alerts,storm,growth: a rare label",
		// The other fan-outs differ in their numbers alone.
		"--only", "fan-out: 50 receivers, one of which hangs,fan-out: 500 a second to 1 receiver",
	}, strings.NewReader(""), &out, &problems)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
	var told report
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	checkPhases(t, told.Phases)
	checkStorms(t, told.Storms)
	checkFanOuts(t, told.FanOuts)
	if len(told.Growth) != 2 || told.Growth[0].Incidents != 500 || told.Growth[1].Incidents != 1000 || len(told.Growth[1].Lists) != 1 {
		t.Errorf("growth was not measured: %+v", told.Growth)
	}
	if told.Start.Ready <= 0 {
		t.Errorf("the server was ready after %v ms", told.Start.Ready)
	}
}

func checkPhases(t *testing.T, phases []told) {
	t.Helper()
	var names []string
	for _, phase := range phases {
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
}

func checkStorms(t *testing.T, told []performed[storm]) {
	t.Helper()
	var names []string
	for i, one := range told {
		names = append(names, one.Name)
		wanted, got := []int64{1, 8}[i], one.Median
		if got.Alerts != 8 || got.Incidents != wanted || got.Acknowledged <= 0 || got.WorkedOff < got.Acknowledged || got.Ratio <= 0 || got.P99 <= 0 || got.MemoryAtMost <= 0 {
			t.Errorf("%s was not measured: %+v", one.Name, got)
		}
		if len(got.Lists) != 2 {
			t.Errorf("%s has %d lists, want 2", one.Name, len(got.Lists))
		}
		for _, list := range got.Lists {
			if list.Quiet.Reads != 8 || list.Storm.Reads == 0 || list.Storm.P99 <= 0 {
				t.Errorf("%s: the list of %s was not measured: %+v", one.Name, list.Name, list)
			}
		}
	}
	if difference := cmp.Diff(namesOf(storms()), names); difference != "" {
		t.Errorf("storms (-want +got):\n%s", difference)
	}
}

func checkFanOuts(t *testing.T, told []performed[fanOut]) {
	t.Helper()
	var names []string
	hanging := 0
	for _, one := range told {
		names = append(names, one.Name)
		hanging += one.Median.Hanging
		if got := one.Median; got.Events != 8 || got.Receivers == 0 || got.Written <= 0 || got.Ratio <= 0 || got.P50 <= 0 || got.P99 < got.P50 {
			t.Errorf("%s was not measured: %+v", one.Name, got)
		}
	}
	if hanging != 1 {
		t.Errorf("%d receivers hung, want 1", hanging)
	}
	if difference := cmp.Diff(namesOf(fanOuts())[1:3], names); difference != "" {
		t.Errorf("fan-outs (-want +got):\n%s", difference)
	}
}

func namesOf[F any](all []scenario[F]) []string {
	var names []string
	for _, one := range all {
		names = append(names, one.name)
	}
	return names
}

func TestPhasesAreChosenByTheBeginningsOfTheirNames(t *testing.T) {
	s := settings{only: []string{"alerts, 1 a delivery,storm", "fan-out: 50 receivers, one"}}
	for phase, want := range map[string]bool{
		"alerts, 1 a delivery": true, "alerts, 100 a delivery": false, "storm: one incident": true, "gRPC create": false,
		"fan-out: 50 receivers": false, "fan-out: 50 receivers, one of which hangs": true,
	} {
		if got := s.wanted(phase); got != want {
			t.Errorf("%q is wanted: %v, want %v", phase, got, want)
		}
	}
	if !(settings{}).wanted("gRPC create") {
		t.Error("where nothing is said, not everything is wanted")
	}
}
