package service

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

// filterTime is when the filters are asked.
var filterTime = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func TestFiltersMeanConditions(t *testing.T) {
	t.Parallel()
	term := repository.Term
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC).UnixMilli()
	var all int64 = repository.Unset + 1
	tests := []struct {
		filter string
		want   repository.Condition
	}{
		{``, nil},
		{`  `, nil},
		{`state = ACTIVE`, repository.TermIn{term("state", "ACTIVE")}},
		{`state = STATE_ACTIVE`, repository.TermIn{term("state", "ACTIVE")}},
		{`state = "active"`, repository.TermIn{term("state", "ACTIVE")}},
		{`state != ACTIVE`, repository.Not{Condition: repository.TermIn{term("state", "ACTIVE")}}},
		{`NOT state = ACTIVE`, repository.Not{Condition: repository.TermIn{term("state", "ACTIVE")}}},
		{`-state = ACTIVE`, repository.Not{Condition: repository.TermIn{term("state", "ACTIVE")}}},
		{`state = ACTIVE OR state = TRIAGE`, repository.TermIn{term("state", "ACTIVE"), term("state", "TRIAGE")}},
		{`severity < SEV3`, repository.TermIn{term("severity", "SEV1"), term("severity", "SEV2")}},
		{`severity >= SEV4`, repository.TermIn{term("severity", "SEV4"), term("severity", "SEV5")}},
		{`severity = SEVERITY_UNSPECIFIED`, repository.TermIn{term("severity", "")}},
		{
			`state = ACTIVE AND severity = SEV1`,
			repository.And{repository.TermIn{term("state", "ACTIVE")}, repository.TermIn{term("severity", "SEV1")}},
		},
		{
			`state = ACTIVE severity = SEV1`,
			repository.And{repository.TermIn{term("state", "ACTIVE")}, repository.TermIn{term("severity", "SEV1")}},
		},
		{
			`state = ACTIVE AND (severity = SEV1 OR lead = "sam")`,
			repository.And{repository.TermIn{term("state", "ACTIVE")}, repository.TermIn{term("severity", "SEV1"), term("lead", "sam")}},
		},
		{`labels.team = "payments"`, repository.TermIn{term("labels.team", "payments")}},
		{`labels."kubernetes.io/name" = "api"`, repository.TermIn{term("labels.kubernetes.io/name", "api")}},
		{`labels.Team = "payments"`, repository.TermIn{term("labels.Team", "payments")}},
		{`labels:team`, repository.TermRange{From: "labels.team\x1f", Before: "labels.team\x20"}},
		{`impact.services:"api"`, repository.TermIn{term("impact.services", "api")}},
		{`impact.customersAffected > 10`, repository.NumberRange{Field: "impact.customers_affected", Min: 11, Max: math.MaxInt64}},
		{`impact.customers_affected <= -3`, repository.NumberRange{Field: "impact.customers_affected", Min: all, Max: -3}},
		{`title:"Checkout DOWN"`, repository.And{repository.TermIn{term("title:", "checkout")}, repository.TermIn{term("title:", "down")}}},
		{`title = "Checkout down"`, repository.TermIn{term("title", "Checkout down")}},
		{`lead = ""`, repository.Not{Condition: repository.AnyTerm("lead")}},
		{`lead:*`, repository.AnyTerm("lead")},
		{`severity:*`, repository.TermIn{term("severity", "SEV1"), term("severity", "SEV2"), term("severity", "SEV3"), term("severity", "SEV4"), term("severity", "SEV5")}},
		{`lead < "m"`, repository.TermRange{From: term("lead", ""), Before: term("lead", "m")}},
		{`lead >= "m"`, repository.TermsBetween("lead", "m", "")},
		{`milestones.start_time = "2026-01-31T12:00:00Z"`, repository.NumberRange{Field: "milestones.start_time", Min: noon, Max: noon}},
		{`milestones.startTime < "2026-01-31T13:00:00+01:00"`, repository.NumberRange{Field: "milestones.start_time", Min: all, Max: noon - 1}},
		{`update_time >= timestamp("2026-01-31T12:00:00Z")`, repository.NumberRange{Field: "update_time", Min: noon, Max: math.MaxInt64}},
		{`update_time > "2026-01-31T12:00:00.0005Z"`, repository.NumberRange{Field: "update_time", Min: noon + 1, Max: math.MaxInt64}},
		{`update_time >= "2026-01-31T12:00:00.0005Z"`, repository.NumberRange{Field: "update_time", Min: noon + 1, Max: math.MaxInt64}},
		{`update_time < "2026-01-31T12:00:00.0005Z"`, repository.NumberRange{Field: "update_time", Min: all, Max: noon}},
		{`update_time = "2026-01-31T12:00:00.0005Z"`, repository.NumberRange{Field: "update_time", Min: 1, Max: 0}},
		{`impact.customers_affected > 9223372036854775807`, repository.NumberRange{Field: "impact.customers_affected", Min: 1, Max: 0}},
		{`impact.customers_affected < -9223372036854775807`, repository.NumberRange{Field: "impact.customers_affected", Min: 1, Max: 0}},
		{`milestones.resolve_time:*`, repository.NumberRange{Field: "milestones.resolve_time", Min: all, Max: math.MaxInt64}},
		{`create_time >= "2026-01-31T12:00:00Z"`, repository.IDRange{From: lowestID(noon)}},
		{`create_time < "2026-01-31T12:00:00Z"`, repository.IDRange{From: lowestID(0), Before: lowestID(noon)}},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			got, err := compileFilter(incidentFields, test.filter, filterTime)
			if err != nil {
				t.Fatalf("compileFilter(%q): %v", test.filter, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("compileFilter(%q) (-want +got):\n%s", test.filter, diff)
			}
		})
	}
}

