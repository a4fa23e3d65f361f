package email

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // An image without an operating system has no time zones of its own.
)

// QuietHours are hours of the day at which nothing is written. Where they end before they begin they go over midnight.
type QuietHours struct {
	// start and end are minutes of the day.
	start, end int
	location   *time.Location
}

// ParseQuietHours reads when they begin and end, `HH:MM`, in a time zone of the IANA database; empty: UTC.
func ParseQuietHours(start, end, zone string) (QuietHours, error) {
	if zone == "" {
		zone = "UTC"
	}
	if zone == "Local" {
		return QuietHours{}, errors.New(`has the time zone "Local": give a name of the IANA database, such as Europe/Berlin`)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return QuietHours{}, fmt.Errorf("has the time zone %q, which is unknown: give a name of the IANA database, such as Europe/Berlin", zone)
	}
	hours := QuietHours{location: location}
	for _, one := range []struct {
		text   string
		minute *int
	}{{start, &hours.start}, {end, &hours.end}} {
		clock, err := time.Parse("15:04", one.text)
		if err != nil {
			return QuietHours{}, fmt.Errorf("has the time %q: give HH:MM, from 00:00 to 23:59", one.text)
		}
		*one.minute = clock.Hour()*60 + clock.Minute()
	}
	if hours.start == hours.end {
		return QuietHours{}, fmt.Errorf("begin and end at %s: they have to end at another time", start)
	}
	return hours, nil
}

const minutesOfDay = 24 * 60

// minuteOf is what a clock on the wall shows, in minutes of the day.
func minuteOf(t time.Time) int { return t.Hour()*60 + t.Minute() }

// Next is the earliest time from t on at which something may be written. The zero QuietHours are never quiet.
func (q QuietHours) Next(t time.Time) time.Time {
	if q.location == nil {
		return t
	}
	local := t.In(q.location)
	minute := minuteOf(local)
	quiet := minute >= q.start && minute < q.end
	if q.start > q.end {
		quiet = minute >= q.start || minute < q.end
	}
	if !quiet {
		return t
	}
	day, left := local.Day(), q.end-minute
	if left <= 0 {
		day, left = day+1, left+minutesOfDay
	}
	// Where clocks are not set meanwhile. A time that there is twice is that which comes next.
	end := local.Truncate(time.Minute).Add(time.Duration(left) * time.Minute)
	if minuteOf(end) == q.end {
		return end.UTC()
	}
	end = time.Date(local.Year(), local.Month(), day, q.end/60, q.end%60, 0, 0, q.location)
	if shown := minuteOf(end); shown < q.end {
		// Clocks are set forward over that time, and some zones answer with what is before the leap.
		end = end.Add(time.Duration(q.end-shown) * time.Minute)
	}
	return end.UTC()
}
