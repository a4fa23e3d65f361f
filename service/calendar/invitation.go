package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Person is somebody in a meeting.
type Person struct {
	// Name is how they are called.
	Name string
	// Email is their address; "" where nobody knows it, and treated like that where it is none.
	Email string
}

// Attendee is somebody who is invited.
type Attendee struct {
	Person
	// Role is what they do, in words, such as "facilitator".
	Role string
	// Chair leads the meeting.
	Chair bool
	// Optional may come.
	Optional bool
}

// AgendaPart is a part of a meeting.
type AgendaPart struct {
	Title string
	// Minutes is how long it takes; 0: nobody said.
	Minutes int
	// Lines are what is to be done or asked in it.
	Lines []string
}

// Meeting is the meeting of a review.
type Meeting struct {
	// Name is the resource name of the post-mortem: "postMortems/…".
	Name string
	// Sequence counts the revisions of the meeting, from 0.
	Sequence int
	// CreateTime and UpdateTime are when the meeting first was planned, and when it last changed.
	CreateTime, UpdateTime time.Time
	// Title is that of the post-mortem.
	Title string
	Start time.Time
	// Duration is how long it takes; 0: [DefaultDuration].
	Duration  time.Duration
	Organizer Person
	// Attendees are who is invited. Those without an address can't be: the description names them, so that they are not
	// forgotten.
	Attendees []Attendee
	Agenda    []AgendaPart
}

// Message is an invitation.
type Message struct {
	// Method is "REQUEST" or "PUBLISH". The Content-Type of an e-mail must name it (RFC 6047).
	Method string
	Body   []byte
}

// MediaType is the message's Content-Type.
func (m Message) MediaType() string { return MediaType + "; method=" + m.Method }

// nowhere stands for the address of an organizer who has none: RFC 5546 demands an organizer.
const nowhere = "invalid:nomail"

// Invite writes the invitation to a meeting: a REQUEST to those with an address, to be answered to the organizer. Where the
// organizer or everybody else has no address, nobody can be asked, nor answer: then it is a PUBLISH, which clients put into
// their reader's calendar without a question.
func Invite(meeting Meeting) Message {
	event := meeting.item().event()
	invited := meeting.invited()
	organizer := mailbox(meeting.Organizer.Email)
	method := ics.MethodRequest
	if organizer == "" || len(invited) == 0 {
		method = ics.MethodPublish
	}
	addPerson(event, ics.ComponentPropertyOrganizer, meeting.Organizer.Name, "", cmp.Or(organizer, nowhere))
	if method != ics.MethodPublish {
		for _, attendee := range invited {
			addPerson(event, ics.ComponentPropertyAttendee, attendee.Name, attendee.parameters(), mailbox(attendee.Email))
		}
	}
	calendar := newCalendar()
	calendar.SetMethod(method)
	calendar.AddVEvent(event)
	return Message{Method: string(method), Body: serialize(calendar)}
}

// item is the meeting as a feed has it, with an agenda.
func (m Meeting) item() Item {
	return Item{
		Kind: ReviewMeeting, Name: m.Name, Sequence: m.Sequence, CreateTime: m.CreateTime, UpdateTime: m.UpdateTime,
		Title: m.Title, Description: join(m.agenda(), m.unreached()),
		Start: m.Start, Duration: m.Duration,
	}
}

// invited are the attendees with an address, each address once.
func (m Meeting) invited() []Attendee {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(m.Attendees), func(attendee Attendee) bool {
		address := strings.ToLower(attendee.Email)
		double := seen[address]
		seen[address] = true
		return double || mailbox(attendee.Email) == ""
	})
}

// agenda is what the description says about the parts.
func (m Meeting) agenda() string {
	if len(m.Agenda) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Agenda")
	for i, part := range m.Agenda {
		fmt.Fprintf(&b, "\n%d. %s", i+1, line(part.Title))
		if part.Minutes > 0 {
			fmt.Fprintf(&b, " (%d min)", part.Minutes)
		}
		for _, item := range part.Lines {
			b.WriteString("\n- " + line(item))
		}
	}
	return b.String()
}

// unreached are the attendees whom the invitation does not reach.
func (m Meeting) unreached() string {
	reached := m.invited()
	if mailbox(m.Organizer.Email) == "" {
		reached = nil
	}
	var names []string
	for _, attendee := range m.Attendees {
		known := slices.ContainsFunc(reached, func(r Attendee) bool { return strings.EqualFold(r.Email, attendee.Email) })
		name := line(attendee.Name)
		if known || name == "" {
			continue
		}
		if role := line(attendee.Role); role != "" {
			name += " (" + role + ")"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return "Please tell, as this invitation does not reach them: " + strings.Join(names, ", ")
}

// parameters are fixed words: who has which part, that nobody has answered yet, and that an answer is asked for.
func (a Attendee) parameters() string {
	role := ics.ParticipationRoleReqParticipant
	switch {
	case a.Chair:
		role = ics.ParticipationRoleChair
	case a.Optional:
		role = ics.ParticipationRoleOptParticipant
	}
	return fmt.Sprintf(";ROLE=%s;PARTSTAT=%s;RSVP=TRUE", role, ics.ParticipationStatusNeedsAction)
}

// addPerson adds a property with a name for eyes. RFC 5545 (3.2) puts such a name between quotation marks, where the
// library would write backslashes into it; so the parameters go with the property's name, which is written as it is.
func addPerson(event *ics.VEvent, property ics.ComponentProperty, name, parameters, uri string) {
	// Nothing stands for a quotation mark in all clients, and a caret is one's beginning in some (RFC 6868).
	name = strings.NewReplacer(`"`, "'", "^", " ").Replace(name)
	if name = line(name); name != "" {
		parameters = `;CN="` + name + `"` + parameters
	}
	event.AddProperty(property+ics.ComponentProperty(parameters), uri)
}
