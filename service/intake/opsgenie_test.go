package intake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestOpsgenieReadsWhatSendersSend(t *testing.T) {
	const alias = "Life is too short for no alias"
	for _, test := range []struct {
		name, file string
		path       []string
		want       intake.Alert
	}{
		{"create", "opsgenie-create.json", []string{"v2", "alerts"}, intake.Alert{
			Fingerprint: intake.OpsgenieFingerprint(alias), Status: intake.Firing, Severity: "p1",
			Title: "An example alert message", Summary: "Every alert needs a description",
			Labels: map[string]string{
				"alias": alias, "entity": "An example entity", "source": "checks.example.com", "env": "prod",
				"tags": "OverwriteQuietHours,Critical,env:prod",
			},
			Annotations: map[string]string{"key1": "value1", "retries": "3", "user": "monitor", "note": "Seen twice"},
		}},
		{"create without an alias", "opsgenie-create-short.json", []string{"v2", "alerts"}, intake.Alert{
			Fingerprint: requestID, Status: intake.Firing, Severity: "p3", Title: "The queue grows",
			Labels: map[string]string{"alias": requestID}, Annotations: map[string]string{},
		}},
		{"close", "opsgenie-close.json", []string{"v2", "alerts", alias, "close"}, intake.Alert{
			Fingerprint: intake.OpsgenieFingerprint(alias), Status: intake.Resolved, Title: alias,
			Labels:      map[string]string{"alias": alias, "source": "checks.example.com"},
			Annotations: map[string]string{"user": "monitor", "note": "Below the limit again"},
		}},
		{"acknowledge without a body", "", []string{"v2", "alerts", "db/1", "acknowledge"}, intake.Alert{
			Fingerprint: "db/1", Status: intake.Acknowledged, Title: "db/1",
			Labels: map[string]string{"alias": "db/1"}, Annotations: map[string]string{},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := posted("", "")
			request.Path = test.path
			if test.file != "" {
				request.Body = payload(t, test.file)
			}
			want := intake.Delivery{Source: "opsgenie", Alerts: []intake.Alert{test.want}}
			if diff := cmp.Diff(want, parsed(t, intake.Opsgenie(), request)); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpsgenieNamesAnAlertByAnyIdentifier(t *testing.T) {
	for _, kind := range []string{"", "id", "alias", "tiny"} {
		request := posted("v2/alerts/db-1/close", "")
		request.Query.Set("identifierType", kind)
		if got := parsed(t, intake.Opsgenie(), request).Alerts[0].Fingerprint; got != "db-1" {
			t.Errorf("identifierType %q leads to %q", kind, got)
		}
	}
	if got := intake.OpsgenieFingerprint(" db-1 "); got != "db-1" {
		t.Errorf("OpsgenieFingerprint = %q", got)
	}
}

func TestOpsgenieRefuses(t *testing.T) {
	checkRefusals(t, intake.Opsgenie(), []refusal{
		{"another path", "v1/json/alert", `{}`, "", "was sent to an unknown path; alerts are sent to v2/alerts"},
		{"half a path", "v2/alerts/db-1", `{}`, "", "was sent to an unknown path; only v2/alerts"},
		{"no identifier", "v2/alerts/ /close", `{}`, "", "was sent to an unknown path; only v2/alerts"},
		{"another action", "v2/alerts/db-1/snooze", `{}`, "", "asks for an action that is not taken"},
		{"nothing", "v2/alerts", ``, "", "is empty"},
		{"a list", "v2/alerts", `[]`, "", "is an array; it must be an object"},
		{"no message", "v2/alerts", `{"message":{"text":"a"}}`, "message", "is missing"},
		{"a name given twice", "v2/alerts", `{"message":"a","message":"b"}`, "message", "is given twice"},
		{"an endless alias", "v2/alerts", `{"message":"a","alias":"` + strings.Repeat("ü", 513) + `"}`, "alias", "has more than 512 characters"},
		{"an endless identifier", "v2/alerts/" + strings.Repeat("a", 513) + "/close", ``, "alias", "has more than 512 characters"},
		{"tags of another kind", "v2/alerts", `{"message":"a","tags":"one"}`, "tags", "is a string; it must be an array"},
		{"a body that is none", "v2/alerts/db-1/close", `user=me`, "", "is not JSON"},
	})
	request := posted("v2/alerts/db-1/close", "")
	request.Query = url.Values{"identifierType": {"name"}}
	if _, err := intake.Opsgenie().Parse(request, intake.Options{}); err == nil || err.Error() != `identifierType must be "id", "alias" or "tiny"` {
		t.Errorf("another type of identifier: %v", err)
	}
	request = posted("v2/alerts", `{"message":"a"}`)
	request.Method = http.MethodDelete
	if _, err := intake.Opsgenie().Parse(request, intake.Options{}); err == nil || err.Error() != "the delivery must be sent with POST" {
		t.Errorf("another method: %v", err)
	}
}

func TestOpsgenieTakesWhatIsOddButHarmless(t *testing.T) {
	body := `{"message":"` + strings.Repeat("a", 400) + `","alias":" a\u0000b ","priority":"Urgent","tags":[7,"","x","x","alias:z",null],` +
		`"details":"plain","description":"\u0007 text","user":{},"note":["n"]}`
	alert := parsed(t, intake.Opsgenie(), posted("v2/alerts", body)).Alerts[0]
	want := intake.Alert{
		Fingerprint: intake.OpsgenieFingerprint("a\x00b"), Status: intake.Firing, Severity: "urgent",
		Title: strings.Repeat("a", 299) + "…", Summary: "\ufffd text",
		Labels:      map[string]string{"alias": "a\ufffdb", "tags": "7,x,alias:z"},
		Annotations: map[string]string{"details": "plain"},
	}
	if diff := cmp.Diff(want, alert); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func FuzzOpsgenie(f *testing.F) {
	seed(f, "opsgenie", func(body []byte) { f.Add("v2/alerts", "alias", body) })
	f.Add("v2/alerts/a\xff b/close", "tiny", []byte(`{}`))
	f.Add("v2/alerts/db-1/acknowledge", "", []byte{})
	f.Add("v2/alerts", "", []byte(`{"message":"\u0085","alias":"\ud800","tags":["a:\u0000",":",{}],"details":{"\u0000":[1e999]},"priority":"\n"}`))
	f.Fuzz(func(t *testing.T, path, kind string, body []byte) {
		adapter, request := intake.Opsgenie(), posted(path, string(body))
		request.Query.Set("identifierType", kind)
		fuzzAdapter(t, adapter, request, intake.Options{})
		processed := intake.OpsgenieProcessed(request, "integrations/1", postedTime)
		delivery, err := adapter.Parse(request, intake.Options{})
		if (err == nil) && processed.Status != http.StatusOK {
			t.Errorf("status %d of what was taken", processed.Status)
		}
		if _, err := json.Marshal(processed.Body); err != nil {
			t.Error(err)
		}
		for _, alert := range delivery.Alerts {
			if _, err := json.Marshal(intake.OpsgenieFound("q", "a", &alert, intake.OpsgenieOccurrence{}).Body); err != nil {
				t.Error(err)
			}
		}
	})
}
