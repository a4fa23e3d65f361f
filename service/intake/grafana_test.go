package intake_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

// diskFills is the alert of testdata/grafana-9.5-firing.json.
func diskFills() intake.Alert {
	began := time.Date(2026, 3, 4, 8, 10, 0, 0, time.UTC)
	return intake.Alert{
		Fingerprint: "c6eadffa33fcdf37",
		Status:      intake.Firing,
		Time:        began,
		Severity:    "critical",
		Title:       "The disk of db-1 fills",
		Summary:     "Less than 5 % is left.",
		Labels:      pairs("alertname=DiskFills grafana_folder=Storage instance=db-1.example.com service=orders severity=Critical"),
		Annotations: map[string]string{
			"description": "Less than 5 % is left.",
			"summary":     "The disk of db-1 fills",
			"valueString": "[ var='B' labels={instance=db-1.example.com} value=4.2 ]",
		},
		StartTime:    began,
		GeneratorURL: "https://grafana.example.com/alerting/grafana/a1b2c3/view?orgId=1",
		ExternalURL:  "https://grafana.example.com/",
		Links: []intake.Link{
			{URI: "https://grafana.example.com/d/disk?viewPanel=2", Title: "Panel"},
			{URI: "https://grafana.example.com/d/disk", Title: "Dashboard"},
			{URI: "https://grafana.example.com/alerting/silence/new?alertmanager=grafana", Title: "Silence this alert"},
		},
		Images: []intake.Image{{
			URI:         "https://grafana.example.com/public/img/attachments/Qx1.png",
			Link:        "https://grafana.example.com/d/disk?viewPanel=2",
			Alternative: "The disk of db-1 fills",
		}},
	}
}

