package clock_test

import (
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/clock"
)

func TestPoliciesAreReadFromYAML(t *testing.T) {
	const hour = time.Hour
	daily := clock.DefaultPolicy()
	none := clock.PolicySet{Default: daily, BySeverity: map[string]clock.Policy{}}
	tests := []struct {
		name, yaml string
		want       clock.Policies
	}{
		{"nothing", "", clock.DefaultPolicies()},
		{"an empty section", "clocks:\n", clock.DefaultPolicies()},
		{"a default alone", "clocks: {review: {default: {length: 36h}}}", clock.Policies{
			Review: clock.PolicySet{
				Default:    clock.Policy{Length: 36 * hour, AtRisk: 0.25},
				BySeverity: map[string]clock.Policy{},
			},
			FollowUp: none,
		}},
		{
			"what a severity leaves out is as in the default, whatever their order",
			`
clocks:
  follow_up:
    SEV1: {length: 90m}
    SEV5: {off: true}
    UNSPECIFIED: {at_risk: 0.5}
    default: {length: 48h, anchor: detected, at_risk: 10 %}
`,
			clock.Policies{Review: none, FollowUp: clock.PolicySet{
				Default: clock.Policy{Length: 48 * hour, Anchor: clock.Detected, AtRisk: 0.1},
				BySeverity: map[string]clock.Policy{
					"SEV1": {Length: 90 * time.Minute, Anchor: clock.Detected, AtRisk: 0.1},
					"SEV5": {Length: 48 * hour, Anchor: clock.Detected, AtRisk: 0.1, Off: true},
					"":     {Length: 48 * hour, Anchor: clock.Detected, AtRisk: 0.5},
				},
			}},
		},
		{
			"both clocks alike, by YAML's means",
			"clocks: {review: &both {SEV2: {anchor: RESOLVED, at_risk: 0}}, follow_up: *both}",
			clock.Policies{
				Review:   clock.PolicySet{Default: daily, BySeverity: map[string]clock.Policy{"SEV2": {Length: 24 * hour}}},
				FollowUp: clock.PolicySet{Default: daily, BySeverity: map[string]clock.Policy{"SEV2": {Length: 24 * hour}}},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := clock.ParsePolicies([]byte(test.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ParsePolicies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheExampleOfTheDocumentationIsReadAsItSays(t *testing.T) {
	text, err := os.ReadFile("../../docs/clocks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	policies, err := clock.ParsePolicies([]byte(example))
	if !found || err != nil {
		t.Fatal(found, err)
	}
	day := clock.DefaultPolicy()
	want := clock.Policies{
		Review: clock.PolicySet{Default: day, BySeverity: map[string]clock.Policy{
			"SEV1": {Length: 12 * time.Hour, AtRisk: 0.25},
			"SEV5": {Length: 24 * time.Hour, AtRisk: 0.25, Off: true},
		}},
		FollowUp: clock.PolicySet{
			Default: clock.Policy{Length: 36 * time.Hour, AtRisk: 0.25},
			BySeverity: map[string]clock.Policy{
				"SEV1": {Length: 24 * time.Hour, Anchor: clock.Detected, AtRisk: 0.5},
				"":     {Length: 48 * time.Hour, AtRisk: 0.25},
			},
		},
	}
	if diff := cmp.Diff(want, policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestAPolicyIsFoundByClockAndSeverity(t *testing.T) {
	policies, err := clock.ParsePolicies([]byte(
		"clocks: {review: {default: {length: 1h}, SEV1: {length: 2h}, UNSPECIFIED: {length: 3h}}, follow_up: {SEV1: {length: 4h}}}"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		kind     clock.Kind
		severity string
		want     time.Duration
	}{
		{clock.Review, "SEV1", 2 * time.Hour},
		{clock.Review, "SEV2", time.Hour},
		{clock.Review, "", 3 * time.Hour},
		{clock.FollowUp, "SEV1", 4 * time.Hour},
		{clock.FollowUp, "", 24 * time.Hour},
	}
	for _, test := range tests {
		if got := policies.For(test.kind, test.severity).Length; got != test.want {
			t.Errorf("length of %v for %q = %v, want %v", test.kind, test.severity, got, test.want)
		}
	}
}

func TestWhatIsWrongWithPoliciesNamesSeverityAndField(t *testing.T) {
	_, err := clock.ParsePolicies([]byte(`
clocks:
  reviews: {}
  review:
    default: {length: 30s, at_risk: 1}
    SEV1: {length: a day, anchor: closed, at_risk: NaN, off: maybe, colour: red}
    SEV2: {length: 9000h}
    SEV6: {length: 1h}
  follow_up:
    SEV3: {at_risk: -5%}
`))
	want := []string{
		`clocks.follow_up.SEV3.at_risk: must be a share from 0 to less than 1, such as 0.25 or 25%`,
		`clocks.review.default.at_risk: must be a share from 0 to less than 1, such as 0.25 or 25%`,
		`clocks.review.default.length: must be from 1m0s to 8784h0m0s, not 30s`,
		`clocks.review.SEV1.anchor: "closed" is none of RESOLVED, DETECTED`,
		`clocks.review.SEV1.at_risk: must be a share from 0 to less than 1, such as 0.25 or 25%`,
		`clocks.review.SEV1.colour: is unknown; there are length, anchor, at_risk, off`,
		`clocks.review.SEV1.length: "a day" is no duration such as 24h or 90m`,
		`clocks.review.SEV1.off: "maybe" is neither true nor false`,
		`clocks.review.SEV2.length: must be from 1m0s to 8784h0m0s, not 9000h0m0s`,
		`clocks.review.SEV6: is unknown; there are default, SEV1, SEV2, SEV3, SEV4, SEV5, UNSPECIFIED`,
		`clocks.reviews: is unknown; there are review, follow_up`,
	}
	if err == nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	var problem *clock.PolicyError
	if !errors.As(err, &problem) || problem.Clock != "follow_up" || problem.Severity != "SEV3" || problem.Field != "at_risk" {
		t.Errorf("the first problem is %+v", problem)
	}
}

func TestFilesThatAreNoPoliciesAreRefused(t *testing.T) {
	for name, yaml := range map[string]string{
		"another key":       "clock: {}",
		"a list":            "clocks: [review]",
		"a policy's list":   "clocks: {review: {SEV1: [24h]}}",
		"a severity twice":  "clocks: {review: {SEV1: {off: true}, SEV1: {off: false}}}",
		"two documents":     "clocks: {}\n---\nclocks: {}",
		"no YAML":           "clocks: {review",
		"too large":         "#" + strings.Repeat(" ", clock.MaxPoliciesSize),
		"an endless alias":  "clocks: &a {review: *a}",
		"a word for a file": "clocks",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := clock.ParsePolicies([]byte(yaml)); err == nil {
				t.Errorf("accepted as %+v", got)
			}
		})
	}
}

func FuzzPoliciesThatAreReadAreSound(f *testing.F) {
	f.Add([]byte("clocks: {review: {default: {length: 24h, anchor: RESOLVED, at_risk: 25%}, SEV5: {off: true}}}"))
	f.Add([]byte("clocks: {review: &both {SEV2: {at_risk: 0}}, follow_up: *both}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		policies, err := clock.ParsePolicies(data)
		if err != nil {
			return
		}
		for _, kind := range []clock.Kind{clock.Review, clock.FollowUp} {
			for _, severity := range []string{"SEV1", "SEV2", "SEV3", "SEV4", "SEV5", ""} {
				policy := policies.For(kind, severity)
				if policy.Length < clock.MinLength || policy.Length > clock.MaxLength ||
					math.IsNaN(policy.AtRisk) || policy.AtRisk < 0 || policy.AtRisk >= 1 {
					t.Errorf("%v for %q is %+v", kind, severity, policy)
				}
				if !policy.Off && !slices.ContainsFunc(clock.Timeline(clock.Facts{DetectTime: at(0), ResolveTime: at(1)}, policy),
					func(p clock.Phase) bool { return p.State == clock.Breached }) {
					t.Errorf("%v for %q is never over", kind, severity)
				}
			}
		}
	})
}
