package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.einride.tech/aip/filtering"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestParseTime shows how people write times.
func TestParseTime(t *testing.T) {
	tests := []struct{ text, want string }{
		{"2026-11-23T10:02:00Z", "2026-11-23T11:02:00+01:00"},
		{"2026-11-23t10:02:00.5+02:00", "2026-11-23T09:02:00.5+01:00"},
		{"2026-11-20 10:02", "2026-11-20T10:02:00+01:00"},
		{"2026-11-20T10:02:03", "2026-11-20T10:02:03+01:00"},
		{"2026-12-01", "2026-12-01T00:00:00+01:00"},
		{"10:02", "2026-11-23T10:02:00+01:00"},
		{"23:59:30", "2026-11-23T23:59:30+01:00"},
		{"-10m", "2026-11-23T11:50:00+01:00"},
		{"10m ago", "2026-11-23T11:50:00+01:00"},
		{"1h30m ago", "2026-11-23T10:30:00+01:00"},
		{"+2h", "2026-11-23T14:00:00+01:00"},
		{"in 3d", "2026-11-26T12:00:00+01:00"},
		{"In 1w2d", "2026-12-02T12:00:00+01:00"},
		{"now", "2026-11-23T12:00:00+01:00"},
		{"Yesterday", "2026-11-22T00:00:00+01:00"},
		{"today", "2026-11-23T00:00:00+01:00"},
		{"tomorrow", "2026-11-24T00:00:00+01:00"},
		{"10m", ""},
		{"in 10m ago", ""},
		{"-10m ago", "2026-11-23T11:50:00+01:00"},
		{"soon", ""},
		{"", ""},
		{"25:00", ""},
		{"2026-13-01", ""},
		{"+1e9w", ""},
		{"-99999999w", ""},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := parseTime(test.text, testNow)
			if test.want == "" {
				if err == nil {
					t.Errorf("got %s", got)
				}
				return
			}
			if err != nil || got.In(testNow.Location()).Format(time.RFC3339Nano) != test.want {
				t.Errorf("got %s, %v, want %s", got.In(testNow.Location()), err, test.want)
			}
		})
	}
}

// TestAges shows how far away times are said to be.
func TestAges(t *testing.T) {
	a := newApplication(testEnvironment(t, ""))
	for distance, want := range map[time.Duration]string{
		0: "now", 29 * time.Second: "now", 31 * time.Second: "1m ago", 59 * time.Minute: "59m ago", 47 * time.Hour: "47h ago",
		48 * time.Hour: "2d ago", 80 * 24 * time.Hour: "11w ago", 1000 * 24 * time.Hour: "2y ago", -2*time.Hour + time.Second: "in 2h",
	} {
		if got := a.age(testNow.Add(-distance)); got != want {
			t.Errorf("%s: got %q, want %q", distance, got, want)
		}
	}
}

// TestShortDuration shows how durations are told.
func TestShortDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		90 * time.Second: "1m30s", 5 * time.Minute: "5m", 2 * time.Hour: "2h", 150 * time.Minute: "2h30m", 48 * time.Hour: "2d",
		50 * time.Hour: "2d2h", 30 * time.Second: "30s",
	} {
		if got := shortDuration(duration); got != want {
			t.Errorf("%s: got %q, want %q", duration, got, want)
		}
		if parsed, err := parseDuration(shortDuration(duration)); err != nil || parsed != duration {
			t.Errorf("%s: read back as %s, %v", duration, parsed, err)
		}
	}
}

