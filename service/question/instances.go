package question

import (
	"cmp"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

const (
	unknownCategory = "UNKNOWN"
	beliefKey       = "BELIEF"
	missingFact     = "MISSING_FACT"
	phantomFact     = "PHANTOM_FACT"
	otherFactValue  = "OTHER_FACT_VALUE"
	nearMiss        = "NEAR_MISS"
	exercise        = "EXERCISE"
	weaker          = "WEAKER"
)

// instance is one thing in a review that leads to questions.
type instance struct {
	groupKey
	reference string
	// identity tells it from all others of its kind and key, where the reference does not.
	identity string
	// telling is greater the more there is to learn from it beside others of its kind and key.
	telling int64
	// values fill the placeholders.
	values map[string]string
	// about names the thing, as a value does.
	about string
}

// instances are all that lead to questions, each once: of two that are the same, the first counts.
func (r Review) instances() []instance {
	all := slices.Concat(r.fromFindings(), r.fromFactors(), r.fromBeliefs(), r.fromGaps(), r.fromActions(), r.holes())
	for _, incident := range r.Incidents {
		all = append(all, incident.instances()...)
	}
	slices.SortStableFunc(all, func(a, b instance) int {
		return cmp.Or(
			strings.Compare(string(a.kind), string(b.kind)), strings.Compare(a.key, b.key),
			cmp.Compare(b.telling, a.telling), strings.Compare(a.name(), b.name()),
		)
	})
	type origin struct {
		groupKey
		name string
	}
	seen := make(map[origin]bool, len(all))
	return slices.DeleteFunc(all, func(i instance) bool {
		from := origin{i.groupKey, i.name()}
		repeated := seen[from]
		seen[from] = true
		return repeated
	})
}

func (i instance) name() string { return cmp.Or(i.identity, i.reference) }

func (r Review) fromFindings() []instance {
	found := make([]instance, 0, len(r.Findings))
	for _, f := range r.Findings {
		found = append(found, instance{
			groupKey: groupKey{FromFinding, f.Rule}, reference: f.Where, identity: f.Where + "\n" + plaintext.Visible(f.Excerpt),
			values: map[string]string{"excerpt": cmp.Or(quote(f.Excerpt), "the passage")}, about: quote(f.Place),
		})
	}
	return found
}

func (r Review) fromFactors() []instance {
	found := make([]instance, 0, len(r.Factors))
	for _, f := range r.Factors {
		found = append(found, instance{
			groupKey: groupKey{FromFactor, cmp.Or(f.Category, unknownCategory)}, reference: f.ID,
			values: f.values(), about: quote(f.Text),
		})
	}
	return found
}

func (f Factor) values() map[string]string {
	return map[string]string{"factor": cmp.Or(quote(f.Text), "this factor")}
}

func (r Review) fromBeliefs() []instance {
	found := make([]instance, 0, len(r.Beliefs))
	for _, b := range r.Beliefs {
		found = append(found, instance{
			groupKey: groupKey{FromBelief, beliefKey}, reference: b.ID, identity: cmp.Or(b.ID, plaintext.Visible(b.Believed)),
			values: map[string]string{"holder": holder(b.HeldBy), "believed": cmp.Or(quote(b.Believed), "this")},
			about:  quote(b.Believed),
		})
	}
	return found
}

func (r Review) fromGaps() []instance {
	found := make([]instance, 0, len(r.Gaps))
	for _, g := range r.Gaps {
		found = append(found, instance{
			groupKey: groupKey{FromGap, g.Kind}, reference: g.ID,
			values: map[string]string{
				"holder": holder(g.HeldBy), "subject": cmp.Or(quote(g.Subject), "this part"),
				"believed": cmp.Or(quote(g.Believed), "something else"), "actual": cmp.Or(quote(g.Actual), "what it is"),
			},
			about: quote(g.Subject),
		})
	}
	return found
}

// holder names a role or team with an article before it, or speaks of the people there.
func holder(heldBy string) string {
	name := quote(heldBy)
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	switch first {
	case "":
		return "the people at work"
	case "the", "a", "an", "our", "their", "all", "we", "some", "people", "everybody", "everyone", "most", "both":
		return name
	}
	return "the " + name
}

func (r Review) fromActions() []instance {
	found := make([]instance, 0, len(r.Actions))
	for _, a := range r.Actions {
		found = append(found, instance{
			groupKey: groupKey{FromAction, a.Strength}, reference: a.Name,
			values: map[string]string{"action": cmp.Or(quote(a.Title), "this action")},
			about:  quote(a.Title),
		})
	}
	return found
}

// instances are what an incident leads to: its kind, its entries and the holes in its timeline.
func (i Incident) instances() []instance {
	found := []instance{{groupKey: groupKey{FromIncident, i.Kind}, reference: i.Name}}
	for _, e := range i.Entries {
		// Who wrote a state change was a verb; an alert, however it got there, is what people had to go by.
		if e.Automatic && e.Kind != alert {
			continue
		}
		found = append(found, instance{
			groupKey: groupKey{FromEntry, e.Kind}, reference: e.Name, telling: i.telling(e),
			values: e.values(), about: quote(e.Text),
		})
	}
	return append(found, i.holes()...)
}

func (e Entry) values() map[string]string {
	return map[string]string{"entry": cmp.Or(quote(e.Text), "this entry")}
}

// telling puts the minutes in which the incident was decided before all others.
func (i Incident) telling(e Entry) int64 {
	if i.Milestones.decisive(e.OccurTime) {
		return 1
	}
	return 0
}
