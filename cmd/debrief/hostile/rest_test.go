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

	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/cmd/debrief/demo"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// TestEveryRouteBearsAnything sends to each route what is drawn for it, and looks at every answer; and in the end at the store and the log.
func TestEveryRouteBearsAnything(t *testing.T) {
	store, log := demoStore(t), &journal{}
	v, stop := serve(t, store, log)
	w := &wire{address: v.httpAddress}
	t.Cleanup(w.close)
	g := &generator{document: readDocument(t), answers: map[string][]string{}}
	g.explore(t, w)
	g.furnish(t, w)
	g.explore(t, w)
	g.explore(t, w)
	granted := map[string]int{}
	for _, r := range g.document.routes() {
		t.Run(r.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := g.request(t, r)
				answer, err := w.exchange(d.message)
				if errors.Is(err, errDropped) {
					return
				}
				if err == nil {
					err = checkReply(d, answer)
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, d.message)
				}
				if answer.StatusCode == http.StatusOK {
					granted[r.name]++
				}
			})
		})
	}
	if all := len(g.document.routes()); len(granted) < all/2 {
		t.Errorf("%d of %d routes have granted something: what is sent is too strange to reach what is behind them", len(granted), all)
	}
	w.close()
	checkFeed(t, v)
	stop()
	checkLog(t, log.String())
	checkStore(t, store)
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
	{"/v1/integrations?integrationId=shop", `{"title":"Shop","kind":"KIND_ALERTMANAGER"}`, 200},
	{"/v1/subscriptions?subscriptionId=chat", `{"title":"Chat","webhook":{"uri":"https://hooks.example.com/x"}}`, 200},
	{"/v1/subscriptions/chat:test", `{}`, 200},
	{"/v1/postMortems/{postMortem}/statements", `{"text":"The runbook was of last year."}`, 200},
	{"/intake/alertmanager", `{"version":"3"}`, 400},
	{"/intake/generic", `{"title":"Disk full","key":"disk","status":"firing"}`, 200},
}

// furnish adds them.
func (g *generator) furnish(t *testing.T, w *wire) {
	t.Helper()
	for _, one := range furnishings {
		target := one.target
		if strings.Contains(target, "{") {
			target = g.fitting(target)[0]
		}
		answer, err := w.exchange(message{method: http.MethodPost, target: target, headers: []string{asJSON}, body: []byte(one.body)})
		if err != nil || answer.StatusCode != one.status {
			t.Fatalf("%s: %v, %s", target, err, answer.body)
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
		if strings.Contains(name, "/") && !slices.Contains(g.names, name) {
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
