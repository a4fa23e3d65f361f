package question

import (
	"slices"

	"github.com/debriefhq/debrief/service/template"
)

// The holes of a post-mortem: what its account does not tell.
const (
	// noBelief: neither beliefs nor gaps of mental models are recorded.
	noBelief = "no-belief"
	// noFactor: no contributing factor is recorded; singleFactor: just one.
	noFactor     = "no-factor"
	singleFactor = "single-factor"
	// factorWithoutEvidence: a factor has nothing beside it that shows it.
	factorWithoutEvidence = "factor-without-evidence"
	// factorWithoutAction: there are action items, and none answers this factor.
	factorWithoutAction = "factor-without-action"
	// noActionItem: there is none; weakerOnly: all of them are WEAKER.
	noActionItem = "no-action-item"
	weakerOnly   = "weaker-only"
	// The sections in which nothing is written. An impact is not missed where nobody was hurt: in near misses and exercises.
	noImpact       = "no-impact"
	noSurprise     = "no-surprise"
	noWentWell     = "no-went-well"
	noLuck         = "no-luck"
	noOpenQuestion = "no-open-question"
)

// holePlaceholders are the holes that have something to fill in, and what.
var holePlaceholders = map[string][]string{
	singleFactor:          {"factor"},
	factorWithoutEvidence: {"factor"},
	factorWithoutAction:   {"factor"},
	silence:               {"from", "to", "duration"},
	actionBeforeDiagnosis: {"entry"},
	unansweredAlert:       {"entry"},
	unclearOrder:          {"entry"},
	slowDetection:         {"duration"},
	slowAcknowledgement:   {"duration"},
	slowResolution:        {"duration"},
	noCommunication:       {"duration"},
	lateRecord:            {"count", "duration"},
	singleVoice:           {"count"},
	severalServices:       {"count"},
}

// holes are the names of all holes.
func holes() []string {
	return []string{
		noBelief, noFactor, singleFactor, factorWithoutEvidence, factorWithoutAction, noActionItem, weakerOnly, noImpact,
		noSurprise, noWentWell, noLuck, noOpenQuestion, noTimeline, noDetection, noNormal, silence, actionBeforeDiagnosis,
		unansweredAlert, unclearOrder, slowDetection, slowAcknowledgement, slowResolution, noCommunication,
		noRecoveryEntry, lateRecord, singleVoice, severalServices,
	}
}

func hole(key, reference string, values map[string]string) instance {
	return instance{
		groupKey: groupKey{FromHole, key}, reference: reference, values: values,
		about: values["entry"] + values["factor"], // No hole has both.
	}
}

// holes are those of the post-mortem as a whole.
func (r Review) holes() []instance {
	found := slices.Concat(r.holesInSections(), r.holesInFactors(), r.holesInActions())
	if len(r.Beliefs)+len(r.Gaps) == 0 {
		found = append(found, hole(noBelief, "", nil))
	}
	return found
}

func (r Review) holesInSections() []instance {
	var found []instance
	for _, section := range []struct{ id, hole string }{
		{template.Impact, noImpact},
		{template.WhatSurprisedUs, noSurprise},
		{template.WhatWentWell, noWentWell},
		{template.WhereWeWereLucky, noLuck},
		{template.OpenQuestions, noOpenQuestion},
	} {
		if slices.Contains(r.EmptySections, section.id) && (section.hole != noImpact || r.hurt()) {
			found = append(found, hole(section.hole, "", nil))
		}
	}
	return found
}

// hurt is false where all that is reviewed are near misses and exercises.
func (r Review) hurt() bool {
	return len(r.Incidents) == 0 || slices.ContainsFunc(r.Incidents, func(i Incident) bool {
		return i.Kind != nearMiss && i.Kind != exercise
	})
}

func (r Review) holesInFactors() []instance {
	var found []instance
	switch len(r.Factors) {
	case 0:
		found = append(found, hole(noFactor, "", nil))
	case 1:
		found = append(found, hole(singleFactor, r.Factors[0].ID, r.Factors[0].values()))
	}
	answered := map[string]bool{}
	for _, a := range r.Actions {
		answered[a.Answers] = true
	}
	for _, f := range r.Factors {
		if !f.HasEvidence {
			found = append(found, hole(factorWithoutEvidence, f.ID, f.values()))
		}
		if len(r.Actions) > 0 && !answered[f.ID] {
			found = append(found, hole(factorWithoutAction, f.ID, f.values()))
		}
	}
	return found
}

func (r Review) holesInActions() []instance {
	if len(r.Actions) == 0 {
		return []instance{hole(noActionItem, "", nil)}
	}
	if slices.ContainsFunc(r.Actions, func(a Action) bool { return a.Strength != weaker }) {
		return nil
	}
	return []instance{hole(weakerOnly, "", nil)}
}
