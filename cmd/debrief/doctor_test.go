package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

// doctorIn runs debrief doctor on free addresses, with variables and a clock that goes on.
func doctorIn(t *testing.T, variables []string, arguments ...string) result {
	t.Helper()
	environment := testEnvironment(t, "")
	environment.variables = append(environment.variables, variables...)
	environment.now = time.Now
	return execute(t, environment, append([]string{"doctor", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"}, arguments...)...)
}

func TestDoctor(t *testing.T) {
	url := demoStore(t)
	told := mustSucceed(t, doctorIn(t, nil, "--store", url))
	for line := range strings.SplitSeq(strings.TrimSpace(told), "\n") {
		if !strings.HasPrefix(line, "OK    ") {
			t.Errorf("it says: %s", line)
		}
	}
	var report doctorReport
	if err := json.Unmarshal([]byte(mustSucceed(t, doctorIn(t, nil, "--store", url, "-o", "json"))), &report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != server.OK || len(report.Checks) != strings.Count(told, "\n") {
		t.Errorf("as JSON: %+v", report)
	}
	if diff := cmp.Diff("OK\n", mustSucceed(t, doctorIn(t, nil, "--store", url, "-o", "name"))); diff != "" {
		t.Errorf("as a name (-want +got):\n%s", diff)
	}
}

func TestDoctorWarns(t *testing.T) {
	none := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	told := mustSucceed(t, doctorIn(t, nil, "--store", none))
	if want := "WARN  store      there is none at " + none + " yet — debrief serve makes it"; !strings.Contains(told, want) {
		t.Errorf("it says:\n%swant %s", told, want)
	}
}

// TestDoctorTellsOfEverySetting has what ends other commands at once be told with all else.
func TestDoctorTellsOfEverySetting(t *testing.T) {
	got := doctorIn(t, []string{"DEBRIEF_HTTP_ADR=x", "DEBRIEF_RETENTION=long", "DEBRIEF_LANGUAGE_POLICY=shout", "DEBRIEF_PURGE_INTERVAL=-1s"},
		"--store", demoStore(t), "--tls-cert", "", "--alert-severities", "page=SEV9", "--delivery-retention", "1h")
	if got.code != exitFailure || got.stderr != "" {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
	for _, want := range []string{
		"did you mean DEBRIEF_HTTP_ADDR?", "environment variable DEBRIEF_RETENTION", "language-policy is \"shout\"", "purge-interval must be more than zero",
		"tls-cert is empty", "SEV9", "OK    integrity",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("it does not tell of %s:\n%s", want, got.stdout)
		}
	}
}
