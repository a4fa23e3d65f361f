// Package email writes to people what happens and what is due: one message for all that came up within a while, and none at
// hours at which they do not want to be disturbed.
package email

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/debriefhq/debrief/service/plaintext"
)

const (
	// MaxItems is how many things a message tells in words; it counts those beyond.
	MaxItems = 50
	// MaxText is the most bytes of the text of a message.
	MaxText = 64 << 10
	// maxSubject is the most bytes of a subject, so that mail programs show it whole.
	maxSubject = 120
	// maxLine is the most bytes of a text of people within a line.
	maxLine = 300
)

// Item is one thing that happened, or is due.
type Item struct {
	// What happened, in words, such as "Review overdue since 2026-03-01 09:00 UTC". Required.
	What string
	// Title is what it happened to; empty where that is called nothing.
	Title string
	// Link leads to it; empty: none does.
	Link string
}

// Digest is what a message tells.
type Digest struct {
	// Items are what happened, in order. At least one; those beyond MaxItems are counted.
	Items []Item
	// Subscription is why it is written, with its title and its name.
	SubscriptionTitle, SubscriptionName string
	// Unsubscribe is the address at which one can end it.
	Unsubscribe string
}

// Message is what is sent.
type Message struct {
	// ID tells it from all others of this sender. A message that is sent again has the same.
	ID string
	// Time is when it was written.
	Time time.Time
	// To is who gets it: one address, without a name.
	To string
	// Subject is a line.
	Subject string
	// Text is the body, in plain text, whose lines end with \n.
	Text string
	// Unsubscribe is the address at which one can end it, after RFC 8058 with one click where it is https. Empty: none.
	Unsubscribe string
}

// Subject is what a message is about, in a line.
func (d Digest) Subject() string {
	subject := "[Debrief] "
	if count := len(d.Items); count > 1 {
		subject += fmt.Sprintf("%d messages: ", count)
	}
	return plaintext.Shorten(subject+d.Items[0].Line(), maxSubject)
}

// Text is the body.
func (d Digest) Text() string {
	var text strings.Builder
	for _, item := range d.Items[:min(len(d.Items), MaxItems)] {
		text.WriteString(item.Line() + "\n")
		if item.Link != "" {
			text.WriteString(item.Link + "\n")
		}
		text.WriteString("\n")
	}
	if beyond := len(d.Items) - MaxItems; beyond > 0 {
		fmt.Fprintf(&text, "And %d more.\n\n", beyond)
	}
	// "-- " and the end of the line is how mail programs know where what was written ends.
	fmt.Fprintf(&text, "-- \nDebrief writes to you because of %q (%s).\n", plaintext.Shorten(OneLine(d.SubscriptionTitle), maxLine), d.SubscriptionName)
	if d.Unsubscribe != "" {
		text.WriteString("To get no more of these: " + d.Unsubscribe + "\n")
	}
	return text.String()
}

// Line is what a message says of it, in one line.
func (i Item) Line() string {
	if i.Title == "" {
		return i.What
	}
	return i.What + ": " + plaintext.Shorten(OneLine(i.Title), maxLine)
}

// OneLine is a text in one line, of characters that can be seen, so that nothing of it is taken for a header or for a line
// that Debrief has written.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "�"), func(r rune) bool {
		return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || isDirection(r)
	}), " ")
}

// isDirection says that a character changes the direction of writing, and can make a line look like another.
func isDirection(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// CheckDomain says what is wrong with a domain to whose addresses may be written: `*` is all.
func CheckDomain(domain string) error {
	if domain == "*" {
		return nil
	}
	if address, err := mail.ParseAddress("x@" + domain); err != nil || address.Address != "x@"+domain {
		return errors.New("is no domain: give one such as example.com, or *")
	}
	return nil
}

// CheckAddress says what is wrong with an address to write to: it is to be one after RFC 5322, without a name, in one of the
// domains, of which `*` is all.
func CheckAddress(address string, domains []string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return errors.New("is no e-mail address: give one as kim@example.com, without a name")
	}
	_, domain, _ := strings.Cut(address[strings.LastIndexByte(address, '@'):], "@")
	allowed := slices.ContainsFunc(domains, func(allowed string) bool { return allowed == "*" || strings.EqualFold(allowed, domain) })
	if !allowed {
		return fmt.Errorf("is in %s: this server writes to addresses in %s", domain, strings.Join(domains, ", "))
	}
	return nil
}
