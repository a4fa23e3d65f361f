package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const timesHelp = `Times:
  2026-11-23T10:02:00Z        RFC 3339
  2026-11-23 10:02            local time; also with seconds, or the day alone (midnight)
  10:02, 10:02:30             today, local time
  -10m, "10m ago", +2h, in 3d from now on, with s, m, h, d (24 hours) or w
  now, today, tomorrow, yesterday`

var (
	localLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}
	clockLayouts = []string{"15:04:05", "15:04"}

	offset       = regexp.MustCompile(`^(?:([+-])|in )?((?:\d+(?:\.\d+)?[smhdw])+)( ago)?$`)
	longDuration = regexp.MustCompile(`(\d+(?:\.\d+)?)([dw])`)
)

// parseTime reads a time as people write it. What leaves the zone or the day open means those of now.
func parseTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if parsed, ok := parseOffset(strings.ToLower(text), now); ok {
		return parsed, nil
	}
	if parsed, ok := parseDay(strings.ToLower(text), now); ok {
		return parsed, nil
	}
	if parsed, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text)); err == nil {
		return parsed, nil
	}
	for _, layout := range localLayouts {
		if parsed, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return parsed, nil
		}
	}
	for _, layout := range clockLayouts {
		if parsed, err := time.Parse(layout, text); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), parsed.Hour(), parsed.Minute(), parsed.Second(), 0, now.Location()), nil
		}
	}
	return time.Time{}, fmt.Errorf(`%q is no time: write it like 2026-11-23T10:02:00Z, "2026-11-23 10:02", 10:02 (today, local time), -10m or "in 2d"`, text)
}

func parseOffset(text string, now time.Time) (time.Time, bool) {
	parts := offset.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, false
	}
	forward := parts[1] == "+" || strings.HasPrefix(text, "in ")
	back := parts[1] == "-" || parts[3] != ""
	duration, err := parseDuration(parts[2])
	if err != nil || forward == back {
		return time.Time{}, false
	}
	if back {
		duration = -duration
	}
	return now.Add(duration), true
}

func parseDay(text string, now time.Time) (time.Time, bool) {
	days, known := map[string]int{"yesterday": -1, "today": 0, "tomorrow": 1}[text]
	if known {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, now.Location()), true
	}
	return now, text == "now"
}

// parseDuration reads a duration that may have days of 24 hours and weeks.
func parseDuration(text string) (time.Duration, error) {
	inHours := longDuration.ReplaceAllStringFunc(text, func(part string) string {
		count, err := strconv.ParseFloat(part[:len(part)-1], 64)
		if err != nil {
			return part
		}
		if part[len(part)-1] == 'w' {
			count *= 7
		}
		return strconv.FormatFloat(count*24, 'f', -1, 64) + "h"
	})
	duration, err := time.ParseDuration(inHours)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: write it like 90s, 5m, 2h30m, 3d or 2w", text)
	}
	return duration, nil
}

// timeFlag is a flag for a time.
type timeFlag struct {
	time **timestamppb.Timestamp
	now  func() time.Time
}

func (f timeFlag) Type() string { return "time" }

func (f timeFlag) String() string {
	if f.time == nil || *f.time == nil {
		return ""
	}
	return (*f.time).AsTime().Format(time.RFC3339Nano)
}

// Set takes a time, or nothing to clear it.
func (f timeFlag) Set(text string) error {
	if text == "" {
		*f.time = nil
		return nil
	}
	parsed, err := parseTime(text, f.now())
	if err != nil {
		return err
	}
	*f.time = timestamppb.New(parsed)
	return nil
}

// durationFlag is a flag for a duration that may have days and weeks.
type durationFlag struct{ duration *time.Duration }

func (f durationFlag) Type() string { return "duration" }

func (f durationFlag) String() string {
	if f.duration == nil || *f.duration == 0 {
		return ""
	}
	return shortDuration(*f.duration)
}

func (f durationFlag) Set(text string) (err error) {
	*f.duration, err = parseDuration(text)
	return err
}

// ages says how a distance in time is told in a table.
var ages = []humanize.RelTimeMagnitude{
	{D: time.Minute, Format: "now", DivBy: time.Second},
	{D: time.Hour, Format: "%dm", DivBy: time.Minute},
	{D: 2 * humanize.Day, Format: "%dh", DivBy: time.Hour},
	{D: 10 * humanize.Week, Format: "%dd", DivBy: humanize.Day},
	{D: 2 * humanize.Year, Format: "%dw", DivBy: humanize.Week},
	{D: humanize.LongTime, Format: "%dy", DivBy: humanize.Year},
}

// age is how long ago a time is, or how far ahead.
func (a *application) age(t time.Time) string {
	now := a.environment.now()
	distance := now.Sub(t).Round(time.Minute)
	told := humanize.CustomRelTime(now.Add(-distance), now, "", "", ages)
	switch {
	case distance == 0:
		return told
	case distance < 0:
		return "in " + told
	}
	return told + " ago"
}

// minutes is a time as tables show it.
const minutes = "2006-01-02 15:04"

// moment shows a time for a table: in local time, and how far away it is, which is all that a narrow terminal has room
// for. Empty where it is not set.
func (a *application) moment(timestamp *timestamppb.Timestamp) string {
	if timestamp != nil && a.narrow() {
		return a.age(timestamp.AsTime())
	}
	return a.formatTime(timestamp, minutes)
}

// point shows a time in a course of events. A narrow terminal has room for the time alone.
func (a *application) point(timestamp *timestamppb.Timestamp) string {
	if timestamp != nil && a.narrow() {
		return timestamp.AsTime().In(a.environment.now().Location()).Format(minutes)
	}
	return a.formatTime(timestamp, minutes)
}

// narrow says whether a terminal has too little room for everything.
func (a *application) narrow() bool {
	return a.environment.width > 0 && a.environment.width < 110
}

// exactMoment shows a time with seconds and zone.
func (a *application) exactMoment(timestamp *timestamppb.Timestamp) string {
	return a.formatTime(timestamp, "2006-01-02 15:04:05 MST")
}

func (a *application) formatTime(timestamp *timestamppb.Timestamp, layout string) string {
	if timestamp == nil {
		return ""
	}
	t := timestamp.AsTime()
	return t.In(a.environment.now().Location()).Format(layout) + " (" + a.age(t) + ")"
}

// shortDuration is a duration without the parts that are zero.
func shortDuration(duration time.Duration) string {
	days := duration / humanize.Day
	text := (duration % humanize.Day).Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if days == 0 {
		return text
	}
	return strings.TrimSuffix(fmt.Sprintf("%dd%s", days, text), "0s")
}
