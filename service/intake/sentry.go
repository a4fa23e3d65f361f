package intake

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Sentry reads the webhooks of an internal integration of Sentry: alerts on issues, alerts on metrics, and what becomes of
// issues. Sentry signs with the integration's client secret.
//
// Source: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
func Sentry() Adapter {
	return Adapter{
		Kind: "SENTRY", Source: "sentry", Parse: parseSentry, Verify: verifySentry,
		Headers: []string{"Request-Id", "Sentry-Hook-Resource", "Sentry-Hook-Signature", "Sentry-Hook-Timestamp"},
	}
}

// verifySentry checks the HMAC of the body. The time is not signed: it only keeps out what is plainly old.
func verifySentry(_ context.Context, request Request, secret string) error {
	sent, err := hex.DecodeString(strings.TrimSpace(request.Header.Get("Sentry-Hook-Signature")))
	switch {
	case secret == "":
		return &SignatureError{"cannot be checked: the integration has no secret"}
	case err != nil || len(sent) == 0:
		return &SignatureError{"is missing; Sentry-Hook-Signature must hold the HMAC-SHA256 of the body in hexadecimal digits"}
	}
	hash := hmac.New(sha256.New, []byte(secret))
	_, _ = hash.Write(request.Body) // A hash never fails.
	if !hmac.Equal(hash.Sum(nil), sent) {
		return &SignatureError{"does not fit the body; compare the client secret of the integration in Sentry"}
	}
	signed, isTime := epoch(request.Header.Get("Sentry-Hook-Timestamp"))
	if !isTime || signed.IsZero() {
		return &SignatureError{"has no time; Sentry-Hook-Timestamp must be in seconds since 1970"}
	}
	if distance := request.ReceiveTime.Sub(signed).Abs(); distance > SignatureWindow {
		return &SignatureError{"is of " + signed.Format(time.RFC3339) + ", too far from now; compare the clocks"}
	}
	return nil
}

type sentryMessage struct {
	Action scalar         `json:"action"`
	Data   jsontext.Value `json:"data"`
}

func parseSentry(request Request, _ Options) (Delivery, error) {
	message := &sentryMessage{}
	if err := decode(request.Body, message); err != nil {
		return Delivery{}, err
	}
	delivery := Delivery{Source: "sentry"}
	if id := strings.ToValidUTF8(request.Header.Get("Request-Id"), "\uFFFD"); id != "" {
		delivery.ID = identity(id, MaxDeliveryID)
	}
	read := map[string]func(*sentryMessage) (*Alert, error){
		"event_alert": readSentryEvent, "metric_alert": readSentryMetric, "issue": readSentryIssue,
	}[request.Header.Get("Sentry-Hook-Resource")]
	if read == nil {
		return delivery, nil
	}
	alert, err := read(message)
	if err != nil {
		return Delivery{}, err
	}
	if alert == nil {
		return delivery, nil
	}
	finish(alert)
	delivery.Alerts = []Alert{*alert}
	return delivery, nil
}

// data reads the part of a message that differs from resource to resource. The path of its error begins at the message.
func (m *sentryMessage) data(target any) error {
	if m.Data.Kind() != '{' {
		return invalid("data", "is missing; it must be an object")
	}
	err := decode(m.Data, target)
	if problem, ok := errors.AsType[*InvalidError](err); ok {
		problem.Field = strings.TrimSuffix("data."+problem.Field, ".")
	}
	return err
}

// sentryEvent is an event that an alert on issues tells of.
type sentryEvent struct {
	ID          scalar       `json:"event_id"`
	IssueID     scalar       `json:"issue_id"`
	WebURL      scalar       `json:"web_url"`
	Title       scalar       `json:"title"`
	Message     scalar       `json:"message"`
	Culprit     scalar       `json:"culprit"`
	Level       scalar       `json:"level"`
	Platform    scalar       `json:"platform"`
	Environment scalar       `json:"environment"`
	Release     scalar       `json:"release"`
	Project     scalar       `json:"project"`
	Time        scalar       `json:"datetime"`
	Tags        []sentryPair `json:"tags"`
}

