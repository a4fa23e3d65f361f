package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/demo"
	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// TestEveryRouteBearsAnything sends to each route what is drawn for it, and looks at every answer; and in the end at the store and the log.
func TestEveryRouteBearsAnything(t *testing.T) {
	f := newFuzzing(t, false)
	for _, r := range f.document.routes() {
		t.Run(r.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := f.request(t, r)
				if err := f.send(r, d); err != nil {
					t.Fatalf("%v\n%s", err, d.message)
				}
			})
		})
	}
	f.end(t)
}

// knownChecks is how many requests are sent to each route of a server that knows who calls.
const knownChecks = 5

// TestEveryRouteBearsAnythingOfAnAdministrator does the same, with fewer requests, where everybody has to show who they are, and all that
// they do is written into the audit trail.
func TestEveryRouteBearsAnythingOfAnAdministrator(t *testing.T) {
	f := newFuzzing(t, true)
	for _, r := range f.document.routes() {
		drawing := rapid.Custom(func(t *rapid.T) drawn { return f.request(t, r) })
		for seed := range knownChecks {
			d := drawing.Example(seed)
			if err := f.send(r, d); err != nil {
				t.Errorf("%s: %v\n%s", r.name, err, d.message)
			}
		}
	}
	f.end(t)
}

// fuzzing is a server to which anything is sent.
type fuzzing struct {
	*generator

	server *victim
	stop   func()
	wire   *wire
	store  string
	log    *journal
	// granted are how many requests were, by the names of their routes.
	granted map[string]int
}

// newFuzzing serves a store in which everything is. Where callers are known, an administrator sends the requests.
func newFuzzing(t *testing.T, known bool) *fuzzing {
	t.Helper()
	f := &fuzzing{
		generator: &generator{document: readDocument(t), answers: map[string][]string{}},
		store:     demoStore(t), log: &journal{}, granted: map[string]int{},
	}
	key := ""
	if known {
		key = keyOf(t, f.store)
	}
	f.server, f.stop = serve(t, f.store, f.log, func(c *server.Config) { c.RequireAuthentication = known })
	f.server.key = key
	f.wire = &wire{address: f.server.httpAddress, key: key}
	t.Cleanup(f.wire.close)
	f.explore(t, f.wire)
	f.furnish(t, f.wire)
	f.explore(t, f.wire)
	f.explore(t, f.wire)
	return f
}

// send sends what was drawn for a route, and says what is wrong with the answer.
func (f *fuzzing) send(r route, d drawn) error {
	answer, err := f.wire.exchange(d.message)
	if errors.Is(err, errDropped) {
		return nil
	}
	if err == nil {
		err = checkReply(d, answer)
	}
	if err == nil && answer.StatusCode == http.StatusOK {
		f.granted[r.name]++
	}
	return err
}

// end looks at what has become of the server and its store.
func (f *fuzzing) end(t *testing.T) {
	t.Helper()
	if all := len(f.document.routes()); len(f.granted) < all/2 {
		t.Errorf("%d of %d routes have granted something: what is sent is too strange to reach what is behind them", len(f.granted), all)
	}
	f.wire.close()
	checkFeed(t, f.server)
	f.stop()
	checkLog(t, f.log.String())
	checkStore(t, f.store)
}

// fuzzer is the id of the API key by which requests are sent. It is in none of them, so that nobody revokes it.
const fuzzer = "fuzzer"

