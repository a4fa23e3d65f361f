package intake

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Datadog reads the webhook of Datadog with the payload that docs/alerts.md has for it: without one Datadog says neither which
// alert it is about nor whether it began or ended. Its names are those of Datadog's variables, in lower case.
//
// Source: https://docs.datadoghq.com/integrations/webhooks/
func Datadog() Adapter {
	return Adapter{Kind: "DATADOG", Source: "datadog", Parse: parseDatadog}
}

type datadogMessage struct {
	ID              scalar `json:"id"`
	Date            scalar `json:"date"`
	LastUpdated     scalar `json:"last_updated"`
	AlertTransition scalar `json:"alert_transition"`
	AlertCycleKey   scalar `json:"alert_cycle_key"`
	AggregationKey  scalar `json:"aggreg_key"`
	AlertID         scalar `json:"alert_id"`
	AlertTitle      scalar `json:"alert_title"`
	EventTitle      scalar `json:"event_title"`
	AlertType       scalar `json:"alert_type"`
	AlertPriority   scalar `json:"alert_priority"`
	AlertScope      scalar `json:"alert_scope"`
	AlertStatus     scalar `json:"alert_status"`
	AlertQuery      scalar `json:"alert_query"`
	AlertMetric     scalar `json:"alert_metric"`
	TextOnlyMessage scalar `json:"text_only_msg"`
	Hostname        scalar `json:"hostname"`
	OrgName         scalar `json:"org_name"`
	Tags            scalar `json:"tags"`
	Link            scalar `json:"link"`
	Snapshot        scalar `json:"snapshot"`
}

const datadogAdvice = "enter Debrief's payload for Datadog as Payload of the webhook"

func parseDatadog(request Request, _ Options) (Delivery, error) {
	message := &datadogMessage{}
	if err := decode(request.Body, message); err != nil {
		return Delivery{}, err
	}
	for _, field := range message.fields() {
		*field = filled(*field)
	}
	alert, err := message.alert()
	if err != nil {
		return Delivery{}, err
	}
	return Delivery{Source: "datadog", ID: message.delivery(), Alerts: []Alert{alert}}, nil
}

// fields are all that may hold a variable without a value.
func (m *datadogMessage) fields() []*scalar {
	return []*scalar{
		&m.ID, &m.Date, &m.LastUpdated, &m.AlertTransition, &m.AlertCycleKey, &m.AggregationKey, &m.AlertID, &m.AlertTitle,
		&m.EventTitle, &m.AlertType, &m.AlertPriority, &m.AlertScope, &m.AlertStatus, &m.AlertQuery, &m.AlertMetric,
		&m.TextOnlyMessage, &m.Hostname, &m.OrgName, &m.Tags, &m.Link, &m.Snapshot,
	}
}

var datadogVariable = regexp.MustCompile(`^\$[A-Z][A-Z_]*$`)

// filled is empty where Datadog had nothing to put in: it then leaves the variable, or says null in words.
func filled(sent scalar) scalar {
	text := strings.TrimSpace(string(sent))
	if datadogVariable.MatchString(text) || strings.EqualFold(text, "null") || text == "None" {
		return ""
	}
	return scalar(text)
}

// delivery is the event with what it tells and when, so that a retry is known by it, and no two notifications share it.
func (m *datadogMessage) delivery() string {
	if m.ID == "" || m.Date == "" {
		return ""
	}
	return identity(string(m.ID)+"/"+string(m.Date)+"/"+strings.ReplaceAll(string(m.AlertTransition), " ", "-"), MaxDeliveryID)
}

