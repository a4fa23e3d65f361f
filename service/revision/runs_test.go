package revision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/revision"
)

func TestRunsShowWhatStayedWentAndCame(t *testing.T) {
	diff := revision.Diff([]revision.Section{{Key: "s", Text: "It was slow.\nNobody knew."}}, []revision.Section{{Key: "s", Text: "It was very slow.\nNobody knew."}})[0]
	want := []revision.Run{{revision.Equal, "It was"}, {revision.Insert, " very"}, {revision.Equal, " slow.\nNobody knew.\n"}}
	if diff := cmp.Diff(want, diff.Runs("It was very slow.\nNobody knew.")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRunsHoldBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "a b", "a b c", "x y", "b c"}), 0, 20).Draw(t, "lines"), "\n")
		})
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := revision.Diff([]revision.Section{{Key: "s", Text: before}}, []revision.Section{{Key: "s", Text: after}})[0]
		gotBefore, gotAfter := "", ""
		for _, run := range diff.Runs(after) {
			if run.Kind != revision.Insert {
				gotBefore += run.Text
			}
			if run.Kind != revision.Delete {
				gotAfter += run.Text
			}
		}
		whole := func(text string) string {
			if text = strings.TrimRight(text, "\n"); text == "" {
				return ""
			}
			return text + "\n"
		}
		if gotBefore != whole(before) || gotAfter != whole(after) {
			t.Fatalf("before %q, after %q: runs hold %q and %q", before, after, gotBefore, gotAfter)
		}
	})
}
