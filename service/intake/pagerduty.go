package intake

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

const (
	// maxPagerDutyBody is how much PagerDuty takes.
	maxPagerDutyBody = 512 << 10
	// maxPagerDutyKey is how many characters a dedup_key may have.
	maxPagerDutyKey = 255
)

// PagerDuty reads events as the Events API v2 of PagerDuty takes them, so that a sender has only to be told another host.
//
// Source: https://developer.pagerduty.com/docs/events-api-v2/overview/
func PagerDuty() Adapter {
	return Adapter{
		Kind:   "PAGERDUTY",
		Source: "pagerduty",
		Parse:  parsePagerDuty,
		Key:    pagerDutyRoutingKey,
		Answer: answerPagerDuty,
		Refuse: refusePagerDuty,
	}
}

type pagerDutyEvent struct {
	EventAction scalar           `json:"event_action"`
	DedupKey    scalar           `json:"dedup_key"`
	Client      scalar           `json:"client"`
	ClientURL   scalar           `json:"client_url"`
	Payload     pagerDutyPayload `json:"payload"`
	Links       []pagerDutyLink  `json:"links"`
	Images      []pagerDutyImage `json:"images"`
}

type pagerDutyPayload struct {
	Summary       scalar         `json:"summary"`
	Source        scalar         `json:"source"`
	Severity      scalar         `json:"severity"`
	Timestamp     scalar         `json:"timestamp"`
	Component     scalar         `json:"component"`
	Group         scalar         `json:"group"`
	Class         scalar         `json:"class"`
	CustomDetails jsontext.Value `json:"custom_details"`
}

type pagerDutyLink struct {
	Href scalar `json:"href"`
	Text scalar `json:"text"`
}

type pagerDutyImage struct {
	Source      scalar `json:"src"`
	Href        scalar `json:"href"`
	Alternative scalar `json:"alt"`
}

func parsePagerDuty(request Request, _ Options) (Delivery, error) {
	if err := checkPagerDutyPath(request.Path); err != nil {
		return Delivery{}, err
	}
	if len(request.Body) > maxPagerDutyBody {
		return Delivery{}, invalid("", "has %d bytes; an event has at most %d", len(request.Body), maxPagerDutyBody)
	}
	event := &pagerDutyEvent{}
	if err := decode(request.Body, event); err != nil {
		return Delivery{}, err
	}
	alert, err := event.alert(request.ID)
	if err != nil {
		return Delivery{}, err
	}
	return Delivery{Source: "pagerduty", Alerts: []Alert{alert}}, nil
}

func checkPagerDutyPath(path []string) error {
	switch {
	case slices.Equal(path, []string{"v2", "enqueue"}):
		return nil
	case slices.Contains(path, "change") || slices.Contains(path, "x-change-events"):
		return invalid("", "is a change event; only alert events, sent to v2/enqueue, are taken")
	case slices.Contains(path, "create_event.json"):
		return invalid("", "is of the Events API v1; only v2, sent to v2/enqueue, is taken")
	default:
		return invalid("", "was sent to an unknown path; events are sent to v2/enqueue")
	}
}

// alert leaves out EpisodeKey: PagerDuty too takes a trigger after a resolve for a new alert.
func (e *pagerDutyEvent) alert(made string) (Alert, error) {
	status, err := e.status()
	if err != nil {
		return Alert{}, err
	}
	switch {
	case utf8.RuneCountInString(string(e.DedupKey)) > maxPagerDutyKey:
		return Alert{}, invalid("dedup_key", "has more than %d characters; make it shorter", maxPagerDutyKey)
	case e.DedupKey == "" && status != Firing:
		return Alert{}, invalid("dedup_key", "is missing; it must be that of the trigger")
	case plaintext.Line(string(e.Payload.Summary)) == "" && status == Firing:
		return Alert{}, invalid("payload.summary", "is missing; it must say in one line what is wrong")
	}
	alert := Alert{
		Fingerprint: e.key(made),
		Status:      status,
		Severity:    string(e.Payload.Severity),
		Title:       string(e.Payload.Summary),
		Labels:      e.labels(),
		Annotations: details("custom_details", e.Payload.CustomDetails),
		ExternalURL: string(e.ClientURL),
		Links:       e.links(),
		Images:      e.images(),
	}
	if utf8.RuneCountInString(alert.Title) > MaxTitle {
		alert.Summary = alert.Title
	}
	alert.Time = lenientTime(&alert.Alterations, "payload.timestamp", e.Payload.Timestamp)
	switch status {
	case Firing:
		alert.StartTime = alert.Time
	case Resolved:
		alert.EndTime = alert.Time
	case Acknowledged:
	}
	finish(&alert)
	return alert, nil
}

// key is the one that was sent or the one that was made, which the answer tells the sender.
func (e *pagerDutyEvent) key(made string) string {
	if e.DedupKey != "" {
		return string(e.DedupKey)
	}
	return made
}

func (e *pagerDutyEvent) status() (Status, error) {
	const right = `it must be "trigger", "acknowledge" or "resolve"`
	switch e.EventAction {
	case "trigger":
		return Firing, nil
	case "acknowledge":
		return Acknowledged, nil
	case "resolve":
		return Resolved, nil
	case "":
		return "", invalid("event_action", "is missing; %s", right)
	default:
		return "", invalid("event_action", "is %q; %s", plaintext.Clean(string(e.EventAction), 32), right)
	}
}

func (e *pagerDutyEvent) labels() map[string]string {
	labels := map[string]string{}
	setText(labels, "source", string(e.Payload.Source))
	setText(labels, "component", string(e.Payload.Component))
	setText(labels, "group", string(e.Payload.Group))
	setText(labels, "class", string(e.Payload.Class))
	setText(labels, "client", string(e.Client))
	setText(labels, "dedup_key", string(e.DedupKey))
	return labels
}

func (e *pagerDutyEvent) links() []Link {
	var links []Link
	for _, sent := range e.Links {
		links = append(links, Link{URI: string(sent.Href), Title: string(sent.Text)})
	}
	return links
}

func (e *pagerDutyEvent) images() []Image {
	var images []Image
	for _, sent := range e.Images {
		images = append(images, Image{URI: string(sent.Source), Link: string(sent.Href), Alternative: string(sent.Alternative)})
	}
	return images
}

// pagerDutyRoutingKey is empty where the body does not have one, or is no event at all.
func pagerDutyRoutingKey(request Request) string {
	var event struct {
		RoutingKey scalar `json:"routing_key"`
	}
	if len(request.Body) > maxPagerDutyBody || decode(request.Body, &event) != nil {
		return ""
	}
	return string(event.RoutingKey)
}

type pagerDutyAnswer struct {
	Status   string   `json:"status"`
	Message  string   `json:"message"`
	DedupKey string   `json:"dedup_key,omitempty"`
	Errors   []string `json:"errors,omitempty"`
}

// answerPagerDuty says the key as it was sent, byte for byte, whatever had to be made of it to be kept.
func answerPagerDuty(request Request, _ Delivery) Answer {
	event := &pagerDutyEvent{}
	if decode(request.Body, event) != nil {
		event = &pagerDutyEvent{}
	}
	return Answer{
		Status: http.StatusAccepted,
		Body:   pagerDutyAnswer{Status: "success", Message: "Event processed", DedupKey: event.key(request.ID)},
	}
}

func refusePagerDuty(status int, reason string) Answer {
	answer := pagerDutyAnswer{Status: "invalid event", Message: "Event object is invalid", Errors: []string{reason}}
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		answer.Status, answer.Message = "not accepted", "Event could not be taken; try again later"
	}
	return Answer{Status: status, Body: answer}
}
