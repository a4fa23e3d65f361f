package server

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// secretWord stands in all that is restricted.
const secretWord = "quagga"

// restricted has a post-mortem with a mental model be published of an incident that is restricted to the administrator.
func restricted(t *testing.T, server *running, admin string) (incident, postMortem, model string) {
	t.Helper()
	by := []string{"Authorization", admin}
	incident = post(t, server, "/v1/incidents", `{"title":"A `+secretWord+` is out","restriction":{"people":["apiKeys/root"]}}`, &debriefv1.Incident{}, by...).GetName()
	post(t, server, "/v1/"+incident+":resolve", "", &debriefv1.Incident{}, by...)
	drafted := fmt.Sprintf(`{"incidents":[%q],"summary":"The %s is out.","contributingFactors":[{"category":"CATEGORY_TOOLING","description":"The gate."}]}`, incident, secretWord)
	postMortem = post(t, server, "/v1/postMortems", drafted, &debriefv1.PostMortem{}, by...).GetName()
	post(t, server, "/v1/systems?systemId=zoo", `{"title":"Zoo","reality":{"components":[{"name":"gate"}]}}`, &debriefv1.System{}, by...)
	model = post(t, server, "/v1/"+postMortem+"/mentalModels", `{"heldBy":"keeper","system":"systems/zoo","belief":{"components":[{"name":"`+secretWord+`"}]}}`,
		&debriefv1.MentalModel{}, by...).GetName()
	for _, verb := range []string{"readRules", "startReview", "publish"} {
		post(t, server, "/v1/"+postMortem+":"+verb, "", &debriefv1.PostMortem{}, by...)
	}
	return incident, postMortem, model
}

// TestNoDocumentTellsOfWhatIsRestricted reads feeds, calendar, exports and pictures as who may know of what is in them, and as who may not.
func TestNoDocumentTellsOfWhatIsRestricted(t *testing.T) {
	server, viewer, admin := closedServer(t)
	_, postMortem, model := restricted(t, server, admin)
	for path, status := range map[string]int{
		"/v1/postMortems.atom":                   http.StatusOK,
		"/v1/calendar.ics":                       http.StatusOK,
		"/v1/" + postMortem + ":export":          http.StatusNotFound,
		"/v1/" + postMortem + ":export?format=2": http.StatusNotFound,
		"/v1/" + postMortem + "/revisions":       http.StatusNotFound,
		"/v1/" + model + ":draw":                 http.StatusNotFound,
		"/v1/" + model + ":draw?format=2":        http.StatusNotFound,
		"/v1/" + model + ":compare":              http.StatusNotFound,
	} {
		t.Run(path, func(t *testing.T) {
			inside := server.send(t, http.MethodGet, path, "", "Authorization", admin)
			if inside.StatusCode != http.StatusOK || !strings.Contains(inside.body, secretWord) {
				t.Errorf("who may know of it is answered %d %s", inside.StatusCode, inside.body)
			}
			outside := server.send(t, http.MethodGet, path, "", "Authorization", viewer, "If-None-Match", inside.Header.Get("ETag"))
			if outside.StatusCode != status || strings.Contains(outside.body, secretWord) || outside.Header.Get("ETag") == inside.Header.Get("ETag") && status == http.StatusOK {
				t.Errorf("who may not is answered %d %s", outside.StatusCode, outside.body)
			}
		})
	}
}

// TestNoStreamTellsOfWhatIsRestricted follows the feed as server-sent events, up to an incident that is not restricted.
func TestNoStreamTellsOfWhatIsRestricted(t *testing.T) {
	server, viewer, admin := closedServer(t)
	incident, postMortem, _ := restricted(t, server, admin)
	open := openIncident(t, server, "Authorization", admin).GetName()
	for name, test := range map[string]struct {
		key   string
		knows bool
	}{"who may know of it": {admin, true}, "who may not": {viewer, false}} {
		t.Run(name, func(t *testing.T) {
			told := server.follow(t, test.key, open)
			if got := strings.Contains(told, incident) && strings.Contains(told, postMortem); got != test.knows {
				t.Errorf("is told of it: %v, want %v, by %s", got, test.knows, told)
			}
			if !test.knows && (strings.Contains(told, incident) || strings.Contains(told, postMortem)) {
				t.Errorf("is told %s", told)
			}
		})
	}
}

// follow reads the stream of events from its beginning, up to the line that has the text.
func (r *running) follow(t *testing.T, key, last string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url("/v1/events:watch?afterSequence=0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", key)
	answer, err := r.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var told strings.Builder
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		told.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), last) {
			break
		}
	}
	return told.String()
}
