package importer

import (
	"regexp"
	"strings"
	"time"
)

// Days with a year, as they stand in the middle of a text.
var (
	isoInText = regexp.MustCompile(`\b(?:19|20)[0-9]{2}[-/][0-9]{2}[-/][0-9]{2}\b`)
	dayInText = regexp.MustCompile(`(?i)\b(?:(?:19|20)[0-9]{2}[-/][0-9]{2}[-/][0-9]{2}\b|` + months + ` [0-9]{1,2}(?:st|nd|rd|th)?,? ` + years +
		`|[0-9]{1,2}(?:st|nd|rd|th|\.)? ` + months + `,? ` + years + `)`)
)

// settleDay finds the day of the times of the text that tell none: that of what the text tells of itself, else the
// title's, else the caller's, else the first day with a year that the text tells at all.
func (r *reader) settleDay() {
	if date := &r.document.Date; date.Time.IsZero() && !r.own {
		if moment, ok := r.dayIn(isoInText.FindString(r.document.Title)); ok {
			moment.Said = date.Said
			*date = moment
		}
	}
	if r.calendar.today.IsZero() && !r.day.IsZero() {
		r.calendar.today = r.day.UTC().Truncate(24 * time.Hour)
	}
	if r.calendar.today.IsZero() && !r.own {
		if found := dayInText.FindString(string(r.body)); found != "" {
			r.dayIn(found)
		}
	}
	r.calendar.last = time.Time{}
	r.settleBegin()
}

// dayIn moves the calendar to a day.
func (r *reader) dayIn(text string) (Moment, bool) {
	s, _, ok := scanStamp(strings.TrimSpace(text))
	if !ok {
		return Moment{}, false
	}
	moment, _, _ := r.calendar.resolve(s)
	return moment, !moment.Time.IsZero()
}

// settleBegin finds what T+5m counts from.
func (r *reader) settleBegin() {
	for _, incident := range r.document.Incidents {
		for _, milestone := range incident.Milestones {
			if milestone.Name == string(started) || milestone.Name == string(detected) && r.calendar.begin.IsZero() {
				r.calendar.begin = milestone.Time
			}
		}
	}
}