// TestNames shows in which forms resources can be named.
func TestNames(t *testing.T) {
	for _, text := range []string{testID, strings.ToLower(testID), testIncident, "INCIDENTS/" + strings.ToLower(testID), " " + testID + " "} {
		if got, err := incidentNames.parse(text); err != nil || got != testIncident {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", testID[1:], testID + "0", "8" + testID[1:], "incidents/", testAction, testEntry, "01JD3V2Q6R8T0W2Y4A6C8E0G2U"} {
		if got, err := incidentNames.parse(text); err == nil {
			t.Errorf("%q: got %q", text, got)
		}
	}
	for _, arguments := range [][]string{
		{testEntry}, {testID, testID}, {testIncident, strings.ToLower(testID)}, {testID + "/" + testID}, {testID, testEntry}, {testIncident + "/" + testID},
	} {
		if got, err := parseEntry(arguments); err != nil || got != testEntry {
			t.Errorf("%q: got %q, %v", arguments, got, err)
		}
	}
}

// TestFilters shows what convenience flags come to.
func TestFilters(t *testing.T) {
	tests := []struct {
		command string
		method  string
		want    string
	}{
		{
			"incident list|--open|--severity|sev1,SEVERITY_SEV2|--kind|incident|--label|team|--label|app.kubernetes.io/name=a b|--service|checkout|" +
				"--lead|bo|--responder|cy|--title|slow queue|--since|yesterday|--until|now|--filter|NOT lead = x OR lead = y",
			"ListIncidents",
			`(NOT lead = x OR lead = y) AND (state = TRIAGE OR state = ACTIVE OR state = MITIGATED) AND (severity = SEV1 OR severity = SEV2) AND ` +
				`kind = INCIDENT AND labels:"team" AND labels."app.kubernetes.io/name" = "a b" AND impact.services:"checkout" AND lead = "bo" AND ` +
				`responders.person:"cy" AND title:"slow queue" AND create_time >= "2026-11-21T23:00:00Z" AND create_time < "2026-11-23T11:00:00Z"`,
		},
		{
			"timeline list|" + testID + "|--kind|key-moment|--author|bo|--since|-1h", "ListTimelineEntries",
			`kind = KEY_MOMENT AND author = "bo" AND occur_time >= "2026-11-23T10:00:00Z"`,
		},
		{
			"pm list|--state|draft|--incident|" + testID + "|--facilitator|dee|--participant|cy|--title|slow|--label|a=b", "ListPostMortems",
			`state = DRAFT AND incidents:"` + testIncident + `" AND facilitator = "dee" AND participants.person:"cy" AND title:"slow" AND labels."a" = "b"`,
		},
		{
			"action list|--overdue|--mine|--priority|p1|--strength|weaker|--postmortem|" + testID + "|--incident|" + testID, "ListActionItems",
			`(state = OPEN OR state = IN_PROGRESS) AND priority = P1 AND strength = WEAKER AND owner = "ana" AND ` +
				`post_mortem = "` + testPostMortem + `" AND incident = "` + testIncident + `" AND due_time < "2026-11-23T11:00:00Z"`,
		},
		{
			"intake rejected list|--source|alertmanager|--until|-30m", "ListRejectedDeliveries",
			`source = "alertmanager" AND create_time < "2026-11-23T10:30:00Z"`,
		},
	}
	for _, test := range tests {
		t.Run(test.method, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer(test.method, answerOf(t, test.method))
			words := strings.Split(test.command, "|")
			mustSucceed(t, debrief(t, server, append(strings.Fields(words[0]), words[1:]...)...))
			got := filterOf(t, server.called(test.method)[0])
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("filter (-want +got):\n%s", diff)
			}
			parseFilter(t, got)
		})
	}
}

func filterOf(t *testing.T, request proto.Message) string {
	t.Helper()
	reflected := request.ProtoReflect()
	return reflected.Get(reflected.Descriptor().Fields().ByName("filter")).String()
}

// parseFilter reads a filter as the server does, and answers the texts in it.
func parseFilter(t rapid.TB, text string) []string {
	t.Helper()
	var parser filtering.Parser
	parser.Init(text)
	parsed, err := parser.Parse()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var literals []string
	for _, argument := range parsed.GetExpr().GetCallExpr().GetArgs() {
		if literal := argument.GetConstExpr(); literal != nil {
			literals = append(literals, literal.GetStringValue())
		}
	}
	return literals
}

// TestQuote shows that no value gets out of its quotes.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune{'"', '\'', '\\', '\n', '\r', ')', ' '}))).Draw(t, "value")
		if got := parseFilter(t, "lead = "+quote(value)); !slices.Equal(got, []string{value}) {
			t.Fatalf("%q became %q in %s", value, got, quote(value))
		}
	})
}

// TestEnums shows that every name of every value is understood, and told again.
func TestEnums(t *testing.T) {
	for _, text := range []string{"ACCESS_AND_SAFEGUARDS", "access-and-safeguards", "Category_Access_And_Safeguards"} {
		got, err := parseEnum[debriefv1.ContributingFactor_Category](text)
		if err != nil || enumText(got) != "ACCESS_AND_SAFEGUARDS" {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "UNSPECIFIED", "CATEGORY_UNSPECIFIED", "CATEGORY_CATEGORY_TOOLING", "1"} {
		if got, err := parseEnum[debriefv1.ContributingFactor_Category](text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if got := enumText(debriefv1.Severity(99)); got != "99" {
		t.Errorf("a value of a newer server: %q", got)
	}
}
