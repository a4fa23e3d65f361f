package intake

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/debriefhq/debrief/service/plaintext"
)

// webhookMessage is the part of a webhook message that Alertmanager, which made it up, and Grafana, which took it over,
// have in common and that is read, after notify/webhook and template of Alertmanager.
type webhookMessage struct {
	Version         string `json:"version"`
	TruncatedAlerts uint64 `json:"truncatedAlerts"`
	ExternalURL     string `json:"externalURL"`
}

type webhookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// webhookDialect is what tells the senders of the message apart.
type webhookDialect struct {
	source  string
	version string
	// missing and other say what is wrong with no version and with another one.
	missing, other string
	// limit is where the sender is told to send fewer alerts at once.
	limit string
}

// check refuses a message of another sender, and one of no alerts or too many.
func (d *webhookDialect) check(message *webhookMessage, count int) error {
	switch {
	case message.Version == "":
		return invalid("version", "%s", d.missing)
	case message.Version != d.version:
		return invalid("version", "is %q; %s", plaintext.Clean(message.Version, 32), d.other)
	case count == 0:
		return invalid("alerts", "is empty; a delivery has at least one alert")
	case count > MaxAlerts:
		return invalid("alerts", "has %d elements; at most %d are taken at once, see %s", count, MaxAlerts, d.limit)
	}
	return nil
}

// delivery is all of it but its alerts.
func (d *webhookDialect) delivery(message *webhookMessage) Delivery {
	return Delivery{Source: d.source, Truncated: int(min(message.TruncatedAlerts, math.MaxInt32))}
}

// alert brings one alert into the common form. The Field of its error begins at the alert.
func (a *webhookAlert) alert() (Alert, *InvalidError) {
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

func (a *webhookAlert) status() (Status, *InvalidError) {
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
func (a *webhookAlert) fingerprint() (string, *InvalidError) {
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
func (a *webhookAlert) checkTimes() *InvalidError {
	if year := a.StartsAt.UTC().Year(); year < 1970 || year > 9999 {
		return &InvalidError{"startsAt", "is missing or out of range; it must be when the alert began to fire, from 1970 to 9999"}
	}
	if year := a.EndsAt.UTC().Year(); year < 1 || year > 9999 {
		return &InvalidError{"endsAt", "is out of range; it must be when the alert stopped, or 0001-01-01T00:00:00Z while it fires"}
	}
	return nil
}

// endTime is when a resolved alert stopped. Clocks differ: an end before the start is moved to the start.
func (a *webhookAlert) endTime(alert *Alert) time.Time {
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
	written := cmp.Or(plaintext.Line(alert.Annotations["summary"]), plaintext.Line(alert.Annotations["title"]), plaintext.Line(alert.Annotations["message"]))
	if written != "" {
		return shortenLine(written, MaxTitle)
	}
	name := plaintext.Line(alert.Labels["alertname"])
	if name == "" {
		return "Alert " + alert.Fingerprint
	}
	var places []string
	for _, label := range []string{"service", "instance"} {
		if place := plaintext.Line(alert.Labels[label]); place != "" {
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
	if message := strings.TrimSpace(alert.Annotations["message"]); plaintext.Line(message) != alert.Title {
		return message
	}
	return ""
}
