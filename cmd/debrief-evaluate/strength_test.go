package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/strength"
	"github.com/debriefhq/debrief/service/strength/corpus"
)

func evaluateStrength(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	command := newRootCommand()
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetArgs(append([]string{"strength"}, arguments...))
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

// TestStrengthIsMeasuredVoiceByVoice takes two voices, as all of them take long.
func TestStrengthIsMeasuredVoiceByVoice(t *testing.T) {
	t.Parallel()
	voices, err := corpus.Voices()
	if err != nil {
		t.Fatal(err)
	}
	voices = slices.DeleteFunc(voices, func(v corpus.Voice) bool { return v.Name != "nouns" && v.Name != "writer-a" })
	var out bytes.Buffer
	if err := crossValidateStrength(&out, voices, strengthFlags{agreement: 0.8}); err != nil {
		t.Errorf("%v:\n%s", err, out.String())
	}
	for _, want := range []string{"voice left out ", "nouns  ", "writer-a ", "all  ", "agreement  ", "weaker called stronger   0\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
	if err := crossValidateStrength(io.Discard, voices[:1], strengthFlags{agreement: 1}); err == nil || !strings.Contains(err.Error(), "is below 1.000") {
		t.Errorf("the error is %v", err)
	}
}

func TestStrengthIsLearned(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "weights.tsv")
	if _, err := evaluateStrength(t, "--train", path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	learned, err := strength.ReadModel(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	used, err := strength.BuiltinModel()
	if err != nil {
		t.Fatal(err)
	}
	if distance := used.Distance(learned); distance > 0.05 {
		t.Errorf("the weights in use differ by up to %.3f: learn them anew", distance)
	}
}

func TestStrengthIsMeasuredOnAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "items.jsonl")
	const items = `{"text":"Update the runbook","strength":"WEAKER"}
{"text":"Remove the path","strength":"WEAKER"}
`
	if err := os.WriteFile(path, []byte(items), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := evaluateStrength(t, "--corpus", path, "--agreement", "0.5", "--mistakes")
	if err == nil || err.Error() != "1 weaker items were called stronger" {
		t.Errorf("the error is %v", err)
	}
	want := `  labelled \ suggested  STRONGER  INTERMEDIATE  WEAKER  UNKNOWN
              STRONGER         0             0       0        0
          INTERMEDIATE         0             0       0        0
                WEAKER         1             0       1        0

agreement                0.500 (1 of 2)
mean confidence          0.992
weaker called stronger   1

WEAKER, called STRONGER (0.98): Remove the path
    "Remove" for STRONGER (path-removed)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if _, err := evaluateStrength(t, "--corpus", path); err == nil || !strings.Contains(err.Error(), "an agreement of 0.500 is below 0.860") {
		t.Errorf("the error is %v", err)
	}
}

func TestStrengthNeedsItems(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "items.jsonl")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := evaluateStrength(t, "--corpus", path); err == nil {
		t.Error("nothing is measured, and nothing said")
	}
	if _, err := evaluateStrength(t, "--corpus", path+".missing"); err == nil {
		t.Error("a file that is not there is measured on")
	}
}
