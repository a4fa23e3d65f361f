package question_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/debriefhq/debrief/service/question"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

func at(hour, minute int) time.Time { return time.Date(2026, 3, 4, hour, minute, 0, 0, time.UTC) }

func entry(name, kind string, occurred time.Time, text string) question.Entry {
	return question.Entry{Name: name, Kind: kind, OccurTime: occurred, RecordTime: occurred.Add(time.Minute), Text: text}
}

// checkout is a review in which there is something of everything.
func checkout() question.Review {
	return question.Review{
		Incidents: []question.Incident{{
			Name: "incidents/1", Kind: "INCIDENT", Severity: "SEV2", Services: []string{"checkout", "orders", "ledger"},
			Milestones: question.Milestones{
				Started: at(9, 40), Detected: at(10, 5), Acknowledged: at(10, 30), Mitigated: at(12, 0), Resolved: at(18, 0),
			},
			Entries: []question.Entry{
				entry("entries/1", "NOTE", at(9, 30), "Release 4711 is out."),
				entry("entries/2", "ALERT", at(10, 5), "CheckoutLatencyHigh"),
				entry("entries/3", "ACTION", at(10, 40), "Restarted the pods of **checkout**."),
				entry("entries/4", "DIAGNOSIS", at(11, 45), "All connections of the pool are in use."),
				entry("entries/5", "REPAIR", at(11, 55), "Rolled release 4711 back."),
			},
		}},
		Findings: []question.Finding{
			{Rule: "omission", Excerpt: "forgot to raise the pool size", Where: "summary", Place: "the summary"},
			{Rule: "person-as-cause", Excerpt: "the DBA broke checkout", Where: "contributing_factors/f1"},
		},
		Factors: []question.Factor{
			{ID: "f1", Category: "TRAINING", Text: "Nobody on call had met the pool before."},
			{ID: "f2", Category: "OBSERVABILITY", Text: "No graph shows how full the pool is.", HasEvidence: true},
		},
		Beliefs: []question.Belief{{ID: "b1", HeldBy: "on-call", Believed: "A request holds one connection.", Actual: "It holds two."}},
		Gaps: []question.Gap{
			{ID: "g1", Kind: "MISSING_COMPONENT", Subject: "orders-replica", HeldBy: "platform team"},
			{ID: "g2", Kind: "OTHER_FACT_VALUE", Subject: "the pool's size", HeldBy: "the on-call", Believed: "50", Actual: "20"},
		},
		Actions:       []question.Action{{Name: "actionItems/1", Title: "Teach the pool to new people", Strength: "WEAKER", Answers: "f1"}},
		EmptySections: []string{"what_surprised_us", "what_went_well", "where_we_were_lucky", "open_questions", "impact"},
	}
}

func table(suggestions []question.Suggestion) string {
	var b strings.Builder
	for _, s := range suggestions {
		fmt.Fprintf(&b, "%s  %s\n    %s\n", s.AgendaItem, s.ID, s.Text)
		if s.About != "" {
			fmt.Fprintf(&b, "    About: %s\n", s.About)
		}
		fmt.Fprintf(&b, "    From: %s %s %s\n    %s\n\n", s.Source.Kind, s.Source.Key, s.Source.Reference, s.Reason)
	}
	return b.String()
}

func TestAReviewWithSomethingOfEverything(t *testing.T) {
	golden := filepath.Join("testdata", "checkout.txt")
	got := table(question.Default().Suggest(checkout(), nil))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("suggestions (-want +got); go test ./service/question -update writes them anew:\n%s", diff)
	}
}

// everything is more than any part can have.
func everything() question.Limits {
	limits := question.Limits{}
	for _, part := range question.Parts() {
		limits[part] = 1000
	}
	return limits
}

// holes are the holes of a review with the things that they are in.
func holes(review question.Review) map[string]string {
	references := map[string][]string{}
	for _, s := range question.Default().Suggest(review, everything()) {
		if s.Source.Kind == question.FromHole {
			references[s.Source.Key] = append(references[s.Source.Key], s.Source.Reference)
		}
	}
	found := map[string]string{}
	for key, some := range references {
		slices.Sort(some)
		found[key] = strings.Join(slices.Compact(some), " ")
	}
	return found
}