// keyOf makes an API key of an administrator next to a store.
func keyOf(t *testing.T, store string) string {
	t.Helper()
	offline, err := server.OpenOffline(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := offline.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	made, err := debriefv1.NewAccessServiceClient(offline).CreateApiKey(t.Context(), &debriefv1.CreateApiKeyRequest{
		ApiKeyId: fuzzer, ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetSecret()
}

// demoStore is the URL of a store in which each kind of resource is.
func demoStore(t *testing.T) string {
	t.Helper()
	url := newStore(t)
	store, err := sqlite.Open(t.Context(), strings.TrimPrefix(url, "sqlite:"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = demo.Fill(t.Context(), store, demo.Options{Seed: 1, Incidents: 12, Until: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return url
}

// furnishings are what the year of the demo does not have.
var furnishings = []struct {
	target, body string
	status       int
}{
	{"/v1/apiKeys?apiKeyId=ci", `{"role":"ROLE_VIEWER"}`, 200},
	{"/v1/integrations?integrationId=alertmanager", `{"title":"Shop","kind":"KIND_ALERTMANAGER"}`, 200},
	{"/v1/integrations?integrationId=generic", `{"title":"Scripts","kind":"KIND_GENERIC"}`, 200},
	{"/v1/subscriptions?subscriptionId=chat", `{"title":"Chat","webhook":{"uri":"https://hooks.example.com/x"}}`, 200},
	{"/v1/subscriptions/chat:test", `{}`, 200},
	{"/v1/postMortems/{postMortem}/statements", `{"text":"The runbook was of last year."}`, 200},
	{"/intake/alertmanager", `{"version":"3"}`, 400},
	{"/intake/generic", `{"title":"Disk full","key":"disk","status":"firing"}`, 200},
}

// furnish adds them. What is delivered comes with the key of the integration that is called like the intake.
func (g *generator) furnish(t *testing.T, w *wire) {
	t.Helper()
	keys := map[string]string{}
	for _, one := range furnishings {
		target := one.target
		if strings.Contains(target, "{") {
			target = g.fitting(target)[0]
		}
		if source, delivered := strings.CutPrefix(target, "/intake/"); delivered {
			target += "/" + keys[source]
		}
		answer, err := w.exchange(message{method: http.MethodPost, target: target, headers: []string{asJSON}, body: []byte(one.body)})
		if err != nil || answer.StatusCode != one.status {
			t.Fatalf("%s: %v, %s", target, err, answer.body)
		}
		var made debriefv1.IntegrationWithKey
		if protojson.Unmarshal(answer.body, &made) == nil {
			keys[strings.TrimPrefix(made.GetIntegration().GetName(), "integrations/")] = made.GetKey()
		}
	}
}

// explore reads all that there is, so that requests can name it. What is below other things is found once those are.
func (g *generator) explore(t *testing.T, w *wire) {
	t.Helper()
	for _, r := range g.document.routes() {
		if r.method != http.MethodGet {
			continue
		}
		paths := []string{r.path}
		if strings.Contains(r.path, "{") {
			paths = g.fitting(r.path)
		}
		for _, path := range paths[:min(len(paths), 20)] {
			g.remember(t, w, path)
		}
	}
}

// remember keeps names and etags of an answer, and the objects that it has.
func (g *generator) remember(t *testing.T, w *wire, path string) {
	t.Helper()
	answer, err := w.exchange(message{method: http.MethodGet, target: path})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := checkReply(drawn{}, answer); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var value any
	if json.Unmarshal(answer.body, &value) == nil {
		g.collect(value)
	}
}

func (g *generator) collect(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			g.collect(element)
		}
	case map[string]any:
		name, _ := value["name"].(string)
		if etag, _ := value["etag"].(string); etag != "" && !slices.Contains(g.etags, etag) {
			g.etags = append(g.etags, etag)
		}
		if strings.Contains(name, "/") && name != "apiKeys/"+fuzzer && !slices.Contains(g.names, name) {
			g.names = append(g.names, name)
			g.keep(name, value)
		}
		for _, field := range value {
			g.collect(field)
		}
	}
}

// collections say which schema the resources of a collection have.
var collections = map[string]string{
	"incidents": "Incident", "postMortems": "PostMortem", "actionItems": "ActionItem", "systems": "System", "timelineEntries": "TimelineEntry",
	"mentalModels": "MentalModel", "statements": "Statement", "integrations": "Integration", "subscriptions": "Subscription",
	"groundRuleSets": "GroundRuleSet", "postMortemTemplates": "PostMortemTemplate", "apiKeys": "ApiKey",
}

func (g *generator) keep(name string, value map[string]any) {
	segments := strings.Split(name, "/")
	schema := "#/definitions/" + collections[segments[len(segments)-2]]
	if written, err := json.Marshal(value); err == nil && len(g.answers[schema]) < 8 {
		g.answers[schema] = append(g.answers[schema], string(written))
	}
}

// journal takes a log that many write to.
type journal struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (j *journal) Write(data []byte) (int, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.buffer.Write(data)
}

func (j *journal) String() string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.buffer.String()
}

// checkLog wants no panic to have been recovered from, and each line to be one record.
func checkLog(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var record struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("a line of the log is no record: %v: %.300q", err, line)
		}
		if record.Level == "ERROR" || record.Msg == "panic" {
			t.Errorf("logged: %.2000s", line)
		}
	}
}
