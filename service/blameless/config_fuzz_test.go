package blameless_test

import (
	"testing"

	"github.com/debriefhq/debrief/service/blameless"
)

// Whatever a file holds: it is refused, or a checker can be made of it.
func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{config, "off: [omission]", "rules: [{id: x}]", "a: &a [*a]", "allow: [\"\\0\"]", "---\n---\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := blameless.ParseConfig([]byte(text))
		if err != nil {
			return
		}
		if _, err := blameless.New(parsed.Options); err != nil {
			t.Errorf("%q is taken, and then refused: %v", text, err)
		}
	})
}
