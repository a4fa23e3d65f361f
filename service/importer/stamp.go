package importer

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp is a time as a text tells it, which may be only part of one.
type stamp struct {
	// year is 0 where a day is told without one, day is 0 where no day is told.
	year  int
	month time.Month
	day   int
	// swappable is true of days such as 3/4/2024, which others read with the month second.
	swappable bool

	hasTime                          bool
	hour, minute, second, nanosecond int
	wholeHour                        bool // "2 pm"
	noon                             string
	zone                             *zone

	// relative stamps count from the beginning of the incident: "T+5m".
	relative bool
	offset   time.Duration

	approximate bool
	precision   time.Duration
	end         *stamp
}

func (s *stamp) hasDay() bool { return s.day != 0 }

const (
	weekdays = `(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +)?`
	months   = `(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?`
	years    = `((?:19|20)[0-9]{2})\b`
	units    = `(?:d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?|ms)`
	lengths  = `[0-9]{1,5} ?` + units + `(?: ?[0-9]{1,5} ?` + units + `){0,4}\b`
)

// The forms of days, times and lengths. Where a form cannot tell the day from the month, the month comes first.
var (
	isoDay   = regexp.MustCompile(`(?i)^` + weekdays + `((?:19|20)[0-9]{2})([-/.])([0-9]{1,2})[-/.]([0-9]{1,2})`)
	monthDay = regexp.MustCompile(`(?i)^` + weekdays + months + `[ -]+([0-9]{1,2})(?:st|nd|rd|th)?\b(?:,? *` + years + `)?`)
	dayMonth = regexp.MustCompile(`(?i)^` + weekdays + `([0-9]{1,2})(?:st|nd|rd|th|\.)?(?: +of)?[ -]+` + months + `(?:,?[ -]+` + years + `)?`)
	slashDay = regexp.MustCompile(`^([0-9]{1,2})/([0-9]{1,2})/` + years)
	dotDay   = regexp.MustCompile(`^([0-9]{1,2})\.([0-9]{1,2})\.` + years)

	dayToTime = regexp.MustCompile(`(?i)^(?:t|,? *(?:at|@|-|–|—|\|)? *)`)
	clockTime = regexp.MustCompile(`(?i)^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(?: ?([ap])\.?m\b\.?)?`)
	hourTime  = regexp.MustCompile(`(?i)^([0-9]{1,2}) ?([ap])\.?m\b\.?`)
	plainTime = regexp.MustCompile(`^([0-9]{2})([0-9]{2})(?:h|hrs| ?hours)?( ?Z| ?UTC| ?GMT|h|hrs| ?hours)\b`)
	frenchHM  = regexp.MustCompile(`^([0-9]{1,2})h([0-9]{2})\b`)

	before     = regexp.MustCompile(`(?i)^(?:[~≈]|(?:approx(?:imately|\.)?|about|around|circa|ca\.?|c\.)(?:[ \t]+|$)) *`)
	after      = regexp.MustCompile(`(?i)^ ?(?:\((?:approx(?:imately|imate|\.)?|about|estimated|est\.?|ca\.?|~)\)|approx(?:imately|\.)?\b|\?)`)
	plusMinus  = regexp.MustCompile(`(?i)^ ?(?:±|\+/-|\+-) ?(` + lengths + `)`)
	toEnd      = regexp.MustCompile(`(?i)^ ?(?:–|—|-{1,2}|→|->|…|\.{2,3}|to |until |till ) ?`)
	relative   = regexp.MustCompile(`(?i)^(?:t ?)?([-+−]) ?(?:([0-9]{1,4}):([0-9]{2})(?::([0-9]{2}))?\b|(` + lengths + `))`)
	bareOffset = regexp.MustCompile(`^[tT] ?([-+−]) ?([0-9]{1,4})\b`)
	zeroHour   = regexp.MustCompile(`^[tT] ?[=+]? ?0\b`)
	oneLength  = regexp.MustCompile(`(?i)([0-9]{1,5}) ?(` + units + `)`)
)

// decoration is what may stand around a time at the beginning of a line.
const decoration = "*_`[("

// scanStamp reads a time at the beginning of a text, through emphasis and brackets around it. The rest begins after the
// time and what separates it from what is told of it.
func scanStamp(text string) (s stamp, rest string, ok bool) {
	text = strings.TrimLeft(text, " \t")
	opened := text[:len(text)-len(strings.TrimLeft(text, decoration))]
	rest = text[len(opened):]
	if found := before.FindString(rest); found != "" {
		s.approximate, rest = true, rest[len(found):]
		inner := strings.TrimLeft(rest, decoration)
		opened, rest = opened+rest[:len(rest)-len(inner)], inner
	}
	if rest, ok = s.scan(rest); !ok {
		return stamp{}, text, false
	}
	return s, strings.TrimLeft(separated(reopen(opened, s.scanEnd(rest))), " \t"), true
}

