package service

import (
	"bytes"
	"reflect"
	"strings"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/forgetting"
)

// namePlace is what a field has to do with people's names.
type namePlace int

const (
	// noPlace never holds one, or holds what can't be another: ids, states, addresses, secrets.
	noPlace namePlace = iota
	// personPlace holds somebody's name, or several names, and nothing else.
	personPlace
	// sightPlace holds the names of those who alone may know of something.
	sightPlace
	// valuePlace holds either what personPlace or what textPlace does.
	valuePlace
	// textPlace is what people wrote, or a sender, in which names may stand.
	textPlace
	// accountPlace is made by Debrief, or answered to it, with names in it.
	accountPlace
	// addressPlace is where somebody is written to.
	addressPlace
)

// places are the fields of entities in which names stand; a test sees to it that every field was thought of.
var places = placeTable(map[namePlace]map[string]string{
	personPlace: {
		"Incident": "Lead", "Responder": "Person", "Origin": "Actor", "MilestoneChange": "Actor", "ClockHold": "Actor",
		"TimelineEntry": "Author", "Statement": "Actor", "PostMortem": "Facilitator Scribe", "Participant": "Person",
		"LanguageOverride": "Actor", "RulesReading": "Reader Present", "PostMortemRevision": "Actor", "ActionItem": "Owner",
		"ParticipantStatement": "Author", "SystemRevision": "Actor", "ModelUpdate": "Actor", "Event": "Actor",
	},
	sightPlace: {"Restriction": "People"},
	valuePlace: {"FieldChange": "Before After"},
	textPlace: {
		"Incident": "Title Summary Labels WaiverReason", "Impact": "Summary", "MilestoneChange": "Reason", "Responder": "Role",
		"IncidentAlert": "Labels Annotations", "Link": "Title", "Clock": "MetReason", "ClockHold": "Reason", "ClockRecord": "Reason",
		"Statement": "Text", "Evidence": "Title Excerpt", "TimelineEntry": "AuthorRole",
		"PostMortem": "Title Summary Impact WhatWentWell WhereWeWereLucky WhatSurprisedUs OpenQuestions FacilitatorOverrideReason Labels ConclusionNote ImportSource",
		"Belief":     "HeldBy Believed Actual", "ContributingFactor": "Description", "FreeSection": "Title Text", "Participant": "Role",
		"TemplateSection": "Title Help", "GroundRule": "Title Text", "QuestionAnswer": "Question Answer", "LanguageOverride": "Reason",
		"ActionItem": "Title Description FirstStep Labels OutcomeNote DropReason", "ParticipantStatement": "Text AuthorRole",
		"GroundRules": "Title", "PostMortemTemplate": "Title", "System": "Title Description Labels", "SystemComponent": "Description",
		"SystemFact": "Value", "MentalModel": "HeldBy Description", "ModelGap": "Believed Actual Discovery", "ModelUpdate": "Note",
		"Integration": "Title Labels", "AlertRule": "Title Labels", "MaintenanceWindow": "Reason",
		"Alert": "Title Summary Labels Annotations NoiseReason", "AlertImage": "Alternative", "AlertStep": "Text",
		"Subscription": "Title Filter StateReason", "Webhook": "Template", "APIKey": "Title",
	},
	accountPlace: {"PostMortemRevision": "Document", "EventDelivery": "Request", "DeliveryAttempt": "Response Error", "Picture": "SVG"},
	addressPlace: {"Email": "Address"},
})

// placeTable has the fields by their types' and their own names.
func placeTable(groups map[namePlace]map[string]string) map[string]namePlace {
	table := map[string]namePlace{}
	for place, types := range groups {
		for name, fields := range types {
			for field := range strings.FieldsSeq(fields) {
				table[name+"."+field] = place
			}
		}
	}
	return table
}

// forgottenPrefix begins the name of somebody who was forgotten, where nobody else may be called so: no principal is.
const forgottenPrefix = "people/"

// forgottenDomain ends addresses at which nobody is (RFC 2606).
const forgottenDomain = "@forgotten.invalid"

// forgetter goes through resources and replaces a name.
type forgetter struct {
	name forgetting.Name
	// texts says that it is also replaced in what people wrote.
	texts bool
	// count is how often it was.
	count int
}

// visit goes through a value that can be set.
func (f *forgetter) visit(value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			f.visit(value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			f.visit(value.Index(i))
		}
	case reflect.Struct:
		f.visitFields(value)
	default: // It holds no text, or one that is no place.
	}
}

func (f *forgetter) visitFields(value reflect.Value) {
	kind := value.Type()
	if kind == reflect.TypeFor[time.Time]() || kind == reflect.TypeFor[repository.Header]() {
		return
	}
	for i := range kind.NumField() {
		field := value.Field(i)
		switch place := places[kind.Name()+"."+kind.Field(i).Name]; place {
		case noPlace:
			f.visit(field)
		default:
			f.replace(field, place)
		}
	}
}

// replace replaces the name in what a field holds.
func (f *forgetter) replace(field reflect.Value, place namePlace) {
	switch held := field.Addr().Interface().(type) {
	case *string:
		*held = f.replaced(*held, place)
	case *[]string:
		for i := range *held {
			(*held)[i] = f.replaced((*held)[i], place)
		}
	case *map[string]string:
		for key, text := range *held {
			(*held)[key] = f.replaced(text, place)
		}
	case *[]byte:
		if text := f.replaced(string(*held), place); !bytes.Equal(*held, []byte(text)) {
			*held = []byte(text)
		}
	}
}

// replaced is a text without the name.
func (f *forgetter) replaced(text string, place namePlace) string {
	switch place {
	case noPlace:
	case personPlace:
		return f.whole(text)
	case sightPlace:
		if _, is := f.name.Whole(text); is {
			f.count++
			return forgottenPrefix + f.name.Replacement()
		}
	case valuePlace:
		return f.words(f.whole(text), f.texts, true)
	case textPlace:
		return f.words(text, f.texts, true)
	case accountPlace:
		return f.words(text, true, f.texts)
	case addressPlace:
		if _, is := f.name.Whole(text); is {
			f.count++
			return f.name.Replacement() + forgottenDomain
		}
	}
	return text
}

// whole replaces what is the name.
func (f *forgetter) whole(text string) string {
	replaced, is := f.name.Whole(text)
	if is {
		f.count++
	}
	return replaced
}

// words replaces the name as a word, if that is wanted.
func (f *forgetter) words(text string, wanted, folded bool) string {
	if !wanted {
		return text
	}
	replaced, count := f.name.Words(text, folded)
	f.count += count
	return replaced
}
