package calendar_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/calendar"
)

var due = calendar.Item{
	Kind: calendar.ReviewDue, Name: "incidents/01KA", Sequence: 3, CreateTime: day(9, 0), UpdateTime: day(9, 30),
	Title: "Orders are lost, and nobody is told", Description: "24 hours from when it was resolved.\nNobody has planned the review.",
	URL: "https://debrief.example.com/v1/incidents/01KA", Categories: []string{"SEV1", "orders, payments"}, Start: day(21, 15),
}

func feed() calendar.Feed {
	return calendar.Feed{
		Title: "Debrief", Description: "What is due, and when reviews meet",
		Items: []calendar.Item{
			{
				Kind: calendar.ReviewMeeting, Name: "postMortems/01KB", CreateTime: day(10, 0), UpdateTime: day(10, 0),
				Title: "Bestellungen gehen verloren – größere Störung mit Überraschungen in Zürich", Start: day(14, 0), Duration: 90 * time.Minute,
			},
			due,
			{
				Kind: calendar.FollowUpDue, Name: "incidents/01KA", Sequence: 1, CreateTime: day(9, 0), UpdateTime: day(11, 45),
				Title: "Orders are lost, and nobody is told", Start: day(21, 15),
			},
			{
				Kind: calendar.ActionDue, Name: "actionItems/01KC", CreateTime: day(8, 0), UpdateTime: day(8, 0),
				Title: "Tell who waits; retry by itself", Start: time.Date(2026, 3, 9, 17, 0, 0, 0, time.FixedZone("", 3600)),
			},
			{Kind: calendar.ReviewDue, Name: "incidents/01KD", Title: "Paused, without an end", CreateTime: day(8, 0), UpdateTime: day(8, 0)},
		},
	}
}

func TestAFeedInFull(t *testing.T) {
	got := calendar.Publish(feed())
	lines(t, got)
	parse(t, got)
	golden(t, "feed.ics", got)
}

func TestAFeedDoesNotDependOnTheOrderOfItsItems(t *testing.T) {
	want := calendar.Publish(feed())
	reversed := feed()
	slices.Reverse(reversed.Items)
	if diff := cmp.Diff(string(want), string(calendar.Publish(reversed))); diff != "" {
		t.Errorf("the other way round:\n%s", diff)
	}
	if reversed.Items[0].Name != "incidents/01KD" {
		t.Error("the items that were given are in another order now")
	}
}

func TestAnEmptyFeedIsACalendar(t *testing.T) {
	got := calendar.Publish(calendar.Feed{})
	want := []string{"BEGIN:VCALENDAR", "VERSION", "PRODID", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "END:VCALENDAR"}
	if diff := cmp.Diff(want, names(lines(t, got))); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	parse(t, got)
}

func TestUIDsNeverChange(t *testing.T) {
	want := map[calendar.Kind]string{
		calendar.ReviewDue:     "9b582d9a-c572-51ae-ba5d-3afc858d15f0",
		calendar.FollowUpDue:   "4715c8c2-7368-551f-b816-077b70e326af",
		calendar.ReviewMeeting: "94e1d170-b805-56db-a903-3f7dfff65e84",
		calendar.ActionDue:     "25332a5e-333b-5079-9cdb-c37e2d6b8c0c",
	}
	got := map[calendar.Kind]string{}
	for kind := range want {
		got[kind] = calendar.UID(kind, "incidents/01KA")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("UIDs (-want +got):\n%s", diff)
	}
}

func TestWhatIsDueTakesUpNoTimeAndAMeetingDoes(t *testing.T) {
	for kind, want := range map[calendar.Kind]string{
		calendar.ReviewDue: "TRANSPARENT -", calendar.FollowUpDue: "TRANSPARENT -", calendar.ActionDue: "TRANSPARENT -",
		calendar.ReviewMeeting: "OPAQUE 20260302T150000Z",
	} {
		item := due
		item.Kind, item.Start, item.Duration = kind, day(14, 0), 0
		event := parse(t, calendar.Publish(calendar.Feed{Items: []calendar.Item{item}})).Events()[0]
		end := "-"
		if property := event.Props.Get(ical.PropDateTimeEnd); property != nil {
			end = property.Value
		}
		if got := event.Props.Get(ical.PropTransparency).Value + " " + end; got != want {
			t.Errorf("%v: %s, want %s", kind, got, want)
		}
	}
}

func TestLinksThatNobodyShouldFollowAreLeftOut(t *testing.T) {
	for _, link := range []string{
		"", "incidents/1", "javascript:alert(1)", "file:///etc/passwd", "http://", "https://example.com/\r\nX-INJECTED:1",
		"https://example.com/\nX-INJECTED:1", "https://exa mple.com", "https://ex\u00e4mple.com/", "https://example.com/" + strings.Repeat("a", 3000),
	} {
		item := due
		item.URL, item.Description = link, ""
		got := names(lines(t, calendar.Publish(calendar.Feed{Items: []calendar.Item{item}})))
		if slices.Contains(got, "URL") || slices.Contains(got, "DESCRIPTION") || slices.Contains(got, "X-INJECTED") {
			t.Errorf("%q leads to %v", link, got)
		}
	}
}

