package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// closedServer is a server that wants to know who calls, and the secrets of two keys.
func closedServer(t *testing.T, changes ...func(*Config)) (server *running, viewer, admin string) {
	t.Helper()
	store := testConfig(t).Store
	offline, err := OpenOffline(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	keys := debriefv1.NewAccessServiceClient(offline)
	secret := func(id string, role debriefv1.Role) string {
		made, err := keys.CreateApiKey(t.Context(), &debriefv1.CreateApiKeyRequest{ApiKeyId: id, ApiKey: &debriefv1.ApiKey{Role: role}})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + made.GetSecret()
	}
	viewer, admin = secret("reader", debriefv1.Role_ROLE_VIEWER), secret("root", debriefv1.Role_ROLE_ADMIN)
	if err := offline.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return start(t, func(c *Config) {
		c.Store, c.RequireAuthentication = store, true
		for _, change := range changes {
			change(c)
		}
	}), viewer, admin
}

func TestWhoeverCallsShowsWhoTheyAre(t *testing.T) {
	server, viewer, admin := closedServer(t)
	for name, test := range map[string]struct {
		method, path, body, authorization string
		status                            int
		reason                            string
	}{
		"nobody reads":                    {http.MethodGet, "/v1/incidents", "", "", 401, "CREDENTIALS_REQUIRED"},
		"a viewer reads":                  {http.MethodGet, "/v1/incidents", "", viewer, 200, ""},
		"a viewer opens an incident":      {http.MethodPost, "/v1/incidents", `{"title":"x"}`, viewer, 403, "ROLE_REQUIRED"},
		"an administrator opens one":      {http.MethodPost, "/v1/incidents", `{"title":"x"}`, admin, 200, ""},
		"a wrong key":                     {http.MethodGet, "/v1/incidents", "", viewer + "x", 401, "CREDENTIALS_INVALID"},
		"nobody watches":                  {http.MethodGet, "/v1/events:watch", "", "", 401, "CREDENTIALS_REQUIRED"},
		"nobody reads the calendar":       {http.MethodGet, "/v1/calendar.ics", "", "", 401, "CREDENTIALS_REQUIRED"},
		"a viewer reads the calendar":     {http.MethodGet, "/v1/calendar.ics", "", viewer, 200, ""},
		"nobody reads the feed":           {http.MethodGet, "/v1/postMortems.atom", "", "", 401, "CREDENTIALS_REQUIRED"},
		"nobody reads metrics":            {http.MethodGet, "/metrics", "", "", 401, "CREDENTIALS_REQUIRED"},
		"a viewer reads metrics":          {http.MethodGet, "/metrics", "", viewer, 200, ""},
		"a viewer reads keys":             {http.MethodGet, "/v1/apiKeys", "", viewer, 403, "ROLE_REQUIRED"},
		"an alert without a key":          {http.MethodPost, "/intake/alertmanager", `{}`, "", 401, "INTAKE_KEY_REQUIRED"},
		"a load balancer asks":            {http.MethodGet, "/readyz", "", "", 200, ""},
		"a supervisor asks":               {http.MethodGet, "/healthz", "", "", 200, ""},
		"anybody reads the documentation": {http.MethodGet, "/openapi.json", "", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{"Content-Type", asJSON, "Host", "debrief.example.com"}
			if test.authorization != "" {
				headers = append(headers, "Authorization", test.authorization)
			}
			got := server.send(t, test.method, test.path, test.body, headers...)
			if got.StatusCode != test.status {
				t.Fatalf("status %d %s, want %d", got.StatusCode, got.body, test.status)
			}
			if test.reason == "" {
				return
			}
			if _, reason := readError(t, got.body); reason != test.reason {
				t.Errorf("reason %s, want %s", reason, test.reason)
			}
			if challenge := got.Header.Get("WWW-Authenticate"); (challenge != "") != (test.status == http.StatusUnauthorized) {
				t.Errorf("WWW-Authenticate is %q", challenge)
			}
		})
	}
}

// TestTheTrailSaysWhereACallCameFrom calls by both doors.
func TestTheTrailSaysWhereACallCameFrom(t *testing.T) {
	server, _, admin := closedServer(t)
	server.send(t, http.MethodPost, "/v1/incidents", `{"title":"x"}`, "Content-Type", asJSON, "Authorization", admin)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", admin)
	if _, err := debriefv1.NewIncidentServiceClient(server.grpc).CreateIncident(ctx, &debriefv1.CreateIncidentRequest{
		Incident: &debriefv1.Incident{Title: "x"},
	}); err != nil {
		t.Fatal(err)
	}
	trail, err := debriefv1.NewAccessServiceClient(server.grpc).ListAuditRecords(ctx, &debriefv1.ListAuditRecordsRequest{PageSize: 2})
	if err != nil || len(trail.GetAuditRecords()) != 2 {
		t.Fatalf("%v, %v", trail, err)
	}
	for _, record := range trail.GetAuditRecords() {
		if record.GetAddress() != "127.0.0.1" || record.GetPrincipal() != "apiKeys/root" {
			t.Errorf("a record says %v", record)
		}
	}
}

