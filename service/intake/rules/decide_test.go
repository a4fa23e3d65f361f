package rules_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

func engine(tb testing.TB, set rules.Set) *rules.Engine {
	tb.Helper()
	engine, err := rules.New(set)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

func diskFills() rules.Alert {
	return rules.Alert{
		Source: "alertmanager", Integration: "production", Status: "FIRING",
		Title: "The disk fills", Summary: "Less than 5% is left.", Severity: "warning",
		Labels:      map[string]string{"service": "orders", "host": "db-1", "env": "prod"},
		Annotations: map[string]string{"runbook": "https://runbooks.example.com/disk"},
		Fingerprint: "18b8c4079ca8167b", StartTime: noon.Add(-10 * time.Minute),
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		``: true,
		`alert.source == "alertmanager" && alert.integration == "production"`:        true,
		`alert.status == "FIRING" && alert.severity in ["warning", "critical"]`:      true,
		`alert.title.contains("disk") && alert.summary.endsWith("left.")`:            true,
		`alert.title.lowerAscii().matches("^the (disk|volume)")`:                     true,
		`alert.labels.service == "orders" && alert.labels["host"].startsWith("db-")`: true,
		`has(alert.labels.team)`:                                                      false,
		`"team" in alert.labels || alert.labels.env == "prod"`:                        true,
		`alert.labels.team == "x" || alert.labels.env == "prod"`:                      true,
		`alert.labels[?"team"].orValue("nobody") == "nobody"`:                         true,
		`alert.labels.exists(name, name.startsWith("h") && alert.labels[name] != "")`: true,
		`alert.annotations.runbook.split("/")[2] == "runbooks.example.com"`:           true,
		`alert.fingerprint.size() == 16`:                                              true,
		`now - alert.start_time > duration("5m")`:                                     true,
		`now.getHours("Europe/Berlin") == 13 && now.getDayOfWeek() == 2`:              true,
		`now < timestamp("2026-11-24T12:00:00Z")`:                                     false,
		`alert.title.replace("disk", "tape") == "The tape fills"`:                     true,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			e := engine(t, rules.Set{Rules: []rules.Rule{{Name: "rule", Condition: condition, Outcome: rules.OutcomeDrop}}})
			decision := e.Decide(diskFills(), noon)
			if got := decision.Rule == "rule"; got != want {
				t.Errorf("it matches: %v; steps %+v", got, decision.Steps)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	labels := diskFills().Labels
	with := func(changes map[string]string) map[string]string {
		changed := maps.Clone(labels)
		maps.Copy(changed, changes)
		return changed
	}
	for name, test := range map[string]struct {
		set  rules.Set
		want rules.Decision
	}{
		"no rules": {
			want: rules.Decision{
				Outcome: rules.OutcomeOpen, Labels: labels,
				Steps: []rules.Step{{Kind: rules.Defaulted, Text: "No rule decided, so an incident is opened."}},
			},
		},
		"the first outcome wins, and what went before it stays": {
			set: rules.Set{Rules: []rules.Rule{
				{Name: "other", Condition: `alert.labels.env == "test"`, Outcome: rules.OutcomeDrop},
				{Name: "team", Severity: "SEV4", SetLabels: []rules.Label{
					{Name: "team", Value: "team-orders"}, {Name: "service", Value: "db-1"},
				}, RemoveLabels: []string{"host", "none"}},
				{Name: "seen", Condition: `alert.labels.team == "team-orders" && !has(alert.labels.host)`, Severity: "SEV2", Outcome: rules.OutcomeKeep},
				{Name: "never", Outcome: rules.OutcomeDrop},
			}},
			want: rules.Decision{
				Rule: "seen", Outcome: rules.OutcomeKeep, Severity: "SEV2",
				Labels: map[string]string{"env": "prod", "team": "team-orders", "service": "db-1"},
				Steps: []rules.Step{
					{Kind: rules.NotMatched, Rule: "other", Text: `Rule 1 "other" did not match.`},
					{Kind: rules.Matched, Rule: "team", Text: `Rule 2 "team" matched: the severity is set to SEV4, the label "team" is set to "team-orders", the label "service" is set to "db-1", the label "host" is removed.`},
					{Kind: rules.Matched, Rule: "seen", Text: `Rule 3 "seen" matched: the severity is set to SEV2, the alert is kept and opens no incident.`},
				},
			},
		},
		"what fails does not match, and is told": {
			set: rules.Set{Rules: []rules.Rule{
				{Name: "fails", Condition: `alert.labels.team == "x"`, Outcome: rules.OutcomeDrop},
				{Name: "sets", SetLabels: []rules.Label{{Name: "b", Value: "b"}}},
				{Name: "index", Condition: `alert.title.split(" ")[9] == ""`, Outcome: rules.OutcomeDrop},
			}},
			want: rules.Decision{
				Outcome: rules.OutcomeOpen, Labels: with(map[string]string{"b": "b"}),
				Steps: []rules.Step{
					{Kind: rules.Failed, Rule: "fails", Text: `Rule 1 "fails" did not match: its condition fails on this alert: there is no "team".`},
					{Kind: rules.Matched, Rule: "sets", Text: `Rule 2 "sets" matched: the label "b" is set to "b".`},
					{Kind: rules.Failed, Rule: "index", Text: `Rule 3 "index" did not match: its condition fails on this alert: "index out of bounds: 9".`},
					{Kind: rules.Defaulted, Text: "No rule decided, so an incident is opened."},
				},
			},
		},
		"a group": {
			set: rules.Set{Rules: []rules.Rule{{
				Name: "by service", Outcome: rules.OutcomeGroup, Window: time.Hour,
				GroupBy: []string{`alert.labels.service`, `alert.labels[?"absent"].orValue("")`, `alert.title.substring(4)`, `alert.labels.none`},
			}}},
			want: rules.Decision{
				Rule: "by service", Outcome: rules.OutcomeGroup, Window: time.Hour, Labels: labels,
				GroupKey: `["by service","orders","","disk fills",-]`, Group: []string{"orders", "", "disk fills", ""},
				Steps: []rules.Step{
					{Kind: rules.Matched, Rule: "by service", Text: `Rule 1 "by service" matched: it joins the incident of its group, or opens one if the last alert of the group is more than 1h0m0s ago.`},
					{Kind: rules.Failed, Rule: "by service", Text: `Rule 1 "by service" groups the alert with those on which the expression 4 of group_by fails: there is no "none".`},
				},
			},
		},
		"open after": {
			set: rules.Set{Rules: []rules.Rule{{Name: "many", Outcome: rules.OutcomeOpenAfter, Window: time.Minute, Count: 3}}},
			want: rules.Decision{
				Rule: "many", Outcome: rules.OutcomeOpenAfter, Window: time.Minute, Count: 3, Labels: labels, GroupKey: `["many"]`,
				Steps: []rules.Step{{Kind: rules.Matched, Rule: "many", Text: `Rule 1 "many" matched: an incident is opened when 3 alerts of its group come within 1m0s.`}},
			},
		},
		"maintenance": {
			set: rules.Set{
				Rules: []rules.Rule{{Name: "all", Outcome: rules.OutcomeDrop}},
				Maintenance: []rules.MaintenanceWindow{
					{StartTime: noon.Add(-time.Hour), EndTime: noon, Reason: "over"},
					{StartTime: noon.Add(time.Second), EndTime: noon.Add(time.Hour), Reason: "to come"},
					{StartTime: noon, EndTime: noon.Add(time.Hour), Condition: `alert.labels.team == ""`, Reason: "fails"},
					{StartTime: noon, EndTime: noon.Add(time.Hour), Condition: `alert.labels.env == "test"`, Reason: "elsewhere"},
					{StartTime: noon, EndTime: noon.Add(time.Hour), Condition: `alert.labels.env == "prod"`, Reason: "a new disk"},
				},
			},
			want: rules.Decision{
				Outcome: rules.OutcomeKeep, Maintenance: "a new disk", Labels: labels,
				Steps: []rules.Step{
					{Kind: rules.Failed, Text: `Maintenance window 3 does not apply: its condition fails on this alert: there is no "team".`},
					{Kind: rules.Maintained, Text: "Maintenance window 5 is on until 2026-11-24T13:00:00Z (a new disk), so the alert is kept and opens no incident."},
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alert := diskFills()
			if diff := cmp.Diff(test.want, engine(t, test.set).Decide(alert, noon)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(diskFills(), alert); diff != "" {
				t.Errorf("the alert was changed:\n%s", diff)
			}
		})
	}
}

func TestGroupKeysNeverCollide(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500)
	keys := map[string]string{}
	for _, rule := range []string{"a", `a","b`} {
		e := engine(t, rules.Set{Rules: []rules.Rule{{
			Name: rule, Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: []string{`alert.labels.one`, `alert.labels.two`},
		}}})
		for _, labels := range []map[string]string{
			{"one": "a", "two": "bc"},
			{"one": "ab", "two": "c"},
			{"one": `a","b`, "two": "c"},
			{"one": `a`, "two": `b","c`},
			{"one": "a"},
			{"one": "a", "two": ""},
			{"one": "a", "two": "-"},
			{"one": "é", "two": "\ufffd"},
			{"one": long, "two": long},
			{"one": long + "x", "two": long[1:]},
			{"one": "a", "two": "sha256:"},
		} {
			key := e.Decide(rules.Alert{Labels: labels}, noon).GroupKey
			if other, taken := keys[key]; taken {
				t.Errorf("%v of %q and %s share the key %s", labels, rule, other, key)
			}
			if len(key) > rules.MaxGroupKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("the key of %v is %q", labels, key)
			}
			keys[key] = fmt.Sprint(labels, rule)
		}
	}
}

func TestDecideIsBounded(t *testing.T) {
	t.Parallel()
	alert := diskFills()
	alert.Summary = strings.Repeat("é", 8000)
	for i := range intake.MaxLabels - len(alert.Labels) {
		alert.Labels[fmt.Sprint(i)] = strings.Repeat("x", intake.MaxLabelValue)
	}
	costly := `alert.labels.all(a, alert.labels.all(b, alert.labels[a] + alert.labels[b] != alert.summary))`
	set := rules.Set{Rules: []rules.Rule{{
		Name: "long", SetLabels: []rules.Label{{Name: "more", Value: "x"}},
	}}}
	for i := range 50 {
		set.Rules = append(set.Rules, rules.Rule{Name: fmt.Sprint("costly ", i), Condition: costly, Outcome: rules.OutcomeDrop})
	}
	decision := engine(t, set).Decide(alert, noon)
	if len(decision.Labels) != intake.MaxLabels || decision.Labels["more"] != "" {
		t.Errorf("there are %d labels", len(decision.Labels))
	}
	if decision.Outcome != rules.OutcomeOpen || decision.Rule != "" {
		t.Errorf("it is decided to %s by %q", decision.Outcome, decision.Rule)
	}
	grouped := engine(t, rules.Set{Rules: []rules.Rule{{
		Name: "group", Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: []string{`alert.summary`, `"\u0000"`},
	}}}).Decide(alert, noon)
	if got := grouped.Group; len(got) != 2 || len(got[0]) > intake.MaxLabelValue || !strings.HasSuffix(got[0], "é…") || got[1] != "\ufffd" {
		t.Errorf("the group is %q", got)
	}
	if count := len(decision.Steps); count > 15 {
		t.Errorf("there are %d steps", count)
	}
	wanted := map[string]bool{
		`Rule 1 "long" does not set the label "more": the alert has 256 labels, and more are not kept.`:                false,
		`Rule 2 "costly 0" did not match: its condition fails on this alert: it takes more than 100000 units of work.`: false,
		"The rules took too much work on this alert; those that follow were not looked at.":                            false,
	}
	for _, step := range decision.Steps {
		if len(step.Text) > 1000 {
			t.Errorf("a step has %d bytes", len(step.Text))
		}
		wanted[step.Text] = true
	}
	for text, found := range wanted {
		if !found {
			t.Errorf("no step says %q; they are %+v", text, decision.Steps)
		}
	}
}

func FuzzDecide(f *testing.F) {
	for _, seed := range []string{
		`alert.title.contains("x")`, `alert.labels.a + alert.labels.b == "c"`, `alert.labels.exists(l, l.matches("^(a+)+$"))`,
		`now - alert.start_time > duration("1h")`, `"a".replace("", alert.title) == ""`, `[[[1]]][0][0][0] == 1`, `1/0 == 1`,
	} {
		f.Add(seed, "title", "value")
	}
	f.Fuzz(func(t *testing.T, expression, title, value string) {
		e, err := rules.New(rules.Set{Rules: []rules.Rule{
			{Name: "group", Condition: `alert.title != "x"`, Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: []string{`alert.labels.a`, expression}},
		}})
		if err != nil {
			e, err = rules.New(rules.Set{Rules: []rules.Rule{{Name: "bool", Condition: expression, Outcome: rules.OutcomeDrop}}})
		}
		if err != nil {
			if len(err.Error()) > 50*1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			e = engine(t, rules.Set{Rules: []rules.Rule{{Name: "group", Outcome: rules.OutcomeGroup, Window: time.Minute, GroupBy: []string{`alert.labels.a`}}}})
		}
		alert := rules.Alert{Title: title, Labels: map[string]string{"a": value, "b": title}}
		decision := e.Decide(alert, noon)
		if diff := cmp.Diff(decision, e.Decide(alert, noon)); diff != "" {
			t.Errorf("decided again:\n%s", diff)
		}
		if len(decision.GroupKey) > rules.MaxGroupKey || len(alert.Labels) != 2 {
			t.Errorf("the key is %q, the labels are %v", decision.GroupKey, decision.Labels)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	var set rules.Set
	for i := range 20 {
		set.Rules = append(set.Rules, rules.Rule{
			Name:      fmt.Sprint("rule ", i),
			Condition: fmt.Sprintf(`alert.labels.service == "service-%d" && alert.title.contains("down")`, i),
			Outcome:   rules.OutcomeDrop,
		})
	}
	e := engine(b, set)
	alert := diskFills()
	b.ReportAllocs()
	for b.Loop() {
		if decision := e.Decide(alert, noon); decision.Outcome != rules.OutcomeOpen {
			b.Fatal(decision)
		}
	}
}
