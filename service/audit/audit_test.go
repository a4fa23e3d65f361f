package audit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/audit"
)

// trail has three records.
func trail() []audit.Record {
	records := make([]audit.Record, 3)
	var last audit.Record
	for i := range records {
		last = audit.Record{
			Time:      time.Date(2026, 3, 14, 9, 26, i, 5_000_000, time.UTC),
			Principal: "apiKeys/ci", Role: "RESPONDER", Address: "192.0.2.7",
			Method: "/debrief.v1.IncidentService/CreateIncident", Decision: "ALLOWED",
		}.After(last)
		records[i] = last
	}
	return records
}

func follow(records []audit.Record) error {
	var chain audit.Chain
	for _, record := range records {
		if err := chain.Follow(record); err != nil {
			return err
		}
	}
	return chain.End()
}

func TestHashIsThatOfTheCanonicalForm(t *testing.T) {
	t.Parallel()
	// printf '%s\n' '' 1 2026-03-14T09:26:00.005Z apiKeys/ci RESPONDER 192.0.2.7 \
	//   /debrief.v1.IncidentService/CreateIncident '' ALLOWED '' | sha256sum
	const want = "c1bb2dc5015ae2a6f2d6a5a43d15ffcb9ca48d94937c7e24e31203c2b01eda00"
	if got := trail()[0].Hash; got != want {
		t.Errorf("hash is %s, want %s", got, want)
	}
}

func TestTrailHolds(t *testing.T) {
	t.Parallel()
	if err := follow(trail()); err != nil {
		t.Error(err)
	}
}

// TestFrontOfATrailWasPurged has the trail say so itself, once what was purged is gone.
func TestFrontOfATrailWasPurged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 14, 9, 0, 0, 0, time.UTC)
	records := trail()
	records = append(records, audit.Purged(now, records[1]).After(records[2]))
	for first, want := range []int64{0, 2, 0, 4} {
		broken, _ := errors.AsType[*audit.BrokenError](follow(records[first:]))
		if want == 0 && broken != nil || want != 0 && (broken == nil || broken.Sequence != want) {
			t.Errorf("without the first %d records: %v, want a trail that is broken at record %d", first, broken, want)
		}
	}
	forged := records[2:]
	forged[1].Resource = "auditRecords/2:" + records[0].Hash
	forged[1] = forged[1].After(forged[0])
	if err := follow(forged); err == nil {
		t.Error("a record that tells of others explains what is not there")
	}
}

func TestTrailShowsWhatWasDoneToIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func([]audit.Record) []audit.Record
		want  int64
	}{
		"a record changed": {func(r []audit.Record) []audit.Record { r[1].Principal = "apiKeys/other"; return r }, 2},
		"a record changed, its hash made anew": {func(r []audit.Record) []audit.Record {
			r[1].Decision = "REFUSED"
			r[1].Hash = r[1].Sum()
			return r
		}, 3},
		"a record left out":               {func(r []audit.Record) []audit.Record { return append(r[:1], r[2:]...) }, 3},
		"the first record left out":       {func(r []audit.Record) []audit.Record { return r[1:] }, 2},
		"records in another order":        {func(r []audit.Record) []audit.Record { r[1], r[2] = r[2], r[1]; return r }, 3},
		"a record twice":                  {func(r []audit.Record) []audit.Record { return append(r[:2], r[1:]...) }, 2},
		"a record put in, chained":        {func(r []audit.Record) []audit.Record { return append(r[:2], r[0].After(r[1]), r[2]) }, 3},
		"words moved to the next field":   {func(r []audit.Record) []audit.Record { r[0].Role, r[0].Address = "", r[0].Role+r[0].Address; return r }, 1},
		"the time moved by a millisecond": {func(r []audit.Record) []audit.Record { r[2].Time = r[2].Time.Add(time.Millisecond); return r }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := follow(test.spoil(trail()))
			broken, ok := errors.AsType[*audit.BrokenError](err)
			if !ok || broken.Sequence != test.want {
				t.Errorf("follow = %v, want a trail that is broken at record %d", err, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"incidents/01ARZ":           "incidents/01ARZ",
		"a\nb\r\x00\x1b[31mc\u202e": "ab[31mc",
		"Zoë \xff":                  "Zoë ",
		strings.Repeat("x", 600):    strings.Repeat("x", 512),
		"":                          "",
	} {
		if diff := cmp.Diff(want, audit.Line(text)); diff != "" {
			t.Errorf("Line(%q) (-want +got):\n%s", text, diff)
		}
	}
}
