package forgetting_test

import (
	"testing"

	"github.com/debriefhq/debrief/service/forgetting"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, want string
		folded           bool
		count            int
	}{
		{"ana", "ana rolled back, ana.", "former-1 rolled back, former-1.", false, 2},
		{"ana", "Ana rolled back", "Ana rolled back", false, 0},
		{"ana", "Ana rolled back. ANA's key", "former-1 rolled back. former-1's key", true, 2},
		{"ana", "banana, anatomy, ana_2, ana2, anañ", "banana, anatomy, ana_2, ana2, anañ", true, 0},
		{"ana", `{"actor":"ana","text":"by ana"}`, `{"actor":"former-1","text":"by former-1"}`, false, 2},
		{"ana@example.com", "By ana@example\\.com.", "By former-1.", false, 1},
		{"ana.b", "anaxb", "anaxb", false, 0},
		{"Ana Böhm", "Ana Böhm und ANA BÖHM", "former-1 und former-1", true, 2},
		{"Émile", "Émiles", "Émiles", true, 0},
		{"小林", "小林", "former-1", true, 1},
		{"ana", "", "", true, 0},
	} {
		got, count := forgetting.New(test.name, "former-1").Words(test.text, test.folded)
		if got != test.want || count != test.count {
			t.Errorf("%q in %q: %q, %d times; want %q, %d times", test.name, test.text, got, count, test.want, test.count)
		}
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	name := forgetting.New("ana", "former-1")
	for text, want := range map[string]string{"ana": "former-1", "Ana": "Ana", "ana b": "ana b", "": ""} {
		if got, is := name.Whole(text); got != want || is != (text == "ana") {
			t.Errorf("%q: %q, %t; want %q", text, got, is, want)
		}
	}
}
