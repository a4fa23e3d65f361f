package calendar_test

import (
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/calendar"
)

func meeting() calendar.Meeting {
	return calendar.Meeting{
		Name: "postMortems/01KB", Sequence: 2, CreateTime: day(9, 0), UpdateTime: day(9, 30),
		Title: "Orders are lost, and nobody is told", Start: day(14, 0), Duration: 90 * time.Minute,
		Organizer: calendar.Person{Name: "Debrief", Email: "debrief@example.com"},
		Attendees: []calendar.Attendee{
			{Person: calendar.Person{Name: `Ada "the Countess" Lovelace, London`, Email: "ada@example.com"}, Role: "facilitator", Chair: true},
			{Person: calendar.Person{Name: "Grace O'Hopper", Email: "grace+reviews@example.com"}},
			{Person: calendar.Person{Email: "lin@example.com"}, Optional: true},
			{Person: calendar.Person{Name: "Ada again", Email: "ADA@example.com"}},
			{Person: calendar.Person{Name: "the network on-call"}, Role: "responder"},
			{Person: calendar.Person{Name: "Mallory", Email: "mallory@example.com\r\nX-INJECTED:1"}},
		},
		Agenda: []calendar.AgendaPart{
			{Title: "Ground rules", Minutes: 5},
			{Title: "Timeline", Minutes: 50, Lines: []string{
				"What did the dashboard show at 10:02?", "How did the queue come to be full, and what would have shown it?",
			}},
			{Title: "Actions"},
		},
	}
}

func TestAnInvitationInFull(t *testing.T) {
	got := calendar.Invite(meeting())
	lines(t, got.Body)
	parse(t, got.Body)
	golden(t, "request.ics", got.Body)
	if want := "text/calendar; charset=utf-8; method=REQUEST"; got.MediaType() != want {
		t.Errorf("media type %q, want %q", got.MediaType(), want)
	}
}

func TestTheMeetingIsTheSameInAFeedAndAsAnInvitation(t *testing.T) {
	event := parse(t, calendar.Invite(meeting()).Body).Events()[0]
	if got, want := value(t, event, ical.PropUID), calendar.UID(calendar.ReviewMeeting, "postMortems/01KB"); got != want {
		t.Errorf("UID %q, want %q", got, want)
	}
}

func TestOnlyThoseWithAnAddressAreInvitedAndTheOthersAreNamed(t *testing.T) {
	type invitation struct {
		Method, Organizer string
		Attendees         []string
		Description       string
	}
	nameless := meeting()
	nameless.Organizer.Email = ""
	alone := meeting()
	alone.Attendees = []calendar.Attendee{{Person: calendar.Person{Name: "the network on-call"}}}
	few := meeting()
	few.Attendees = few.Attendees[1:5]
	for _, m := range []*calendar.Meeting{&nameless, &alone, &few} {
		m.Agenda = nil
	}
	tests := []struct {
		name    string
		message calendar.Message
		want    invitation
	}{
		{"some have an address", calendar.Invite(few), invitation{
			Method: "REQUEST", Organizer: "mailto:debrief@example.com",
			Attendees:   []string{"mailto:grace+reviews@example.com", "mailto:lin@example.com", "mailto:ADA@example.com"},
			Description: "Please tell, as this invitation does not reach them: the network on-call (responder)",
		}},
		{"nobody has an address", calendar.Invite(alone), invitation{
			Method: "PUBLISH", Organizer: "mailto:debrief@example.com",
			Description: "Please tell, as this invitation does not reach them: the network on-call",
		}},
		{"the organizer has none", calendar.Invite(nameless), invitation{
			Method: "PUBLISH", Organizer: "invalid:nomail",
			Description: `Please tell, as this invitation does not reach them: Ada "the Countess" Lovelace, London (facilitator), ` +
				`Grace O'Hopper, Ada again, the network on-call (responder), Mallory`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read := parse(t, test.message.Body)
			event := read.Events()[0]
			got := invitation{
				Method: read.Props.Get(ical.PropMethod).Value, Organizer: event.Props.Get(ical.PropOrganizer).Value,
				Description: value(t, event, ical.PropDescription),
			}
			for _, attendee := range event.Props.Values(ical.PropAttendee) {
				got.Attendees = append(got.Attendees, attendee.Value)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("invitation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesCanNotLeaveTheirQuotationMarks(t *testing.T) {
	hostile := meeting()
	hostile.Organizer.Name = `Eve";SENT-BY="mailto:eve@example.com":mailto:eve@example.com` + "\r\nX-INJECTED:1"
	hostile.Attendees = []calendar.Attendee{{Person: calendar.Person{Name: `^'^n;ROLE=CHAIR:x`, Email: "ada@example.com"}}}
	data := calendar.Invite(hostile).Body
	checkContained(t, data)
	event := parse(t, data).Events()[0]
	organizer, attendee := event.Props.Get(ical.PropOrganizer), event.Props.Get(ical.PropAttendee)
	want := ical.Params{"CN": {"Eve';SENT-BY='mailto:eve@example.com':mailto:eve@example.com X-INJECTED:1"}}
	if diff := cmp.Diff(want, organizer.Params); diff != "" || organizer.Value != "mailto:debrief@example.com" {
		t.Errorf("organizer %q (-want +got):\n%s", organizer.Value, diff)
	}
	want = ical.Params{"CN": {"' n;ROLE=CHAIR:x"}, "ROLE": {"REQ-PARTICIPANT"}, "PARTSTAT": {"NEEDS-ACTION"}, "RSVP": {"TRUE"}}
	if diff := cmp.Diff(want, attendee.Params); diff != "" || attendee.Value != "mailto:ada@example.com" {
		t.Errorf("attendee %q (-want +got):\n%s", attendee.Value, diff)
	}
}

func TestAnAddressIsWrittenAsAURI(t *testing.T) {
	m := meeting()
	m.Attendees = []calendar.Attendee{{Person: calendar.Person{Name: "Ada", Email: "a?b#c%d/e@example.com"}}}
	event := parse(t, calendar.Invite(m).Body).Events()[0]
	if got, want := event.Props.Get(ical.PropAttendee).Value, "mailto:a%3Fb%23c%25d%2Fe@example.com"; got != want {
		t.Errorf("attendee %q, want %q", got, want)
	}
}

func TestWhatIsNoAddressIsNotInvited(t *testing.T) {
	for _, email := range []string{
		"ada", "ada@", "@example.com", "Ada <ada@example.com>", "ada@example.com, eve@example.com", "ada@example.com\n",
		"mailto:ada@example.com ", `"a b"@example.com`, "team/network",
	} {
		m := meeting()
		m.Attendees = []calendar.Attendee{{Person: calendar.Person{Name: "Ada", Email: email}}}
		if got := calendar.Invite(m).Method; got != "PUBLISH" {
			t.Errorf("%q is invited by a %s", email, got)
		}
	}
}
