package senders

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// verifier is a program that has Standard Webhooks' own library for JavaScript verify webhooks.
const verifier = "../webhooks/verify.mjs"

// question asks whether a webhook is from who has the secret.
type question struct {
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// verdict says what the library makes of a webhook: what it reads, or why it refuses it.
type verdict struct {
	Read    json.RawMessage
	Refused string
}

// ask asks about a webhook by one secret.
func ask(one delivered, secret string) question {
	headers := map[string]string{}
	for name := range one.header {
		headers[strings.ToLower(name)] = one.header.Get(name)
	}
	return question{secret, headers, string(one.body)}
}

// verify asks the library, and answers its verdicts in the order of the questions.
func verify(t *testing.T, questions ...question) []verdict {
	t.Helper()
	asked, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", verifier)
	var answer, problem bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(asked), &answer, &problem
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s\nnpm ci --prefix .ci/webhooks installs what it needs", err, problem.String())
	}
	var verdicts []verdict
	if err := json.Unmarshal(answer.Bytes(), &verdicts); err != nil || len(verdicts) != len(questions) {
		t.Fatalf("%v: %d questions are answered %s", err, len(questions), answer.String())
	}
	return verdicts
}

const noMatch = "No matching signature found"

func TestStandardWebhooksVerifiesWhatDebriefSends(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		for _, format := range []string{"FORMAT_CLOUD_EVENTS", "FORMAT_EVENT", "FORMAT_SLACK", "FORMAT_TEAMS"} {
			r := startReceiver(t)
			id := strings.ToLower(strings.ReplaceAll(format, "_", "-"))
			made := d.subscribe(t, r, id, format)
			d.open(t, "Checkout <!channel> fails & stays ü down")
			came := r.next(t)
			changed := came
			changed.body = bytes.Replace(came.body, []byte("{"), []byte("{ "), 1)
			other := d.subscribe(t, r, id+"-other", format)
			got := verify(t, ask(came, made.secret), ask(came, other.secret), ask(changed, made.secret))
			if got[0].Refused != "" || !json.Valid(got[0].Read) {
				t.Errorf("%s by its secret: %+v", format, got[0])
			}
			if got[1].Refused != noMatch || got[2].Refused != noMatch {
				t.Errorf("%s by another secret: %+v; changed on its way: %+v", format, got[1], got[2])
			}
			if format == "FORMAT_SLACK" {
				checkSlack(t, got[0].Read)
			}
		}
	})
}

// checkSlack wants a message as Slack's incoming webhooks take it, in which nobody is mentioned.
func checkSlack(t *testing.T, body []byte) {
	t.Helper()
	var message map[string]string
	if err := json.Unmarshal(body, &message); err != nil || len(message) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	if text := message["text"]; !strings.Contains(text, "Checkout &lt;!channel&gt; fails &amp; stays ü down") || strings.Contains(text, "<!") {
		t.Errorf("the text is %q", text)
	}
}

func TestStandardWebhooksVerifiesByEitherSecret(t *testing.T) {
	onEachStore(t, func(t *testing.T, d *debrief) {
		r := startReceiver(t)
		made := d.subscribe(t, r, "rotated", "FORMAT_EVENT")
		var rotated struct{ Secret string }
		d.call(t, http.MethodPost, "/v1/"+made.name+":rotateSecret", map[string]string{"overlap": "3600s"}, &rotated)
		d.open(t, "Checkout fails")
		came := r.next(t)
		got := verify(t, ask(came, made.secret), ask(came, rotated.Secret))
		if diff := cmp.Diff([]string{"", ""}, []string{got[0].Refused, got[1].Refused}); diff != "" || made.secret == rotated.Secret {
			t.Errorf("the old and the new secret (-want +got):\n%s", diff)
		}
	})
}
