package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/outbound"
	"github.com/debriefhq/debrief/service/webhook"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

var opened = webhook.Event{
	ID: "01J", Sequence: 7, Type: "INCIDENT_OPENED", Resource: "incidents/1", Revision: 1, Incident: "incidents/1",
	Title: `<!channel> & "more"`, Actor: "kim", Time: noon, Changes: []webhook.Change{{Field: "severity", Before: "SEV3", After: "SEV1"}},
}

func TestSign(t *testing.T) {
	older, err := webhook.NewSecret(strings.NewReader(strings.Repeat("a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := webhook.NewSecret(strings.NewReader(strings.Repeat("b", 32)))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := webhook.Sign("msg_1", noon, []byte(`{"a":1}`), newer, older)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, key := range []string{strings.Repeat("b", 32), strings.Repeat("a", 32)} {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(`msg_1.1773489600.{"a":1}`))
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if diff := cmp.Diff(strings.Join(want, " "), signed); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// The example of the specification.
	signed, err = webhook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || signed != want {
		t.Errorf("signed with %s, %v, want %s", signed, err, want)
	}
	for _, secret := range []string{"", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + strings.Repeat("QUFB", 22)} {
		if _, err := webhook.Sign("id", noon, nil, secret); err == nil || len(secret) > len("whsec_") && strings.Contains(err.Error(), secret) {
			t.Errorf("signed with %q, or told it: %v", secret, err)
		}
	}
}

func TestDelay(t *testing.T) {
	var total time.Duration
	tries := 1
	for ; ; tries++ {
		delay, again := webhook.Delay(tries, 0.5)
		if !again {
			break
		}
		if least, _ := webhook.Delay(tries, 0); least != time.Duration(float64(delay)*0.8) {
			t.Errorf("after %d tries at least %s, want 0.8 of %s", tries, least, delay)
		}
		total += delay
	}
	if total < webhook.TryFor || total > webhook.TryFor+webhook.LastDelay {
		t.Errorf("%d tries in %s, want them to go on for about %s", tries, total, webhook.TryFor)
	}
	if first, _ := webhook.Delay(1, 0.5); first != webhook.FirstDelay {
		t.Errorf("the first delay is %s, want %s", first, webhook.FirstDelay)
	}
	if _, again := webhook.Delay(1_000_000, 0.5); again {
		t.Error("it is tried for ever")
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "86400": time.Hour, "99999999999999999999": time.Hour, "-5": 0, "soon": 0, "1.5": 0,
		"Sat, 14 Mar 2026 12:01:00 GMT": time.Minute, "Sat, 14 Mar 2026 11:00:00 GMT": 0, "Sun, 15 Mar 2026 12:00:00 GMT": time.Hour,
		"Saturday, 14-Mar-26 12:01:00 GMT": time.Minute, "Sat Mar 14 12:01:00 2026": time.Minute, "2026-03-14T12:01:00Z": 0,
		strings.Repeat("9", 10_000): 0,
	} {
		if got := webhook.RetryAfter(header, noon); got != want {
			t.Errorf("RetryAfter(%.40q) = %s, want %s", header, got, want)
		}
	}
}

func TestBody(t *testing.T) {
	data := json.RawMessage(`{"sequence":"7"}`)
	for name, test := range map[string]struct {
		format    webhook.Format
		template  string
		want      string
		mediaType string
	}{
		"CloudEvents": {
			format: webhook.CloudEvents, mediaType: "application/cloudevents+json",
			want: `{"specversion":"1.0","id":"01J","source":"/debrief","type":"dev.debrief.incident.opened","subject":"incidents/1",` +
				`"time":"2026-03-14T12:00:00Z","datacontenttype":"application/json","data":{"sequence":"7"}}`,
		},
		"the event": {format: webhook.Plain, want: `{"sequence":"7"}`},
		"Slack by default": {
			format: webhook.Slack, want: `{"text":"Incident opened: &lt;!channel&gt; &amp; \"more\" (incidents/1), by kim"}`,
		},
		"Slack by a template": {
			format: webhook.Slack, template: `<https://example.com/{{.Resource}}|{{.Title}}>{{range .Changes}} {{.Field}}: {{.After}}{{end}}`,
			want: `{"text":"<https://example.com/incidents/1|&lt;!channel&gt; &amp; \"more\"> severity: SEV1"}`,
		},
		"Teams": {
			format: webhook.Teams, template: `{{.Title}}`,
			want: `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{` +
				`"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4",` +
				`"body":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"<!channel> & \"more\""}]}]}}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			composer, err := webhook.NewComposer(test.format, "/debrief", test.template)
			if err != nil {
				t.Fatal(err)
			}
			body, mediaType, err := composer.Body(opened, data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(body)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if test.mediaType == "" {
				test.mediaType = "application/json"
			}
			if mediaType != test.mediaType {
				t.Errorf("the media type is %s, want %s", mediaType, test.mediaType)
			}
		})
	}
}

func TestBodyIsBounded(t *testing.T) {
	long := opened
	long.Title = strings.Repeat("é", 60_000)
	for _, format := range []webhook.Format{webhook.Slack, webhook.Teams} {
		composer, err := webhook.NewComposer(format, "", "{{.Title}}{{range .Changes}}{{$.Title}}{{end}}")
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := composer.Body(long, nil)
		if err != nil || len(body) > webhook.MaxBody || !json.Valid(body) {
			t.Errorf("%s: %d bytes, %v", format, len(body), err)
		}
	}
	composer, err := webhook.NewComposer(webhook.Plain, "", "")
	if err != nil {
		t.Fatal(err)
	}
	linked, err := webhook.NewComposer(webhook.Teams, "", "")
	if err != nil {
		t.Fatal(err)
	}
	leading := opened
	leading.Link = "https://debrief.example.com/v1/incidents/1"
	if body, _, err := linked.Body(leading, nil); err != nil || !strings.Contains(string(body), "by kim https://debrief.example.com/v1/incidents/1") {
		t.Errorf("a link: %s, %v", body, err)
	}
	if _, _, err := composer.Body(opened, make([]byte, webhook.MaxBody+1)); !errors.Is(err, webhook.ErrTooLarge) {
		t.Errorf("a body that is too large: %v", err)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for source, want := range map[string]string{
		`{{.Title`:                     "is no template: 1: unclosed action",
		`{{.Secret}}`:                  "1:2: there is no field Secret",
		`{{range 1000000000}}x{{end}}`: "range takes .Changes only",
		`{{range .Changes}}{{range $.Changes}}{{end}}{{end}}`: "range takes .Changes only",
		`{{printf "%1000000d" 1}}`:                            "there is no function printf",
		`{{call .Title}}`:                                     "there is no function call",
		`{{html .Title}}`:                                     "there is no function html",
		`{{define "a"}}x{{end}}`:                              "must not define templates",
		`{{template "template"}}`:                             "is not available here",
		`{{$a := .Title}}`:                                    "variables are not available here",
		`{{(index .Changes 0).Field}}`:                        "is not available here",
		`{{range .Changes}}{{break}}{{end}}`:                  "is not available here",
		`{{.Title.Length}}`:                                   "there is no field Length",
		`{{len 5}}`:                                           "can't be executed",
		strings.Repeat(`{{.Title}}`, 410):                     "at most 4096",
		strings.Repeat(`{{.ID}}`, 501):                        "too much in it",
	} {
		if _, err := webhook.ParseTemplate(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", source, err, want)
		}
	}
}

func TestFilter(t *testing.T) {
	for source, want := range map[string]bool{
		"": true, `event.type == "INCIDENT_OPENED"`: true, `event.type.startsWith("POST_")`: false,
		`event.resource == "incidents/1" && event.resource_revision == 1`: true, `event.actor == "kim" && event.incident != ""`: true,
		`event.time > timestamp("2026-03-14T11:00:00Z")`: true, `event.changes.exists(c, c.field == "severity" && c.after == "SEV1")`: true,
		`event.changes.all(c, c.field == "title")`: false, `event.type.matches("^INCIDENT_(OPENED|CLOSED)$")`: true,
	} {
		filter, err := webhook.NewFilter(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if got, err := filter.Wants(opened); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", source, got, err, want)
		}
	}
}

func TestFiltersThatAreRefused(t *testing.T) {
	for source, want := range map[string]string{
		"event.type ==":                                      "line 1, column 14: is not CEL",
		"true &&\n event.color == 'red'":                     `line 2, column 2: event has no field "color"`,
		`"event.size" != "" && event.color == ""`:            `line 1, column 23: event has no field "color"`,
		"event == 'INCIDENT_OPENED'":                         `line 1, column 1: event stands with one of its fields, as in event.type`,
		"type.startsWith('INCIDENT_')":                       `line 1, column 16: startsWith cannot be applied to type`,
		"kind == 'INCIDENT_OPENED'":                          `line 1, column 1: "kind" is neither a variable nor a function here; there is event`,
		"event.type":                                         "line 1, column 1: must be true or false",
		"event.type.matches(event.actor)":                    "matches takes a regular expression in quotes",
		"event.changes.all(a, event.changes.all(b, a == b))": "nest",
		strings.Repeat("true || ", 700) + "true":             "at most 4096",
	} {
		if _, err := webhook.NewFilter(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", source, err, want)
		}
	}
	costly, err := webhook.NewFilter(`event.changes.all(c, c.before + c.before + c.before + c.before != "")`)
	if err != nil {
		t.Fatal(err)
	}
	long := opened
	for range 20_000 {
		long.Changes = append(long.Changes, webhook.Change{Before: strings.Repeat("x", 100)})
	}
	if _, err := costly.Wants(long); err == nil {
		t.Error("a filter took as long as it liked")
	}
}

func TestCheckAddress(t *testing.T) {
	public := func(address netip.Addr) bool { return outbound.Allowed(address, nil) }
	for address, fine := range map[string]bool{
		"https://example.com/hook?a=b": true, "http://93.184.215.14:8080/": true, "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/": true,
		"ftp://example.com/": false, "https:///hook": false, "https://kim@example.com/": false, "https://kim:pw@example.com/": false,
		"https://example.com/#a": false, "https://example.com/#": false, "mailto:kim@example.com": false, "/hook": false, "": false, "https://exa mple.com": false,
		"http://localhost/": false, "http://LOCALHOST./": false, "http://a.localhost/": false, "http://127.0.0.1/": false, "http://127.9.9.9/": false,
		"http://[::1]/": false, "http://0.0.0.0/": false, "http://[::]/": false, "http://10.1.2.3/": false, "http://172.16.0.1/": false,
		"http://192.168.1.1/": false, "http://169.254.169.254/latest/meta-data": false, "http://[fe80::1]/": false, "http://[fd00::1]/": false,
		"http://[ff02::1]/": false, "http://224.0.0.1/": false, "http://[::ffff:127.0.0.1]/": false, "http://[::ffff:a00:1]/": false,
		"http://[64:ff9b::7f00:1]/": false, "http://[64:ff9b::a9fe:a9fe]/": false, "http://[2002:7f00:1::]/": false, "http://100.64.0.1/": false,
		"http://255.255.255.255/": false,
	} {
		if err := webhook.CheckAddress(address, public); (err == nil) != fine {
			t.Errorf("%s: %v, want it to be taken: %v", address, err, fine)
		}
	}
	if err := webhook.CheckAddress("http://127.0.0.1:1/", func(netip.Addr) bool { return true }); err != nil {
		t.Errorf("an address that is allowed: %v", err)
	}
}

func TestCloudEventType(t *testing.T) {
	for name, want := range map[string]string{
		"POST_MORTEM_REVIEW_STARTED": "dev.debrief.post_mortem.review_started", "POST_MORTEM_TEMPLATE_CREATED": "dev.debrief.post_mortem_template.created",
		"CLOCK_AT_RISK": "dev.debrief.clock.at_risk", "ACTION_ITEM_OVERDUE": "dev.debrief.action_item.overdue",
	} {
		if got := webhook.CloudEventType(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
