package intake_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestOpsgenieReadsQuestions(t *testing.T) {
	for path, want := range map[string]intake.OpsgenieQuestion{
		"v2/alerts/db-1":           {Identifier: "db-1"},
		"v2/alerts/ disk full ":    {Identifier: "disk full"},
		"v2/alerts/requests/01ARZ": {Request: "01ARZ"},
		"v2/alerts":                {},
		"v2/alerts/ ":              {},
		"v2/alerts/db-1/notes":     {},
		"v2/alerts/requests/1/2":   {},
		"v2/users/requests/1":      {},
	} {
		got, asked := intake.ReadOpsgenieQuestion(strings.Split(path, "/"))
		if diff := cmp.Diff(want, got); diff != "" || asked != (want != intake.OpsgenieQuestion{}) {
			t.Errorf("%q is asked: %v (-want +got):\n%s", path, asked, diff)
		}
	}
}

func TestOpsgenieAnswers(t *testing.T) {
	adapter := intake.Opsgenie()
	create := posted("v2/alerts", `{"message":"a","alias":"db-1"}`)
	made := posted("v2/alerts", `{"message":"a"}`)
	closing := posted("v2/alerts/db-1/close", "")
	at := postedTime.Add(time.Second)
	status := func(action, said, alias string) string {
		return `{"data":{"success":true,"isSuccess":true,"action":"` + action + `","status":"` + said + `",` +
			`"processedAt":"2026-03-04T08:43:01Z","integrationId":"integrations/1","alertId":"` + alias + `","alias":"` + alias + `"},` +
			`"took":0,"requestId":"` + requestID + `"}`
	}
	const unknown = `{"message":"Request not found. It might not be processed, yet.","took":0,"requestId":"` + requestID + `"}`
	for _, test := range []struct {
		name   string
		answer intake.Answer
		status int
		want   string
	}{
		{"taken", adapter.Answer(create, intake.Delivery{}), http.StatusAccepted, `{"result":"Request will be processed","took":0,"requestId":"` + requestID + `"}`},
		{"refused", adapter.Refuse(http.StatusBadRequest, "message is missing"), http.StatusBadRequest, `{"message":"message is missing","took":0}`},
		{"created", intake.OpsgenieProcessed(create, "integrations/1", at), http.StatusOK, status("Create", "Created alert", "db-1")},
		{"created without an alias", intake.OpsgenieProcessed(made, "integrations/1", at), http.StatusOK, status("Create", "Created alert", requestID)},
		{"closed", intake.OpsgenieProcessed(closing, "integrations/1", at), http.StatusOK, status("Close", "Closed alert", "db-1")},
		{"not yet", intake.OpsgenieNotProcessed(requestID), http.StatusNotFound, unknown},
		{"never taken", intake.OpsgenieProcessed(posted("v2/alerts", `{`), "integrations/1", at), http.StatusNotFound, unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkAnswer(t, test.answer, test.status, test.want)
			if id := test.answer.Header.Get("X-Request-Id"); id != requestID && test.name != "refused" {
				t.Errorf("X-Request-Id %q", id)
			}
			// By it Opsgenie's own clients know that they are to ask again.
			if again := test.answer.Header.Get("X-Opsgenie-Errortype") == "RequestNotProcessed"; again != (test.status == http.StatusNotFound) {
				t.Errorf("ask again: %v", again)
			}
		})
	}
}

func TestOpsgenieTellsAnAlert(t *testing.T) {
	request := posted("v2/alerts", `{"message":"a","alias":"db-1","tags":["x","env:prod"],"details":{"k":"v"},"source":"s","entity":"e","description":"d"}`)
	alert := parsed(t, intake.Opsgenie(), request).Alerts[0]
	alert.Status = intake.Acknowledged
	answer := intake.OpsgenieFound("q1", "db-1", &alert, intake.OpsgenieOccurrence{
		Count: 2, Created: postedTime, Updated: postedTime.Add(time.Minute), LastOccurred: postedTime.Add(time.Second),
	})
	checkAnswer(t, answer, http.StatusOK, `{"data":{"id":"db-1","tinyId":"db-1","alias":"db-1","message":"a","description":"d",`+
		`"status":"open","acknowledged":true,"count":2,"createdAt":"2026-03-04T08:43:00Z","updatedAt":"2026-03-04T08:44:00Z",`+
		`"lastOccurredAt":"2026-03-04T08:43:01Z","source":"s","entity":"e","priority":"P3","tags":["x","env:prod"],`+
		`"details":{"k":"v"}},"took":0,"requestId":"q1"}`)
	alert = intake.Alert{Status: intake.Resolved, Title: "b", Labels: map[string]string{"alias": "what a rule made of it"}}
	answer = intake.OpsgenieFound("q2", "db-2", &alert, intake.OpsgenieOccurrence{Count: 1, Created: postedTime, Updated: postedTime, LastOccurred: postedTime})
	checkAnswer(t, answer, http.StatusOK, `{"data":{"id":"db-2","tinyId":"db-2","alias":"db-2","message":"b","status":"closed",`+
		`"acknowledged":false,"count":1,"createdAt":"2026-03-04T08:43:00Z","updatedAt":"2026-03-04T08:43:00Z",`+
		`"lastOccurredAt":"2026-03-04T08:43:00Z","tags":[],"details":{}},"took":0,"requestId":"q2"}`)
	checkAnswer(t, intake.OpsgenieNotFound("q3"), http.StatusNotFound,
		`{"message":"Alert not found. What created it might not be processed, yet.","took":0,"requestId":"q3"}`)
}