func TestBadFiltersSayWhereAndWhat(t *testing.T) {
	t.Parallel()
	tests := []struct{ filter, want string }{
		{`state = `, "position"},
		{`(state = ACTIVE`, "position"},
		{`colour = "red"`, `at position 1: there is no field "colour": the fields are create_time`},
		{`state = SLEEPING`, `at position 9: state has no value "SLEEPING": its values are TRIAGE, ACTIVE`},
		{`state = ACTIVE AND create_time > "yesterday"`, `create_time is compared with a time after RFC 3339`},
		{`impact.customers_affected = 3.5`, "whole number"},
		{`impact.customers_affected = "many"`, "whole number"},
		{`labels = "x"`, "labels.KEY"},
		{`state:ACTIVE`, "has a single value"},
		{`outage`, "a comparison is expected"},
		{`regex(title, "x")`, "there is no function regex"},
		{`"state" = ACTIVE`, "the left side must be a field"},
		{`lead = size(x)`, "the right side must be"},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			_, err := compileFilter(incidentFields, test.filter, filterTime)
			var bad *invalidError
			if !errors.As(err, &bad) || bad.Violations[0].Field != "filter" || !strings.Contains(bad.Violations[0].Problem, test.want) {
				t.Errorf("compileFilter(%q) = %v, want a violation of filter with %q", test.filter, err, test.want)
			}
		})
	}
}

// FuzzCompileFilter holds that no filter makes the compiler fail in another way than by saying what is wrong.
func FuzzCompileFilter(f *testing.F) {
	for _, seed := range []string{
		`state = ACTIVE`, `labels."a.b/c" != "x" OR NOT (title:"a b" AND severity <= SEV2)`, `create_time > "2026-01-31T12:00:00Z"`,
		`-a = 1`, `a.b.c:*`, `((((((`, `a(b(c(d(`, "\x00", `impact.customers_affected = -9223372036854775808`,
		`impact.customers_affected > 9223372036854775807`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		if len(filter) > 4096 {
			t.Skip("validation refuses longer ones")
		}
		var bad *invalidError
		if _, err := compileFilter(incidentFields, filter, filterTime); err != nil && !errors.As(err, &bad) {
			t.Errorf("compileFilter(%q) = %v, want a violation or nothing", filter, err)
		}
	})
}
