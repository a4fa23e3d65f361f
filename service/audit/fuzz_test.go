package audit_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/audit"
)

// FuzzLine holds that a field of a record can't be two, nor hide anything, and is kept as it was hashed.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "apiKeys/root", "a\nb", "a\u2028b", "\xff\xfe", "\u202ea", "e\u0301", "👩‍👩‍👧", strings.Repeat("ä", 300), "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := audit.Line(text)
		if !utf8.ValidString(line) || len(line) > 512 || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || audit.Line(line) != line {
			t.Errorf("%q is %q", text, line)
		}
	})
}
