package calendar_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files of testdata anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); go test ./service/calendar -update writes it anew:\n%s", path, diff)
	}
}

func day(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }

// property is a content line, unfolded: its name, what stands before its value, and its value as it is written.
type property struct{ name, parameters, value string }

// lines checks that the bytes are what RFC 5545 (3.1) asks of a file, and takes it apart by that section alone.
func lines(t *testing.T, data []byte) []property {
	t.Helper()
	if !utf8.Valid(data) || !bytes.HasSuffix(data, []byte("\r\n")) {
		t.Fatalf("no UTF-8, or no end of line at the end: %q", data)
	}
	physical := strings.Split(strings.TrimSuffix(string(data), "\r\n"), "\r\n")
	var unfolded []string
	for i, line := range physical {
		if len(line) > 75 {
			t.Errorf("line %d has %d octets: %q", i+1, len(line), line)
		}
		if strings.ContainsFunc(line, func(r rune) bool {
			return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
		}) {
			t.Errorf("line %d has control characters: %q", i+1, line)
		}
		if rest, folded := strings.CutPrefix(line, " "); folded {
			unfolded[len(unfolded)-1] += rest
			continue
		}
		unfolded = append(unfolded, line)
	}
	properties := make([]property, len(unfolded))
	for i, line := range unfolded {
		properties[i] = takeApart(t, line)
	}
	return properties
}

func takeApart(t *testing.T, line string) property {
	t.Helper()
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ':' && !quoted:
			name, parameters, _ := strings.Cut(line[:i], ";")
			return property{name: name, parameters: parameters, value: line[i+1:]}
		}
	}
	t.Fatalf("no property: %q", line)
	return property{}
}

// names are the properties' names, in order; those of BEGIN and END with their value.
func names(properties []property) []string {
	all := make([]string, len(properties))
	for i, p := range properties {
		all[i] = p.name
		if p.name == "BEGIN" || p.name == "END" {
			all[i] += ":" + p.value
		}
	}
	return all
}

// parse reads the bytes with two parsers that know nothing of each other, which must agree on the texts.
func parse(t *testing.T, data []byte) *ical.Calendar {
	t.Helper()
	ours, err := ics.ParseCalendar(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("the library does not read what it wrote: %v", err)
	}
	calendar, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil {
		t.Fatalf("another library does not read it: %v", err)
	}
	if len(calendar.Children) > 0 {
		// Its encoder checks which properties a component must and may have, and how often.
		if err := ical.NewEncoder(&bytes.Buffer{}).Encode(calendar); err != nil {
			t.Error(err)
		}
	}
	if len(ours.Events()) != len(calendar.Events()) {
		t.Fatalf("the parsers read %d and %d events", len(ours.Events()), len(calendar.Events()))
	}
	for i, event := range ours.Events() {
		for name, property := range map[string]ics.ComponentProperty{
			ical.PropSummary: ics.ComponentPropertySummary, ical.PropDescription: ics.ComponentPropertyDescription,
		} {
			other := value(t, calendar.Events()[i], name)
			if own := event.GetProperty(property); own != nil && own.Value != other {
				t.Errorf("the parsers read %s as %q and %q", name, own.Value, other)
			}
		}
	}
	return calendar
}

func value(t *testing.T, event ical.Event, name string) string {
	t.Helper()
	got, err := event.Props.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
