package question_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/question"
)

// ulid makes names that grow, as those of a store do.
type ulid int

func (u *ulid) next() string {
	*u++
	return fmt.Sprintf("%08d", *u)
}

var (
	rules      = []string{"person-as-cause", "judgment", "omission", "hindsight", "human-error", "single-cause", "unheard-of"}
	categories = []string{"ARCHITECTURE", "TOOLING", "TRAINING", "WORKLOAD", "UNKNOWN", "", "UNHEARD_OF"}
	kinds      = []string{"DETECTION", "DIAGNOSIS", "ACTION", "REPAIR", "COMMUNICATION", "ALERT", "KEY_MOMENT", "NOTE"}
	gapKinds   = []string{"MISSING_COMPONENT", "PHANTOM_LINK", "OTHER_FACT_VALUE"}
	strengths  = []string{"WEAKER", "INTERMEDIATE", "STRONGER", ""}
	sections   = []string{"impact", "what_surprised_us", "what_went_well", "where_we_were_lucky", "open_questions"}
)

// add puts one more thing into a review.
func add(t *rapid.T, review *question.Review, names *ulid) {
	text := rapid.StringMatching(`[a-z]{1,8}( [a-z]{1,8}){0,20}`).Draw(t, "text")
	one := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "key") }
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0:
		review.Findings = append(review.Findings, question.Finding{Rule: one(rules), Excerpt: text, Where: names.next()})
	case 1:
		review.Factors = append(review.Factors, question.Factor{ID: names.next(), Category: one(categories), Text: text})
	case 2:
		review.Beliefs = append(review.Beliefs, question.Belief{ID: names.next(), Believed: text})
	case 3:
		review.Gaps = append(review.Gaps, question.Gap{ID: names.next(), Kind: one(gapKinds), Subject: text})
	case 4:
		review.Actions = append(review.Actions, question.Action{Name: names.next(), Strength: one(strengths), Title: text})
	case 5:
		review.EmptySections = append(review.EmptySections, one(sections))
	default:
		minute := time.Duration(rapid.IntRange(0, 600).Draw(t, "minute")) * time.Minute
		review.Incidents[0].Entries = append(slices.Clone(review.Incidents[0].Entries), question.Entry{
			Name: names.next(), Kind: one(kinds), Text: text, OccurTime: at(8, 0).Add(minute),
			Precision: time.Duration(rapid.IntRange(0, 60).Draw(t, "precision")) * time.Minute,
		})
	}
}

func draw(t *rapid.T, names *ulid) question.Review {
	review := question.Review{Incidents: []question.Incident{{Name: "incidents/1", Kind: "INCIDENT", Severity: "SEV1"}}}
	for range rapid.IntRange(0, 25).Draw(t, "size") {
		add(t, &review, names)
	}
	return review
}

// What is added to a review leaves all suggestions as they are, but for those about holes, which it may fill.
func TestWhatIsAddedChangesNoOtherSuggestion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names ulid
		review := draw(t, &names)
		before := question.Default().Suggest(review, everything())
		add(t, &review, &names)
		after := map[string]question.Suggestion{}
		for _, s := range question.Default().Suggest(review, everything()) {
			after[s.ID] = s
		}
		for _, s := range before {
			if s.Source.Kind == question.FromHole {
				continue
			}
			if diff := cmp.Diff(s, after[s.ID]); diff != "" {
				t.Errorf("suggestion %s (-before +after):\n%s", s.ID, diff)
			}
		}
	})
}

// Within the default limits something may be crowded out, and what stays keeps its id, its text and its order.
func TestWhatStaysWithinTheLimitsStaysAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names ulid
		review := draw(t, &names)
		before := question.Default().Suggest(review, nil)
		add(t, &review, &names)
		after := question.Default().Suggest(review, nil)
		has := func(some []question.Suggestion, id string) bool {
			return slices.ContainsFunc(some, func(s question.Suggestion) bool { return s.ID == id })
		}
		in := func(others []question.Suggestion) func(question.Suggestion) bool {
			return func(s question.Suggestion) bool { return !has(others, s.ID) || s.Source.Kind == question.FromHole }
		}
		kept, still := slices.DeleteFunc(slices.Clone(before), in(after)), slices.DeleteFunc(slices.Clone(after), in(before))
		if diff := cmp.Diff(kept, still); diff != "" {
			t.Errorf("what stayed (-before +after):\n%s", diff)
		}
	})
}

var validID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,51}[a-z0-9]$`)

func TestSuggestionsHaveNoRepeatsAndValidIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names ulid
		ids, texts := map[string]bool{}, map[string]bool{}
		order := 0
		for _, s := range question.Default().Suggest(draw(t, &names), everything()) {
			if ids[s.ID] || texts[s.Text] {
				t.Errorf("%s comes twice: %s", s.ID, s.Text)
			}
			ids[s.ID], texts[s.Text] = true, true
			if !validID.MatchString(s.ID) {
				t.Errorf("id %q", s.ID)
			}
			if part := slices.Index(question.Parts(), s.AgendaItem); part < order {
				t.Errorf("%s of %s comes late", s.ID, s.AgendaItem)
			} else {
				order = part
			}
			if s.Text == "" || s.Reason == "" || s.Source.Key == "" {
				t.Errorf("something is missing in %+v", s)
			}
		}
	})
}

// A year's worth of a timeline is no more work than it is long.
func TestALongTimelineLeadsToNoMoreQuestionsThanTheLimits(t *testing.T) {
	review := checkout()
	var names ulid
	for i := range 20_000 {
		review.Incidents[0].Entries = append(review.Incidents[0].Entries,
			entry(names.next(), kinds[i%len(kinds)], at(0, 0).Add(time.Duration(i)*time.Hour), "Something"))
	}
	most := 0
	for _, limit := range question.DefaultLimits() {
		most += limit
	}
	if got := len(question.Default().Suggest(review, nil)); got > most {
		t.Errorf("%d suggestions of at most %d", got, most)
	}
}
