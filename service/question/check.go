package question

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Bounds of a bank.
const (
	maxQuestions  = 1000
	minPerSource  = 4
	maxTextRunes  = 200
	maxWeight     = 100
	maxSimilarity = 0.5
)

var (
	questionID  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	placeholder = regexp.MustCompile(`\{[^{}]*\}?|\}`)
	person      = regexp.MustCompile(`(?i)\bwho(m|se|ever)?\b`)
)

// maxIDBytes leaves room for the part of a suggestion's id that stands for the source.
const maxIDBytes = 40

// sources are the keys that a bank has to have questions for.
func sources() map[Kind][]string {
	return map[Kind][]string{
		FromFinding: {
			"person-as-cause", "judgment", "omission", "counterfactual", "hindsight", "human-error", "punishment",
			"exhortation", "single-cause", "named-person",
		},
		FromFactor: {
			"ARCHITECTURE", "TOOLING", "DOCUMENTATION", "PROCESS", "TRAINING", "ACCESS_AND_SAFEGUARDS", "OBSERVABILITY",
			"COMMUNICATION", "WORKLOAD", "EXTERNAL_DEPENDENCY", unknownCategory,
		},
		FromEntry: {
			"DETECTION", "DIAGNOSIS", "ACTION", "REPAIR", "COMMUNICATION", "ALERT", "KEY_MOMENT", "NOTE",
		},
		FromGap: {
			"MISSING_COMPONENT", "PHANTOM_COMPONENT", "OTHER_COMPONENT_KIND", "MISSING_LINK", "PHANTOM_LINK",
			"OTHER_LINK_KIND", "REVERSED_LINK", missingFact, phantomFact, otherFactValue,
		},
		FromBelief:   {beliefKey},
		FromIncident: {"INCIDENT", nearMiss, exercise},
		FromAction:   {weaker, "INTERMEDIATE", "STRONGER"},
		FromHole:     holes(),
	}
}

// placeholders are the names of what may be filled in for a source, in lower case.
func placeholders(kind Kind, key string) []string {
	switch kind {
	case FromFinding:
		return []string{"excerpt"}
	case FromFactor:
		return []string{"factor"}
	case FromEntry:
		return []string{"entry"}
	case FromGap:
		return append([]string{"holder", "subject"}, factPlaceholders[key]...)
	case FromBelief:
		return []string{"holder", "believed"}
	case FromAction:
		return []string{"action"}
	case FromHole:
		return holePlaceholders[key]
	case FromIncident:
		return nil
	}
	return nil
}

// factPlaceholders are the sides that the gaps of facts have.
var factPlaceholders = map[string][]string{
	missingFact:    {"actual"},
	phantomFact:    {"believed"},
	otherFactValue: {"believed", "actual"},
}

// checker gathers what is wrong with a bank.
type checker struct {
	problems []error
	ids      map[string]bool
	texts    []shape
	known    map[Kind][]string
}

func (c *checker) report(format string, arguments ...any) {
	c.problems = append(c.problems, fmt.Errorf(format, arguments...))
}

func check(groups []group) error {
	c := &checker{ids: map[string]bool{}, known: sources()}
	seen := map[groupKey]bool{}
	for _, g := range groups {
		name := groupKey{g.Kind, g.Key}
		if seen[name] {
			c.report("%s %s: stands twice in the bank", g.Kind, g.Key)
		}
		seen[name] = true
		c.group(g)
	}
	if len(c.texts) > maxQuestions {
		return fmt.Errorf("the bank has %d questions; at most %d are read", len(c.texts), maxQuestions)
	}
	for _, kind := range []Kind{FromFinding, FromFactor, FromEntry, FromGap, FromBelief, FromHole, FromIncident, FromAction} {
		for _, key := range c.known[kind] {
			if !seen[groupKey{kind, key}] {
				c.report("%s %s: has no questions", kind, key)
			}
		}
	}
	c.nearRepeats()
	return errors.Join(c.problems...)
}

func (c *checker) group(g group) {
	if !slices.Contains(c.known[g.Kind], g.Key) {
		c.report("%s %s: nothing leads to it", g.Kind, g.Key)
	}
	if len(g.Questions) < minPerSource {
		c.report("%s %s: has %d questions; it needs %d", g.Kind, g.Key, len(g.Questions), minPerSource)
	}
	if g.Each < 0 || g.Each > len(g.Questions) {
		c.report("%s %s: each is %d of %d questions", g.Kind, g.Key, g.Each, len(g.Questions))
	}
	if !slices.Contains(Parts(), g.Part) {
		c.report("%s %s: %q is no part of a review", g.Kind, g.Key, g.Part)
	}
	if g.Reason == "" || !strings.HasSuffix(g.Reason, ".") {
		c.report("%s %s: the reason must be a sentence with a full stop", g.Kind, g.Key)
	}
	c.text(fmt.Sprintf("%s %s: the reason", g.Kind, g.Key), g.Reason, g)
	for _, q := range g.Questions {
		c.question(q, g)
	}
}

func (c *checker) question(q question, g group) {
	if !questionID.MatchString(q.ID) || len(q.ID) > maxIDBytes {
		c.report("question %q: an id has lower case letters, digits and hyphens, up to %d", q.ID, maxIDBytes)
	}
	if c.ids[q.ID] {
		c.report("question %s: another one has the same id", q.ID)
	}
	c.ids[q.ID] = true
	if q.Weight < 1 || q.Weight > maxWeight {
		c.report("question %s: its weight is %d; it must be from 1 to %d", q.ID, q.Weight, maxWeight)
	}
	if q.Part != "" && !slices.Contains(Parts(), q.Part) {
		c.report("question %s: %q is no part of a review", q.ID, q.Part)
	}
	if !strings.HasSuffix(q.Text, "?") || strings.Count(q.Text, "?") > 1 {
		c.report("question %s: it must be one question, with its mark at the end", q.ID)
	}
	if person.MatchString(q.Text) {
		c.report("question %s: it asks for a person; ask what or how", q.ID)
	}
	c.text("question "+q.ID, q.Text, g)
	c.texts = append(c.texts, shapeOf(q.ID, q.Text))
}

func (c *checker) text(name, text string, g group) {
	if count := utf8.RuneCountInString(text); count > maxTextRunes || !utf8.ValidString(text) || text != plaintext.Visible(text) {
		c.report("%s: must be one line of at most %d characters", name, maxTextRunes)
	}
	for _, found := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(placeholders(g.Kind, g.Key), strings.ToLower(strings.Trim(found, "{}"))) ||
			!strings.HasSuffix(found, "}") || len(found) < 3 {
			c.report("%s: %s cannot be filled in for a %s %s", name, found, g.Kind, g.Key)
		}
	}
}

// nearRepeats reports questions that say nearly the same in nearly the same words.
func (c *checker) nearRepeats() {
	for i, a := range c.texts {
		for _, b := range c.texts[i+1:] {
			if similarity(a, b) >= maxSimilarity {
				c.report("questions %s and %s: say nearly the same", a.id, b.id)
			}
		}
	}
}
