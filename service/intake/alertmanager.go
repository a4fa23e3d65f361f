package intake

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Alertmanager is the Source of what [ParseAlertmanager] reads.
const Alertmanager = "alertmanager"

// alertmanagerVersion is the only version of the webhook's message that Alertmanager has sent since 0.6.
const alertmanagerVersion = "4"

// alertmanagerMessage is the part of a webhook message that is read, after notify/webhook and template of Alertmanager.
type alertmanagerMessage struct {
	Version         string              `json:"version"`
	GroupKey        string              `json:"groupKey"`
	TruncatedAlerts uint64              `json:"truncatedAlerts"`
	Receiver        string              `json:"receiver"`
	ExternalURL     string              `json:"externalURL"`
	Alerts          []alertmanagerAlert `json:"alerts"`
}

type alertmanagerAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// ParseAlertmanager reads the body of a webhook of Prometheus Alertmanager, version "4" of its message. Fields that it
// does not know are ignored, bytes that are not UTF-8 are replaced by U+FFFD. The error is an [*InvalidError]: one alert
// that makes no sense refuses the whole delivery, so that a delivery is never taken by half. The caller bounds the body.
//
// Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
func ParseAlertmanager(body []byte) (Delivery, error) {
	message, err := decodeAlertmanager(body)
	if err != nil {
		return Delivery{}, err
	}
	delivery := Delivery{
		Source:      Alertmanager,
		Alerts:      make([]Alert, len(message.Alerts)),
		Truncated:   int(min(message.TruncatedAlerts, math.MaxInt32)),
		GroupKey:    shorten(printable(message.GroupKey), MaxAnnotationValue),
		Receiver:    shorten(printable(message.Receiver), MaxLabelValue),
		ExternalURL: link(message.ExternalURL),
	}
	for i := range message.Alerts {
		alert, problem := message.Alerts[i].alert()
		if problem != nil {
			problem.Field = elementPath("alerts", i, problem.Field)
			return Delivery{}, problem
		}
		alert.ExternalURL = delivery.ExternalURL
		delivery.Alerts[i] = alert
	}
	return delivery, nil
}

func decodeAlertmanager(body []byte) (*alertmanagerMessage, error) {
	message := &alertmanagerMessage{}
	if err := decode(body, message); err != nil {
		return nil, err
	}
	switch count := len(message.Alerts); {
	case message.Version == "":
		return nil, invalid("version", `is missing; Alertmanager's webhook says "4"`)
	case message.Version != alertmanagerVersion:
		return nil, invalid("version", `is %q; it must be "4", the webhook of Alertmanager 0.6 and later`,
			shorten(printable(message.Version), 32))
	case count == 0:
		return nil, invalid("alerts", "is empty; a delivery has at least one alert")
	case count > MaxAlerts:
		return nil, invalid("alerts", "has %d elements; at most %d are taken at once, see max_alerts in Alertmanager's webhook_config",
			count, MaxAlerts)
	}
	return message, nil
}

// alert brings one alert into the common form. The Field of its error begins at the alert.
func (a *alertmanagerAlert) alert() (Alert, *InvalidError) {
	status, problem := a.status()
	if problem != nil {
		return Alert{}, problem
	}
	fingerprint, problem := a.fingerprint()
	if problem != nil {
		return Alert{}, problem
	}
	if problem := a.checkTimes(); problem != nil {
		return Alert{}, problem
	}
	alert := Alert{
		EpisodeKey:  Alertmanager + "/" + fingerprint + "/" + a.StartsAt.UTC().Format(time.RFC3339Nano),
		Fingerprint: fingerprint,
		Status:      status,
		StartTime:   a.StartsAt.UTC().Truncate(time.Millisecond),
	}
	alert.Labels = bounded(&alert.Alterations, "labels", a.Labels, MaxLabels, MaxLabelValue)
	alert.Annotations = bounded(&alert.Alterations, "annotations", a.Annotations, MaxAnnotations, MaxAnnotationValue)
	alert.GeneratorURL = boundedLink(&alert.Alterations, "generatorURL", a.GeneratorURL)
	alert.EndTime = a.endTime(&alert)
	alert.Title = title(&alert)
	alert.Summary = summary(&alert)
	return alert, nil
}