func TestHealthAndReflectionAreOpen(t *testing.T) {
	server, _, _ := closedServer(t)
	for method, want := range map[string]codes.Code{
		"/grpc.health.v1.Health/Check":                codes.OK,
		"/debrief.v1.IncidentService/ListIncidents":   codes.Unauthenticated,
		"/debrief.v1.IncidentService/ThereIsNoMethod": codes.Unimplemented,
	} {
		if got := invoke(t, server, method); got != want {
			t.Errorf("%s: %v, want %v", method, got, want)
		}
	}
	tellsWhatIsServed(t, server)
}

func TestTheNetworkIsServedToThoseWhoShowWhoTheyAre(t *testing.T) {
	server := start(t, func(c *Config) { c.HTTPAddr, c.RequireAuthentication = "0.0.0.0:0", true })
	if got := server.send(t, http.MethodGet, "/v1/incidents", "", "Host", "debrief.example.com"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %d %s, want 401", got.StatusCode, got.body)
	}
}

// invoke calls a method with an empty request, and answers the code.
func invoke(t *testing.T, server *running, method string) codes.Code {
	t.Helper()
	return status.Code(server.grpc.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{}))
}

// TestWhoCallsTooOftenIsToldWhenToCallAgain calls, and delivers, more often than is allowed.
func TestWhoCallsTooOftenIsToldWhenToCallAgain(t *testing.T) {
	store := testConfig(t).Store
	offline, err := OpenOffline(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := debriefv1.NewAccessServiceClient(offline).CreateApiKey(t.Context(), &debriefv1.CreateApiKeyRequest{
		ApiKeyId: "reader", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_VIEWER},
	})
	if err != nil {
		t.Fatal(err)
	}
	pagers, err := debriefv1.NewIntegrationServiceClient(offline).CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
		IntegrationId: "pagers", Integration: &debriefv1.Integration{Title: "Pagers", Kind: debriefv1.Integration_KIND_ALERTMANAGER},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := offline.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := start(t, func(c *Config) {
		c.Store, c.RequireAuthentication, c.MaxCallRate, c.MaxDeliveryRate = store, true, 1, 1
	})
	for name, test := range map[string]struct {
		method, path, secret string
		status               int
	}{
		"calls":      {http.MethodGet, "/v1/incidents", reader.GetSecret(), http.StatusTooManyRequests},
		"deliveries": {http.MethodPost, "/intake/alertmanager", pagers.GetKey(), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var got answer
			for range 30 { // Five at once, and one a second: this many do not take so long.
				if got = server.send(t, test.method, test.path, "{}", "Content-Type", asJSON, "Authorization", "Bearer "+test.secret); got.StatusCode == test.status {
					break
				}
			}
			if _, reason := readError(t, got.body); got.StatusCode != test.status || reason != "RATE_LIMITED" || got.Header.Get("Retry-After") != "1" {
				t.Errorf("got %d %s, Retry-After %q", got.StatusCode, got.body, got.Header.Get("Retry-After"))
			}
		})
	}
}

// TestABodyIsNotReadOfWhoIsNotLetIn sends deliveries that do not end: whose key is wrong is told so all the same, and is on the trail with
// where they came from.
func TestABodyIsNotReadOfWhoIsNotLetIn(t *testing.T) {
	server, _, admin := closedServer(t)
	for path, reason := range map[string]string{"/intake/alertmanager": "INTAKE_KEY_REQUIRED", "/intake/alertmanager/dbk_wrong": "INTAKE_KEY_INVALID"} {
		reader, writer := io.Pipe() // Nothing is ever written.
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url(path), reader)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", asJSON)
		response, err := server.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close(), writer.Close()); err != nil {
			t.Error(err)
		}
		if _, got := readError(t, string(body)); got != reason || response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s, want 401 %s", path, response.StatusCode, got, reason)
		}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", admin)
	trail, err := debriefv1.NewAccessServiceClient(server.grpc).ListAuditRecords(ctx, &debriefv1.ListAuditRecordsRequest{
		Decision: debriefv1.AuditRecord_DECISION_REFUSED,
	})
	if err != nil || len(trail.GetAuditRecords()) != 2 {
		t.Fatalf("%v, %v", trail, err)
	}
	for _, record := range trail.GetAuditRecords() {
		if record.GetAddress() != "127.0.0.1" || !strings.HasPrefix(record.GetMethod(), intakePath) {
			t.Errorf("a record says %v", record)
		}
	}
}
