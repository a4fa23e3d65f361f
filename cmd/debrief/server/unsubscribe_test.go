package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/debriefhq/debrief/service/email/emailtest"
)

// writing has a server send e-mail through the mail server.
func writing(mail *emailtest.Server) func(*Config) {
	return func(c *Config) {
		c.PublicURL, c.SMTPServer, c.EmailFrom, c.EmailDomains = "https://debrief.example.com/at", mail.URL, "Debrief <debrief@example.com>", []string{"example.com"}
	}
}

// TestUnsubscribing follows the link of a message as a person does, and as a mail program does.
func TestUnsubscribing(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "recorder")
	recorded.take()
	mail := emailtest.New(t, emailtest.Options{})
	server := start(t, writing(mail))
	const create = `{"title": "<script>Kim</script>", "email": {"address": "kim@example.com"}}`
	if got := server.send(t, http.MethodPost, "/v1/subscriptions?subscriptionId=kim", create, "Content-Type", "application/json"); got.StatusCode != http.StatusOK {
		t.Fatalf("%d: %s", got.StatusCode, got.body)
	}
	server.send(t, http.MethodPost, "/v1/subscriptions/kim:test", "{}", "Content-Type", "application/json")
	messages := mail.Messages()
	if len(messages) != 1 {
		t.Fatalf("%d messages came", len(messages))
	}
	link, found := strings.CutPrefix(strings.Trim(messages[0].Header.Get("List-Unsubscribe"), "<>"), "https://debrief.example.com/at")
	if !found {
		t.Fatalf("the link is %q", messages[0].Header.Get("List-Unsubscribe"))
	}
	state := func() string { return server.send(t, http.MethodGet, "/v1/subscriptions/kim", "").body }
	for _, path := range []string{link[:len(link)-1], link + "0", "/unsubscribe/kim", "/unsubscribe/kim/", "/unsubscribe/lee/" + link[len("/unsubscribe/kim/"):], "/unsubscribe/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := server.send(t, method, path, ""); got.StatusCode != http.StatusNotFound || strings.Contains(got.body, link[len("/unsubscribe/kim/"):]) {
				t.Errorf("%s %s: %d %s", method, path, got.StatusCode, got.body)
			}
		}
	}
	asked := server.send(t, http.MethodGet, link, "")
	if asked.StatusCode != http.StatusOK || !strings.Contains(asked.body, `<form method="post">`) || asked.Header.Get("Content-Security-Policy") != unsubscribePolicy {
		t.Errorf("the page is %d %s", asked.StatusCode, asked.body)
	}
	if !strings.Contains(state(), "STATE_ACTIVE") {
		t.Error("who only looked is unsubscribed")
	}
	for range 2 {
		done := server.send(t, http.MethodPost, link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded", "Origin", "null")
		if done.StatusCode != http.StatusOK || !strings.Contains(done.body, "You are unsubscribed") || !strings.Contains(state(), "STATE_DISABLED") {
			t.Errorf("%d %s", done.StatusCode, done.body)
		}
	}
	if got := server.send(t, http.MethodDelete, link, ""); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", got.StatusCode)
	}
	server.stop(t) // What was recorded is sent.
	spans := recorded.take()
	if !slices.ContainsFunc(spans, func(span tracetest.SpanStub) bool { return span.Name == "POST /unsubscribe/{subscription}" }) {
		t.Error("there is no span of the request")
	}
	told, err := json.Marshal(spans)
	if err != nil {
		t.Fatal(err)
	}
	if token := link[len("/unsubscribe/kim/"):]; strings.Contains(server.log.String(), token) || strings.Contains(string(told), token) {
		t.Error("the log or the traces tell the token")
	}
}

func TestEmailSettings(t *testing.T) {
	whole := Config{SMTPServer: "smtp://mail.example.com", EmailFrom: "debrief@example.com", EmailDomains: []string{"example.com"}, PublicURL: "https://debrief.example.com"}
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"all of them":    {func(*Config) {}, ""},
		"none of them":   {func(c *Config) { *c = Config{} }, ""},
		"no server":      {func(c *Config) { c.SMTPServer = "" }, "smtp-server is required"},
		"no sender":      {func(c *Config) { c.EmailFrom = "" }, "email-from is required"},
		"no domains":     {func(c *Config) { c.EmailDomains = nil }, "email-domains is required"},
		"no domain":      {func(c *Config) { c.EmailDomains = []string{"example.com", " example.org"} }, "email-domains has \" example.org\""},
		"no public URL":  {func(c *Config) { c.PublicURL = "" }, "public-url is required"},
		"no mail server": {func(c *Config) { c.SMTPServer = "https://user:secret@mail.example.com" }, "smtps://"},
	} {
		config := whole
		test.change(&config)
		err := config.prepareEmail()
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
