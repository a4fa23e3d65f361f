package server

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestOpsgenieIsFoundWithoutAPath goes by the host alone, as Opsgenie's own SDK for Go does.
func TestOpsgenieIsFoundWithoutAPath(t *testing.T) {
	log := &logBuffer{}
	server := start(t, func(config *Config) { config.LogOutput = log })
	made := server.send(t, http.MethodPost, "/v1/integrations?integrationId=ops", `{"title":"Ops","kind":"KIND_OPSGENIE"}`, "Content-Type", asJSON)
	var answer debriefv1.IntegrationWithKey
	if err := protojson.Unmarshal([]byte(made.body), &answer); err != nil {
		t.Fatal(err, made.body)
	}
	genie := "GenieKey " + answer.GetKey()
	for _, test := range []struct {
		method, path, body, authorization string
		want                              int
	}{
		{http.MethodPost, "/v2/alerts", `{"message":"Disk full","alias":"disk/a b"}`, genie, 202},
		{http.MethodGet, "/v2/alerts/disk%2Fa%20b?identifierType=alias", "", genie, 200},
		{http.MethodPost, "/v2/alerts/disk%2Fa%20b/close?identifierType=alias", `{}`, genie, 202},
		{http.MethodPost, "/v2/alerts", `{"message":"Disk full"}`, genie + "x", 401},
		{http.MethodPost, "/v2/alerts", `{"message":"Disk full"}`, "Bearer " + answer.GetKey(), 404},
		{http.MethodPost, "/v2/alerts", `{"message":"Disk full"}`, "", 404},
		{http.MethodPost, "/v2/alertsandmore", `{"message":"Disk full"}`, genie, 404},
		{http.MethodGet, "/v1/alerts", "", genie, 200},
	} {
		headers := []string{"Content-Type", asJSON}
		if test.authorization != "" {
			headers = append(headers, "Authorization", test.authorization)
		}
		if got := server.send(t, test.method, test.path, test.body, headers...); got.StatusCode != test.want {
			t.Errorf("%s %s %.12s: %d %s, want %d", test.method, test.path, test.authorization, got.StatusCode, got.body, test.want)
		}
	}
	alerts := server.send(t, http.MethodGet, "/v1/alerts?filter=integration%3D%22integrations/ops%22", "").body
	if strings.Count(alerts, `"alerts/`) != 1 || !strings.Contains(alerts, "STATUS_RESOLVED") {
		t.Errorf("alerts: %s", alerts)
	}
	if strings.Contains(log.String(), answer.GetKey()) {
		t.Error("the key is in the log")
	}
}
