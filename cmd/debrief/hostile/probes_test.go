package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// TestNoTextBreaksOut writes marks into every text of everything, and looks for them in all that is made of it.
func TestNoTextBreaksOut(t *testing.T) {
	mail, hooks, log := emailtest.New(t, emailtest.Options{}), newReceiver(t), &journal{}
	v, stop := serve(t, newStore(t), log, func(c *server.Config) {
		c.PublicURL, c.SMTPServer, c.EmailFrom = "https://debrief.example.com", mail.URL, "debrief@example.com"
		c.EmailDomains, c.Webhooks.AllowPrivateAddresses = []string{"example.com"}, true
	})
	m := &marker{victim: v, taken: map[string]bool{}, refused: map[string]bool{}}
	made := m.play(t, hooks.URL)
	m.settle(t)
	w := &wire{address: v.httpAddress}
	t.Cleanup(w.close)
	for name, look := range map[string]struct {
		path string
		at   func([]byte) error
	}{
		"the page":               {made["postMortem"] + ":export?format=EXPORT_FORMAT_HTML", func(body []byte) error { return lookAtHTML(body, "svg") }},
		"the published page":     {made["postMortem"] + ":export?format=EXPORT_FORMAT_HTML&revision=1", func(body []byte) error { return lookAtHTML(body, "svg") }},
		"the document":           {made["postMortem"] + ":export?format=EXPORT_FORMAT_MARKDOWN", lookAtMarkdown},
		"the published document": {made["postMortem"] + ":export?format=EXPORT_FORMAT_MARKDOWN&revision=1", lookAtMarkdown},
		"the feed":               {"postMortems.atom", func(body []byte) error { return lookAtXML(body, atom...) }},
		"the calendar":           {"calendar.ics", func(body []byte) error { return lookAtCalendar(body, 1) }},
		"the invitation":         {made["postMortem"] + ":invitation", func(body []byte) error { return lookAtCalendar(body, 1) }},
		"the picture":            {made["model"] + ":draw?format=FORMAT_SVG", func(body []byte) error { return lookAtXML(body, svg...) }},
		"the picture in DOT":     {made["model"] + ":draw?format=FORMAT_DOT", lookAtDOT},
		"the picture in Mermaid": {made["model"] + ":draw?format=FORMAT_MERMAID", func(body []byte) error { return lookAtMermaid(string(body)) }},
		"the agenda":             {made["postMortem"] + ":generateAgenda", lookAtAgenda},
	} {
		answer, err := w.exchange(message{method: http.MethodGet, target: "/v1/" + look.path})
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %d %s", name, err, answer.StatusCode, answer.body)
		}
		if err := errors.Join(checkHeaders(answer.Header), look.at(answer.body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Contains(bytes.ReplaceAll(answer.body, []byte("\r\n "), nil), []byte(mark)) {
			t.Errorf("%s has none of the marks: %s", name, answer.body)
		}
	}
	lookAtMails(t, w, mail.Messages())
	lookAtHooks(t, hooks)
	w.close()
	stop()
	m.checkFields(t)
	checkLog(t, log.String())
}

// atom and svg are the elements that feeds and pictures have.
var (
	atom = strings.Fields("feed title subtitle id updated published link author name entry summary content rights category generator")
	svg  = strings.Fields("svg title desc style defs marker path g rect text tspan line polygon polyline circle ellipse clipPath")
)

// settle waits until all that happened has been told.
func (m *marker) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	subscriptions, tick := debriefv1.NewSubscriptionServiceClient(m.grpc), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		pending := 0
		for _, id := range []string{"events", "slack", "teams", "clouds", "kim"} {
			told, err := subscriptions.ListEventDeliveries(ctx, &debriefv1.ListEventDeliveriesRequest{Parent: "subscriptions/" + id, PageSize: 500})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(told.GetEventDeliveries(), func(d *debriefv1.EventDelivery) bool {
				return d.GetType() == debriefv1.Event_TYPE_INCIDENT_CLOSED && d.GetState() == debriefv1.EventDelivery_STATE_DELIVERED
			}) {
				pending++
			}
		}
		if pending == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("not all was delivered")
		case <-tick.C:
		}
	}
}

// lookAtAgenda looks at the agenda's text, which is Markdown.
func lookAtAgenda(body []byte) error {
	var agenda struct{ Text string }
	if err := json.Unmarshal(body, &agenda); err != nil {
		return err
	}
	return lookAtMarkdown([]byte(agenda.Text))
}

// lookAtMails looks at each message, and at the page that its link leads to.
func lookAtMails(t *testing.T, w *wire, messages []emailtest.Message) {
	t.Helper()
	if len(messages) == 0 {
		t.Fatal("no message came")
	}
	for _, one := range messages {
		if err := lookAtMail(one); err != nil {
			t.Errorf("a message: %v", err)
		}
	}
	link, found := strings.CutPrefix(strings.Trim(messages[0].Header.Get("List-Unsubscribe"), "<>"), "https://debrief.example.com")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, err := w.exchange(message{method: method, target: link})
		if err != nil || !found || answer.StatusCode != http.StatusOK {
			t.Fatalf("the page to unsubscribe at %q: %v %d", link, err, answer.StatusCode)
		}
		if err := lookAtHTML(answer.body); err != nil {
			t.Errorf("the page to unsubscribe: %v", err)
		}
	}
}

func lookAtHooks(t *testing.T, r *receiver) {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for path, bodies := range r.bodies {
		for _, body := range bodies {
			if err := lookAtMessage([]byte(body), path == "/slack"); err != nil {
				t.Errorf("a webhook to %s: %v", path, err)
			}
		}
	}
	if len(r.bodies) != 4 {
		t.Errorf("webhooks came to %d addresses, want 4", len(r.bodies))
	}
}

// receiver takes webhooks.
type receiver struct {
	*httptest.Server

	mutex  sync.Mutex
	bodies map[string][]string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{bodies: map[string][]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.bodies[request.URL.Path] = append(r.bodies[request.URL.Path], string(body))
	}))
	t.Cleanup(r.Close)
	return r
}
