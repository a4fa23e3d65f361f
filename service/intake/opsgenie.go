package intake

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

// maxOpsgenieAlias is how many characters an alias may have.
const maxOpsgenieAlias = 512

// Opsgenie reads what the alert API of Opsgenie takes: alerts are created, acknowledged and closed. An alert is named by
// its alias alone: it is the alert's id and its tiny id too, so that a sender finds the alert by whatever it was told.
//
// Source: https://docs.opsgenie.com/docs/alert-api
func Opsgenie() Adapter {
	return Adapter{
		Kind:   "OPSGENIE",
		Source: "opsgenie",
		Parse:  parseOpsgenie,
		Answer: answerOpsgenie,
		Refuse: refuseOpsgenie,
	}
}

type opsgenieMessage struct {
	Message     scalar         `json:"message"`
	Alias       scalar         `json:"alias"`
	Description scalar         `json:"description"`
	Tags        []scalar       `json:"tags"`
	Details     jsontext.Value `json:"details"`
	Entity      scalar         `json:"entity"`
	Source      scalar         `json:"source"`
	Priority    scalar         `json:"priority"`
	User        scalar         `json:"user"`
	Note        scalar         `json:"note"`
}

func parseOpsgenie(request Request, _ Options) (Delivery, error) {
	action, err := readOpsgenieAction(request)
	if err != nil {
		return Delivery{}, err
	}
	message := &opsgenieMessage{}
	// What closes or acknowledges may come without a body.
	if action.status == Firing || len(request.Body) > 0 {
		if err := decode(request.Body, message); err != nil {
			return Delivery{}, err
		}
	}
	if action.status == Firing {
		action.alias = opsgenieAlias(message, request.ID)
		if plaintext.Line(string(message.Message)) == "" {
			return Delivery{}, invalid("message", "is missing; it must say in one line what is wrong")
		}
	}
	if utf8.RuneCountInString(action.alias) > maxOpsgenieAlias {
		return Delivery{}, invalid("alias", "has more than %d characters; make it shorter", maxOpsgenieAlias)
	}
	return Delivery{Source: "opsgenie", Alerts: []Alert{message.alert(action)}}, nil
}

// opsgenieAction is what a path says: what to do, with which alert.
type opsgenieAction struct {
	// name is the verb as the status of a request says it.
	name   string
	status Status
	alias  string
}

func readOpsgenieAction(request Request) (opsgenieAction, error) {
	path := request.Path
	switch {
	case len(path) < 2 || path[0] != "v2" || path[1] != "alerts":
		return opsgenieAction{}, invalid("", "was sent to an unknown path; alerts are sent to v2/alerts")
	case request.Method != http.MethodPost:
		return opsgenieAction{}, invalid("", "must be sent with POST")
	case len(path) == 2:
		return opsgenieAction{name: "Create", status: Firing}, nil
	case len(path) != 4 || strings.TrimSpace(path[2]) == "":
		return opsgenieAction{}, invalid("", "was sent to an unknown path; only v2/alerts, …/close and …/acknowledge are taken")
	}
	switch request.Query.Get("identifierType") {
	case "", "id", "alias", "tiny":
	default:
		return opsgenieAction{}, invalid("identifierType", `must be "id", "alias" or "tiny"`)
	}
	alias := strings.TrimSpace(path[2])
	switch path[3] {
	case "close":
		return opsgenieAction{name: "Close", status: Resolved, alias: alias}, nil
	case "acknowledge":
		return opsgenieAction{name: "Acknowledge", status: Acknowledged, alias: alias}, nil
	default:
		return opsgenieAction{}, invalid("", "asks for an action that is not taken; only close and acknowledge are")
	}
}

// opsgenieAlias is the one that was sent or the one that was made, which the status of the request tells the sender.
func opsgenieAlias(message *opsgenieMessage, made string) string {
	if alias := strings.TrimSpace(string(message.Alias)); alias != "" {
		return alias
	}
	return made
}

// alert leaves out EpisodeKey: Opsgenie too opens a new alert for an alias whose alert is closed.
func (m *opsgenieMessage) alert(action opsgenieAction) Alert {
	alert := Alert{
		Fingerprint: action.alias,
		Status:      action.status,
		Title:       string(m.Message),
		Labels:      map[string]string{"alias": action.alias},
		Annotations: details("details", m.Details),
	}
	setText(alert.Labels, "entity", string(m.Entity))
	setText(alert.Labels, "source", string(m.Source))
	alert.Annotations = withText(alert.Annotations, "user", string(m.User))
	alert.Annotations = withText(alert.Annotations, "note", string(m.Note))
	if action.status == Firing {
		m.describe(&alert)
	}
	finish(&alert)
	return alert
}

func (m *opsgenieMessage) describe(alert *Alert) {
	alert.Summary = string(m.Description)
	alert.Severity = m.priority()
	var tags []string
	for _, tag := range m.Tags {
		tags = append(tags, string(tag))
	}
	setTags(alert.Labels, tags)
}

// priority is P3 where the sender leaves it out, as in Opsgenie.
func (m *opsgenieMessage) priority() string {
	if m.Priority == "" {
		return "p3"
	}
	return string(m.Priority)
}

// OpsgenieFingerprint is the Fingerprint of the alert that an identifier of any type names in a path.
func OpsgenieFingerprint(identifier string) string {
	return identity(strings.TrimSpace(identifier), MaxFingerprint)
}

type opsgenieAnswer struct {
	Result    string  `json:"result,omitempty"`
	Message   string  `json:"message,omitempty"`
	Data      any     `json:"data,omitempty"`
	Took      float64 `json:"took"`
	RequestID string  `json:"requestId,omitempty"`
}

func answerOpsgenie(request Request, _ Delivery) Answer {
	return opsgenieReply(http.StatusAccepted, opsgenieAnswer{Result: "Request will be processed", RequestID: request.ID})
}

func refuseOpsgenie(status int, reason string) Answer {
	return opsgenieReply(status, opsgenieAnswer{Message: reason})
}

// opsgenieReply says the request's id in the header as well, where Opsgenie's own clients look for it.
func opsgenieReply(status int, body opsgenieAnswer) Answer {
	answer := Answer{Status: status, Header: http.Header{}, Body: body}
	if body.RequestID != "" {
		answer.Header.Set("X-Request-Id", body.RequestID)
	}
	return answer
}
