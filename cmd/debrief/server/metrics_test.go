package server

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// metrics are those of a server once it tells a gauge: what is open is counted in the background, from the start on.
func metrics(t *testing.T, server *running, gauge string) string {
	t.Helper()
	for {
		if page := server.send(t, http.MethodGet, "/metrics", "").body; strings.Contains(page, gauge) {
			return page
		}
	}
}

func TestMetricsTellOfCallsAndOfOpenWork(t *testing.T) {
	server := start(t, nil)
	server.send(t, http.MethodGet, "/v1/incidents", "")
	page := metrics(t, server, "debrief_action_items_overdue ")
	for _, want := range []string{
		`rpc_server_call_duration_seconds_count{`,
		`rpc_method="debrief.v1.IncidentService/ListIncidents"`,
		`http_server_request_duration_seconds_count{`,
		`http_route="/v1/incidents"`,
		`debrief_incidents{debrief_incident_state="TRIAGE"} 0`,
		`debrief_action_items_overdue 0`,
		`debrief_ready 1`,
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

func TestOpenWorkIsToldWithoutExercises(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	before := start(t, func(c *Config) { c.Store = store })
	openIncident(t, before)
	openIncident(t, before)
	post(t, before, "/v1/incidents", `{"title":"Game day","kind":"KIND_EXERCISE"}`, &debriefv1.Incident{})
	before.stop(t)
	server := start(t, func(c *Config) { c.Store = store }) // It counts when it starts.
	page := metrics(t, server, "debrief_action_items_overdue ")
	if want := `debrief_incidents{debrief_incident_state="TRIAGE"} 2`; !strings.Contains(page, want+"\n") {
		t.Errorf("%s is missing in %s", want, page)
	}
}

func TestActionItemsThatAreOverdueAreTold(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	before := start(t, func(c *Config) { c.Store = store })
	for _, item := range []string{
		`{"title":"Late","dueTime":"2001-01-01T00:00:00Z"}`, `{"title":"Late, too","dueTime":"2002-01-01T00:00:00Z"}`,
		`{"title":"In good time","dueTime":"2999-01-01T00:00:00Z"}`, `{"title":"Whenever"}`,
	} {
		post(t, before, "/v1/actionItems", item, &debriefv1.ActionItem{})
	}
	done := post(t, before, "/v1/actionItems", `{"title":"Done","dueTime":"2001-01-01T00:00:00Z"}`, &debriefv1.ActionItem{})
	post(t, before, "/v1/"+done.GetName()+":complete", `{}`, &debriefv1.ActionItem{})
	before.stop(t)
	server := start(t, func(c *Config) { c.Store = store })
	page := metrics(t, server, "debrief_action_items_overdue ")
	if want := "debrief_action_items_overdue 2"; !strings.Contains(page, want+"\n") {
		t.Errorf("%s is missing in %s", want, page)
	}
}

func TestWhatIsStuckIsTold(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
	before := start(t, func(c *Config) { c.Store = store })
	for _, id := range []string{"status-page", "archive"} {
		post(t, before, "/v1/subscriptions?subscriptionId="+id,
			`{"title":"A page","filter":"event.type == 'NONE'","webhook":{"uri":"https://hooks.example.com/"}}`, &debriefv1.SubscriptionWithSecret{})
	}
	before.stop(t)
	server := start(t, func(c *Config) { c.Store = store })
	page := metrics(t, server, `debrief_subscriptions{debrief_subscription_state="ACTIVE"}`)
	for _, want := range []string{
		`debrief_deliveries{debrief_delivery_state="PENDING"} 0`,
		`debrief_event_deliveries{debrief_event_delivery_state="FAILED"} 0`,
		`debrief_subscriptions{debrief_subscription_state="ACTIVE"} 2`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("%s is missing in %s", want, page)
		}
	}
}
