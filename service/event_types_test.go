package service

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/webhook"
)

// TestCloudEventsAreTypedByResource takes all types of events: a new one whose resource has more than one word must be told to
// the package webhook, before anybody filters by what it makes of it.
func TestCloudEventsAreTypedByResource(t *testing.T) {
	t.Parallel()
	resources := map[string]bool{}
	for number, name := range debriefv1.Event_Type_name {
		if number == int32(debriefv1.Event_TYPE_UNSPECIFIED) {
			continue
		}
		resource, _, _ := strings.Cut(strings.TrimPrefix(webhook.CloudEventType(strings.TrimPrefix(name, "TYPE_")), "dev.debrief."), ".")
		resources[resource] = true
	}
	want := []string{
		"action_item", "alert", "clock", "ground_rule_set", "incident", "integration", "mental_model", "model_gap", "person", "post_mortem",
		"post_mortem_template", "statement", "subscription", "system", "timeline_entry",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(resources))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
