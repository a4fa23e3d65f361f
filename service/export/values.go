package export

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// words is an enum's name as people read it: "IN_REVIEW" is "In review".
func words(name string) string {
	name = line(strings.ToLower(strings.ReplaceAll(name, "_", " ")))
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}

func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999") }

// elapsed is how long after something else a thing was, or before it.
func elapsed(d time.Duration) string {
	if d < 0 {
		return "−" + duration(-d)
	}
	return "+" + duration(d)
}

// duration shows the two largest units that are not zero, cut after the second.
func duration(d time.Duration) string { return inUnits(d, 2) }

// exactly shows all units that are not zero, down to milliseconds.
func exactly(d time.Duration) string { return inUnits(d, 5) }

func inUnits(d time.Duration, limit int) string {
	units := []struct {
		size time.Duration
		name string
	}{
		{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"},
	}
	var parts []string
	for _, unit := range units {
		switch count := d / unit.size; {
		case count > 0 && len(parts) < limit:
			parts = append(parts, fmt.Sprintf("%d %s", count, unit.name))
			d %= unit.size
		case len(parts) > 0 && limit == 2:
			return strings.Join(parts, " ")
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
