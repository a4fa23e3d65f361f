package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// blame are words that get in the way of learning: on somebody's worth, on what somebody did not do, on what people ought
// to have done, on what is plain afterwards, and on the one cause.
var blame = regexp.MustCompile(`(?i)\b(careless\w*|sloppy|lazy|incompetent|negligent|irresponsible|stupid|blame\w*|fault|guilty|` +
	`forgot|neglect\w*|ignored|overlooked|did(n't| not) (bother|check|notice)|should|could have|ought|if only|` +
	`obvious\w*|clearly|of course|human error|operator error|user error|root cause|` +
	`punish\w*|disciplin\w*|more careful|pay attention|try harder|remember to|double-check)\b`)

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func mustRead(t *testing.T) []*story {
	t.Helper()
	stories, err := readStories()
	if err != nil {
		t.Fatal(err)
	}
	return stories
}

// texts are all texts of a story.
func (s *story) texts() []string {
	said := []string{s.Title, s.Summary, s.Impact, s.Waiver}
	for _, m := range s.Timeline {
		said = append(said, m.Text)
	}
	for _, turn := range []*turn{s.Mitigated, s.Resolved, s.Canceled} {
		if turn != nil {
			said = append(said, turn.Note)
		}
	}
	if s.Reopened != nil {
		said = append(said, s.Reopened.Note, s.Reopened.Mitigated.Note, s.Reopened.Resolved.Note)
	}
	actions := s.Actions
	if r := s.Review; r != nil {
		said = append(said, r.Well, r.Lucky, r.Surprised, r.Questions, r.Revised)
		for _, b := range r.Beliefs {
			said = append(said, b.By, b.Believed, b.Actual)
		}
		for _, f := range r.Factors {
			said = append(said, f.Text)
		}
		actions = slices.Concat(actions, r.Actions)
	}
	for _, a := range actions {
		said = append(said, a.Title, a.Description, a.First, a.Outcome, a.Drop)
	}
	return said
}

func TestStoriesAreToldWithoutBlame(t *testing.T) {
	for _, story := range mustRead(t) {
		for _, text := range story.texts() {
			if found := blame.FindString(text); found != "" {
				t.Errorf("%s says %q: %s", story.Name, found, text)
			}
		}
	}
}

func TestStoriesUseKnownPlaceholders(t *testing.T) {
	words := newSetting(newRandom(1, "test")).words
	for _, story := range mustRead(t) {
		for _, text := range story.texts() {
			if left := placeholder.FindString(words.Replace(text)); left != "" {
				t.Errorf("%s has %s, for which nothing stands: %s", story.Name, left, text)
			}
		}
	}
}

func TestStoriesUseKnownNames(t *testing.T) {
	known := func(story *story, enum protoreflect.EnumDescriptor, name string) {
		if enum.Values().ByName(protoreflect.Name(name)) == nil {
			t.Errorf("%s has %s: %s has no such value", story.Name, name, enum.FullName())
		}
	}
	seen := map[string]bool{}
	for _, story := range mustRead(t) {
		if seen[story.Name] {
			t.Errorf("there are two stories named %s", story.Name)
		}
		seen[story.Name] = true
		if story.Kind != "" {
			known(story, debriefv1.Incident_Kind(0).Descriptor(), "KIND_"+story.Kind)
		}
		known(story, debriefv1.Severity(0).Descriptor(), "SEVERITY_"+story.Severity)
		for _, moment := range story.Timeline {
			known(story, debriefv1.TimelineEntry_Kind(0).Descriptor(), "KIND_"+moment.Kind)
		}
		factors := map[string]bool{}
		actions := story.Actions
		if story.Review != nil {
			actions = slices.Concat(actions, story.Review.Actions)
			for _, factor := range story.Review.Factors {
				known(story, debriefv1.ContributingFactor_Category(0).Descriptor(), "CATEGORY_"+factor.Category)
				factors[factor.Name] = true
			}
		}
		for _, action := range actions {
			known(story, debriefv1.ActionItem_Strength(0).Descriptor(), "STRENGTH_"+action.Strength)
			known(story, debriefv1.ActionItem_Priority(0).Descriptor(), "PRIORITY_"+action.Priority)
			if story.Review != nil && !factors[action.Answers] {
				t.Errorf("%s: the action %q answers %q, which is no factor", story.Name, action.Title, action.Answers)
			}
			if action.Owner != "" && people[action.Owner] == nil {
				t.Errorf("%s: the action %q belongs to %q, which is no team", story.Name, action.Title, action.Owner)
			}
		}
		if !slices.Contains(teams(), story.Team) {
			t.Errorf("%s calls %q, which is no team", story.Name, story.Team)
		}
	}
}

func TestStoriesComeToAnEnd(t *testing.T) {
	for _, story := range mustRead(t) {
		ends := 0
		for _, ended := range []bool{story.Resolved != nil, story.Canceled != nil, story.Resolves > 0} {
			if ended {
				ends++
			}
		}
		if ends != 1 {
			t.Errorf("%s has %d ends: it must be resolved, canceled or resolve by itself", story.Name, ends)
		}
		if story.Canceled == nil && (story.Review == nil) == (story.Waiver == "") {
			t.Errorf("%s must have either a review or a waiver", story.Name)
		}
		if (story.Acknowledged == 0 || len(story.Echoes) > 0) && story.Alert == nil {
			t.Errorf("%s has no alert: somebody must be on it, and it has no echoes", story.Name)
		}
		if story.Resolves > 0 && (story.Alert == nil || strings.Contains(story.Kind, "EXERCISE")) {
			t.Errorf("%s resolves by itself without an alert", story.Name)
		}
	}
}

func TestThereAreManyStories(t *testing.T) {
	reviewed, others := 0, 0
	for _, story := range mustRead(t) {
		if story.Review != nil {
			reviewed++
		} else {
			others++
		}
	}
	if reviewed < 20 || others < 20 {
		t.Errorf("%d stories with a post-mortem and %d without: want at least 20 of each", reviewed, others)
	}
}