func (a *alertmanagerAlert) status() (Status, *InvalidError) {
	switch a.Status {
	case "firing":
		return Firing, nil
	case "resolved":
		return Resolved, nil
	case "":
		return "", &InvalidError{"status", `is missing; it must be "firing" or "resolved"`}
	default:
		return "", &InvalidError{"status", `must be "firing" or "resolved"`}
	}
}

// fingerprint is the one that was sent or, as Alertmanager before 0.19 sends none, the one that it would have sent: the
// hash of the labels that Prometheus uses. It is made of the labels as they were sent, not as they are kept.
func (a *alertmanagerAlert) fingerprint() (string, *InvalidError) {
	if a.Fingerprint == "" {
		if len(a.Labels) == 0 {
			return "", &InvalidError{"fingerprint", "is missing and there are no labels to make it of; send either"}
		}
		return labelFingerprint(a.Labels), nil
	}
	if len(a.Fingerprint) > MaxName || strings.ContainsFunc(a.Fingerprint, notGraphicASCII) {
		return "", &InvalidError{"fingerprint", "must be 1 to 128 printable ASCII characters without spaces; Alertmanager's are 16 hexadecimal digits"}
	}
	return a.Fingerprint, nil
}

func labelFingerprint(labels map[string]string) string {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}

func notGraphicASCII(r rune) bool { return r <= ' ' || r > '~' }

// checkTimes refuses what no store and no API can hold as a time.
func (a *alertmanagerAlert) checkTimes() *InvalidError {
	if year := a.StartsAt.UTC().Year(); year < 1970 || year > 9999 {
		return &InvalidError{"startsAt", "is missing or out of range; it must be when the alert began to fire, from 1970 to 9999"}
	}
	if year := a.EndsAt.UTC().Year(); year < 1 || year > 9999 {
		return &InvalidError{"endsAt", "is out of range; it must be when the alert stopped, or 0001-01-01T00:00:00Z while it fires"}
	}
	return nil
}

// endTime is when a resolved alert stopped. Clocks differ: an end before the start is moved to the start.
func (a *alertmanagerAlert) endTime(alert *Alert) time.Time {
	end := a.EndsAt.UTC().Truncate(time.Millisecond)
	switch {
	case alert.Status == Firing || a.EndsAt.Year() <= 1:
		return time.Time{}
	case end.Before(alert.StartTime):
		alert.Alterations = append(alert.Alterations,
			"endsAt "+a.EndsAt.UTC().Format(time.RFC3339Nano)+" is before startsAt; startsAt was taken instead")
		return alert.StartTime
	default:
		return end
	}
}

// title prefers what people wrote over what the rule is called.
func title(alert *Alert) string {
	written := cmp.Or(line(alert.Annotations["summary"]), line(alert.Annotations["title"]), line(alert.Annotations["message"]))
	if written != "" {
		return shortenLine(written, MaxTitle)
	}
	name := line(alert.Labels["alertname"])
	if name == "" {
		return "Alert " + alert.Fingerprint
	}
	var places []string
	for _, label := range []string{"service", "instance"} {
		if place := line(alert.Labels[label]); place != "" {
			places = append(places, place)
		}
	}
	if len(places) > 0 {
		name += " (" + strings.Join(places, ", ") + ")"
	}
	return shortenLine(name, MaxTitle)
}

// summary is the description, or the message where that is not the title already.
func summary(alert *Alert) string {
	if description := strings.TrimSpace(alert.Annotations["description"]); description != "" {
		return description
	}
	if message := strings.TrimSpace(alert.Annotations["message"]); line(message) != alert.Title {
		return message
	}
	return ""
}
