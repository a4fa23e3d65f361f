package server

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameComplaintIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logBuffer{}
		c := &complaints{logger: slog.New(slog.NewTextHandler(log, nil)), told: map[string]time.Time{}}
		tell := func(complaint string) int {
			before := strings.Count(log.String(), "\n")
			c.Handle(errors.New(complaint))
			return strings.Count(log.String(), "\n") - before
		}
		got := []int{tell("traces: away"), tell("logs: away"), tell("traces: away")}
		<-time.After(time.Minute - time.Nanosecond)
		got = append(got, tell("traces: away"))
		<-time.After(time.Nanosecond)
		got = append(got, tell("traces: away"), tell("traces: away"))
		if diff := cmp.Diff([]int{1, 1, 0, 0, 1, 0}, got); diff != "" {
			t.Errorf("lines for each complaint (-want +got):\n%s", diff)
		}
		if len(c.told) != 1 {
			t.Errorf("%d complaints are remembered, want the one of the last minute", len(c.told))
		}
	})
}
