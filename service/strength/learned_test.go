package strength_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/strength"
)

// suggesterOf goes by the rules and by the weights.
func suggesterOf(t *testing.T, weights map[string][3]float64) *strength.Suggester {
	t.Helper()
	s, err := strength.New(strength.Options{Model: strength.NewModel(weights)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheModelWeighsWhatNoRuleKnows(t *testing.T) {
	t.Parallel()
	s := suggesterOf(t, map[string][3]float64{"w:frobnic": {0, 0, 3}, "w:wibbl": {2.5, 0, 0}, "w:cart": {0, 0.1, 0}})
	tests := map[string]struct {
		text  string
		want  strength.Strength
		words []string
	}{
		"surely stronger":         {"Frobnicate in the cart", strength.Stronger, []string{"Frobnicate"}},
		"likely stronger":         {"Frobnicate the wibble in the cart", strength.Intermediate, []string{"cart"}},
		"weaker":                  {"Hand the wibble over", strength.Weaker, []string{"wibble"}},
		"too little was seen":     {"Tinker with wobbling gizmos in the cart", strength.Intermediate, nil},
		"a rule that says people": {"Remind the frobnicators", strength.Intermediate, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.Suggest(test.text)
			var words []string
			for _, word := range got.Words {
				if word.For == got.Strength {
					words = append(words, word.Text)
				}
				if word.Rule == strength.Learned && word.Why == "" {
					t.Errorf("%q has no why", word.Text)
				}
			}
			if diff := cmp.Diff(test.words, words); got.Strength != test.want || diff != "" {
				t.Errorf("%s at %.2f, not %s; words (-want +got):\n%s", got.Strength, got.Confidence, test.want, diff)
			}
		})
	}
}

func TestAModelIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	model := strength.NewModel(map[string][3]float64{"w:b": {0.1234, -1, 0}, "w:a c": {0, 0, 2}, "w:nothing": {0.001, 0.001, 0.001}})
	var written bytes.Buffer
	if err := model.Write(&written); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("w:a c\t0\t0\t2000\nw:b\t123\t-1000\t0\n", written.String()); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	read, err := strength.ReadModel(&written)
	if err != nil || model.Distance(read) != 0 {
		t.Errorf("it is read as another one: %v", err)
	}
	if got := model.Distance(strength.NewModel(map[string][3]float64{"w:b": {0.123, -1, 0.5}})); got != 2 {
		t.Errorf("the distance is %g", got)
	}
	for _, text := range []string{"", "w:a\t1\t2", "\t1\t2\t3", "w:a\t1\t2\tx", "w:a\t1\t2\t99999999999"} {
		if _, err := strength.ReadModel(strings.NewReader(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestFeaturesHaveEachNameOnce(t *testing.T) {
	t.Parallel()
	const text = "Remove the lock, and remove 12 `flags`: is it gone?"
	seen := map[string]bool{}
	for _, feature := range strength.Default().Features(text) {
		if seen[feature.Name] || feature.Value <= 0 || feature.Start > feature.End || feature.End > len(text) {
			t.Errorf("%+v", feature)
		}
		seen[feature.Name] = true
	}
	for _, want := range []string{"bias", "w:remov", "w:<number>", "w:<code>", "f:lock", "b:^ remov", "b:gone $", "s:remov lock", "c:remo", "e:ove", "h:remove", "r:path-removed", "v:STRONGER", "p:?"} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
}
