package hostile_test

import (
	"strings"

	"pgregory.net/rapid"
)

// pick draws one of the values, each as likely as the others.
func pick[T any](t *rapid.T, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, what)
}

// rarely is true once in so many times.
func rarely(t *rapid.T, what string, times int) bool {
	return rapid.SampledFrom(upTo[:times]).Draw(t, what) == times-1
}

var upTo = func() (numbers []int) {
	for i := range 1000 {
		numbers = append(numbers, i)
	}
	return numbers
}()

// oddTexts are those that programs have stumbled over.
var oddTexts = []string{
	"", " ", "\x00", "a\x00b", "\x7f\x1b[31m\a", "\r\nX-Injected: 1\r\n\r\n", "\u2028\u2029", "\ufeffbom", "\ufffd",
	"\u202eright to left\u202c", "\u2066isolated", "e\u0301\u0301\u0301", "Z\u0351\u034a\u0301algo", "👩‍👩‍👧‍👦", "𝕌𝕟𝕚", "ﬁ", "İi̇", "ß", "\U0010ffff",
	"\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3", "..", "../../etc/passwd", "..%2f..%2fetc", "/", "//", "C:\\x", "~",
	"-", "--", "*", "%", "%00", "%zz", "$(id)", "`id`", "' OR 1=1 --", "\"; DROP TABLE x; --", "{\"$gt\":\"\"}", "{{.}}", "${x}", "%s%n%x",
	"<script>alert(1)</script>", "]]>", "&amp;&lt;", "javascript:alert(1)", "null", "true", "NaN", "-0", "1e999", "0x10", "٣", "１",
	"9223372036854775807", "9223372036854775808", "-9223372036854775809", "1.7976931348623157e309", "0001-01-01T00:00:00Z",
	"9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+99:99",
	"0s", "-1s", "315576000000s", "315576000001s", "1.0000000001s", "1h", "title,labels.*", "*", "a.b.c.d", "etag\"quoted\"", "W/\"1\"",
	"a=1", "a:", "NOT", "(((((", "a AND", "create_time > \"x\"", "labels.\"a\"=\"b\"", "title desc,", "title asc desc", "summary", "-title",
	"incidents/-", "incidents/../systems", "incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J/", "postMortems/01JD3V2Q6R8T0W2Y4A6C8E0G2J/statements",
	"http://[::1", "http://127.0.0.1:1/", "file:///etc/passwd", "gopher://x", "mailto:a@b", "a@b", "a@b\r\nBcc: x@y", "CON", "nul.txt",
}

// saneTexts are such as people write.
var saneTexts = []string{
	"Checkout answers slowly", "payments", "a", "owner-1", "The queue has no limit.\n\n- one\n- two", "`code` and **bold**", "Ünïcödé ☃",
	"ana", "sre", "15", "gal", "10s", "3600s", "22:00", "UTC", "Europe/Berlin", "https://example.com/a?b=c#d", "kim@example.com",
	"2026-03-14T09:26:00Z", "2026-11-01T00:00:00Z", "SEV1", "open", "alert.labels.severity == 'critical'", "title", "create_time desc",
	"state = ACTIVE", "severity <= SEV2 AND labels.team = \"payments\"", "title:\"slow\" OR kind = NEAR_MISS", "web --> db", "graph TD; a-->b",
	"digraph { a -> b }", "services: {web: {image: x}}", "# Title\n\n## Impact\nNone.\n",
}

// longTexts are of lengths at which something gives way.
var longTexts = []string{
	strings.Repeat("x", 129), strings.Repeat("x", 1025), strings.Repeat("ä", 5000), strings.Repeat("x", 65_537), strings.Repeat("*", 20_000),
	strings.Repeat("[", 20_000), strings.Repeat("> ", 10_000), strings.Repeat("(", 3_000), strings.Repeat("NOT ", 3_000), strings.Repeat("a.", 3_000),
	strings.Repeat("\n", 10_000), strings.Repeat("e\u0301", 10_000), strings.Repeat("`", 9_999), strings.Repeat("a AND ", 2_000) + "a",
}

// text draws a text: as people write it, or not.
func text(t *rapid.T) string {
	switch {
	case rarely(t, "long", 40):
		return pick(t, "long text", longTexts...)
	case rarely(t, "odd", 4):
		return pick(t, "odd text", oddTexts...)
	case rarely(t, "any", 6):
		return rapid.String().Draw(t, "any text")
	case rarely(t, "bytes", 20):
		return string(rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes"))
	}
	return pick(t, "text", saneTexts...)
}
