package episode_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/episode"
)

var status = rapid.SampledFrom([]intake.Status{intake.Firing, intake.Acknowledged, intake.Resolved})

// signals are what may come of one alert: no trigger has the time of a resolve, whatever else shares a time.
func signals(most int) *rapid.Generator[[]episode.Signal] {
	return rapid.Custom(func(t *rapid.T) []episode.Signal {
		var drawn []episode.Signal
		taken := map[int]intake.Status{}
		for i := range rapid.IntRange(0, most).Draw(t, "count") {
			next := signal(strconv.Itoa(i), status.Draw(t, "status"), rapid.IntRange(0, 2*most).Draw(t, "second"))
			at := next.Time.Second() + 60*next.Time.Minute()
			if other := taken[at]; next.Status != intake.Acknowledged {
				if other != "" && other != next.Status {
					continue
				}
				taken[at] = next.Status
			}
			drawn = append(drawn, next)
		}
		return drawn
	})
}

// told are the episodes of signals that all are known, without their numbers.
func told(signals []episode.Signal) []episode.Episode {
	sorted := slices.Clone(signals)
	order := map[intake.Status]int{intake.Firing: 0, intake.Acknowledged: 1, intake.Resolved: 2}
	slices.SortStableFunc(sorted, func(a, b episode.Signal) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return order[a.Status] - order[b.Status]
	})
	var episodes []episode.Episode
	isOpen := false
	for _, s := range sorted {
		switch {
		case s.Status == intake.Firing && !isOpen:
			isOpen = true
			episodes = append(episodes, episode.Episode{StartTime: s.Time})
		case s.Status == intake.Acknowledged && isOpen && episodes[len(episodes)-1].AcknowledgeTime.IsZero():
			episodes[len(episodes)-1].AcknowledgeTime = s.Time
		case s.Status == intake.Resolved && isOpen:
			isOpen = false
			episodes[len(episodes)-1].EndTime = s.Time
		}
	}
	return episodes
}

func numberless(episodes []episode.Episode) []episode.Episode {
	var without []episode.Episode
	for _, e := range episodes {
		e.Number = 0
		without = append(without, e)
	}
	return without
}

// In whatever order the signals of an alert come, and however often, they tell the episodes that their times tell.
func TestEpisodesDependOnTheSetOfSignalsAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set := signals(20).Draw(t, "signals")
		sent := slices.Clone(set)
		if len(set) > 0 {
			sent = append(sent, rapid.SliceOfN(rapid.SampledFrom(set), 0, 20).Draw(t, "repetitions")...)
		}
		arrived := rapid.Permutation(sent).Draw(t, "order")
		series, _ := applied(episode.Series{}, arrived...)
		if diff := cmp.Diff(told(set), numberless(series.Episodes())); diff != "" {
			t.Errorf("episodes:\n%s", diff)
		}
		checkNumbers(t, series)
	})
}

// checkNumbers holds each number to be given once, and to at most the last.
func checkNumbers(t *rapid.T, series episode.Series) {
	given := map[int64]bool{}
	for _, e := range series.Episodes() {
		if e.Number < 1 || e.Number > series.LastEpisode || given[e.Number] {
			t.Errorf("number %d among %+v, the last is %d", e.Number, series.Episodes(), series.LastEpisode)
		}
		given[e.Number] = true
	}
}

// A signal that comes again gives the decision that it gave, also after others, and changes nothing.
func TestApplyTwiceIsApplyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set := signals(30).Draw(t, "signals")
		series, first := applied(episode.Series{}, set...)
		again, second := applied(series, set...)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("decisions:\n%s", diff)
		}
		if diff := cmp.Diff(series, again); diff != "" {
			t.Errorf("series:\n%s", diff)
		}
	})
}

