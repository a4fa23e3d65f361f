package service

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// documentedRules are the rules of the documentation, in order, read as the API reads them.
func documentedRules(t *testing.T) repository.Integration {
	t.Helper()
	text, err := os.ReadFile("../docs/alert-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var integration repository.Integration
	for _, match := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1) {
		rule := &debriefv1.AlertRule{}
		if err := protojson.Unmarshal(match[1], rule); err != nil {
			t.Fatalf("%s: %v", match[1], err)
		}
		integration.Rules = append(integration.Rules, alertRuleFromProto(rule))
	}
	return integration
}

func TestTheExamplesOfTheDocumentationHold(t *testing.T) {
	t.Parallel()
	integration := documentedRules(t)
	if len(integration.Rules) != 8 {
		t.Fatalf("there are %d examples", len(integration.Rules))
	}
	engine, err := rules.New(ruleSet(integration))
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		alert rules.Alert
		want  rules.Decision
	}{
		"test":        {rules.Alert{Labels: map[string]string{"env": "test"}}, rules.Decision{Rule: "test machines", Outcome: rules.OutcomeDrop, Labels: map[string]string{"env": "test"}}},
		"informative": {rules.Alert{Severity: "notice"}, rules.Decision{Rule: "informative", Outcome: rules.OutcomeKeep}},
		"team and hash": {
			rules.Alert{Labels: map[string]string{"service": "pay-in", "pod_hash": "x"}, StartTime: noon},
			rules.Decision{Outcome: rules.OutcomeOpen, Labels: map[string]string{"service": "pay-in", "team": "payments"}},
		},
		"shop": {
			rules.Alert{Labels: map[string]string{"service": "shop"}},
			rules.Decision{Rule: "shop by day", Outcome: rules.OutcomeOpen, Severity: "SEV2", Labels: map[string]string{"service": "shop"}},
		},
		"cluster": {
			rules.Alert{Labels: map[string]string{"cluster": "a"}},
			rules.Decision{Rule: "cluster", Outcome: rules.OutcomeGroup, GroupKey: `["cluster","a","prod"]`, Group: []string{"a", "prod"}, Window: 30 * time.Minute, Labels: map[string]string{"cluster": "a"}},
		},
		"flapping": {
			rules.Alert{Title: "Ping fails", Fingerprint: "f"},
			rules.Decision{Rule: "flapping", Outcome: rules.OutcomeOpenAfter, GroupKey: `["flapping","f"]`, Group: []string{"f"}, Window: time.Hour, Count: 3},
		},
		"old": {rules.Alert{StartTime: noon.Add(-25 * time.Hour)}, rules.Decision{Rule: "old news", Outcome: rules.OutcomeKeep}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := engine.Decide(test.alert, noon)
			got.Steps = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
