package calendar

import (
	"net/mail"
	"net/url"
	"strings"
	"unicode"

	"github.com/debriefhq/debrief/service/plaintext"
)

const (
	// maxLine is how many bytes a text of one line keeps, maxText one of many: clients cut, or choke on, more.
	maxLine = 512
	maxText = 16 << 10
	// maxAddress is how long an e-mail address can be (RFC 5321, 4.5.3.1), and maxURL a link that clients follow.
	maxAddress = 254
	maxURL     = 2048
)

// breaks are what somebody's reader takes for the end of a line.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// text is UTF-8 whose only control characters are line feeds and tabs. The library writes a line feed as \n, and a line
// of the file ends nowhere else: it would leave any other break as it is.
func text(s string) string { return plaintext.Shorten(clean(s), maxText) }

// line is text without line feeds.
func line(s string) string { return plaintext.Shorten(plaintext.Line(clean(s)), maxLine) }

func clean(s string) string {
	s = breaks.Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// webAddress is an absolute link that a reader can follow; "": it is none.
func webAddress(s string) string {
	link, err := url.Parse(s)
	if err != nil || link.Host == "" || link.Scheme != "http" && link.Scheme != "https" {
		return ""
	}
	address := link.String()
	// String escapes all but the host.
	if len(address) > maxURL || strings.ContainsFunc(link.Host+address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return address
}

// mailbox is the URI of an e-mail address; "": it is none.
func mailbox(s string) string {
	if len(s) > maxAddress {
		return ""
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return "mailto:" + url.PathEscape(s)
}
