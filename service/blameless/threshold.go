package blameless

import (
	"fmt"
	"strings"
)

// Threshold is the severity from which on findings count. The zero value says nothing, and nothing reaches it.
type Threshold int

// The thresholds, in order.
const (
	FromNote    = Threshold(Note)
	FromCaution = Threshold(Caution)
	FromBlame   = Threshold(Blame)
	// Never is above all severities.
	Never = FromBlame + 1
)

var thresholdNames = map[Threshold]string{FromNote: "note", FromCaution: "caution", FromBlame: "blame", Never: "never"}

// String gives "note", "caution", "blame" or "never".
func (t Threshold) String() string {
	if name, ok := thresholdNames[t]; ok {
		return name
	}
	return fmt.Sprintf("Threshold(%d)", int(t))
}

// ParseThreshold reads what String writes, in any case.
func ParseThreshold(name string) (Threshold, error) {
	for threshold, known := range thresholdNames {
		if known == strings.ToLower(name) {
			return threshold, nil
		}
	}
	return 0, fmt.Errorf("%q: want one of blame, caution, note, never", name)
}

// Reached says whether a severity is at or above the threshold.
func (t Threshold) Reached(by Severity) bool { return t != 0 && int(by) >= int(t) }
