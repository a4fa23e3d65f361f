package episode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/episode"
)

// second is a time that reads easily: the seconds since a Tuesday noon.
func second(n int) time.Time {
	return time.Date(2026, time.November, 24, 12, 0, n, 0, time.UTC)
}

func signal(id string, status intake.Status, at int) episode.Signal {
	return episode.Signal{ID: id, Status: status, Time: second(at)}
}

func trigger(id string, at int) episode.Signal     { return signal(id, intake.Firing, at) }
func acknowledge(id string, at int) episode.Signal { return signal(id, intake.Acknowledged, at) }
func resolve(id string, at int) episode.Signal     { return signal(id, intake.Resolved, at) }

func applied(series episode.Series, signals ...episode.Signal) (episode.Series, []episode.Decision) {
	var decisions []episode.Decision
	for _, s := range signals {
		var decision episode.Decision
		series, decision = episode.Apply(series, s)
		decisions = append(decisions, decision)
	}
	return series, decisions
}

func open(number int64, start int) episode.Episode {
	return episode.Episode{Number: number, StartTime: second(start)}
}

func over(number int64, start, end int) episode.Episode {
	return episode.Episode{Number: number, StartTime: second(start), EndTime: second(end)}
}

func acknowledgedAt(e episode.Episode, at int) episode.Episode {
	e.AcknowledgeTime = second(at)
	return e
}

