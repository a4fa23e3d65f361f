package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestParseAlertmanagerTitles(t *testing.T) {
	long := strings.Repeat("many words ", 40)
	for _, test := range []struct {
		name                string
		labels, annotations map[string]string
		title, summary      string
	}{
		{"the summary", pairs("alertname=A"), map[string]string{"summary": "S", "title": "T", "message": "M", "description": "D"}, "S", "D"},
		{"the title", pairs("alertname=A"), map[string]string{"title": "T", "message": "M"}, "T", "M"},
		{"the message", pairs("alertname=A"), map[string]string{"message": " M "}, "M", ""},
		{"a blank summary", pairs("alertname=A"), map[string]string{"summary": " \n", "message": "M"}, "M", ""},
		{"the rule's name", pairs("alertname=A job=j"), nil, "A", ""},
		{"the rule's name with the service", pairs("alertname=A service=s"), nil, "A (s)", ""},
		{"the rule's name with service and instance", pairs("alertname=A service=s instance=i:1"), nil, "A (s, i:1)", ""},
		{"the fingerprint", pairs("job=j"), nil, "Alert f1", ""},
		{"one line", nil, map[string]string{"summary": "a\r\n  b\tc"}, "a b c", ""},
		{"300 characters of any width", nil, map[string]string{"summary": strings.Repeat("ö", 300)}, strings.Repeat("ö", 300), ""},
		{"one character too many", nil, map[string]string{"summary": strings.Repeat("ö", 301)}, strings.Repeat("ö", 299) + "…", ""},
		{"cut between words", nil, map[string]string{"summary": long}, strings.TrimSpace(long[:297]) + "…", ""},
		{"without control characters", nil, map[string]string{"summary": "a\x00\x1b[31mb\u0085"}, "a\uFFFD\uFFFD[31mb\uFFFD", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			alert := parseOne(t, encode(t, test.labels, test.annotations))
			if alert.Title != test.title || alert.Summary != test.summary {
				t.Errorf("title %q, summary %q, want %q, %q", alert.Title, alert.Summary, test.title, test.summary)
			}
		})
	}
}

func TestParseAlertmanagerBoundsAnAlert(t *testing.T) {
	many := map[string]string{}
	for i := range intake.MaxLabels + 3 {
		many[fmt.Sprintf("l%03d", i)] = "v"
	}
	cutMany := map[string]string{}
	for i := range intake.MaxLabels {
		cutMany[fmt.Sprintf("l%03d", i)] = "v"
	}
	atLimit := map[string]string{"a": strings.Repeat("v", intake.MaxLabelValue)}
	wide := strings.Repeat("ö", intake.MaxLabelValue)
	for _, test := range []struct {
		name        string
		labels      map[string]string
		want        map[string]string
		alterations []string
	}{
		{"which fits", atLimit, atLimit, nil},
		{
			"of long values, between characters",
			map[string]string{"a.b": wide},
			map[string]string{"a.b": wide[:2*510] + "…"},
			[]string{`labels["a.b"] was shortened from 2048 to 1023 bytes`},
		},
		{
			"of many labels", many, cutMany,
			[]string{"3 of 259 labels were left out: at most 256 are kept, with names of at most 128 bytes"},
		},
		{
			"of long names",
			map[string]string{strings.Repeat("n", 129): "v", "a": "v"},
			map[string]string{"a": "v"},
			[]string{"1 of 2 labels were left out: at most 256 are kept, with names of at most 128 bytes"},
		},
		{
			"of names that come to be the same",
			map[string]string{"a\x00": "1", "a\x01": "2"},
			map[string]string{"a\uFFFD": "1"},
			[]string{"1 of 2 labels were left out: at most 256 are kept, with names of at most 128 bytes"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			alert := parseOne(t, encode(t, test.labels, nil))
			if diff := cmp.Diff(test.want, alert.Labels); diff != "" {
				t.Errorf("Labels (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.alterations, alert.Alterations); diff != "" {
				t.Errorf("Alterations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAlertmanagerLeavesOutAnEndlessURL(t *testing.T) {
	alert := parseOne(t, `{"status":"firing","fingerprint":"f1","startsAt":"2026-03-04T08:10:11Z","generatorURL":"http://`+
		strings.Repeat("a", intake.MaxURL)+`"}`)
	want := []string{"generatorURL of 8199 bytes was left out: at most 8192 are kept"}
	if diff := cmp.Diff(want, alert.Alterations); diff != "" || alert.GeneratorURL != "" {
		t.Errorf("GeneratorURL of %d bytes, Alterations (-want +got):\n%s", len(alert.GeneratorURL), diff)
	}
}

func TestParseAlertmanagerReplacesWhatIsNotUTF8(t *testing.T) {
	alert := parseOne(t, `{"status":"firing","fingerprint":"f1","startsAt":"2026-03-04T08:10:11Z","annotations":{"summary":"caf`+"\xe9"+`"}}`)
	if want := "caf\uFFFD"; alert.Title != want || !utf8.ValidString(alert.Annotations["summary"]) {
		t.Errorf("title %q, annotation %q, want %q", alert.Title, alert.Annotations["summary"], want)
	}
}

func encode(t *testing.T, labels, annotations map[string]string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"status": "firing", "fingerprint": "f1", "startsAt": "2026-03-04T08:10:11Z",
		"labels": labels, "annotations": annotations,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
