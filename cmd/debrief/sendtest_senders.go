package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/oklog/ulid/v2"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// keyPlace is where a sender can put the key of an integration.
type keyPlace int

const (
	inBearer keyPlace = iota
	inGenieKey
	inPath
	inBody
)

// sender is an alerting system, as far as one has to know it to have it send, or to send as it does.
type sender struct {
	// called is its name.
	called string
	// path is where it sends to.
	path        string
	contentType string
	key         keyPlace
	// header are the fields that it sends beside these.
	header map[string]string
	// sign is the header field with the signature of the body; empty where it signs nothing that others could sign.
	sign string
}

// senders are all kinds of alerting systems that Debrief has an intake for.
var senders = map[debriefv1.Integration_Kind]sender{
	debriefv1.Integration_KIND_ALERTMANAGER: {called: "Alertmanager", path: "/intake/alertmanager"},
	debriefv1.Integration_KIND_GRAFANA:      {called: "Grafana", path: "/intake/grafana", sign: "X-Grafana-Alerting-Signature"},
	debriefv1.Integration_KIND_PAGERDUTY:    {called: "what speaks PagerDuty's Events API", path: "/intake/pagerduty/v2/enqueue", key: inBody},
	debriefv1.Integration_KIND_OPSGENIE:     {called: "what speaks Opsgenie's alert API", path: "/intake/opsgenie/v2/alerts", key: inGenieKey},
	debriefv1.Integration_KIND_DATADOG:      {called: "Datadog", path: "/intake/datadog", key: inPath},
	debriefv1.Integration_KIND_SNS: {
		called: "Amazon SNS", path: "/intake/sns", key: inPath, contentType: "text/plain; charset=UTF-8",
		header: map[string]string{"X-Amz-Sns-Message-Type": "Notification"},
	},
	debriefv1.Integration_KIND_GCP: {called: "Google Cloud Monitoring", path: "/intake/gcp", key: inPath},
	debriefv1.Integration_KIND_SENTRY: {
		called: "Sentry", path: "/intake/sentry", key: inPath, sign: "Sentry-Hook-Signature", header: map[string]string{"Sentry-Hook-Resource": "metric_alert"},
	},
	debriefv1.Integration_KIND_CLOUDEVENTS: {called: "the source of the events", path: "/intake/cloudevents", contentType: "application/cloudevents+json"},
	debriefv1.Integration_KIND_GENERIC:     {called: "the sender", path: "/intake/generic"},
}

// address is where it sends to at a server, with the key where it can be put nowhere else.
func (s sender) address(server, key string) string {
	address := strings.TrimSuffix(server, "/") + s.path
	if s.key == inPath && key != "" {
		address += "/" + url.PathEscape(key)
	}
	return address
}

// hint says where the key goes, where it is not in the address.
func (s sender) hint(key string) string {
	switch s.key {
	case inBearer:
		return " with the header 'Authorization: Bearer " + key + "'"
	case inGenieKey:
		return " with the header 'Authorization: GenieKey " + key + "'"
	case inBody:
		return " with the routing_key " + key
	case inPath:
	}
	return ""
}

//go:embed testalerts/*.json
var testAlerts embed.FS

// testAlert is an alert that is sent to see whether it arrives. Its id has the time at which it begins, so that whoever knows
// the id can resolve it.
type testAlert struct {
	kind     debriefv1.Integration_Kind
	id       ulid.ULID
	now      time.Time
	Resolved bool
	key      string
}

// The methods of testAlert are what the templates are made of.

// ID is the alert's id.
func (t testAlert) ID() string { return t.id.String() }

// Title is what it says.
func (t testAlert) Title() string { return "Test alert " + t.ID() }

// Fingerprint is a hash, as senders make it of labels.
func (t testAlert) Fingerprint() string {
	hash := sha256.Sum256(t.id[:])
	return hex.EncodeToString(hash[:8])
}

// Number is the id as senders have it that count.
func (t testAlert) Number() string { return strconv.FormatUint(t.id.Time(), 10) }

// Word is the one of two words that fits how it stands with the alert.
func (t testAlert) Word(firing, resolved string) string {
	if t.Resolved {
		return resolved
	}
	return firing
}

// Start is when the alert began.
func (t testAlert) Start() string { return t.start().Format(time.RFC3339Nano) }

// StartSeconds is the same in seconds since 1970.
func (t testAlert) StartSeconds() string { return strconv.FormatInt(t.start().Unix(), 10) }

// Now is when it is sent.
func (t testAlert) Now() string { return t.at().Format(time.RFC3339Nano) }

// Seconds is the same in seconds since 1970.
func (t testAlert) Seconds() string { return strconv.FormatInt(t.at().Unix(), 10) }

// Milliseconds is the same in milliseconds.
func (t testAlert) Milliseconds() string { return strconv.FormatInt(t.at().UnixMilli(), 10) }

// RoutingKey is the key, or what looks like one of PagerDuty's own and is none of Debrief's.
func (t testAlert) RoutingKey() string {
	if t.key == "" {
		return strings.Repeat("0", 32)
	}
	return template.JSEscapeString(t.key)
}

func (t testAlert) start() time.Time { return t.id.Timestamp().UTC() }

// at is now, in milliseconds, and not before the alert began.
func (t testAlert) at() time.Time {
	if now := t.now.UTC().Truncate(time.Millisecond); now.After(t.start()) {
		return now
	}
	return t.start()
}

// body is what the sender sends.
func (t testAlert) body() ([]byte, error) {
	name := strings.ToLower(enumText(t.kind)) + ".json"
	parsed, err := template.New(name).ParseFS(testAlerts, path.Join("testalerts", name))
	if err != nil {
		return nil, fmt.Errorf("write the alert: %w", err)
	}
	var written bytes.Buffer
	if err := parsed.Execute(&written, t); err != nil {
		return nil, fmt.Errorf("write the alert: %w", err)
	}
	return written.Bytes(), nil
}

// address is where the alert is sent to.
func (t testAlert) address(server string) string {
	address := senders[t.kind].address(server, t.key)
	if t.kind == debriefv1.Integration_KIND_OPSGENIE && t.Resolved {
		address += "/" + url.PathEscape("debrief/"+t.ID()) + "/close?identifierType=alias"
	}
	return address
}

// setHeader sets the header fields that the sender would.
func (t testAlert) setHeader(header http.Header, body []byte, secret string) {
	from := senders[t.kind]
	header.Set("Content-Type", "application/json")
	if from.contentType != "" {
		header.Set("Content-Type", from.contentType)
	}
	for name, value := range from.header {
		header.Set(name, value)
	}
	switch {
	case t.key == "":
	case from.key == inBearer:
		header.Set("Authorization", "Bearer "+t.key)
	case from.key == inGenieKey:
		header.Set("Authorization", "GenieKey "+t.key)
	}
	if t.kind == debriefv1.Integration_KIND_SENTRY {
		header.Set("Request-Id", t.ID()+t.Word("-1", "-2"))
		header.Set("Sentry-Hook-Timestamp", t.Seconds())
	}
	if secret != "" && from.sign != "" {
		hash := hmac.New(sha256.New, []byte(secret))
		_, _ = hash.Write(body) // A hash never fails.
		header.Set(from.sign, hex.EncodeToString(hash.Sum(nil)))
	}
}
