package plaintext_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/plaintext"
)

// FuzzClean holds that a text is on one line, printable, in UTF-8 and no longer than there is room, and stays what it is after that.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "a  b\r\nc", "\x00\x1b[31m", "\xff\xfe", "e\u0301", "👩‍👩‍👧", "\u2028\u0085\u00a0x", strings.Repeat("ä", 50)} {
		for _, limit := range []int{0, 3, 4, 20, 1000} {
			f.Add(seed, limit)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		cleaned := plaintext.Clean(text, limit)
		if !utf8.ValidString(cleaned) || strings.ContainsFunc(cleaned, unicode.IsControl) || len(cleaned) > max(limit, len(plaintext.Mark)) {
			t.Errorf("%q in %d bytes is %q", text, limit, cleaned)
		}
		if again := plaintext.Clean(cleaned, max(limit, len(plaintext.Mark))); again != cleaned && again != strings.TrimSpace(cleaned) {
			t.Errorf("%q becomes %q, and then %q", text, cleaned, again)
		}
	})
}
