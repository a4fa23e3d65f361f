package clock_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/service/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when the incident of a test is resolved, unless the test says something else.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// at is so many hours after the start.
func at(hours float64) time.Time { return start.Add(time.Duration(hours * float64(time.Hour))) }

// hours writes a time as at counts it.
func hours(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%gh", t.Sub(start).Hours())
}

func written(phases []clock.Phase) string {
	words := make([]string, len(phases))
	for i, phase := range phases {
		words[i] = phase.State.String() + " " + hours(phase.From)
	}
	return strings.Join(words, ", ")
}
