package mentalmodel

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// quantity is a number with its unit.
type quantity struct {
	number float64
	unit   string
}

var numberPattern = regexp.MustCompile(`^([-+]?(?:\d{1,3}(?:[,_' ]\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)\s*([\pL%°$€£/].*)?$`)

// quantityOf reads a fact's value as a number, with the unit that stands in the value or beside it. Where both do, they
// must agree, or else it is a text.
func quantityOf(value, unit string) (quantity, bool) {
	if len(value) > 100 {
		return quantity{}, false
	}
	found := numberPattern.FindStringSubmatch(strings.TrimSpace(value))
	if found == nil || found[1] == "" {
		return quantity{}, false
	}
	digits := strings.NewReplacer(",", "", "_", "", "'", "", " ", "").Replace(found[1])
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(number, 0) {
		return quantity{}, false
	}
	inside, beside := strings.TrimSpace(found[2]), strings.TrimSpace(unit)
	switch {
	case inside == "":
		return quantity{number, beside}, true
	case beside == "" || sameUnit(inside, beside):
		return quantity{number, inside}, true
	default:
		return quantity{}, false
	}
}

// measure is what a unit measures, and how much of it in the dimension's smallest unit.
type measure struct {
	dimension string
	factor    float64
}

// measures are the units of operations that are converted: "30 s" is "30000 ms". Case matters where it does to engineers.
var measures = map[string]measure{
	"ns": {"time", 1}, "us": {"time", 1e3}, "µs": {"time", 1e3}, "ms": {"time", 1e6},
	"s": {"time", 1e9}, "sec": {"time", 1e9}, "second": {"time", 1e9},
	"min": {"time", 60e9}, "minute": {"time", 60e9}, "h": {"time", 3600e9}, "hr": {"time", 3600e9}, "hour": {"time", 3600e9},
	"d": {"time", 86400e9}, "day": {"time", 86400e9}, "week": {"time", 7 * 86400e9},
	"B": {"data", 1}, "byte": {"data", 1}, "kB": {"data", 1e3}, "KB": {"data", 1e3}, "MB": {"data", 1e6}, "GB": {"data", 1e9},
	"TB": {"data", 1e12}, "PB": {"data", 1e15}, "KiB": {"data", 1 << 10}, "MiB": {"data", 1 << 20}, "GiB": {"data", 1 << 30},
	"TiB": {"data", 1 << 40}, "PiB": {"data", 1 << 50},
	"%": {"share", 1}, "percent": {"share", 1},
}

func measureOf(unit string) (measure, bool) {
	if found, ok := measures[unit]; ok {
		return found, true
	}
	found, ok := measures[singular(strings.ToLower(unit))]
	return found, ok
}

// sameUnit is true of two ways to write a unit.
func sameUnit(a, b string) bool {
	if a == b {
		return true
	}
	if found, ok := measureOf(a); ok {
		other, known := measureOf(b)
		return known && found == other
	}
	return plaintext.Line(singular(strings.ToLower(a))) == plaintext.Line(singular(strings.ToLower(b)))
}

// sameNumber allows for what gets lost where a number is written in decimals and converted.
func sameNumber(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

// sameValue says whether two facts state the same, and what is different where they do not.
func sameValue(reality, model Fact) (same bool, difference string) {
	r, isNumber := quantityOf(reality.Value, reality.Unit)
	m, isToo := quantityOf(model.Value, model.Unit)
	if !isNumber || !isToo {
		value := strings.EqualFold(plaintext.Line(reality.Value), plaintext.Line(model.Value))
		switch {
		case !value:
			return false, "the value is another"
		case !sameUnit(reality.Unit, model.Unit):
			return false, "the unit is another"
		}
		return true, ""
	}
	if sameUnit(r.unit, m.unit) {
		return sameNumber(r.number, m.number), "the value is another"
	}
	in, inKnown := measureOf(r.unit)
	other, otherKnown := measureOf(m.unit)
	switch {
	case inKnown && otherKnown && in.dimension == other.dimension:
		return sameNumber(r.number*in.factor, m.number*other.factor), "the value is another, also where the units are converted"
	case r.unit == "" || m.unit == "":
		if sameNumber(r.number, m.number) {
			return false, "the unit is told on one side only"
		}
		return false, "the value is another, and the unit is told on one side only"
	case sameNumber(r.number, m.number):
		return false, "the unit is another"
	default:
		return false, "the value and the unit are others"
	}
}

// told is a fact's value as people read it.
func told(fact Fact) string {
	value := plaintext.Line(fact.Value)
	if fact.Unit == "" || strings.HasSuffix(value, " "+fact.Unit) {
		return value
	}
	return value + " " + fact.Unit
}
