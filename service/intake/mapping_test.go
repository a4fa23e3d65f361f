package intake_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

// checks is a mapping that uses what there is.
var checks = intake.MappingSource{
	Alerts:      `body.checks`,
	Key:         `body.site + "/" + alert.name`,
	Episode:     `alert.?episode`,
	Status:      `alert.up == null ? "" : (alert.up ? "resolved" : "firing")`,
	Title:       `alert.name.upperAscii() + " is " + (alert.up ? "up" : "down")`,
	Summary:     `alert.?text.orValue("")`,
	Severity:    `query.severity`,
	URL:         `"https://monitoring.example.com/" + string(alert.number)`,
	Time:        `alert.?since`,
	Labels:      `{"site": body.site, "number": alert.number, "share": 0.5, "up": alert.up, "parts": [1]}`,
	Annotations: `alert.?notes`,
}

const checksBody = `{"site":"eu","checks":[
	{"name":"web","number":12345678901234567,"up":false,"since":"2026-03-04T08:09:00Z","notes":{"a":"b"}},
	{"name":"db","number":2,"up":true,"episode":4711,"text":"well","since":1772613611},
	{"name":"new","number":3,"up":null}]}`

func newMapping(tb testing.TB, source intake.MappingSource) *intake.Mapping {
	tb.Helper()
	mapping, err := intake.NewMapping(source)
	if err != nil {
		tb.Fatal(err)
	}
	return mapping
}

func TestMappingMakesAlerts(t *testing.T) {
	mapping := newMapping(t, checks)
	sent := request([]byte(checksBody))
	sent.Query = url.Values{"severity": {"Page", "low"}}
	got := parse(t, intake.Generic(), sent, intake.Options{Mapping: mapping})
	want := []intake.Alert{{
		Fingerprint: "eu/web", Status: intake.Firing, Severity: "page", Title: "WEB is down",
		GeneratorURL: "https://monitoring.example.com/12345678901234567",
		Time:         at("2026-03-04T08:09:00Z"),
		Labels:       map[string]string{"site": "eu", "number": "12345678901234567", "share": "0.5", "up": "false"},
		Annotations:  map[string]string{"a": "b"},
	}, {
		EpisodeKey: "4711", Fingerprint: "eu/db", Status: intake.Resolved, Severity: "page", Title: "DB is up", Summary: "well",
		GeneratorURL: "https://monitoring.example.com/2", Time: at("2026-03-04T08:40:11Z"),
		Labels:      map[string]string{"site": "eu", "number": "2", "share": "0.5", "up": "true"},
		Annotations: map[string]string{},
	}}
	if diff := cmp.Diff(want, got.Alerts); diff != "" {
		t.Errorf("Alerts (-want +got):\n%s", diff)
	}
}

func TestMappingReadsOtherBodies(t *testing.T) {
	for _, test := range []struct{ body, key, want string }{
		{`{"name":18446744073709551615}`, "body.name", "FIRING|18446744073709551615|||18446744073709551615"},
		{`[1.5]`, "body[0]", "FIRING|1.5|||1.5"},
		{`"x"`, "body + 'y'", "FIRING|xy|||xy"},
	} {
		mapping := newMapping(t, intake.MappingSource{Key: test.key, Status: `"firing"`, Title: test.key})
		got := parse(t, intake.Generic(), request([]byte(test.body)), intake.Options{Mapping: mapping})
		if line := summaryOf(got)[0]; line != test.want {
			t.Errorf("%s: %q, want %q", test.body, line, test.want)
		}
	}
}

func TestNewMappingRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*intake.MappingSource)
		want   string
	}{
		{"no key", func(s *intake.MappingSource) { s.Key = "" }, "key is missing"},
		{"no status", func(s *intake.MappingSource) { s.Status = "" }, "status is missing"},
		{"half an expression", func(s *intake.MappingSource) { s.Title = "body." }, "title is wrong at 1:6:"},
		{"a line break", func(s *intake.MappingSource) { s.Summary = "body.a +\n  nobody" }, `summary is wrong at 2:3: "nobody" is neither a variable nor a function here; there are body, alert and query`},
		{"an unknown function", func(s *intake.MappingSource) { s.URL = `"a".replace("", "b")` }, "url is wrong at 1:12:"},
		{"a number as status", func(s *intake.MappingSource) { s.Status = "1" }, "status is wrong at 1:1: must be a text (string), and is int"},
		{"a map as title", func(s *intake.MappingSource) { s.Title = "{}" }, "title is wrong at 1:1: must be a text (string), a number, true or false (bool) or null, and is map(dyn, dyn)"},
		{"a text as labels", func(s *intake.MappingSource) { s.Labels = "'a'" }, "labels is wrong at 1:1: must be a map or null, and is string"},
		{"a map as list", func(s *intake.MappingSource) { s.Alerts = "{}" }, "alerts is wrong at 1:1: must be a list, and is map(dyn, dyn)"},
		{"a boolean as time", func(s *intake.MappingSource) { s.Time = "true" }, "time is wrong at 1:1: must be a timestamp, a text (string), a number or null, and is bool"},
		{"an endless expression", func(s *intake.MappingSource) { s.Key = strings.Repeat("a", intake.MaxExpression+1) }, "key must be at most 4096 bytes of UTF-8, and has 4097 bytes"},
		{"deep brackets", func(s *intake.MappingSource) { s.Key = strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000) }, "key is wrong at"},
		{"a bad pattern", func(s *intake.MappingSource) { s.Key = `body.a.matches("(")` }, "key is wrong at 1:16: invalid matches argument"},
		{"a pattern that was sent", func(s *intake.MappingSource) { s.Key = `body.a.matches(body.b)` }, "key is wrong at 1:15: matches takes a regular expression in quotes, not one that is made of what was sent"},
		{"a huge pattern", func(s *intake.MappingSource) { s.Key = `body.a.matches("(a{30}){30}b{900}c{900}")` }, "key is wrong at 1:16: regex program size"},
		{"many parts", func(s *intake.MappingSource) { s.Key = "[" + strings.Repeat("0,", 2000) + "0]" }, "key is wrong at 1:1: expression node"},
		{"lists in lists in lists in lists", func(s *intake.MappingSource) {
			s.Key = "body.all(a, a.all(b, b.all(c, c.all(d, d))))"
		}, "key is wrong at 1:36: comprehension exceeds nesting limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := checks
			test.change(&source)
			mapping, err := intake.NewMapping(source)
			problem, ok := errors.AsType[*intake.MappingError](err)
			if !ok || mapping != nil || !strings.HasPrefix(problem.Error(), test.want) || len(problem.Error()) > 1000 {
				t.Errorf("error %v, want %q…", err, test.want)
			}
		})
	}
}