func TestTextsAreReadBackAsTheyWere(t *testing.T) {
	for _, title := range []string{
		`a;b,c\d:e"f'g`, `ends with \`, `\n is not a line feed`, "naïve Ünïcode 事故の振り返り 🧯🧑‍🚒", strings.Repeat("事故", 80),
		strings.Repeat("x", 400), strings.Repeat("a ", 200) + "b", "<b>" + strings.Repeat("<>", 60) + "</b>",
	} {
		item := due
		item.Title, item.Description, item.URL = title, title+"\n\n\tand "+title, ""
		data := calendar.Publish(calendar.Feed{Title: title, Items: []calendar.Item{item}})
		lines(t, data)
		event := parse(t, data).Events()[0]
		if diff := cmp.Diff("Review due: "+title, value(t, event, ical.PropSummary)); diff != "" {
			t.Errorf("summary (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(item.Description, value(t, event, ical.PropDescription)); diff != "" {
			t.Errorf("description (-want +got):\n%s", diff)
		}
	}
}

func TestEveryBreakOfALineIsALineFeed(t *testing.T) {
	item := due
	item.Title, item.Description, item.URL = "a\r\nb\rc\u2028d", "a\r\nb\rc\u2028d\x00e", ""
	event := parse(t, calendar.Publish(calendar.Feed{Items: []calendar.Item{item}})).Events()[0]
	if got, want := value(t, event, ical.PropSummary), "Review due: a b c d"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if got, want := value(t, event, ical.PropDescription), "a\nb\nc\nde"; got != want {
		t.Errorf("description %q, want %q", got, want)
	}
}

func TestTextsCanNotEndTheirLine(t *testing.T) {
	for name, end := range map[string]string{
		"CR LF": "\r\n", "LF": "\n", "CR": "\r", "VT": "\v", "FF": "\f", "NEL": "\u0085", "LS": "\u2028", "PS": "\u2029", "NUL": "\x00",
		"a raw NEL": "\x85", "a fold": "\r\n ", "an escaped one": `\n`, "a quotation mark": `"`,
	} {
		t.Run(name, func(t *testing.T) {
			hostile := "harmless" + end + "END:VEVENT" + end + "X-INJECTED:yes" + end
			want := names(lines(t, calendar.Publish(calendar.Feed{Title: "a", Description: "b", Items: []calendar.Item{due}})))
			item := due
			item.Title, item.Description, item.Categories = hostile, hostile, []string{hostile, hostile}
			data := calendar.Publish(calendar.Feed{Title: hostile, Description: hostile, Items: []calendar.Item{item}})
			if diff := cmp.Diff(want, names(lines(t, data))); diff != "" {
				t.Errorf("properties (-harmless +hostile):\n%s", diff)
			}
			parse(t, data)
		})
	}
}

func TestTextsAreCutBetweenCharacters(t *testing.T) {
	item := due
	item.Title, item.Description, item.URL = strings.Repeat("事", 10_000), strings.Repeat("🧯", 100_000), ""
	data := calendar.Publish(calendar.Feed{Items: []calendar.Item{item}})
	lines(t, data)
	event := parse(t, data).Events()[0]
	for name, most := range map[string]int{ical.PropSummary: 512, ical.PropDescription: 16 << 10} {
		got := value(t, event, name)
		if len(got) > most || len(got) < most-8 || !strings.HasSuffix(got, "…") || strings.Contains(got, "\uFFFD") {
			t.Errorf("%s has %d bytes, and ends in %q", name, len(got), got[len(got)-12:])
		}
	}
}

func FuzzNoTextBreaksOutOfItsProperty(f *testing.F) {
	f.Add("a title", "a text\r\nX-INJECTED:1", "https://example.com/?a=b,c;d", "ada@example.com")
	f.Add("\xff\xfe\r\r\n", strings.Repeat("é", 300), "javascript:alert(1)", `"a b"@example.com`)
	f.Add(`";X=1:mailto:eve@example.com`, "^n^'\"", "http://[::1]/%0d%0aX:1", "a,b;c%0d@example.com")
	f.Fuzz(func(t *testing.T, title, body, link, email string) {
		item := due
		item.Title, item.Description, item.URL, item.Categories = title, body, link, []string{title, body}
		data := calendar.Publish(calendar.Feed{Title: title, Description: body, Items: []calendar.Item{item}})
		checkContained(t, data)
		message := calendar.Invite(calendar.Meeting{
			Name: "postMortems/1", Title: title, Start: day(14, 0),
			Organizer: calendar.Person{Name: title, Email: email},
			Attendees: []calendar.Attendee{{Person: calendar.Person{Name: body, Email: email}, Role: title}, {Person: calendar.Person{Name: title}}},
			Agenda:    []calendar.AgendaPart{{Title: title, Minutes: 5, Lines: []string{body}}},
		})
		checkContained(t, message.Body)
	})
}

// checkContained says whether everything is in one event, and nothing in it but what belongs there.
func checkContained(t *testing.T, data []byte) {
	t.Helper()
	known := strings.Fields(`BEGIN:VCALENDAR VERSION PRODID METHOD NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC REFRESH-INTERVAL
		X-PUBLISHED-TTL LAST-MODIFIED BEGIN:VEVENT UID DTSTAMP CREATED SEQUENCE STATUS SUMMARY URL CATEGORIES DTSTART DTEND TRANSP
		ORGANIZER ATTENDEE END:VEVENT END:VCALENDAR`)
	for _, name := range names(lines(t, data)) {
		if !slices.Contains(known, name) {
			t.Errorf("there is a property %q in\n%s", name, data)
		}
	}
	calendar, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil || len(calendar.Events()) != 1 {
		t.Errorf("read back as %v, %v:\n%s", calendar, err, data)
	}
}