func (m *datadogMessage) alert() (Alert, error) {
	status, err := m.status()
	if err != nil {
		return Alert{}, err
	}
	fingerprint := m.fingerprint()
	if fingerprint == "" {
		return Alert{}, invalid("alert_cycle_key", "is missing, and so are aggreg_key and alert_id; %s", datadogAdvice)
	}
	alert := Alert{
		Fingerprint:  fingerprint,
		Status:       status,
		Severity:     string(cmp.Or(m.AlertPriority, m.AlertType)),
		Title:        datadogTitle(string(cmp.Or(m.AlertTitle, m.EventTitle))),
		Summary:      datadogText(string(m.TextOnlyMessage)),
		Labels:       m.labels(),
		Annotations:  m.annotations(),
		GeneratorURL: string(m.Link),
	}
	if m.AlertCycleKey != "" {
		alert.EpisodeKey = "datadog/" + string(m.AlertCycleKey)
	}
	if m.Link != "" {
		alert.Links = []Link{{URI: string(m.Link), Title: "Datadog"}}
	}
	if m.Snapshot != "" {
		alert.Images = []Image{{URI: string(m.Snapshot), Link: string(m.Link), Alternative: alert.Title}}
	}
	m.setTimes(&alert)
	finish(&alert)
	return alert, nil
}

// fingerprint is the monitor with the group of it that alerts. It is never made of a title, which distinct alerts share.
func (m *datadogMessage) fingerprint() string {
	switch {
	case m.AggregationKey != "":
		return string(m.AggregationKey)
	case m.AlertID != "" && m.AlertScope != "":
		return string(m.AlertID) + "/" + string(m.AlertScope)
	default:
		return string(cmp.Or(m.AlertID, m.AlertCycleKey))
	}
}

// status reads the transition, or the type of the alert where an event has no transition.
func (m *datadogMessage) status() (Status, error) {
	transition := strings.ToLower(string(m.AlertTransition))
	switch {
	case transition == "" && m.AlertType == "success", strings.HasSuffix(transition, "recovered"):
		return Resolved, nil
	case transition == "" && (m.AlertType == "error" || m.AlertType == "warning"):
		return Firing, nil
	case transition == "":
		return "", invalid("alert_transition", "is missing; %s", datadogAdvice)
	}
	switch strings.TrimPrefix(transition, "re-") {
	case "triggered", "warn", "no data", "renotify":
		return Firing, nil
	default:
		return "", invalid("alert_transition",
			"is %q; it must be Triggered, Re-Triggered, Warn, Re-Warn, No Data, Re-No Data, Renotify or Recovered",
			plaintext.Clean(string(m.AlertTransition), 32))
	}
}

// setTimes takes the date for the start only where the transition is from silence; what is told again began before.
func (m *datadogMessage) setTimes(alert *Alert) {
	alert.Time = lenientTime(&alert.Alterations, "date", cmp.Or(m.Date, m.LastUpdated))
	switch {
	case alert.Status == Resolved:
		alert.EndTime = alert.Time
	case !strings.HasPrefix(strings.ToLower(string(m.AlertTransition)), "re"):
		alert.StartTime = alert.Time
	}
}

func (m *datadogMessage) labels() map[string]string {
	labels := map[string]string{}
	setText(labels, "monitor_id", string(m.AlertID))
	setText(labels, "alert_type", string(m.AlertType))
	setText(labels, "priority", string(m.AlertPriority))
	setText(labels, "scope", string(m.AlertScope))
	setText(labels, "metric", string(m.AlertMetric))
	setText(labels, "host", string(m.Hostname))
	setText(labels, "org", string(m.OrgName))
	setTags(labels, strings.Split(string(m.AlertScope)+","+string(m.Tags), ","))
	return labels
}

func (m *datadogMessage) annotations() map[string]string {
	annotations := map[string]string{}
	setText(annotations, "transition", string(m.AlertTransition))
	setText(annotations, "status", string(m.AlertStatus))
	setText(annotations, "query", string(m.AlertQuery))
	setText(annotations, "event_title", string(m.EventTitle))
	return annotations
}

var datadogMarks = regexp.MustCompile(`^(\s*\[(P[1-5]|(Re-)?(Triggered|Warn|No Data)|Renotify|[A-Za-z ]*Recovered)( on \{[^}]*\})?\])+\s*`)

// datadogTitle is a title without what is said by the transition, the priority and the scope.
func datadogTitle(title string) string {
	return cmp.Or(strings.TrimSpace(datadogMarks.ReplaceAllString(title, "")), title)
}

// datadogText is a text without the lines that fence Markdown off in Datadog.
func datadogText(text string) string {
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, next := range lines {
		if strings.TrimSpace(next) != "%%%" {
			kept = append(kept, next)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}
