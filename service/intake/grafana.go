package intake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strconv"
	"strings"
	"time"
)

// The header fields of a signature. Grafana lets people name both; the first is its default, the second is the name that
// has to be entered there.
const (
	GrafanaSignatureHeader = "X-Grafana-Alerting-Signature"
	GrafanaTimestampHeader = "X-Grafana-Alerting-Timestamp"
)

// Grafana reads the webhook of Grafana Alerting, which is Alertmanager's with version "1" and some more.
//
// Source: https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
func Grafana() Adapter {
	return Adapter{
		Kind:    "GRAFANA",
		Source:  grafanaDialect.source,
		Headers: []string{GrafanaSignatureHeader, GrafanaTimestampHeader},
		Parse:   parseGrafana,
		Verify:  verifyGrafana,
	}
}

var grafanaDialect = webhookDialect{
	source:  "grafana",
	version: "1",
	missing: `is missing; the webhook of Grafana Alerting says "1"; legacy alerting and payloads of one's own are not read`,
	other:   `it must be "1", the webhook of Grafana Alerting`,
	limit:   "Max Alerts of Grafana's contact point",
}

type grafanaMessage struct {
	webhookMessage
	OrgID  scalar         `json:"orgId"`
	Alerts []grafanaAlert `json:"alerts"`
}

type grafanaAlert struct {
	webhookAlert
	SilenceURL   scalar `json:"silenceURL"`
	DashboardURL scalar `json:"dashboardURL"`
	PanelURL     scalar `json:"panelURL"`
	ImageURL     scalar `json:"imageURL"`
	ValueString  scalar `json:"valueString"`
}

func parseGrafana(request Request, _ Options) (Delivery, error) {
	message := &grafanaMessage{}
	if err := decode(request.Body, message); err != nil {
		return Delivery{}, err
	}
	if err := grafanaDialect.check(&message.webhookMessage, len(message.Alerts)); err != nil {
		return Delivery{}, err
	}
	delivery := grafanaDialect.delivery(&message.webhookMessage)
	delivery.Alerts = make([]Alert, len(message.Alerts))
	for i := range message.Alerts {
		alert, problem := message.Alerts[i].grafana(link(message.ExternalURL))
		if problem != nil {
			problem.Field = elementPath("alerts", i, problem.Field)
			return Delivery{}, problem
		}
		delivery.Alerts[i] = alert
	}
	return delivery, nil
}

// grafana has no EpisodeKey: Grafana moves startsAt when an alert is resolved, so an episode is told by its fingerprint.
func (a *grafanaAlert) grafana(external string) (Alert, *InvalidError) {
	alert, problem := a.alert()
	if problem != nil {
		return Alert{}, problem
	}
	alert.ExternalURL = external
	alert.Severity = alert.Labels[SeverityLabel]
	alert.Time = alert.StartTime
	if alert.Status == Resolved {
		alert.Time = alert.EndTime
	}
	alert.Annotations = withText(alert.Annotations, "valueString", string(a.ValueString))
	for _, page := range []Link{
		{URI: string(a.PanelURL), Title: "Panel"},
		{URI: string(a.DashboardURL), Title: "Dashboard"},
		{URI: string(a.SilenceURL), Title: "Silence this alert"},
	} {
		if page.URI != "" {
			alert.Links = append(alert.Links, page)
		}
	}
	if a.ImageURL != "" {
		alert.Images = []Image{{URI: string(a.ImageURL), Link: string(a.PanelURL), Alternative: alert.Title}}
	}
	finish(&alert)
	return alert, nil
}

// withText adds a pair where nobody uses its name, and never changes what it was given.
func withText(pairs map[string]string, name, value string) map[string]string {
	if _, taken := pairs[name]; taken || value == "" {
		return pairs
	}
	more := make(map[string]string, len(pairs)+1)
	maps.Copy(more, pairs)
	more[name] = value
	return more
}

// verifyGrafana checks a signature of the body, or of the timestamp, a colon and the body. Whoever leaves out the timestamp
// of a signed request gains nothing: what was signed then begins with digits and a colon, and is no delivery.
func verifyGrafana(_ context.Context, request Request, secret string) error {
	sent := request.Header.Get(GrafanaSignatureHeader)
	if sent == "" {
		return &SignatureError{"is missing; enter the secret as HMAC Signature in Grafana's contact point, with the header " +
			GrafanaSignatureHeader}
	}
	signature, err := hex.DecodeString(sent)
	if err != nil || len(signature) != sha256.Size {
		return &SignatureError{"is malformed; it must be an HMAC-SHA256 in 64 hexadecimal digits"}
	}
	// An empty secret is one that everybody knows.
	if secret == "" {
		return &SignatureError{"cannot be checked; the integration has no secret"}
	}
	timestamp := request.Header.Get(GrafanaTimestampHeader)
	if !hmac.Equal(signature, grafanaSignature(secret, timestamp, request.Body)) {
		return &SignatureError{"does not match; the secret must be the same on both sides, and the timestamp header empty or " +
			GrafanaTimestampHeader}
	}
	return checkGrafanaTime(timestamp, request.ReceiveTime)
}

func grafanaSignature(secret, timestamp string, body []byte) []byte {
	hash := hmac.New(sha256.New, []byte(secret))
	if timestamp != "" {
		hash.Write([]byte(timestamp + ":"))
	}
	hash.Write(body)
	return hash.Sum(nil)
}

func checkGrafanaTime(timestamp string, received time.Time) error {
	if timestamp == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(timestamp), 10, 64)
	if err != nil {
		return &SignatureError{"has a timestamp that is not a time; it must be in seconds since 1970"}
	}
	first, last := received.Add(-SignatureWindow).Unix(), received.Add(SignatureWindow).Unix()
	if seconds < first || seconds > last {
		return &SignatureError{"is of another time; it must be made within " + SignatureWindow.String() + " of its receipt"}
	}
	return nil
}