// reopen takes away what closes around a time, and puts back what stays open after it.
func reopen(opened, rest string) string {
	trimmed := strings.TrimLeft(rest, " \t")
	separator := ""
	for _, candidate := range []string{":", "-", "–", "—"} { // "**14:05:** …"
		if after, found := strings.CutPrefix(trimmed, candidate); found && after != "" && strings.ContainsAny(after[:1], "*_`])") {
			separator, trimmed = candidate, after
		}
	}
	closed := false
	for opened != "" {
		last := opened[len(opened)-1]
		switch last {
		case '[':
			last = ']'
		case '(':
			last = ')'
		}
		if trimmed == "" || trimmed[0] != last {
			break
		}
		opened, trimmed, closed = opened[:len(opened)-1], trimmed[1:], true
	}
	if !closed {
		trimmed = separator + trimmed
	}
	if opened == "" {
		return trimmed
	}
	return opened + strings.TrimLeft(separated(trimmed), " \t")
}

// separated takes away what stands between a time and what is told of it.
func separated(rest string) string {
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		next := strings.TrimLeft(trimmed, ":–—|·,;→-")
		if next == trimmed || next != "" && !strings.ContainsAny(next[:1], " \t\n") && strings.HasSuffix(trimmed[:len(trimmed)-len(next)], "-") {
			return trimmed
		}
		rest = next
	}
}

// scan reads a day, a time of day, or both, or a time that counts from the beginning.
func (s *stamp) scan(text string) (rest string, ok bool) {
	if rest, ok = s.scanRelative(text); ok {
		return rest, true
	}
	rest, hasDay := s.scanDay(text)
	timeText := rest
	joined := false
	if hasDay {
		gap := dayToTime.FindString(rest)
		timeText, joined = rest[len(gap):], strings.EqualFold(gap, "T")
	}
	afterTime, hasTime := s.scanTime(timeText)
	if !hasTime {
		return rest, hasDay && !startsWord(rest)
	}
	rest = s.scanZone(afterTime, joined || s.second != 0 || s.nanosecond != 0)
	if !hasDay && s.hasTime { // "14:05 on Mar 1", "14:05 UTC, 2024-03-01"
		rest = s.scanLateDay(rest)
	}
	return rest, !startsWord(rest)
}

// startsWord is true where what was read is only the beginning of a longer word or number.
func startsWord(rest string) bool {
	return rest != "" && (rest[0] >= '0' && rest[0] <= '9' || rest[0] >= 'a' && rest[0] <= 'z' || rest[0] >= 'A' && rest[0] <= 'Z' || rest[0] == '%' || rest[0] == '/')
}

var lateDay = regexp.MustCompile(`(?i)^(?: on |, ?)`)

func (s *stamp) scanLateDay(rest string) string {
	gap := lateDay.FindString(rest)
	if gap == "" {
		return rest
	}
	if after, ok := s.scanDay(rest[len(gap):]); ok {
		return after
	}
	return rest
}

func (s *stamp) scanRelative(text string) (rest string, ok bool) {
	if text == "" || !strings.ContainsAny(text[:1], "tT+-") && !strings.HasPrefix(text, "−") {
		return text, false
	}
	if found := relative.FindStringSubmatch(text); found != nil {
		s.relative, s.offset = true, parseLength(found[5])
		if found[5] == "" {
			s.offset = clockLength(found[2], found[3], found[4])
		}
		if found[1] != "+" {
			s.offset = -s.offset
		}
		return text[len(found[0]):], true
	}
	if found := zeroHour.FindString(text); found != "" {
		s.relative = true
		return text[len(found):], true
	}
	if found := bareOffset.FindStringSubmatch(text); found != nil {
		s.relative, s.offset = true, time.Duration(number(found[2]))*time.Minute
		if found[1] != "+" {
			s.offset = -s.offset
		}
		return text[len(found[0]):], true
	}
	return text, false
}

// clockLength reads "00:05" as minutes past an hour, "1:02:03" with seconds.
func clockLength(hours, minutes, seconds string) time.Duration {
	return time.Duration(number(hours))*time.Hour + time.Duration(number(minutes))*time.Minute + time.Duration(number(seconds))*time.Second
}