// sentryPair is a tag: a name and a value.
type sentryPair []scalar

func (m *sentryMessage) isAction(actions ...string) bool {
	return slices.Contains(actions, string(m.Action))
}

// readSentryEvent never resolves: Sentry says nothing when the events stop. The issue's own resolve does.
func readSentryEvent(message *sentryMessage) (*Alert, error) {
	data := &struct {
		Event *sentryEvent `json:"event"`
		Rule  scalar       `json:"triggered_rule"`
	}{}
	if !message.isAction("triggered") {
		return nil, nil
	}
	if err := message.data(data); err != nil {
		return nil, err
	}
	if data.Event == nil || data.Event.IssueID == "" {
		return nil, invalid("data.event.issue_id", "is missing; it must name the issue")
	}
	event := data.Event
	alert := &Alert{
		Fingerprint:  "issue/" + string(event.IssueID),
		Status:       Firing,
		Severity:     string(event.Level),
		Title:        cmp.Or(string(event.Title), string(event.Message), "Issue "+string(event.IssueID)),
		Summary:      string(event.Message),
		Labels:       map[string]string{},
		Annotations:  map[string]string{},
		GeneratorURL: string(event.WebURL),
		Links:        sentryLinks(event.WebURL, "Event in Sentry"),
	}
	alert.Time = lenientTime(&alert.Alterations, "data.event.datetime", event.Time)
	for _, tag := range event.Tags {
		if len(tag) == 2 {
			setText(alert.Labels, string(tag[0]), string(tag[1]))
		}
	}
	setText(alert.Labels, "environment", cmp.Or(string(event.Environment), alert.Labels["environment"]))
	setText(alert.Labels, "release", cmp.Or(string(event.Release), alert.Labels["release"]))
	setText(alert.Labels, "level", string(event.Level))
	setText(alert.Labels, "platform", string(event.Platform))
	setText(alert.Labels, "project", string(event.Project))
	setText(alert.Labels, "rule", string(data.Rule))
	setText(alert.Annotations, "culprit", string(event.Culprit))
	setText(alert.Annotations, "event_id", string(event.ID))
	return alert, nil
}

// sentryMetricAlert is what Sentry calls an incident: one episode of a rule.
type sentryMetricAlert struct {
	ID       scalar   `json:"id"`
	Title    scalar   `json:"title"`
	Projects []scalar `json:"projects"`
	Detected scalar   `json:"date_detected"`
	Started  scalar   `json:"date_started"`
	Closed   scalar   `json:"date_closed"`
	Rule     *struct {
		ID          scalar `json:"id"`
		Name        scalar `json:"name"`
		Aggregate   scalar `json:"aggregate"`
		Query       scalar `json:"query"`
		Environment scalar `json:"environment"`
	} `json:"alert_rule"`
}

