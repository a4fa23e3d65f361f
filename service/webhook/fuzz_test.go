package webhook_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/webhook"
)

var fuzzTime = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

// hostileEvent has a mention and a link of Slack's in each of its texts.
func hostileEvent() webhook.Event {
	const text = "<!channel>&<https://example.com|x>\r\n\"\xff\u2028"
	return webhook.Event{
		ID: text, Type: text, Resource: text, Incident: text, Title: text, Link: text, Actor: text, Time: fuzzTime,
		Changes: []webhook.Change{{Field: text, Before: text, After: text}},
	}
}

// FuzzTemplate holds that a template is refused, or makes a text of bounded size of any event, in which a text of people mentions
// nobody and leads nowhere.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"", "{{.What}}", "{{.Title}} {{.Actor}}", "{{range .Changes}}{{.Field}}: {{.Before}} {{.After}}{{end}}", `{{if eq .Type "X"}}a{{else}}b{{end}}`, "{{len .Title}}",
		"{{define \"x\"}}{{end}}", "{{template \"x\"}}", "{{printf \"%s\" .}}", "{{.Title | html}}", "{{range .Changes}}{{range $.Changes}}x{{end}}{{end}}", "{{$x := .Title}}{{$x}}",
		"{{.Nothing}}", "{{", "}}", "{{/* */}}", "{{- .ID -}}", "{{with .Link}}{{.}}{{end}}", "{{break}}", "{{not .Title}}", "{{1}}", "{{`a`}}", "{{'a'}}", "{{nil}}", "\xff", "{{index .Changes 99}}",
		"{{slice .Title 1}}", "{{call .Title}}", "{{and .ID .Type}}", "{{len .Sequence}}", "{{eq .Changes .Changes}}", "{{.Changes}}", "{{.Sequence}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if _, err := webhook.ParseTemplate(source); err != nil {
			if _, ok := errors.AsType[*webhook.TemplateError](err); !ok {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		for _, format := range []webhook.Format{webhook.Slack, webhook.Teams} {
			composer, err := webhook.NewComposer(format, "https://debrief.example.com", source)
			if err != nil {
				t.Fatalf("%q: %v", source, err)
			}
			for _, event := range []webhook.Event{{}, hostileEvent()} {
				body, _, err := composer.Body(event, nil)
				if err != nil || !json.Valid(body) || !utf8.Valid(body) || len(body) > 8*webhook.MaxText {
					t.Fatalf("%q makes %d bytes, %v: %.300s", source, len(body), err, body)
				}
				if format == webhook.Slack && strings.ContainsAny(string(body), "<>") && !strings.ContainsAny(source, `<>\`) {
					t.Fatalf("%q makes %s", source, body)
				}
			}
		}
	})
}

// FuzzFilter holds that a filter is refused, or answers of any event, and in the same way each time.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"", "true", `event.type == "INCIDENT_OPENED"`, `event.changes.exists(c, c.field == "state")`, `event.time > timestamp("2026-01-01T00:00:00Z")`, "event", "event.nothing", "1/0 == 1",
		`event.actor.matches("(a+)+$")`, "event.changes[99].field == ''", "null", "[1,2].all(x, x > event.resource_revision)", "((((", "\xff", `"a" + event.type == "b"`, "has(event.actor)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		filter, err := webhook.NewFilter(source)
		if err != nil {
			if _, ok := errors.AsType[*webhook.FilterError](err); !ok {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		for _, event := range []webhook.Event{{}, hostileEvent()} {
			one, first := filter.Wants(event)
			other, second := filter.Wants(event)
			if one != other || (first == nil) != (second == nil) {
				t.Errorf("%q answers %v, %v and then %v, %v", source, one, first, other, second)
			}
		}
	})
}

// FuzzAddress holds that an address is refused, or leads by http to a name, where no number may be led to.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/x", "http://127.0.0.1", "http://[::1]:80/", "http://localhost./", "http://a.localhost", "http://LOCALHOST", "https://u:p@example.com", "https://example.com/#x", "ftp://x",
		"//x", "https:x", "https://", "https://[fe80::1%25eth0]/", "http://0", "http://127.1", "http://[::ffff:10.0.0.1]/", "https://example.com:99999/", "https://exa mple.com", "https://example.com\r\nX: y", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		err := webhook.CheckAddress(address, func(netip.Addr) bool { return false })
		if err != nil {
			if _, ok := errors.AsType[*webhook.AddressError](err); !ok {
				t.Fatalf("%q: %v", address, err)
			}
			return
		}
		parsed, err := url.Parse(address)
		if err != nil || parsed.Hostname() == "" || parsed.User != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
			t.Fatalf("%q is taken: %v, %v", address, parsed, err)
		}
		if _, err := netip.ParseAddr(strings.TrimRight(parsed.Hostname(), ".")); err == nil || strings.EqualFold(strings.TrimRight(parsed.Hostname(), "."), "localhost") {
			t.Fatalf("%q is taken, which leads to %s", address, parsed.Hostname())
		}
	})
}

// FuzzRetryAfter holds that nobody has a delivery wait for longer than it may, or go back in time.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "5", "-1", "99999999999999999999", " 7 ", "Sat, 14 Mar 2026 10:00:00 GMT", "Sat, 14 Mar 0001 10:00:00 GMT", "1e3", "٣", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if wait := webhook.RetryAfter(header, fuzzTime); wait < 0 || wait > webhook.LastDelay {
			t.Errorf("%q is %v", header, wait)
		}
	})
}
