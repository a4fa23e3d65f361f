package hostile_test

import (
	"net/mail"
	"testing"

	"github.com/debriefhq/debrief/service/email/emailtest"
)

// TestLooksSee shows to each look what it is there to see.
func TestLooksSee(t *testing.T) {
	letter := func(change func(mail.Header), body string) error {
		header := mail.Header{"To": {"<kim@example.com>"}, "Subject": {"zqx"}, "Content-Type": {"text/plain; charset=UTF-8"}}
		change(header)
		return lookAtMail(emailtest.Message{To: "kim@example.com", Header: header, Body: body})
	}
	const calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
	const end = "END:VEVENT\r\nEND:VCALENDAR\r\n"
	for name, test := range map[string]struct {
		seen   error
		honest bool
	}{
		"a page":                 {lookAtHTML([]byte(`<p title="zqx">zqx <a href="https://zqx.example">x</a> &lt;script></p>`)), true},
		"a script":               {lookAtHTML([]byte(`<p>x<script>zqx()</script>`)), false},
		"an element of a mark":   {lookAtHTML([]byte(`<p>x<zqx a=b>`)), false},
		"a handler":              {lookAtHTML([]byte(`<p onclick="zqx()">x`)), false},
		"an address that runs":   {lookAtHTML([]byte(`<a href=" JavaScript:zqx()">x`)), false},
		"a comment":              {lookAtHTML([]byte(`<!-- zqx -->`)), false},
		"a style":                {lookAtHTML([]byte(`<style>zqx</style>`)), false},
		"a feed":                 {lookAtXML([]byte(`<feed><title>zqx</title><content type="html">&lt;p>zqx&lt;/p></content></feed>`), "feed", "title", "content"), true},
		"a script in a feed":     {lookAtXML([]byte(`<feed><content type="html">&lt;script>zqx&lt;/script></content></feed>`), "feed", "content"), false},
		"a foreign element":      {lookAtXML([]byte(`<svg><script/></svg>`), "svg"), false},
		"XML that is broken":     {lookAtXML([]byte(`<svg>]]></p>`), "svg"), false},
		"Markdown":               {lookAtMarkdown([]byte("# zqx\n\n\\<script> [x](https://zqx.example)\n")), true},
		"raw HTML":               {lookAtMarkdown([]byte("a <b>zqx")), false},
		"an image":               {lookAtMarkdown([]byte("![zqx](https://zqx.example)")), false},
		"a link that runs":       {lookAtMarkdown([]byte("[x](javascript:zqx)")), false},
		"a calendar":             {lookAtCalendar([]byte(calendar+"SUMMARY:zqx\r\n"+end), 1), true},
		"an event of a mark":     {lookAtCalendar([]byte(calendar+"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:zqx\r\nDTSTAMP:20260101T000000Z\r\n"+end), 1), false},
		"a property of a mark":   {lookAtCalendar([]byte(calendar+"X-ZQX:1\r\n"+end), 1), false},
		"an alarm":               {lookAtCalendar([]byte(calendar+"END:VEVENT\r\nBEGIN:VTODO\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"), 1), false},
		"a message":              {letter(func(mail.Header) {}, "zqx\r\n"), true},
		"another recipient":      {letter(func(h mail.Header) { h["Bcc"] = []string{"zqx@zqx.example"} }, ""), false},
		"a subject of two lines": {letter(func(h mail.Header) { h["Subject"] = []string{"=?utf-8?q?a=0D=0Ab?="} }, ""), false},
		"a text that is HTML":    {letter(func(h mail.Header) { h["Content-Type"] = []string{"text/html"} }, ""), false},
		"a link of a mark":       {letter(func(mail.Header) {}, "https://zqx.example\r\n"), false},
		"a mention":              {lookAtMessage([]byte(`{"text":"<!channel>"}`), true), false},
		"a message to Slack":     {lookAtMessage([]byte(`{"text":"&lt;!channel&gt;"}`), true), true},
		"a picture in DOT":       {lookAtDOT([]byte(`digraph { n0 [label="zqx\"]"]; n0 -> n1; }`)), true},
		"a node of a mark":       {lookAtDOT([]byte(`digraph { n0 [label=""]; zqx; }`)), false},
		"an address in DOT":      {lookAtDOT([]byte(`digraph { n0 [URL="javascript:zqx"] }`)), false},
		"a label that is HTML":   {lookAtDOT([]byte(`digraph { n0 [label=<<b>x</b>>] }`)), false},
		"a picture in Mermaid":   {lookAtMermaid("flowchart LR\n  n0[\"zqx\"]:::missing\n"), true},
		"a label that ends":      {lookAtMermaid("flowchart LR\n  n0[\"zqx\"];zqx[\"x\"]:::missing\n"), false},
		"a click":                {lookAtMermaid("flowchart LR\n  click n0 zqx\n"), false},
	} {
		if (test.seen == nil) != test.honest {
			t.Errorf("%s: %v", name, test.seen)
		}
	}
}