func TestGrafanaReadsWhatEachVersionSends(t *testing.T) {
	firing, resolved := diskFills(), diskFills()
	resolved.Status = intake.Resolved
	resolved.EndTime = time.Date(2026, 3, 4, 8, 40, 0, 500e6, time.UTC)
	resolved.Time = resolved.EndTime
	resolved.Links, resolved.Images = resolved.Links[2:], nil
	delete(resolved.Annotations, "valueString")
	silent := intake.Alert{
		Fingerprint: "2f5b9bd1b3a3c2fe",
		Status:      intake.Firing,
		Time:        time.Date(2026, 3, 4, 8, 10, 0, 250e6, time.UTC),
		Title:       "DatasourceNoData",
		Labels: map[string]string{
			"alertname": "DatasourceNoData", "datasource_uid": "P8E80F9AEF21F6940", "ref_id": "A", "rulename": "Queue grows",
		},
		Annotations: map[string]string{},
		StartTime:   time.Date(2026, 3, 4, 8, 10, 0, 250e6, time.UTC),
	}
	for _, test := range []struct {
		file string
		want intake.Delivery
	}{
		{"grafana-8-nodata.json", intake.Delivery{Alerts: []intake.Alert{silent}}},
		{"grafana-9.5-firing.json", intake.Delivery{Alerts: []intake.Alert{firing}}},
		{"grafana-12.0-resolved.json", intake.Delivery{Truncated: 3, Alerts: []intake.Alert{resolved}}},
	} {
		t.Run(test.file, func(t *testing.T) {
			test.want.Source = "grafana"
			got := parsed(t, intake.Grafana(), posted("", string(payload(t, test.file))))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGrafanaRefuses(t *testing.T) {
	alert := func(fields string) string { return `{"version":"1","alerts":[{` + fields + `}]}` }
	checkRefusals(t, intake.Grafana(), []refusal{
		{"nothing", "", ``, "", "is empty"},
		{"legacy alerting", "", `{"evalMatches":[],"ruleName":"Test","state":"alerting","title":"[Alerting] Test"}`, "version", `is missing; the webhook of Grafana Alerting says "1"`},
		{"Alertmanager's version", "", `{"version":"4","alerts":[` + good + `]}`, "version", `is "4"; it must be "1"`},
		{"a number as version", "", `{"version":1}`, "version", "is a number; it must be a string"},
		{"no alerts", "", `{"version":"1","alerts":null}`, "alerts", "is empty"},
		{"too many alerts", "", `{"version":"1","alerts":[{}` + strings.Repeat(`,{}`, intake.MaxAlerts) + `]}`, "alerts", "has 10001 elements; at most 10000 are taken at once, see Max Alerts"},
		{"a name given twice", "", alert(`"status":"firing","status":"resolved"`), "alerts[0].status", "is given twice"},
		{"another status", "", alert(`"status":"alerting"`), "alerts[0].status", `must be "firing" or "resolved"`},
		{"no start", "", alert(`"status":"firing","fingerprint":"a"`), "alerts[0].startsAt", "is missing or out of range"},
		{"a label of another kind", "", alert(`"labels":{"pod":7}`), "alerts[0].labels.pod", "is a number; it must be a string"},
	})
}

func TestGrafanaTakesWhatIsOddButHarmless(t *testing.T) {
	body := `{"version":"1","orgId":"one","alerts":[{"status":"firing","startsAt":"2026-03-04T08:10:11Z","fingerprint":"f1",` +
		`"labels":{"severity":"\u0007LOUD ","long":"` + strings.Repeat("x", 2000) + `"},"annotations":{"valueString":"mine"},"valueString":"theirs",` +
		`"imageURL":"javascript:alert(1)","panelURL":7,"dashboardURL":["a"],"values":"none"}]}`
	alert := parsed(t, intake.Grafana(), posted("", body)).Alerts[0]
	want := intake.Alert{
		Fingerprint: "f1", Status: intake.Firing, Severity: "\ufffdloud", Title: "Alert f1",
		Time: alert.StartTime, StartTime: time.Date(2026, 3, 4, 8, 10, 11, 0, time.UTC),
		Labels:      map[string]string{"severity": "\ufffdLOUD ", "long": strings.Repeat("x", 1021) + "…"},
		Annotations: map[string]string{"valueString": "mine"},
		Alterations: []string{
			"labels.long was shortened from 2000 to 1024 bytes",
			"1 of 1 links were left out: only http and https URLs of at most 8192 bytes are kept, and of them the first",
			"1 of 1 images were left out: only http and https URLs of at most 8192 bytes are kept, and of them the first",
		},
	}
	if diff := cmp.Diff(want, alert); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestGrafanaVerifies(t *testing.T) {
	const secret, body = "correct horse", `{"version":"1"}`
	at := func(offset time.Duration) string { return strconv.FormatInt(postedTime.Add(offset).Unix(), 10) }
	for _, test := range []struct {
		name, secret, signature, timestamp, body string
		problem                                  string
	}{
		{"a signature of the body", secret, sign(secret, body), "", body, ""},
		{"in capital letters", secret, strings.ToUpper(sign(secret, body)), "", body, ""},
		{"a signature of the time and the body", secret, sign(secret, at(0)+":"+body), at(0), body, ""},
		{"at the beginning of the window", secret, sign(secret, at(-5*time.Minute)+":"+body), at(-5 * time.Minute), body, ""},
		{"a clock that is ahead", secret, sign(secret, at(5*time.Minute)+":"+body), at(5 * time.Minute), body, ""},
		{"a replay", secret, sign(secret, at(-5*time.Minute-time.Second)+":"+body), at(-5*time.Minute - time.Second), body, "is of another time"},
		{"one from the future", secret, sign(secret, at(5*time.Minute+time.Second)+":"+body), at(5*time.Minute + time.Second), body, "is of another time"},
		{"a replay with a new time", secret, sign(secret, at(-time.Hour)+":"+body), at(0), body, "does not match"},
		{"a replay without its time", secret, sign(secret, at(-time.Hour)+":"+body), "", body, "does not match"},
		{"a signature of the body with a time", secret, sign(secret, body), at(0), body, "does not match"},
		{"a time that is none", secret, sign(secret, "soon:"+body), "soon", body, "has a timestamp that is not a time"},
		{"a time past all", secret, sign(secret, "99999999999999999999:"+body), "99999999999999999999", body, "has a timestamp that is not a time"},
		{"another secret", secret, sign("wrong horse", body), "", body, "does not match"},
		{"another body", secret, sign(secret, body), "", body + " ", "does not match"},
		{"no signature", secret, "", "", body, "is missing"},
		{"half a signature", secret, sign(secret, body)[:32], "", body, "is malformed"},
		{"no hexadecimal digits", secret, strings.Repeat("z", 64), "", body, "is malformed"},
		{"an algorithm before it", secret, "sha256=" + sign(secret, body), "", body, "is malformed"},
		{"no secret", "", sign("", body), "", body, "cannot be checked"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := posted("", test.body)
			request.Header.Set(intake.GrafanaSignatureHeader, test.signature)
			request.Header.Set(intake.GrafanaTimestampHeader, test.timestamp)
			err := intake.Grafana().Verify(t.Context(), request, test.secret)
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wrong, ok := errors.AsType[*intake.SignatureError](err)
			if !ok || !strings.HasPrefix(wrong.Problem, test.problem) {
				t.Errorf("error %v, want %q…", err, test.problem)
			}
			if right := sign(test.secret, test.body); err != nil && strings.Contains(err.Error(), right) {
				t.Errorf("the error tells the signature: %v", err)
			}
		})
	}
}

// A timestamp that is left out must not turn what was signed with it into another delivery.
func TestGrafanaReadsNoTimestampAsBody(t *testing.T) {
	const secret = "correct horse"
	signed := "1772611811:" + `{"version":"1","alerts":[` + good + `]}`
	request := posted("", signed)
	request.Header.Set(intake.GrafanaSignatureHeader, sign(secret, signed))
	if err := intake.Grafana().Verify(t.Context(), request, secret); err != nil {
		t.Fatalf("the premise of this test: %v", err)
	}
	if delivery, err := intake.Grafana().Parse(request, intake.Options{}); err == nil {
		t.Errorf("it was taken: %v", delivery)
	}
}

func sign(secret, text string) string {
	hash := hmac.New(sha256.New, []byte(secret))
	fmt.Fprint(hash, text)
	return hex.EncodeToString(hash.Sum(nil))
}

func FuzzGrafana(f *testing.F) {
	seed(f, "grafana", func(body []byte) { f.Add(body) })
	f.Add([]byte(`{"version":"1","alerts":[{"status":"resolved","fingerprint":"a","labels":{"severity":"\u0000\ud800"},"startsAt":"1970-01-01T00:00:00+23:59","imageURL":"http://\u0085"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzAdapter(t, intake.Grafana(), posted("", string(body)), intake.Options{})
	})
}
