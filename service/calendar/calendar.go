// Package calendar writes what is due, and the meetings of reviews, as iCalendar (RFC 5545): a feed that people subscribe
// to, and invitations (RFC 5546) that are sent or downloaded one by one. It is a function of what it is given: the same
// items make the same bytes, so that a feed can be compared and cached.
//
// Everything is a VEVENT. A VTODO would say "due" better, but most clients show none in a calendar that is subscribed to.
// What is due is a point in time that leaves its reader free for other things; only a meeting takes up time.
//
// All texts may come from anybody. They can't end their line, nor begin another one.
package calendar

import (
	"cmp"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"
)

// MediaType is what the bytes of a feed are.
const MediaType = "text/calendar; charset=utf-8"

const product = "-//Debrief//Debrief//EN"

// DefaultDuration is how long a meeting takes whose duration nobody set.
const DefaultDuration = time.Hour

// refresh is how often clients are asked to look again, as ISO 8601 has it.
const refresh = "PT15M"

// Kind is what an item is about.
type Kind int

const (
	// ReviewDue is when the review of an incident is due.
	ReviewDue Kind = iota
	// FollowUpDue is when the first follow-up of an incident is due.
	FollowUpDue
	// ReviewMeeting is the meeting of a review.
	ReviewMeeting
	// ActionDue is when an action item is due.
	ActionDue
)

var (
	// Uids are made of these: never change them.
	kindNames = [...]string{"review-due", "follow-up-due", "review-meeting", "action-due"}
	prefixes  = [...]string{"Review due", "Follow-up due", "Review", "Action due"}
)

// String is "review-due", "follow-up-due", "review-meeting" or "action-due".
func (k Kind) String() string { return kindNames[k] }

// Item is an entry of a feed.
type Item struct {
	Kind Kind
	// Name is the resource name of what is due: "incidents/…", "postMortems/…", "actionItems/…". Together with Kind it is
	// who the item is ([UID]); a feed has it once.
	Name string
	// Sequence counts the revisions of the item, from 0; clients take the highest.
	Sequence int
	// CreateTime and UpdateTime are when the item first was, and when it last changed.
	CreateTime, UpdateTime time.Time
	// Title is that of what is due; the item's kind is put before it.
	Title string
	// Description is plain text, of any number of lines.
	Description string
	// URL leads to what is due: absolute, http or https; anything else is left out. As many clients hide it, it is the last
	// line of the description, too.
	URL        string
	Categories []string
	// Start is when it is due, or begins. An item whose Start is zero is left out: nobody knows when.
	Start time.Time
	// Duration is how long a meeting takes; 0: [DefaultDuration]. What is due has none.
	Duration time.Duration
}

// Feed is a calendar that is published.
type Feed struct {
	// Title is how clients call it.
	Title       string
	Description string
	// Items may be in any order.
	Items []Item
}

// Publish writes a feed. It has no METHOD, as it asks nobody for anything; so DTSTAMP is when an item last changed.
func Publish(feed Feed) []byte {
	calendar := newCalendar()
	if title := line(feed.Title); title != "" {
		calendar.SetName(title)
	}
	if description := text(feed.Description); description != "" {
		calendar.SetDescription(description)
		calendar.SetXWRCalDesc(description)
	}
	calendar.SetRefreshInterval(refresh)
	calendar.SetXPublishedTTL(refresh)

	items := slices.DeleteFunc(slices.Clone(feed.Items), func(item Item) bool { return item.Start.IsZero() })
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	var changed time.Time
	for _, item := range items {
		if item.UpdateTime.After(changed) {
			changed = item.UpdateTime
		}
		calendar.AddVEvent(item.event())
	}
	if !changed.IsZero() {
		calendar.SetLastModified(changed)
	}
	return serialize(calendar)
}

// event has all that an item has in a feed and as an invitation.
func (i Item) event() *ics.VEvent {
	event := ics.NewEvent(UID(i.Kind, i.Name))
	event.SetDtStampTime(i.UpdateTime)
	event.SetCreatedTime(i.CreateTime)
	event.SetLastModifiedAt(i.UpdateTime)
	event.SetSequence(max(0, i.Sequence))
	event.SetStatus(ics.ObjectStatusConfirmed)
	event.SetSummary(line(prefixes[i.Kind] + ": " + i.Title))
	link := webAddress(i.URL)
	if description := join(text(i.Description), link); description != "" {
		event.SetDescription(description)
	}
	if link != "" {
		event.SetURL(link)
	}
	for _, category := range i.Categories {
		if category = line(category); category != "" {
			event.AddCategory(category)
		}
	}
	event.SetStartAt(i.Start)
	// An end must be later than the start: a point in time has none.
	transparency := ics.TransparencyTransparent
	if i.Kind == ReviewMeeting {
		event.SetEndAt(i.Start.Add(meetingDuration(i.Duration)))
		transparency = ics.TransparencyOpaque
	}
	event.SetTimeTransparency(transparency)
	return event
}

// meetingDuration is at least a second, the precision of iCalendar.
func meetingDuration(d time.Duration) time.Duration {
	if d < time.Second {
		return DefaultDuration
	}
	return d
}

// namespace keeps the UIDs of this package apart from anybody else's.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/debriefhq/debrief/service/calendar"))

// UID is who an item is, for ever: a UUID (version 5) of its kind and its resource name, as RFC 7986 recommends. A review's
// meeting has the same one in a feed and as an invitation.
func UID(kind Kind, name string) string {
	return uuid.NewSHA1(namespace, []byte(kind.String()+" "+name)).String()
}

func newCalendar() *ics.Calendar {
	calendar := ics.NewCalendarFor("")
	calendar.SetProductId(product)
	return calendar
}

func serialize(calendar *ics.Calendar) []byte {
	return []byte(calendar.Serialize(ics.WithNewLine("\r\n")))
}

// join puts an empty line between parts that are not empty.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n\n")
}