// Who follows the decisions knows every episode as the series does: nothing changes that no decision tells.
func TestDecisionsTellEveryChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		series := episode.Series{}
		opened := map[int64]bool{}
		for _, s := range rapid.Permutation(signals(25).Draw(t, "signals")).Draw(t, "order") {
			before := byNumber(series)
			var decision episode.Decision
			series, decision = episode.Apply(series, s)
			told := map[int64]episode.Episode{decision.Episode.Number: decision.Episode, decision.Also.Number: decision.Also}
			for number, now := range byNumber(series) {
				if tell, isTold := told[number]; isTold && tell != now || !isTold && before[number] != now {
					t.Errorf("%s at %v: episode %d is %+v, was %+v; decided %+v", s.Status, s.Time, number, now, before[number], decision)
				}
			}
			isNew := decision.Change == episode.Opened || decision.Change == episode.OpenedResolved
			if known := opened[decision.Episode.Number]; isNew && known || !isNew && !known && decision.Change != episode.Dropped {
				t.Errorf("decided %+v when %v were open", decision, opened)
			}
			if s.Status == intake.Firing && decision.Episode.Number == 0 {
				t.Errorf("a trigger at %v is in no episode", s.Time)
			}
			opened[decision.Episode.Number], opened[decision.Also.Number] = true, true
		}
	})
}

func byNumber(series episode.Series) map[int64]episode.Episode {
	episodes := map[int64]episode.Episode{}
	for _, e := range series.Episodes() {
		episodes[e.Number] = e
	}
	return episodes
}

// Any signals, of any number and time: the memory is bounded, every trigger is in an episode, what was handed in stays as
// it is, and what is kept can be read back.
func TestSeriesIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		series := episode.Series{}
		for i := range rapid.IntRange(0, 3*episode.Memory/2).Draw(t, "count") {
			before := shallow(series)
			next, decision := episode.Apply(series, signal(strconv.Itoa(i), status.Draw(t, "status"), rapid.IntRange(0, 500).Draw(t, "second")))
			if after := shallow(series); !slices.Equal(after, before) {
				t.Fatalf("the marks were changed from %v to %v", before, after)
			}
			if next.LastEpisode < series.LastEpisode || decision.Episode.Number > next.LastEpisode {
				t.Fatalf("the last episode is %d after %d, decided %+v", next.LastEpisode, series.LastEpisode, decision)
			}
			if decision.Change == episode.Dropped != (decision.Episode.Number == 0) {
				t.Fatalf("decided %+v", decision)
			}
			series = next
		}
		checkNumbers(t, series)
		kept := marshalled(t, series)
		if len(series.Marks) > episode.Memory || len(series.Applied) > episode.Memory || len(kept) > 32<<10 {
			t.Errorf("%d marks, %d applied, %d bytes", len(series.Marks), len(series.Applied), len(kept))
		}
		var read episode.Series
		if err := json.Unmarshal([]byte(kept), &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(series, read); diff != "" {
			t.Errorf("read back:\n%s", diff)
		}
	})
}

// shallow is a copy of what Apply could change without being allowed to.
func shallow(series episode.Series) []episode.Mark { return slices.Clone(series.Marks) }

func marshalled(t *rapid.T, series episode.Series) string {
	text, err := json.Marshal(series)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// In the order of their times, signals tell the same episodes whatever their number: what is forgotten is told by Past.
func TestForgettingChangesNothingInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 3*episode.Memory).Draw(t, "count")
		var set []episode.Signal
		var openings int64
		series := episode.Series{}
		for i := range count {
			next := signal(strconv.Itoa(i), status.Draw(t, "status"), i)
			set = append(set, next)
			var decision episode.Decision
			series, decision = episode.Apply(series, next)
			if decision.Change == episode.Opened {
				openings++
			}
		}
		want := told(set)
		got := numberless(series.Episodes())
		if series.LastEpisode != int64(len(want)) || openings != int64(len(want)) || len(got) > len(want) {
			t.Fatalf("%d opened, the last is %d, %d remembered; there are %d", openings, series.LastEpisode, len(got), len(want))
		}
		if diff := cmp.Diff(want[len(want)-len(got):], got); len(got) > 0 && diff != "" {
			t.Errorf("episodes:\n%s", diff)
		}
	})
}
