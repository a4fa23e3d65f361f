package service

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/importer"
	"github.com/debriefhq/debrief/service/lifecycle"
)

func (f *importFitter) evidence(line int, told []importer.Evidence) []repository.Evidence {
	var made []repository.Evidence
	for _, evidence := range told {
		if len(made) == maxEvidence {
			f.keep(line, "Evidence", strings.Join([]string{evidence.Title, evidence.URI, evidence.Excerpt}, " "))
			continue
		}
		fitted := repository.Evidence{
			URI: f.address(line, "Evidence", evidence.URI), Title: f.name(line, "Evidence", evidence.Title, maxTitle), Excerpt: f.text(line, "Evidence", evidence.Excerpt, maxExcerpt),
		}
		made = append(made, fitted)
	}
	return made
}

// address fits an absolute address of the web.
func (f *importFitter) address(line int, what, address string) string {
	if address == "" || isWebURI(address) {
		return address
	}
	f.keep(line, what, address)
	return ""
}

// priorities are the API's.
var priorities = []string{"P1", "P2", "P3", "P4"}

func (f *importFitter) actions() []repository.ActionItem {
	var made []repository.ActionItem
	for _, action := range f.document.Actions {
		item := repository.ActionItem{
			Title: f.name(action.Line, "Action item", cmp.Or(action.Title, "Action item"), maxTitle), Owner: f.name(action.Line, "Owner", action.Owner, maxPerson),
			Strength: action.Strength, State: cmp.Or(action.State, lifecycle.Open),
			Labels: f.fittedLabels(action.Labels, func(string) int { return action.Line }),
		}
		if slices.Contains(priorities, strings.ToUpper(action.Priority)) {
			item.Priority, action.Priority = strings.ToUpper(action.Priority), ""
		}
		if !action.Due.Time.Before(earliestTime) {
			item.DueTime = stored(action.Due.Time)
		}
		if isWebURI(action.TrackerURI) {
			item.TrackerURI, action.TrackerURI = action.TrackerURI, ""
		}
		if action.Type != "" {
			item.Labels["type"] = f.name(action.Line, "Type", action.Type, maxLabelValue)
		}
		item.Description = f.text(action.Line, "Action item", described(action, item), maxSection)
		made = append(made, item)
	}
	return made
}

// described is the description of an action item, with what was written of it that no field says.
func described(action importer.Action, item repository.ActionItem) string {
	var said []string
	if action.Description != "" {
		said = append(said, action.Description)
	}
	add := func(what, text string, shown ...string) {
		if text != "" && !coversWords(strings.Join(shown, " "), text) {
			said = append(said, "**"+what+":** "+text)
		}
	}
	if !strings.EqualFold(action.StateSaid, "x") { // which ticks a box
		state := ""
		if action.State != "" {
			state = strings.ReplaceAll(item.State, "_", " ")
		}
		add("State", action.StateSaid, state)
	}
	due := ""
	if !item.DueTime.IsZero() {
		due = item.DueTime.UTC().Format(time.DateOnly)
	}
	add("Due", action.Due.Said, due)
	add("Priority", action.Priority)
	add("Tracker", action.TrackerURI)
	add("Tracker", action.Tracker, item.TrackerURI, action.TrackerURI)
	return strings.Join(said, "\n\n")
}

func (f *importFitter) beliefs() []repository.Belief {
	var made []repository.Belief
	for _, belief := range f.document.Beliefs {
		if belief.Believed == "" || belief.Actual == "" || len(made) == maxListed {
			f.keep(belief.Line, "What we believed and what was true", belief.HeldBy+" "+belief.Believed+"\n\n"+belief.Actual)
			f.keepEvidence(belief.Evidence)
			continue
		}
		made = append(made, repository.Belief{
			HeldBy: f.name(belief.Line, "Who believed", belief.HeldBy, maxPerson), Believed: f.text(belief.Line, "What we believed", belief.Believed, maxBelief),
			Actual: f.text(belief.Line, "What was true", belief.Actual, maxBelief), Evidence: f.evidence(belief.Line, belief.Evidence),
		})
	}
	return made
}

// keepEvidence keeps the evidence of what itself has no room, and was told of.
func (f *importFitter) keepEvidence(evidence []importer.Evidence) {
	f.rest = append(f.rest, each(evidence, func(e importer.Evidence) string { return e.Title + " " + e.URI + "\n\n" + e.Excerpt })...)
}

func (f *importFitter) factors() []repository.ContributingFactor {
	var made []repository.ContributingFactor
	for _, factor := range f.document.Factors {
		if factor.Description == "" || len(made) == maxListed {
			f.keep(factor.Line, "Contributing factor", factor.Description)
			f.keepEvidence(factor.Evidence)
			continue
		}
		made = append(made, repository.ContributingFactor{
			Category: factor.Category, Description: f.text(factor.Line, "Contributing factor", factor.Description, maxFactor), Evidence: f.evidence(factor.Line, factor.Evidence),
		})
	}
	return made
}

// people fits participants or stakeholders.
func (f *importFitter) people(what string, told []importer.Person) []repository.Participant {
	var made []repository.Participant
	for _, person := range told {
		if person.Name == "" || len(made) == maxParticipants {
			f.keep(person.Line, what, strings.TrimSpace(person.Name+" "+person.Role))
			continue
		}
		made = append(made, repository.Participant{
			Person: f.name(person.Line, what, person.Name, maxPerson), Role: f.name(person.Line, "Role", person.Role, maxPerson),
		})
	}
	return made
}

// notInLabelKey is what the key of a label can't have.
var notInLabelKey = regexp.MustCompile(`[^A-Za-z0-9_./-]+`)

// fittedLabels fits labels. One whose key would lose a word, or is there already, is kept as a text.
func (f *importFitter) fittedLabels(told map[string]string, line func(key string) int) map[string]string {
	made := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(told)) {
		value, fitting := told[key], notInLabelKey.ReplaceAllString(strings.TrimSpace(key), "-")
		if _, taken := made[fitting]; taken || !labelKey.MatchString(fitting) || !coversWords(fitting, key) || len(made) == maxLabels {
			f.keep(line(key), key, value)
			continue
		}
		made[fitting] = f.name(line(key), key, value, maxLabelValue)
	}
	return made
}
