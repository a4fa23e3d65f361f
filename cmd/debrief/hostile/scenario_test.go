package hostile_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// step is a call, and under which name others know what it made. What begins with the path without is left out.
type step struct{ method, request, makes, without string }

// scenario makes one of everything that has texts, and takes it as far as it goes. What stands in a request is as it is there; all other
// texts are marks, but for the names of those who alone may know of it: nothing would be made of it for others. $incident is the name of
// what was made as incident, and MARK a mark of a line.
var scenario = []step{
	{"CreateApiKey", `{"apiKeyId":"ci","apiKey":{"role":"ROLE_VIEWER","teams":["payments"]}}`, "", ""},
	{"CreateIntegration", `{"integrationId":"shop","integration":{"kind":"KIND_GENERIC","rules":[{"condition":"true"}],"mapping":{"key":"'disk'","status":"'firing'","title":"body.title","summary":"body.summary"},` +
		`"maintenanceWindows":[{"startTime":"2031-01-01T00:00:00Z","endTime":"2031-01-02T00:00:00Z","condition":"true"}]}}`, "", ""},
	{"CreateGroundRuleSet", `{"groundRuleSetId":"ours","groundRuleSet":{"rules":[{"id":"a"}]}}`, "rules", ""},
	{"CreatePostMortemTemplate", `{"postMortemTemplateId":"ours","postMortemTemplate":{"sections":[{"id":"money"}]}}`, "template", ""},
	{"CreateSubscription", `{"subscriptionId":"events","subscription":{"webhook":{"uri":"RECEIVER/events","format":"FORMAT_EVENT"},"filter":"true"}}`, "", ""},
	{"CreateSubscription", `{"subscriptionId":"slack","subscription":{"webhook":{"uri":"RECEIVER/slack","format":"FORMAT_SLACK","template":"{{.What}} {{.Title}} {{.Actor}} {{range .Changes}}{{.Field}} {{.Before}} {{.After}}{{end}}"},"filter":"true"}}`, "", ""},
	{"CreateSubscription", `{"subscriptionId":"teams","subscription":{"webhook":{"uri":"RECEIVER/teams","format":"FORMAT_TEAMS","template":"{{.What}} {{.Title}} {{.Actor}} {{range .Changes}}{{.Field}} {{.Before}} {{.After}}{{end}}"},"filter":"true"}}`, "", ""},
	{"CreateSubscription", `{"subscriptionId":"clouds","subscription":{"webhook":{"uri":"RECEIVER/clouds","format":"FORMAT_CLOUD_EVENTS"},"filter":"true"}}`, "", ""},
	{"CreateSubscription", `{"subscriptionId":"kim","subscription":{"email":{"address":"kim@example.com","digestInterval":"0s"},"filter":"true"}}`, "", "subscription.webhook"},
	{"CreateSystem", `{"systemId":"shop","system":{"reality":{"components":[{"name":"MARK1"},{"name":"MARK2"},{"name":"MARK3"}],` +
		`"links":[{"from":"MARK1","to":"MARK2"},{"from":"MARK2","to":"MARK3"}],"facts":[{"component":"MARK1"}]}}}`, "system", ""},
	{"CreateIncident", `{"incident":{"severity":"SEVERITY_SEV1"}}`, "incident", "incident.restriction"},
	{"AcknowledgeIncident", `{"name":"$incident"}`, "", ""},
	{"CreateTimelineEntry", `{"parent":"$incident","timelineEntry":{"kind":"KIND_ACTION"}}`, "entry", ""},
	{"UpdateTimelineEntry", `{"timelineEntry":{"name":"$entry"},"updateMask":"text"}`, "", ""},
	{"BatchCreateTimelineEntries", `{"parent":"$incident","requests":[{"timelineEntry":{"kind":"KIND_DIAGNOSIS"}}]}`, "", ""},
	{"MitigateIncident", `{"name":"$incident"}`, "", ""},
	{"ResolveIncident", `{"name":"$incident"}`, "", ""},
	{"CreatePostMortem", `{"postMortem":{"incidents":["$incident"],"groundRuleSet":"$rules","template":"$template","sections":[{"id":"money"}],` +
		`"contributingFactors":[{"id":"f1","category":"CATEGORY_TOOLING"}]}}`, "postMortem", "post_mortem.restriction"},
	{"CreateStatement", `{"parent":"$postMortem"}`, "", ""},
	{"CreateMentalModel", `{"parent":"$postMortem","mentalModel":{"system":"$system","belief":{"components":[{"name":"MARK1"},{"name":"MARK4"},{"name":"MARK5"}],` +
		`"links":[{"from":"MARK1","to":"MARK4"},{"from":"MARK4","to":"MARK5"}],"facts":[{"component":"MARK1"}]},"matchCorrections":[{"believed":"MARK4","actual":"MARK3"}]}}`, "model", ""},
	{"CreateActionItem", `{"actionItem":{"postMortem":"$postMortem","contributingFactor":"f1","dueTime":"2031-01-01T00:00:00Z"}}`, "action", ""},
	{"CreateActionItem", `{"actionItem":{"postMortem":"$postMortem","dueTime":"2031-01-01T00:00:00Z"}}`, "dropped", ""},
	{"DropActionItem", `{"name":"$dropped"}`, "", ""},
	{"StartActionItem", `{"name":"$action"}`, "", ""},
	{"SchedulePostMortem", `{"name":"$postMortem","reviewTime":"2031-01-01T00:00:00Z"}`, "", ""},
	{"ReadGroundRules", `{"name":"$postMortem"}`, "", ""},
	{"StartPostMortemReview", `{"name":"$postMortem"}`, "", ""},
	{"RecordGroundRuleBreach", `{"name":"$postMortem","rule":"a"}`, "", ""},
	{"ConcludePostMortemReview", `{"name":"$postMortem","conclusion":"CONCLUSION_ACTION_ITEMS"}`, "", ""},
	{"PublishPostMortem", `{"name":"$postMortem","keepIncidentsOpen":true}`, "", ""},
	{"CompleteActionItem", `{"name":"$action"}`, "", ""},
	{"CloseIncident", `{"name":"$incident"}`, "", ""},
	{"CreateIncident", `{"incident":{"severity":"SEVERITY_SEV2"}}`, "due", "incident.restriction"},
	{"ResolveIncident", `{"name":"$due"}`, "", ""},
	{"CreateActionItem", `{"actionItem":{"incident":"$due","dueTime":"2031-01-01T00:00:00Z"}}`, "", ""},
	{"TestSubscription", `{"name":"subscriptions/kim"}`, "", ""},
}

// play makes the calls, and answers the names of what they made.
func (m *marker) play(t *testing.T, receiver string) map[string]string {
	t.Helper()
	quoted, err := json.Marshal(shortMark)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{"RECEIVER": receiver, "MARK": strings.Trim(string(quoted), `"`)}
	for _, s := range scenario {
		request := os.Expand(strings.NewReplacer("RECEIVER", receiver, "MARK", made["MARK"]).Replace(s.request), func(name string) string { return made[name] })
		answer := m.call(t, s, request)
		if s.makes == "" {
			continue
		}
		if made[s.makes], err = nameIn(answer.ProtoReflect()); err != nil {
			t.Fatalf("%s: %v", s.method, err)
		}
	}
	return made
}