func TestApply(t *testing.T) {
	t.Parallel()
	acknowledged := acknowledgedAt(open(1, 1), 2)
	for name, test := range map[string]struct {
		signals  []episode.Signal
		want     []episode.Decision
		episodes []episode.Episode
	}{
		"one after the other": {
			signals: []episode.Signal{trigger("a", 1), trigger("b", 2), resolve("c", 3), trigger("d", 4)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Repeated, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 3)},
				{Change: episode.Opened, Episode: open(2, 4)},
			},
			episodes: []episode.Episode{over(1, 1, 3), open(2, 4)},
		},
		"a trigger comes after an acknowledgement of the same time, and a resolve after both": {
			signals: []episode.Signal{trigger("a", 1), acknowledge("b", 9), trigger("c", 9), resolve("d", 2)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Acknowledged, Episode: acknowledgedAt(open(1, 1), 9)},
				{Change: episode.Repeated, Episode: acknowledgedAt(open(1, 1), 9)},
				{Change: episode.Resolved, Episode: over(1, 1, 2), Also: acknowledgedAt(open(2, 9), 9)},
			},
			episodes: []episode.Episode{over(1, 1, 2), acknowledgedAt(open(2, 9), 9)},
		},
		"a resolve overtakes its trigger": {
			signals: []episode.Signal{resolve("r", 5), trigger("t", 1), trigger("again", 3), trigger("later", 6)},
			want: []episode.Decision{
				{Change: episode.Dropped},
				{Change: episode.OpenedResolved, Episode: over(1, 1, 5)},
				{Change: episode.Repeated, Episode: over(1, 1, 5)},
				{Change: episode.Opened, Episode: open(2, 6)},
			},
			episodes: []episode.Episode{over(1, 1, 5), open(2, 6)},
		},
		"a resolve overtakes a trigger of its own time": {
			signals: []episode.Signal{resolve("r", 5), trigger("t", 5)},
			want: []episode.Decision{
				{Change: episode.Dropped},
				{Change: episode.OpenedResolved, Episode: over(1, 5, 5)},
			},
			episodes: []episode.Episode{over(1, 5, 5)},
		},
		"triggered again in the second in which it was resolved": {
			signals: []episode.Signal{trigger("t", 5), resolve("r", 5), trigger("again", 5)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 5)},
				{Change: episode.Resolved, Episode: over(1, 5, 5)},
				{Change: episode.Opened, Episode: open(2, 5)},
			},
			episodes: []episode.Episode{over(1, 5, 5), open(2, 5)},
		},
		"none is open": {
			signals:  []episode.Signal{acknowledge("a", 1), resolve("r", 2), resolve("s", 3), trigger("t", 4)},
			want:     []episode.Decision{{Change: episode.Dropped}, {Change: episode.Dropped}, {Change: episode.Dropped}, {Change: episode.Opened, Episode: open(1, 4)}},
			episodes: []episode.Episode{open(1, 4)},
		},
		"an acknowledgement overtakes its trigger": {
			signals: []episode.Signal{acknowledge("a", 2), trigger("t", 1)},
			want: []episode.Decision{
				{Change: episode.Dropped},
				{Change: episode.Opened, Episode: acknowledged},
			},
			episodes: []episode.Episode{acknowledged},
		},
		"a resolve in the middle comes late": {
			signals: []episode.Signal{trigger("a", 1), trigger("b", 3), resolve("late", 2), resolve("r", 4)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Repeated, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 2), Also: open(2, 3)},
				{Change: episode.Resolved, Episode: over(2, 3, 4)},
			},
			episodes: []episode.Episode{over(1, 1, 2), over(2, 3, 4)},
		},
		"an earlier end comes late": {
			signals: []episode.Signal{trigger("a", 1), resolve("r", 4), resolve("late", 2)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 4)},
				{Change: episode.Resolved, Episode: over(1, 1, 2)},
			},
			episodes: []episode.Episode{over(1, 1, 2)},
		},
		"the first trigger comes last": {
			signals: []episode.Signal{trigger("b", 3), trigger("a", 1)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 3)},
				{Change: episode.Repeated, Episode: open(1, 1)},
			},
			episodes: []episode.Episode{open(1, 1)},
		},
		"signals come again": {
			signals: []episode.Signal{trigger("a", 1), resolve("r", 2), trigger("a", 1), resolve("r", 2)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 2)},
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 2)},
			},
			episodes: []episode.Episode{over(1, 1, 2)},
		},
		"no time, no id, no known status": {
			signals: []episode.Signal{
				trigger("", 1),
				{ID: "r", Status: intake.Resolved},
				{ID: "odd", Status: "ODD", Time: second(1)},
				{Status: intake.Firing, Time: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)},
			},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Resolved, Episode: over(1, 1, 1)},
				{Change: episode.Dropped},
				{Change: episode.Repeated, Episode: episode.Episode{Number: 1, StartTime: time.UnixMilli(0).UTC(), EndTime: second(1)}},
			},
			episodes: []episode.Episode{{Number: 1, StartTime: time.UnixMilli(0).UTC(), EndTime: second(1)}},
		},
		"a long id": {
			signals: []episode.Signal{trigger(strings.Repeat("x", 500), 1), trigger(strings.Repeat("x", 500), 9)},
			want: []episode.Decision{
				{Change: episode.Opened, Episode: open(1, 1)},
				{Change: episode.Opened, Episode: open(1, 1)},
			},
			episodes: []episode.Episode{open(1, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series, got := applied(episode.Series{}, test.signals...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("decisions:\n%s", diff)
			}
			if diff := cmp.Diff(test.episodes, series.Episodes()); diff != "" {
				t.Errorf("episodes:\n%s", diff)
			}
			last := test.episodes[len(test.episodes)-1]
			if got, isOpen := series.Open(); isOpen != last.IsOpen() || isOpen && got != last {
				t.Errorf("Open() = %v, %v; the last episode is %v", got, isOpen, last)
			}
		})
	}
}

// A signal that is older than the memory goes behind what was forgotten; it neither is lost nor opens what was over.
func TestApplyForgets(t *testing.T) {
	t.Parallel()
	series, _ := applied(episode.Series{}, trigger("first", 0), resolve("end", 1), trigger("second", 2))
	for i := range episode.Memory {
		series, _ = applied(series, trigger("repeat"+second(i).String(), 10+i))
	}
	if series.Past != open(2, 2) || len(series.Marks) != episode.Memory || len(series.Applied) != episode.Memory {
		t.Fatalf("%d marks, %d applied, past %+v", len(series.Marks), len(series.Applied), series.Past)
	}
	series, got := applied(series, trigger("late", 0), resolve("late end", 1), resolve("end of all", 200))
	want := []episode.Decision{
		{Change: episode.Repeated, Episode: open(2, 2)},
		{Change: episode.Dropped},
		{Change: episode.Resolved, Episode: over(2, 2, 200)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions:\n%s", diff)
	}
	if _, isOpen := series.Open(); isOpen {
		t.Errorf("it is open: %+v", series.Episodes())
	}
}
