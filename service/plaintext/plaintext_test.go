package plaintext_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/service/plaintext"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a\tb\r\nc": "a\tb\r\nc", "a\x00b\x7f\u0085": "a\uFFFDb\uFFFD\uFFFD", "\xff": "\uFFFD", "é…": "é…",
	} {
		if got := plaintext.Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{" a \n\t b ", 10, "a b"},
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"ééé", 5, "é…"},
		{"a\x1b[1m", 10, "a\uFFFD[1m"},
		{"abcdef", 1, "…"},
	} {
		if got := plaintext.Clean(test.text, test.limit); got != test.want {
			t.Errorf("Clean(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a\r\nb\rc\n\td": "a\nb\nc\n\td", "a\x00b\u0085": "a\uFFFDb\uFFFD", "a\xff\xfeb": "a\uFFFDb", "é…": "é…",
	} {
		if got := plaintext.Lines(text); got != want {
			t.Errorf("Lines(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		" a \n\t b ": "a b", "a\x1b[1m\u202eb\u200bc\u00add": "a[1mbcd", "👩\u200d👧 \u0645\u200c\u0627": "👩\u200d👧 \u0645\u200c\u0627", "a\u2028b\u0085c": "a b c",
	} {
		if got := plaintext.Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for limit, want := range []string{"", "", "é", "éa", "éa"} {
		if got := plaintext.Cut("éa", limit); got != want {
			t.Errorf("Cut(éa, %d) = %q, want %q", limit, got, want)
		}
	}
}
