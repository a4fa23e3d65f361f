package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestMetricsTellOfCallsAndOfOpenWork(t *testing.T) {
	server := start(t, nil)
	server.send(t, http.MethodGet, "/v1/incidents", "")
	page := server.send(t, http.MethodGet, "/metrics", "").body
	// Open work is counted in the background, from the start on.
	for !strings.Contains(page, "debrief_action_items_overdue") && t.Context().Err() == nil {
		page = server.send(t, http.MethodGet, "/metrics", "").body
	}
	for _, want := range []string{
		`rpc_server_call_duration_seconds_count{`,
		`rpc_method="debrief.v1.IncidentService/ListIncidents"`,
		`http_server_request_duration_seconds_count{`,
		`http_route="/v1/incidents"`,
		`debrief_incidents{debrief_incident_state="TRIAGE"} 0`,
		`debrief_action_items_overdue 0`,
		`go_goroutines `,
		`process_resident_memory_bytes `,
		`target_info{`,
		`service_name="debrief"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
}