// Each begins with a timeline that has no hole, and digs one.
func TestEachHoleOfATimeline(t *testing.T) {
	whole := func() question.Incident {
		return question.Incident{
			Name: "incidents/1", Kind: "INCIDENT", Severity: "SEV3", Services: []string{"checkout", "orders"},
			Milestones: question.Milestones{
				Started: at(10, 0), Detected: at(10, 5), Acknowledged: at(10, 10), Mitigated: at(10, 40), Resolved: at(11, 0),
			},
			Entries: []question.Entry{
				entry("e1", "NOTE", at(9, 0), "An ordinary morning"),
				entry("e2", "DETECTION", at(10, 5), "Support calls"),
				entry("e3", "DIAGNOSIS", at(10, 15), "The pool is full"),
				entry("e4", "ACTION", at(10, 30), "Rolled back"),
				entry("e5", "COMMUNICATION", at(10, 45), "Told support"),
			},
		}
	}
	tests := []struct {
		name string
		dig  func(*question.Incident)
		want map[string]string
	}{
		{"none", func(*question.Incident) {}, map[string]string{}},
		{"no entry at all", func(i *question.Incident) { i.Entries = nil }, map[string]string{"no-timeline": "incidents/1"}},
		{"only entries that no person wrote", func(i *question.Incident) {
			i.Entries = []question.Entry{{Name: "a", Kind: "KEY_MOMENT", OccurTime: at(10, 5), Automatic: true}}
		}, map[string]string{"no-timeline": "incidents/1"}},
		{"no detection", func(i *question.Incident) { i.Entries[1].Kind = "NOTE" }, map[string]string{"no-detection": "incidents/1"}},
		{"a silence of 40 minutes", func(i *question.Incident) { i.Entries[4].OccurTime, i.Milestones.Resolved = at(11, 10), at(11, 20) }, map[string]string{"silence": "e4"}},
		{"a silence of 39 minutes", func(i *question.Incident) { i.Entries[4].OccurTime, i.Milestones.Resolved = at(11, 9), at(11, 20) }, map[string]string{}},
		{"a silence after it was resolved", func(i *question.Incident) { i.Entries[4].OccurTime = at(20, 0) }, map[string]string{}},
		{"an action before the diagnosis", func(i *question.Incident) { i.Entries[2].Kind, i.Entries[3].Kind = "REPAIR", "DIAGNOSIS" }, map[string]string{"action-before-diagnosis": "e3"}},
		{"an action without a diagnosis", func(i *question.Incident) { i.Entries[2].Kind = "NOTE" }, map[string]string{"action-before-diagnosis": "e4"}},
		{"nothing before the detection", func(i *question.Incident) { i.Entries = i.Entries[1:] }, map[string]string{"no-normal": "incidents/1"}},
		{"nothing before the detection, which only an entry tells", func(i *question.Incident) {
			i.Entries, i.Milestones = i.Entries[1:], question.Milestones{}
		}, map[string]string{"no-normal": "incidents/1"}},
		{"a long time to detection", func(i *question.Incident) { i.Milestones.Started = at(9, 50) }, map[string]string{"slow-detection": "incidents/1"}},
		{"a long time to acknowledgement", func(i *question.Incident) { i.Milestones.Acknowledged = at(10, 20) }, map[string]string{"slow-acknowledgement": "incidents/1"}},
		{"mitigated long before resolved", func(i *question.Incident) { i.Milestones.Resolved = at(14, 40) }, map[string]string{"slow-resolution": "incidents/1"}},
		{"no message in a long SEV1", func(i *question.Incident) { i.Severity, i.Entries[4].Kind = "SEV1", "NOTE" }, map[string]string{"no-communication": "incidents/1"}},
		{"no message in a long SEV3", func(i *question.Incident) { i.Entries[4].Kind = "NOTE" }, map[string]string{}},
		{"no message in a short SEV1", func(i *question.Incident) {
			i.Severity, i.Entries[4].Kind, i.Milestones.Mitigated = "SEV1", "NOTE", at(10, 34)
		}, map[string]string{}},
		{"an alert that led to nothing", func(i *question.Incident) {
			i.Entries = append(i.Entries, entry("e0", "ALERT", at(9, 20), "PoolNearlyFull"))
		}, map[string]string{"unanswered-alert": "e0"}},
		{"an alert that led to something", func(i *question.Incident) {
			i.Entries = append(i.Entries, entry("e0", "ALERT", at(9, 35), "PoolNearlyFull"))
		}, map[string]string{}},
		{"an alert that was acknowledged", func(i *question.Incident) {
			i.Entries = []question.Entry{i.Entries[0], entry("e2", "ALERT", at(10, 5), "PoolFull"), i.Entries[0], entry("e6", "DIAGNOSIS", at(10, 44), "Full"), entry("e7", "ACTION", at(10, 44), "Rolled back")}
		}, map[string]string{}},
		{"steps whose order cannot be told", func(i *question.Incident) { i.Entries[3].Precision = 20 * time.Minute }, map[string]string{"unclear-order": "e3"}},
		{"rough times outside of the decisive minutes", func(i *question.Incident) { i.Entries[0].Precision = 24 * time.Hour }, map[string]string{}},
		{"a precision beyond all reason", func(i *question.Incident) {
			i.Entries[2].Precision, i.Entries[3].Precision = 1<<63-1, 1<<63-1
		}, map[string]string{"unclear-order": "e2 e3"}},
		{"written down long after", func(i *question.Incident) { i.Entries[2].RecordTime = at(14, 15) }, map[string]string{"late-record": "incidents/1"}},
		{"all from one seat", func(i *question.Incident) {
			for j := range i.Entries {
				i.Entries[j].Voice = "sam/on-call"
			}
		}, map[string]string{"single-voice": "incidents/1"}},
		{"all from one seat, but for one without a name", func(i *question.Incident) {
			for j := range i.Entries[1:] {
				i.Entries[j].Voice = "sam/on-call"
			}
		}, map[string]string{}},
		{"ended by nothing that is told", func(i *question.Incident) { i.Entries[3].Kind = "NOTE" }, map[string]string{"no-recovery-entry": "incidents/1"}},
		{"several services", func(i *question.Incident) { i.Services = append(i.Services, "ledger") }, map[string]string{"several-services": "incidents/1"}},
		{"one service named often", func(i *question.Incident) { i.Services = append(i.Services, "orders", "orders") }, map[string]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			incident := whole()
			test.dig(&incident)
			got := holes(question.Review{
				Incidents: []question.Incident{incident},
				Beliefs:   []question.Belief{{ID: "b"}},
				Factors:   []question.Factor{{ID: "f1", HasEvidence: true}, {ID: "f2", HasEvidence: true}},
				Actions:   []question.Action{{Name: "a1", Answers: "f1"}, {Name: "a2", Answers: "f2"}},
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("holes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachHoleOfAPostMortem(t *testing.T) {
	whole := func() question.Review {
		return question.Review{
			Gaps:    []question.Gap{{ID: "g", Kind: "PHANTOM_LINK"}},
			Factors: []question.Factor{{ID: "f1", HasEvidence: true}, {ID: "f2", HasEvidence: true}},
			Actions: []question.Action{{Name: "a1", Answers: "f1", Strength: "WEAKER"}, {Name: "a2", Answers: "f2", Strength: "STRONGER"}},
		}
	}
	tests := []struct {
		name string
		dig  func(*question.Review)
		want map[string]string
	}{
		{"none", func(*question.Review) {}, map[string]string{}},
		{"neither beliefs nor gaps", func(r *question.Review) { r.Gaps = nil }, map[string]string{"no-belief": ""}},
		{"no factor", func(r *question.Review) { r.Factors = nil }, map[string]string{"no-factor": ""}},
		{"a single factor", func(r *question.Review) { r.Factors = r.Factors[:1] }, map[string]string{"single-factor": "f1"}},
		{"a factor without evidence", func(r *question.Review) { r.Factors[1].HasEvidence = false }, map[string]string{"factor-without-evidence": "f2"}},
		{"a factor that nothing answers", func(r *question.Review) { r.Actions[1].Answers = "f1" }, map[string]string{"factor-without-action": "f2"}},
		{"no action item", func(r *question.Review) { r.Actions = nil }, map[string]string{"no-action-item": ""}},
		{"weaker actions only", func(r *question.Review) { r.Actions[1].Strength = "WEAKER" }, map[string]string{"weaker-only": ""}},
		{"weaker actions, and one that nobody judged", func(r *question.Review) { r.Actions[1].Strength = "" }, map[string]string{}},
		{"nothing about impact, surprises, what went well, luck and open questions", func(r *question.Review) {
			r.EmptySections = []string{"impact", "what_surprised_us", "what_went_well", "where_we_were_lucky", "open_questions", "our_own"}
		}, map[string]string{"no-impact": "", "no-surprise": "", "no-went-well": "", "no-luck": "", "no-open-question": ""}},
		{"nothing about the impact of a near miss", func(r *question.Review) {
			r.EmptySections = []string{"impact"}
			r.Incidents = []question.Incident{{Name: "i", Kind: "NEAR_MISS"}}
		}, map[string]string{"no-timeline": "i"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			review := whole()
			test.dig(&review)
			if diff := cmp.Diff(test.want, holes(review)); diff != "" {
				t.Errorf("holes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKindsOfIncidentsHaveTheirQuestions(t *testing.T) {
	for _, kind := range []string{"INCIDENT", "NEAR_MISS", "EXERCISE"} {
		got := question.Default().Suggest(question.Review{Incidents: []question.Incident{{Name: "i", Kind: kind}}}, everything())
		if !slices.ContainsFunc(got, func(s question.Suggestion) bool {
			return s.Source == question.Source{Kind: question.FromIncident, Key: kind, Reference: "i"}
		}) {
			t.Errorf("%s leads to no question", kind)
		}
	}
}

func TestLimitsHoldInEachPart(t *testing.T) {
	for _, limits := range []question.Limits{nil, question.DefaultLimits(), {question.Timeline: 1, question.Factors: -1}} {
		count := map[question.Part]int{}
		for _, s := range question.Default().Suggest(checkout(), limits) {
			count[s.AgendaItem]++
		}
		bound := limits
		if bound == nil {
			bound = question.DefaultLimits()
		}
		for _, part := range question.Parts() {
			if count[part] > max(bound[part], 0) {
				t.Errorf("%s has %d questions of at most %d", part, count[part], bound[part])
			}
		}
	}
}

var hostile = regexp.MustCompile(`[\x00-\x1f\x7f\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

func TestHostileTextStaysOneShortLine(t *testing.T) {
	text := "\u202egnihton\x00 \"x\" {duration} {Holder}\r\n# heading” " + strings.Repeat("long ", 100_000) + "\xff"
	review := checkout()
	review.Findings[0].Excerpt, review.Factors[0].Text, review.Beliefs[0].Believed = text, text, text
	review.Gaps[0].Subject, review.Gaps[0].HeldBy, review.Actions[0].Title, review.Incidents[0].Entries[2].Text = text, text, text, text
	quoted := false
	for _, s := range question.Default().Suggest(review, everything()) {
		for _, shown := range []string{s.Text, s.Reason} {
			if hostile.MatchString(shown) || len(shown) > 700 || strings.Count(shown, "“") != strings.Count(shown, "”") {
				t.Errorf("%s shows %q", s.ID, shown)
			}
			quoted = quoted || strings.Contains(shown, "'x' {duration} {Holder}")
		}
	}
	if !quoted {
		t.Error("no text has the braces that stood in what it quotes")
	}
}

// Voices are compared, to see whether there was more than one, and nothing of them comes out.
func TestAVoiceIsNeverShown(t *testing.T) {
	review := checkout()
	for i := range review.Incidents[0].Entries {
		review.Incidents[0].Entries[i].Voice = "recognisable-principal"
	}
	if got := table(question.Default().Suggest(review, everything())); strings.Contains(got, "recognisable") {
		t.Errorf("a voice is shown:\n%s", got)
	}
}

func TestSameReviewSameSuggestionsWhateverTheOrder(t *testing.T) {
	review, turned := checkout(), checkout()
	slices.Reverse(turned.Findings)
	slices.Reverse(turned.Factors)
	slices.Reverse(turned.Gaps)
	slices.Reverse(turned.Incidents[0].Entries)
	slices.Reverse(turned.EmptySections)
	want := question.Default().Suggest(review, everything())
	if diff := cmp.Diff(want, question.Default().Suggest(turned, everything())); diff != "" {
		t.Errorf("suggestions of the same review, told otherwise (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(checkout(), review, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the review was changed:\n%s", diff)
	}
}
