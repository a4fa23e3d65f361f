package endtoend_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

// narrator keeps what later steps need, and replaces what differs from run to run.
type narrator struct {
	saved map[string]string
	began time.Time
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// filled is a request with the values of its variables.
func (n *narrator) filled(t *testing.T, request map[string]any) map[string]any {
	t.Helper()
	filled, ok := eachText("", plain(t, request), func(_, text string) string {
		return variable.ReplaceAllStringFunc(text, func(reference string) string {
			value, ok := n.saved[variable.FindStringSubmatch(reference)[1]]
			if !ok {
				t.Fatalf("%s was not saved before", reference)
			}
			return value
		})
	}).(map[string]any)
	if !ok {
		return map[string]any{}
	}
	return filled
}

// save keeps the values that a step names.
func (n *narrator) save(t *testing.T, s step, answer any) {
	t.Helper()
	for name, path := range s.Save {
		value, ok := at(answer, path).(string)
		if !ok || value == "" {
			t.Fatalf("%s: the answer has no text at %s: %v", s.Step, path, answer)
		}
		n.saved[name] = value
	}
}

// at follows a path of names and numbers into JSON.
func at(value any, path string) any {
	for segment := range strings.SplitSeq(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[segment]
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i >= len(inner) {
				return nil
			}
			value = inner[i]
		default:
			return nil
		}
	}
	return value
}

// retell is an outcome without what differs from run to run.
func (n *narrator) retell(t *testing.T, s step, outcome outcome) told {
	t.Helper()
	got := told{Step: s.Step, Details: outcome.details}
	if outcome.refused != nil {
		refused := *outcome.refused
		refused.Message = n.same("", refused.Message)
		refused.Metadata = maps.Clone(refused.Metadata)
		for name, text := range refused.Metadata {
			refused.Metadata[name] = n.same("", text)
		}
		got.Refused = &refused
		return got
	}
	got.Answer = eachText("", checkedLags(t, s, outcome.answer), n.same)
	return got
}

var (
	ulid      = regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}`)
	timestamp = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?`)
	// calendarChange are the lines of a calendar that differ from run to run: a UID is made of a name.
	calendarChange = regexp.MustCompile(`(?m)^(UID|DTSTAMP|CREATED|LAST-MODIFIED):\S+`)
	questionID     = regexp.MustCompile(`^([a-z0-9-]+)-[0-9a-v]{12}$`)
	clock          = regexp.MustCompile(`\d\d:\d\d(?::\d\d(?:\.\d+)?)?`)
	// calendarTime and uid are as calendars have them.
	calendarTime = regexp.MustCompile(`\d{8}T\d{6}Z`)
	uid          = regexp.MustCompile(`[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}`)
)

// same is a text as it is in every run; key is the name of the field that holds it.
func (n *narrator) same(key, text string) string {
	if known, ok := map[string]string{"etag": "<etag>", "nextPageToken": "<token>", "remaining": "<remaining>"}[key]; ok {
		return known
	}
	for _, name := range slices.SortedFunc(maps.Keys(n.saved), n.longestFirst) {
		if len(n.saved[name]) >= 26 { // Nothing shorter is sure to be meant.
			text = strings.ReplaceAll(text, n.saved[name], "${"+name+"}")
		}
	}
	text = ulid.ReplaceAllString(text, "<id>")
	if key == "id" || key == "questionId" { // A question's follows from the names of what it is about.
		text = questionID.ReplaceAllString(text, "$1-<question>")
	}
	text = timestamp.ReplaceAllStringFunc(text, n.sameTime)
	if key == "data" || key == "document" { // Its days and times of day are apart.
		text = strings.ReplaceAll(text, n.began.UTC().Format(time.DateOnly), "<today>")
		text = calendarTime.ReplaceAllString(text, "<calendar time>")
		text = uid.ReplaceAllString(text, "<uid>")
		text = clock.ReplaceAllString(text, "<clock>")
		text = calendarChange.ReplaceAllString(text, "$1:<$1>")
	}
	return text
}

func (n *narrator) longestFirst(a, b string) int {
	if difference := len(n.saved[b]) - len(n.saved[a]); difference != 0 {
		return difference
	}
	return strings.Compare(a, b)
}

// sameTime tells times of the story from those that were given.
func (n *narrator) sameTime(text string) string {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		for name, age := range map[string]time.Duration{
			"<now>": 0, "<at risk>": 18 * time.Hour, "<due>": 24 * time.Hour, "<purge>": 30 * 24 * time.Hour, "<look back>": 90 * 24 * time.Hour,
		} {
			if sinceBegin := t.Add(-age).Sub(n.began); sinceBegin > -2*time.Second && sinceBegin < patience {
				return name
			}
		}
	}
	return text
}

// checkedLags replaces the recording lags, and how late clocks were met, once they are known to be right.
func checkedLags(t *testing.T, s step, value any) any {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for name, inner := range value {
			copied[name] = checkedLags(t, s, inner)
		}
		if given, ok := value["recordingLag"]; ok {
			recorded, occurred := parseTime(t, value["recordTime"]), parseTime(t, value["occurTime"])
			if want := jsonDuration(t, max(recorded.Sub(occurred), 0)); given != want {
				t.Errorf("%s: recordingLag is %v, want %s", s.Step, given, want)
			}
			copied["recordingLag"] = "<lag>"
		}
		if given, ok := value["late"]; ok {
			if want := jsonDuration(t, parseTime(t, value["metTime"]).Sub(parseTime(t, value["dueTime"]))); given != want {
				t.Errorf("%s: late is %v, want %s", s.Step, given, want)
			}
			copied["late"] = "<late>"
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = checkedLags(t, s, inner)
		}
		return copied
	}
	return value
}

func parseTime(t *testing.T, value any) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, fmt.Sprint(value))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func jsonDuration(t *testing.T, duration time.Duration) any {
	t.Helper()
	return protoJSON(t, durationpb.New(duration))
}

// eachText replaces each text of a JSON value; key is the name under which it stands.
func eachText(key string, value any, replace func(key, text string) string) any {
	switch value := value.(type) {
	case string:
		return replace(key, value)
	case map[string]any:
		replaced := make(map[string]any, len(value))
		for name, inner := range value {
			replaced[name] = eachText(name, inner, replace)
		}
		return replaced
	case []any:
		replaced := make([]any, len(value))
		for i, inner := range value {
			replaced[i] = eachText(key, inner, replace)
		}
		return replaced
	}
	return value
}

// plain is a value as JSON reads it.
func plain(t *testing.T, value any) any {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}
