package importer

import (
	"regexp"
	"time"

	"github.com/debriefhq/debrief/service/plaintext"
)

// zone is a time zone as a text tells it.
type zone struct {
	said   string
	offset time.Duration // east of UTC
	// american zones change between winter and summer by the rule of the United States; offset is the winter's.
	american bool
	// ambiguous says what else the abbreviation stands for.
	ambiguous string
}

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }

// abbreviations are those that people write. Where one has several meanings, the commonest in post-mortems is read, with
// a warning.
var abbreviations = map[string]zone{
	"Z": {}, "UTC": {}, "GMT": {}, "WET": {},
	"ET": {offset: hours(-5), american: true}, "CT": {offset: hours(-6), american: true},
	"MT": {offset: hours(-7), american: true}, "PT": {offset: hours(-8), american: true},
	"EST": {offset: hours(-5)}, "EDT": {offset: hours(-4)}, "CDT": {offset: hours(-5)},
	"CST": {offset: hours(-6), ambiguous: "China's"}, "MST": {offset: hours(-7)}, "MDT": {offset: hours(-6)},
	"PST": {offset: hours(-8)}, "PDT": {offset: hours(-7)}, "AKST": {offset: hours(-9)}, "AKDT": {offset: hours(-8)}, "HST": {offset: hours(-10)},
	"BRT": {offset: hours(-3)}, "ART": {offset: hours(-3)},
	"BST": {offset: hours(1), ambiguous: "Bangladesh's"}, "WEST": {offset: hours(1)}, "CET": {offset: hours(1)}, "CEST": {offset: hours(2)},
	"EET": {offset: hours(2)}, "EEST": {offset: hours(3)}, "MSK": {offset: hours(3)}, "SAST": {offset: hours(2)}, "WAT": {offset: hours(1)}, "EAT": {offset: hours(3)},
	"IST": {offset: hours(5.5), ambiguous: "Ireland's and Israel's"}, "PKT": {offset: hours(5)},
	"SGT": {offset: hours(8)}, "HKT": {offset: hours(8)}, "AWST": {offset: hours(8)}, "JST": {offset: hours(9)}, "KST": {offset: hours(9)},
	"AEST": {offset: hours(10)}, "AEDT": {offset: hours(11)}, "NZST": {offset: hours(12)}, "NZDT": {offset: hours(13)},
}

var (
	zoneName   = regexp.MustCompile(`^ ?(\(?)(?:(?:UTC|GMT) ?([-+−])([0-9]{1,2})(?::?([0-9]{2}))?|([A-Z]{1,4}))\b`)
	zoneOffset = regexp.MustCompile(`^( ?)([-+−])([0-9]{2}):?([0-9]{2})\b`)
	// zoneStated finds the zone of all times of a text: "All times are UTC", "Timeline (PST)", "times in UTC+2".
	zoneStated = regexp.MustCompile(`\b((?:UTC|GMT)(?: ?[-+−][0-9]{1,2}(?::?[0-9]{2})?)?|[A-Z]{2,4})\b`)
)

// scanZone reads a zone after a time of day. An offset without a name could be the end of a range: it must follow a space,
// or a time that was written as machines write it.
func (s *stamp) scanZone(text string, machine bool) string {
	if found := zoneOffset.FindStringSubmatch(text); found != nil && (machine || found[1] != "") && number(found[3]) <= 14 {
		s.zone = &zone{said: plaintext.Line(found[0]), offset: signed(found[2], clockLength(found[3], found[4], ""))}
		return text[len(found[0]):]
	}
	found := zoneName.FindStringSubmatch(text)
	if found == nil {
		return text
	}
	rest := text[len(found[0]):]
	if found[1] != "" {
		if rest == "" || rest[0] != ')' {
			return text
		}
		rest = rest[1:]
	}
	if z, ok := namedZone(found[5], found[2], found[3], found[4]); ok {
		s.zone = &z
		return rest
	}
	return text
}

func namedZone(name, sign, hour, minute string) (zone, bool) {
	if name == "" {
		return zone{said: "UTC" + sign + hour, offset: signed(sign, clockLength(hour, minute, ""))}, number(hour) <= 14
	}
	z, ok := abbreviations[name]
	z.said = name
	return z, ok
}

// statedZone finds the first zone that a text names.
func statedZone(text string) (zone, bool) {
	for _, found := range zoneStated.FindAllString(text, -1) {
		s := stamp{}
		if s.scanZone(found, false) == "" && s.zone != nil {
			return *s.zone, true
		}
	}
	return zone{}, false
}

func signed(sign string, d time.Duration) time.Duration {
	if sign == "+" {
		return d
	}
	return -d
}

// utc moves a time of day from the zone to UTC.
func (z zone) utc(local time.Time) time.Time {
	offset := z.offset
	if z.american && inAmericanSummer(local) {
		offset += time.Hour
	}
	return local.Add(-offset)
}

// inAmericanSummer is true from two o'clock on the second Sunday of March to two o'clock on the first one of November,
// as the Energy Policy Act has it since 2007.
func inAmericanSummer(local time.Time) bool {
	begin := sunday(local.Year(), time.March, 8)
	end := sunday(local.Year(), time.November, 1)
	return !local.Before(begin) && local.Before(end)
}

// sunday is the first Sunday on or after a day, at two o'clock.
func sunday(year int, month time.Month, day int) time.Time {
	t := time.Date(year, month, day, 2, 0, 0, 0, time.UTC)
	return t.AddDate(0, 0, int(7-t.Weekday())%7)
}
