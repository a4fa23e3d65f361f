package service

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

// nameless are the fields in which no name stands, or none that could be another: ids, states, addresses, words of a schema.
const nameless = `
Alert.Alterations Alert.AppliedDeliveries Alert.ExternalURL Alert.Fingerprint Alert.FirstDelivery Alert.GeneratorURL Alert.Group
Alert.GroupKey Alert.Incident Alert.Integration Alert.Noise Alert.Outcome Alert.Rule Alert.SenderSeverity Alert.Severity Alert.Source
Alert.Status AlertImage.Link AlertImage.URI AlertMapping.Alerts AlertMapping.Annotations AlertMapping.Episode AlertMapping.Key
AlertMapping.Labels AlertMapping.Link AlertMapping.Severity AlertMapping.Status AlertMapping.Summary AlertMapping.Time AlertMapping.Title
AlertRule.Condition AlertRule.GroupBy AlertRule.Outcome AlertRule.Severity AlertStep.Rule APIKey.Hash APIKey.Prefix
APIKey.Role APIKey.Teams ActionItem.ContributingFactor ActionItem.FactorCategory ActionItem.Incident ActionItem.ModelGap
ActionItem.PostMortem ActionItem.Predecessor ActionItem.Priority ActionItem.State ActionItem.Strength ActionItem.Successor
ActionItem.Systems ActionItem.TrackerURI AppliedTemplate.LanguagePolicy AppliedTemplate.Template ClockPolicy.Anchor ClockRecord.Clock
ClockRecord.State ContributingFactor.Category ContributingFactor.ID Email.UnsubscribeToken Event.Incident Event.Resource Event.Type
EventDelivery.Incident EventDelivery.Resource EventDelivery.State EventDelivery.Type EventDelivery.WebhookID Evidence.URI FieldChange.Field FreeSection.ID
GroundRule.ID GroundRuleBreach.Rule Impact.Services Incident.Kind Incident.MergedInto Incident.Severity Incident.State
IncidentAlert.ExternalURL IncidentAlert.Fingerprint IncidentAlert.GeneratorURL IncidentAlert.ID IncidentAlert.Status Integration.Kind
Integration.Severities Integration.SigningSecret IntegrationKey.Hash IntegrationKey.Prefix Lease.Holder Link.URI
MaintenanceWindow.Condition MatchCorrection.Actual MatchCorrection.Believed MentalModel.System Merging.Into MilestoneChange.Milestone
ModelGap.Components ModelGap.FactKey ModelGap.ID ModelGap.ImpliedBy ModelGap.Kind ModelGap.Surprise ModelUpdate.ActionItem
ModelUpdate.Kind Picture.Source PostMortem.Concluding PostMortem.Conclusion PostMortem.GroundRuleSet PostMortem.ImportFingerprint
PostMortem.ImportKey PostMortem.Incidents PostMortem.State PostMortem.Template PostMortemTemplate.LanguagePolicy QuestionAnswer.QuestionID
QuestionAnswer.Section QuietHours.End QuietHours.Start QuietHours.TimeZone Recurrence.Category Recurrence.Incident Recurrence.PostMortem
Recurrence.System Restriction.Teams RulesReading.GroundRuleSet SigningSecret.Secret Statement.Kind Subscription.State System.PostMortem
SystemComponent.Aliases SystemComponent.Kind SystemComponent.Name SystemFact.Component SystemFact.Key SystemFact.Unit SystemLink.From
SystemLink.Kind SystemLink.To SystemRevision.PostMortem TemplateSection.ID TimelineEntry.Batch TimelineEntry.Source Webhook.Format Webhook.URI
`

// TestEveryFieldWasThoughtOf has whoever adds a field say whether names stand in it.
func TestEveryFieldWasThoughtOf(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, entity := range []any{
		repository.Incident{},
		repository.TimelineEntry{},
		repository.PostMortem{},
		repository.PostMortemRevision{},
		repository.ActionItem{},
		repository.ParticipantStatement{},
		repository.GroundRules{},
		repository.PostMortemTemplate{},
		repository.System{},
		repository.SystemRevision{},
		repository.MentalModel{},
		repository.Integration{},
		repository.Alert{},
		repository.Subscription{},
		repository.APIKey{},
		repository.Event{},
		repository.EventDelivery{},
	} {
		collectTexts(reflect.TypeOf(entity), found)
	}
	want := map[string]bool{}
	for name := range strings.FieldsSeq(nameless) {
		if places[name] != noPlace {
			t.Errorf("%s both is a place and is none", name)
		}
		want[name] = true
	}
	for name := range places {
		want[name] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("fields (-thought of +there are):\n%s", diff)
	}
}

// collectTexts finds the fields of a type that hold texts, and those of what it is made of.
func collectTexts(kind reflect.Type, found map[string]bool) {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		collectTexts(kind.Elem(), found)
		return
	case reflect.Struct:
	default:
		return
	}
	if kind == reflect.TypeFor[time.Time]() || kind == reflect.TypeFor[repository.Header]() {
		return
	}
	for field := range kind.Fields() {
		switch field.Type {
		case reflect.TypeFor[string](), reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string](), reflect.TypeFor[[]byte]():
			found[kind.Name()+"."+field.Name] = true
		default:
			collectTexts(field.Type, found)
		}
	}
}
