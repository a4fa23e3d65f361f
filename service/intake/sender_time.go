package intake

import (
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/plaintext"
)

// timeLayouts are the ways of writing a time beside RFC 3339 that senders use: a zone without a colon, a space for the T,
// no zone at all, which is UTC.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
}

// lenientTime reads a time however it is written. What is none is left out, with a line in the alterations: an alert is
// worth more than its time.
func lenientTime(alterations *[]string, field string, sent scalar) time.Time {
	text := strings.TrimSpace(string(sent))
	if at, ok := moment(text); ok {
		return at
	}
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	*alterations = append(*alterations, field+" was left out: "+plaintext.Clean(text, 64)+" is no time")
	return time.Time{}
}