func TestMappingRefusesWhatItCannotRead(t *testing.T) {
	for _, test := range []struct {
		name           string
		source         intake.MappingSource
		body           string
		field, problem string
	}{
		{"no body", intake.MappingSource{}, ``, "", "is empty"},
		{"half a body", intake.MappingSource{}, `{"a":`, "", "ends after 5 bytes"},
		{"a deep body", intake.MappingSource{}, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "", "nested deeper"},
		{"a huge number", intake.MappingSource{}, `1e999`, "", "too large"},
		{"no list", intake.MappingSource{Alerts: "body.a"}, `{"b":1}`, "alerts", "fails: no such key: a"},
		{"another kind of list", intake.MappingSource{Alerts: "body.a"}, `{"a":1}`, "alerts", "gives a value of type int; it must give a list"},
		{"too long a list", intake.MappingSource{Alerts: "body"}, `[0` + strings.Repeat(",0", intake.MaxAlerts) + `]`, "alerts", "has 10001 elements"},
		{"no key", intake.MappingSource{Alerts: "body", Key: "alert.key"}, `[{"key":1},{}]`, "alerts[1].key", "fails: no such key"},
		{"an empty key", intake.MappingSource{Key: "body.key"}, `{"key":""}`, "key", "is missing"},
		{"a map as key", intake.MappingSource{Key: "body.key"}, `{"key":{}}`, "key", "gives a value of type map"},
		{"no status", intake.MappingSource{Status: "body.state"}, `{"state":null}`, "status", "gives a value of type null_type; it must give a string"},
		{"a number as status", intake.MappingSource{Status: "body.state"}, `{"state":1}`, "status", "gives a value of type int; it must give a string"},
		{"another status", intake.MappingSource{Status: "body.state"}, `{"state":"bad"}`, "status", `must be "firing"`},
		{"what costs too much", intake.MappingSource{Key: "body.all(a, body.all(b, body.all(c, a + b + c > 0))) ? 'a' : 'b'"}, `[1` + strings.Repeat(",1", 400) + `]`, "key", "costs too much"},
		{"what costs too much in all", intake.MappingSource{Alerts: "body", Title: "body.all(a, a > 0) ? 'a' : 'b'"}, `[1` + strings.Repeat(",1", 1500) + `]`, "", "costs too much"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.source.Key == "" {
				test.source.Key = `"k"`
			}
			if test.source.Status == "" {
				test.source.Status = `"firing"`
			}
			_, err := intake.Generic().Parse(request([]byte(test.body)), intake.Options{Mapping: newMapping(t, test.source)})
			problem, ok := errors.AsType[*intake.InvalidError](err)
			if !ok || test.field != "" && problem.Field != test.field || !strings.Contains(problem.Problem, test.problem) {
				t.Errorf("error %v, want %s …%q…", err, test.field, test.problem)
			}
		})
	}
}

func TestMappingSaysWhatItLeftEmpty(t *testing.T) {
	mapping := newMapping(t, intake.MappingSource{Key: "body.id", Status: `"firing"`, Title: "body.title", Labels: "body.labels", Time: "body.start"})
	got := parse(t, intake.Generic(), request([]byte(`{"id":"a","labels":7,"start":"today"}`)), intake.Options{Mapping: mapping}).Alerts[0]
	want := []string{
		"title was left empty: its expression fails: no such key: title",
		"time was left empty: its expression gives no time; it must give a timestamp, a string after RFC 3339, or seconds since 1970",
		"labels was left empty: its expression gives a value of type int; it must give a map",
	}
	if diff := cmp.Diff(want, got.Alterations); diff != "" || got.Title != "a" {
		t.Errorf("Alterations (-want +got):\n%s", diff)
	}
}

func FuzzMapping(f *testing.F) {
	mapping := newMapping(f, checks)
	loose := newMapping(f, intake.MappingSource{
		Key: "body", Status: "'firing'", Title: "string(body)", Labels: "body", Annotations: "body", Time: "body",
	})
	f.Add([]byte(checksBody))
	f.Add([]byte(`1e13`))
	f.Add([]byte("\xff"))
	f.Add([]byte(`{"\u0000":"\ud800"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, mapping := range []*intake.Mapping{mapping, loose} {
			fuzzAdapter(t, intake.Generic(), request(body), intake.Options{Mapping: mapping})
		}
	})
}

func FuzzNewMapping(f *testing.F) {
	f.Add(`body.checks.map(c, c.name)`)
	f.Add(`"\u0000" + body.a.matches("(a*)*b")`)
	f.Fuzz(func(t *testing.T, expression string) {
		mapping, err := intake.NewMapping(intake.MappingSource{Key: `"k"`, Status: `"firing"`, Title: expression})
		if err != nil {
			if problem, ok := errors.AsType[*intake.MappingError](err); !ok || len(problem.Error()) > 1000 {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		fuzzAdapter(t, intake.Generic(), request([]byte(checksBody)), intake.Options{Mapping: mapping})
	})
}