func (s *stamp) scanDay(text string) (rest string, ok bool) {
	var found []string
	var year, month, day int
	if colon := strings.IndexByte(text[:min(len(text), 3)], ':'); colon > 0 { // a time of day
		return text, false
	}
	switch {
	case match(isoDay, text, &found):
		year, month, day = number(found[1]), number(found[3]), number(found[4])
	case match(monthDay, text, &found):
		year, month, day = number(found[3]), monthNumber(found[1]), number(found[2])
	case match(dayMonth, text, &found):
		year, month, day = number(found[3]), monthNumber(found[2]), number(found[1])
	case match(slashDay, text, &found):
		year, month, day = number(found[3]), number(found[1]), number(found[2])
		s.swappable = month <= 12 && day <= 12 && month != day
		if month > 12 {
			month, day = day, month
		}
	case match(dotDay, text, &found):
		year, month, day = number(found[3]), number(found[2]), number(found[1])
	default:
		return text, false
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, time.Month(month)) {
		return text, false
	}
	s.year, s.month, s.day = year, time.Month(month), day
	return text[len(found[0]):], true
}

// daysIn is how many days a month has at most: without a year, February has 29.
func daysIn(year int, month time.Month) int {
	if year == 0 {
		year = 2000
	}
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (s *stamp) scanTime(text string) (rest string, ok bool) {
	var found []string
	t := stamp{}
	switch {
	case match(clockTime, text, &found):
		t.hour, t.minute, t.second = number(found[1]), number(found[2]), number(found[3])
		t.nanosecond = number((found[4] + "000000000")[:9])
		t.noon = strings.ToLower(found[5])
	case match(hourTime, text, &found):
		t.hour, t.wholeHour, t.noon = number(found[1]), true, strings.ToLower(found[2])
	case match(frenchHM, text, &found):
		t.hour, t.minute = number(found[1]), number(found[2])
	case match(plainTime, text, &found):
		t.hour, t.minute = number(found[1]), number(found[2])
		found[0] = strings.TrimSuffix(found[0], found[3])
		if strings.HasPrefix(strings.TrimSpace(found[3]), "h") {
			found[0] += found[3]
		}
	default:
		return text, false
	}
	if t.hour > 24 || t.minute > 59 || t.second > 60 || t.noon != "" && (t.hour < 1 || t.hour > 12) || t.hour == 24 && t.minute+t.second > 0 {
		return text, false
	}
	s.hasTime, s.hour, s.minute, s.second, s.nanosecond = true, t.hour, t.minute, min(t.second, 59), t.nanosecond
	s.wholeHour, s.noon = t.wholeHour, t.noon
	s.applyNoon()
	return text[len(found[0]):], true
}

func (s *stamp) applyNoon() {
	switch {
	case s.noon == "p" && s.hour < 12:
		s.hour += 12
	case s.noon == "a" && s.hour == 12:
		s.hour = 0
	}
}

// scanEnd reads the end of a range, and how exact the time is.
func (s *stamp) scanEnd(text string) string {
	rest := s.scanPrecision(text)
	gap := toEnd.FindString(rest)
	if gap == "" || !s.hasTime {
		return rest
	}
	end := stamp{}
	target := rest[len(gap):]
	if found := before.FindString(target); found != "" {
		s.approximate, target = true, target[len(found):]
	}
	after, ok := end.scan(target)
	if !ok || !end.hasTime {
		return rest
	}
	if s.noon == "" && end.noon != "" && s.hour <= end.hour%12 { // "2:05–2:20 pm"
		s.noon = end.noon
		s.applyNoon()
	}
	if s.zone == nil {
		s.zone = end.zone
	}
	s.end = &end
	return s.scanPrecision(after)
}

func (s *stamp) scanPrecision(text string) string {
	if found := plusMinus.FindStringSubmatch(text); found != nil {
		s.precision = parseLength(found[1])
		return text[len(found[0]):]
	}
	if found := after.FindString(text); found != "" {
		s.approximate = true
		return text[len(found):]
	}
	return text
}

// parseLength reads lengths such as "1 h 30 min".
func parseLength(text string) time.Duration {
	var total time.Duration
	for _, part := range oneLength.FindAllStringSubmatch(text, -1) {
		unit := time.Second
		switch name := strings.ToLower(part[2]); {
		case name == "ms":
			unit = time.Millisecond
		case name[0] == 'd':
			unit = 24 * time.Hour
		case name[0] == 'h':
			unit = time.Hour
		case name[0] == 'm':
			unit = time.Minute
		}
		total += time.Duration(number(part[1])) * unit
	}
	return total
}

func match(form *regexp.Regexp, text string, found *[]string) bool {
	*found = form.FindStringSubmatch(text)
	return *found != nil
}

// number is 0 for an empty text. Its texts are bounded by the forms that found them.
func number(digits string) int {
	value, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return value
}

func monthNumber(name string) int {
	const starts = "janfebmaraprmayjunjulaugsepoctnovdec"
	return strings.Index(starts, strings.ToLower(name)[:3])/3 + 1
}