func readSentryMetric(message *sentryMessage) (*Alert, error) {
	data := &struct {
		Alert *sentryMetricAlert `json:"metric_alert"`
		Text  scalar             `json:"description_text"`
		Title scalar             `json:"description_title"`
		URL   scalar             `json:"web_url"`
	}{}
	if !message.isAction("critical", "warning", "open", "resolved") {
		return nil, nil
	}
	if err := message.data(data); err != nil {
		return nil, err
	}
	if data.Alert == nil || data.Alert.ID == "" {
		return nil, invalid("data.metric_alert.id", "is missing; it must name the alert")
	}
	sent := data.Alert
	alert := &Alert{
		EpisodeKey:   "sentry/metric_alert/" + string(sent.ID),
		Fingerprint:  "metric_alert/" + string(sent.ID),
		Status:       Firing,
		Title:        cmp.Or(string(sent.Title), string(data.Title)),
		Summary:      string(data.Text),
		Labels:       map[string]string{},
		Annotations:  map[string]string{},
		GeneratorURL: string(data.URL),
		Links:        sentryLinks(data.URL, "Alert in Sentry"),
	}
	if sent.Started != "" {
		alert.StartTime = lenientTime(&alert.Alterations, "data.metric_alert.date_started", sent.Started)
	} else {
		alert.StartTime = lenientTime(&alert.Alterations, "data.metric_alert.date_detected", sent.Detected)
	}
	if message.isAction("resolved") {
		alert.Status = Resolved
		alert.EndTime = lenientTime(&alert.Alterations, "data.metric_alert.date_closed", sent.Closed)
		alert.Time = alert.EndTime
	} else if !message.isAction("open") {
		alert.Severity = string(message.Action)
	}
	setText(alert.Annotations, "description_title", string(data.Title))
	for i, project := range sent.Projects {
		if i == 0 {
			setText(alert.Labels, "project", string(project))
		}
	}
	if sent.Rule != nil {
		alert.Title = cmp.Or(string(sent.Title), string(sent.Rule.Name), string(data.Title))
		setText(alert.Labels, "rule", string(sent.Rule.Name))
		setText(alert.Labels, "rule_id", string(sent.Rule.ID))
		setText(alert.Labels, "environment", string(sent.Rule.Environment))
		setText(alert.Annotations, "aggregate", string(sent.Rule.Aggregate))
		setText(alert.Annotations, "query", string(sent.Rule.Query))
	}
	return alert, nil
}

type sentryIssue struct {
	ID        scalar `json:"id"`
	ShortID   scalar `json:"shortId"`
	Title     scalar `json:"title"`
	Culprit   scalar `json:"culprit"`
	Permalink scalar `json:"permalink"`
	WebURL    scalar `json:"web_url"`
	Level     scalar `json:"level"`
	Substatus scalar `json:"substatus"`
	Platform  scalar `json:"platform"`
	Priority  scalar `json:"priority"`
	FirstSeen scalar `json:"firstSeen"`
	Project   *struct {
		Slug scalar `json:"slug"`
	} `json:"project"`
}

// readSentryIssue passes over that somebody was assigned, or has put the issue aside: neither ends nor begins anything.
func readSentryIssue(message *sentryMessage) (*Alert, error) {
	data := &struct {
		Issue *sentryIssue `json:"issue"`
	}{}
	if !message.isAction("created", "unresolved", "resolved") {
		return nil, nil
	}
	if err := message.data(data); err != nil {
		return nil, err
	}
	if data.Issue == nil || data.Issue.ID == "" {
		return nil, invalid("data.issue.id", "is missing; it must name the issue")
	}
	issue := data.Issue
	address := cmp.Or(issue.WebURL, issue.Permalink)
	alert := &Alert{
		Fingerprint:  "issue/" + string(issue.ID),
		Status:       Firing,
		Severity:     string(issue.Level),
		Title:        cmp.Or(string(issue.Title), string(issue.ShortID)),
		Labels:       map[string]string{},
		Annotations:  map[string]string{},
		GeneratorURL: string(address),
		Links:        sentryLinks(address, "Issue in Sentry"),
	}
	if message.isAction("resolved") {
		alert.Status = Resolved
	}
	if message.isAction("created") {
		alert.StartTime = lenientTime(&alert.Alterations, "data.issue.firstSeen", issue.FirstSeen)
	}
	setText(alert.Labels, "issue", string(issue.ShortID))
	setText(alert.Labels, "level", string(issue.Level))
	setText(alert.Labels, "platform", string(issue.Platform))
	setText(alert.Labels, "priority", string(issue.Priority))
	if issue.Project != nil {
		setText(alert.Labels, "project", string(issue.Project.Slug))
	}
	setText(alert.Annotations, "culprit", string(issue.Culprit))
	setText(alert.Annotations, "substatus", string(issue.Substatus))
	return alert, nil
}

func sentryLinks(address scalar, title string) []Link {
	if address == "" {
		return nil
	}
	return []Link{{URI: string(address), Title: title}}
}
