package importer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/importer"
)

// Each time is the beginning of an entry of a timeline on Friday, 1 March 2024, in which times without a zone are UTC.
func TestTimesInManyForms(t *testing.T) {
	for _, test := range []struct{ written, want string }{
		{"2024-03-01T14:05:00Z paged", "2024-03-01T14:05:00Z | paged"},
		{"2024-03-01T14:05:00.250-05:00 paged", "2024-03-01T19:05:00.25Z | paged"},
		{"2024-03-01T14:05-05:00 paged", "2024-03-01T19:05:00Z | paged"},
		{"2024-03-01 14:05 UTC: paged", "2024-03-01T14:05:00Z | paged"},
		{"2024/03/01 14:05 – paged", "2024-03-01T14:05:00Z | paged"},
		{"2024-03-01, 14:05 | paged", "2024-03-01T14:05:00Z | paged"},
		{"Mar 1, 14:05 paged", "2024-03-01T14:05:00Z | paged"},
		{"March 1st, 2024 at 2:05 pm paged", "2024-03-01T14:05:00Z | paged"},
		{"Fri, 1 Mar 2024 14:05:09 +0100 paged", "2024-03-01T13:05:09Z | paged"},
		{"1. März paged", ""},
		{"01.03.2024 14:05 paged", "2024-03-01T14:05:00Z | paged"},
		{"14:05 paged", "2024-03-01T14:05:00Z | paged"},
		{"14:05:06 - paged", "2024-03-01T14:05:06Z | paged"},
		{"14:05:06,123 paged", "2024-03-01T14:05:06.123Z | paged"},
		{"**14:05** — **OUTAGE** begins", "2024-03-01T14:05:00Z | **OUTAGE** begins"},
		{"**14:05:** paged", "2024-03-01T14:05:00Z | paged"},
		{"**14:05 paged** at once", "2024-03-01T14:05:00Z | **paged** at once"},
		{"`14:05` paged", "2024-03-01T14:05:00Z | paged"},
		{"[14:05] paged", "2024-03-01T14:05:00Z | paged"},
		{"(14:05 UTC) paged", "2024-03-01T14:05:00Z | paged"},
		{"2:05pm paged", "2024-03-01T14:05:00Z | paged"},
		{"2:05 p.m. paged", "2024-03-01T14:05:00Z | paged"},
		{"12:05 AM paged", "2024-03-01T00:05:00Z | paged"},
		{"12 pm paged", "2024-03-01T12:00:00Z | paged"},
		{"1405Z paged", "2024-03-01T14:05:00Z | paged"},
		{"1405 UTC paged", "2024-03-01T14:05:00Z | paged"},
		{"1405h paged", "2024-03-01T14:05:00Z | paged"},
		{"14h05 paged", "2024-03-01T14:05:00Z | paged"},
		{"14:05 EST paged", "2024-03-01T19:05:00Z | paged"},
		{"14:05 PDT paged", "2024-03-01T21:05:00Z | paged"},
		{"14:05 PT paged", "2024-03-01T22:05:00Z | paged"},
		{"2024-07-01 14:05 PT paged", "2024-07-01T21:05:00Z | paged"},
		{"14:05 CEST paged", "2024-03-01T12:05:00Z | paged"},
		{"14:05 UTC+2 paged", "2024-03-01T12:05:00Z | paged"},
		{"14:05 GMT+05:30 paged", "2024-03-01T08:35:00Z | paged"},
		{"14:05 +0100 paged", "2024-03-01T13:05:00Z | paged"},
		{"14:05 DNS fails", "2024-03-01T14:05:00Z | DNS fails"},
		{"~14:05 paged", "2024-03-01T14:05:00Z ±5m0s | paged"},
		{"~**14:05** paged", "2024-03-01T14:05:00Z ±5m0s | paged"},
		{"approx. 14:05 paged", "2024-03-01T14:05:00Z ±5m0s | paged"},
		{"about 2 pm paged", "2024-03-01T14:00:00Z ±30m0s | paged"},
		{"14:05 (approx.) paged", "2024-03-01T14:05:00Z ±5m0s | paged"},
		{"14:05 ± 10 min paged", "2024-03-01T14:05:00Z ±10m0s | paged"},
		{"14:05 +/- 1h30m paged", "2024-03-01T14:05:00Z ±1h30m0s | paged"},
		{"14:05? paged", "2024-03-01T14:05:00Z ±5m0s | paged"},
		{"14:05–14:20 paged", "2024-03-01T14:05:00Z to 2024-03-01T14:20:00Z | paged"},
		{"14:05-14:20 paged", "2024-03-01T14:05:00Z to 2024-03-01T14:20:00Z | paged"},
		{"14:05 to 14:20 UTC paged", "2024-03-01T14:05:00Z to 2024-03-01T14:20:00Z | paged"},
		{"2:05–2:20 pm paged", "2024-03-01T14:05:00Z to 2024-03-01T14:20:00Z | paged"},
		{"23:50 → 00:10 paged", "2024-03-01T23:50:00Z to 2024-03-02T00:10:00Z | paged"},
		{"14:05 - 2 pods restarted", "2024-03-01T14:05:00Z | 2 pods restarted"},
		{"14:05 on March 2 paged", "2024-03-02T14:05:00Z | paged"},
		{"2024-03-02: paged", "2024-03-02T12:00:00Z ±12h0m0s | paged"},
		{"T+5m paged", "2024-03-01T12:05:00Z | paged"},
		{"T-10 paged", "2024-03-01T11:50:00Z | paged"},
		{"T+01:05 paged", "2024-03-01T13:05:00Z | paged"},
		{"T+1h5m paged", "2024-03-01T13:05:00Z | paged"},
		{"T0 paged", "2024-03-01T12:00:00Z | paged"},
		{"+00:05 paged", "2024-03-01T12:05:00Z | paged"},
		{"25:00 paged", ""},
		{"14:75 paged", ""},
		{"13:05 pm paged", ""},
		{"14:05th paged", ""},
		{"31 Feb 14:05 paged", ""},
		{"2024-13-01 paged", ""},
		{"3 pods restarted", ""},
		{"1405 requests failed", ""},
		{"may be slow", ""},
		{"50% failed", ""},
		{"10/100 failed", ""},
		{"14:05/14:06 ratio", ""},
	} {
		t.Run(test.written, func(t *testing.T) {
			if diff := cmp.Diff(test.want, entryOf(t, "Started: 2024-03-01 12:00 UTC\n\n## Timeline\n\n* "+test.written)); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

// entryOf is the last entry of a text: when, how exact, until when, and what.
func entryOf(t *testing.T, text string) string {
	t.Helper()
	entries := parse(t, "# T\n\n"+text).Document.Timeline
	if len(entries) == 0 {
		return ""
	}
	entry := entries[len(entries)-1]
	when := entry.Time.Format(time.RFC3339Nano)
	if entry.Precision > 0 {
		when += " ±" + entry.Precision.String()
	}
	if !entry.EndTime.IsZero() {
		when += " to " + entry.EndTime.Format(time.RFC3339Nano)
	}
	return when + " | " + entry.Text
}

func TestDaysOfTimesThatTellNone(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"the document's", "Date: 2023-12-31\n\n## Timeline\n\n- 14:05 a", []string{"2023-12-31 14:05"}},
		{"the title's", "", []string{"2022-05-04 10:00"}},
		{"midnight passes", "Date: 2023-12-31\n\n## Timeline\n\n- 23:50 a\n- 00:10 b\n- 08:00 c", []string{"2023-12-31 23:50", "2024-01-01 00:10", "2024-01-01 08:00"}},
		{"a little back is no midnight", "Date: 2023-12-31\n\n## Timeline\n\n- 14:05 a\n- 14:03 b", []string{"2023-12-31 14:05", "2023-12-31 14:03"}},
		{"headings", "Date: 2023-12-31\n\n## Timeline\n\n### Jan 2, 2024\n\n- 23:50 a\n\n### 3 January\n\n- 00:10 b", []string{"2024-01-02 23:50", "2024-01-03 00:10"}},
		{"items", "## Timeline\n\n- **2024-01-02**\n  - 23:50 a\n- 2024-01-03\n  - 00:10 b\n", []string{"2024-01-02 23:50", "2024-01-03 00:10"}},
		{"the entry before", "## Timeline\n\n- 2024-01-02 23:50 a\n- 23:55 b\n- 00:05 c", []string{"2024-01-02 23:50", "2024-01-02 23:55", "2024-01-03 00:05"}},
		{"columns", "## Timeline\n\n| Date | Time | What |\n|-|-|-|\n| 2024-01-02 | 23:50 | a |\n| | 23:55 | b |\n| | 00:05 | c |", []string{"2024-01-02 23:50", "2024-01-02 23:55", "2024-01-03 00:05"}},
		{"a year that turns", "Date: 2023-12-31\n\n## Timeline\n\n- Dec 31, 23:50 a\n- Jan 1, 00:05 b", []string{"2023-12-31 23:50", "2024-01-01 00:05"}},
		{"the caller's", "## Timeline\n\n- 14:05 a", []string{"2024-03-01 14:05"}},
		{"a zone for all, in the heading", "Date: 2024-01-02\n\n## Timeline (PST)\n\n- 20:05 a", []string{"2024-01-03 04:05"}},
		{"a zone for all, in a sentence", "Date: 2024-01-02\n\n## Timeline\n\n*All times are in CET.*\n\n- 00:05 a", []string{"2024-01-01 23:05"}},
		{"a zone for all, in a column", "Date: 2024-01-02\n\n## Timeline\n\n| Time (UTC+2) | Event |\n|-|-|\n| 14:05 | a |", []string{"2024-01-02 12:05"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "# T\n\n" + test.text
			if test.text == "" {
				text = "# 2022-05-04: it fell\n\n## Timeline\n\n- 10:00 a"
			}
			var got []string
			for _, entry := range parse(t, text).Document.Timeline {
				got = append(got, entry.Time.Format("2006-01-02 15:04"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("times (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a day that can be read in two ways", "Date: 3/4/2024 10:00 UTC", "“3/4/2024 10:00 UTC” was read as March 4, the month first"},
		{"a zone of several places", "Date: 2024-03-04 10:00 IST", "“2024-03-04 10:00 IST” IST is also Ireland's and Israel's, and was read as UTC+5.5"},
		{"no time at all", "Date: last Tuesday", "no time could be read in “last Tuesday”"},
		{"no zone", "## Timeline\n\n- 14:05 a", "no time zone is told: times without one were read as UTC"},
		{"an entry without a time", "## Timeline\n\n- 14:05 UTC a\n- then it broke", "no time could be read in “then it broke”: kept outside the timeline"},
		{"time that goes back", "## Timeline\n\n- 14:05 UTC a\n- 14:01 UTC b", "“14:01 UTC” goes back in time"},
		{"a column without a field", "## Actions\n\n| Action | Mood |\n|-|-|\n| a | b |", "the column “Mood” is not known: its cells were added to the descriptions"},
		{"front matter that is none", "---\na: [\n---\n# T", "the front matter is no YAML, and was kept as it is"},
		{"cells without a column", "## Actions\n\n| Action | Owner |\n|-|-|\n| a | b | surplus |", "not every word of “Actions” found a field: it was also kept as it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, warning := range parse(t, test.text).Report.Warnings {
				got = append(got, warning.Message)
			}
			if !strings.Contains(strings.Join(got, "\n"), test.want) {
				t.Errorf("warnings %q, want %q", got, test.want)
			}
		})
	}
}

func TestWarningsAreBounded(t *testing.T) {
	text := "## Timeline\n\n" + strings.Repeat("- no time\n", 1000)
	warnings := parse(t, text).Report.Warnings
	if len(warnings) != importer.MaxWarnings || warnings[len(warnings)-1].Message != "801 further warnings" {
		t.Errorf("%d warnings, the last %v", len(warnings), warnings[len(warnings)-1])
	}
}
