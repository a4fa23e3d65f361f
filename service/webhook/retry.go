package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long lies between two tries, and how long it is tried in all.
const (
	FirstDelay = 5 * time.Second
	LastDelay  = time.Hour
	TryFor     = 24 * time.Hour
	// jitter is by how much of itself a delay becomes shorter or longer.
	jitter = 0.2
)

// Delay is how long to wait after so many tries that failed, from 1; false when it was tried long enough. Chance is a random
// number from 0 to 1: receivers are not to be called by all at once when they come back.
func Delay(tries int, chance float64) (time.Duration, bool) {
	var waited time.Duration
	delay := FirstDelay
	for range tries - 1 {
		waited += delay
		if waited >= TryFor {
			return 0, false
		}
		delay = min(2*delay, LastDelay)
	}
	return time.Duration(float64(delay) * (1 - jitter + 2*jitter*chance)), true
}

// maxRetryAfter is how long a Retry-After is that is read, in bytes: more than any way of writing a time needs.
const maxRetryAfter = 64

// RetryAfter is how long a receiver asks to wait, by a number of seconds or a time, and no longer than LastDelay; 0 where it
// does not ask, or not in a way that can be read.
func RetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" || len(header) > maxRetryAfter {
		return 0
	}
	if strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(LastDelay/time.Second) {
			return LastDelay // It has more digits than a number may have, or asks for longer.
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(0, date.Sub(now)), LastDelay)
}
