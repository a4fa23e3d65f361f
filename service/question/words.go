package question

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/plaintext"
)

// maxQuoteRunes is how much of a foreign text is quoted in a question.
const maxQuoteRunes = 90

// maxQuoteBytes is how much of it is looked at.
const maxQuoteBytes = 1024

// quote is the beginning of a text as it stands between quotation marks in a sentence: one line, without marks of its own
// at the end, and cut between words where it is long.
func quote(text string) string {
	if len(text) > maxQuoteBytes {
		text = text[:maxQuoteBytes]
	}
	text = plaintext.Visible(quotes.Replace(strings.ToValidUTF8(text, "")))
	if utf8.RuneCountInString(text) > maxQuoteRunes {
		text = string([]rune(text)[:maxQuoteRunes])
		if space := strings.LastIndexByte(text, ' '); space > len(text)*2/3 {
			text = text[:space]
		}
		return strings.TrimRight(text, " .,;:!?") + "…"
	}
	return strings.TrimRight(text, " .,;:!?")
}

// quotes leave quotation marks to the sentence around, and emphasis and code to the text that is quoted.
var quotes = strings.NewReplacer("“", "‘", "”", "’", `"`, "'", "**", "", "`", "")

// span says a duration in words, in its two largest units: "3 hours 20 minutes".
func span(d time.Duration) string {
	minutes := int64(d.Round(time.Minute) / time.Minute)
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case days > 0 && hours > 0:
		return count(days, "day") + " " + count(hours, "hour")
	case days > 0:
		return count(days, "day")
	case hours > 0 && minutes > 0:
		return count(hours, "hour") + " " + count(minutes, "minute")
	case hours > 0:
		return count(hours, "hour")
	default:
		return count(minutes, "minute")
	}
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// moments says two times in UTC, with their days where these differ.
func moments(a, b time.Time) (from, to string) {
	a, b = a.UTC(), b.UTC()
	layout := "15:04"
	if a.Format(time.DateOnly) != b.Format(time.DateOnly) {
		layout = "2 January 15:04"
	}
	return a.Format(layout), b.Format(layout) + " UTC"
}
