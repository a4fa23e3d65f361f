package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Composer makes the bodies for one subscription. Any number of goroutines may share it.
type Composer struct {
	format   Format
	source   string
	template *Template
}

// NewComposer makes a Composer, or says with a *TemplateError what is wrong with the template. Source is where the events
// come from, as CloudEvents call it.
func NewComposer(format Format, source, template string) (*Composer, error) {
	switch format {
	case CloudEvents, Plain:
		if template != "" {
			return nil, &TemplateError{Message: "is for messages: leave it empty for the formats CLOUD_EVENTS and EVENT"}
		}
	case Slack, Teams:
	default:
		return nil, fmt.Errorf("there is no format %q", format)
	}
	if template == "" {
		template = defaultTemplate
	}
	parsed, err := ParseTemplate(template)
	if err != nil {
		return nil, err
	}
	return &Composer{format: format, source: source, template: parsed}, nil
}

// NeedsTitle says whether the bodies tell an event's Title.
func (c *Composer) NeedsTitle() bool { return c.format == Slack || c.format == Teams }

// ErrTooLarge says that a body would have more than MaxBody bytes.
var ErrTooLarge = errors.New("the body is too large")

// Body is the body for an event, whose JSON is data, and its media type.
func (c *Composer) Body(event Event, data json.RawMessage) (body []byte, mediaType string, err error) {
	mediaType = "application/json"
	switch c.format {
	case CloudEvents:
		mediaType = "application/cloudevents+json"
		body, err = encode(cloudEvent{
			SpecVersion: "1.0", ID: event.ID, Source: c.source, Type: CloudEventType(event.Type), Subject: event.Resource,
			Time: event.Time.UTC().Format(time.RFC3339Nano), DataContentType: "application/json", Data: data,
		})
	case Slack:
		body, err = c.message(escaped(event), func(text string) any { return slackMessage{Text: text} })
	case Teams:
		body, err = c.message(event, func(text string) any { return newCard(text) })
	case Plain:
		body = data
	}
	if err == nil && len(body) > MaxBody {
		err = ErrTooLarge
	}
	return body, mediaType, err
}

func (c *Composer) message(event Event, wrap func(text string) any) ([]byte, error) {
	text, err := c.template.Execute(event)
	if err != nil {
		// It made sense of the example when it was written. What happened is told all the same.
		if text, err = plainLine().Execute(event); err != nil {
			return nil, err
		}
	}
	return encode(wrap(text))
}

// encode is JSON in which <, > and & stand as they are: the body is read by machines, and not put into a page.
func encode(value any) ([]byte, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode a body: %w", err)
	}
	return []byte(strings.TrimSuffix(text.String(), "\n")), nil
}

type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"`
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// resources are the types of resources whose names have more than one word, as types of events begin with them.
var resources = []string{
	"TIMELINE_ENTRY", "POST_MORTEM_TEMPLATE", "POST_MORTEM", "ACTION_ITEM", "GROUND_RULE_SET", "MENTAL_MODEL", "MODEL_GAP",
}

// CloudEventType is the type of an event as a CloudEvent has it: dev.debrief.incident.opened for INCIDENT_OPENED.
func CloudEventType(name string) string {
	resource, verb, _ := strings.Cut(name, "_")
	for _, known := range resources {
		if rest, found := strings.CutPrefix(name, known+"_"); found {
			resource, verb = known, rest
			break
		}
	}
	return "dev.debrief." + strings.ToLower(resource+"."+verb)
}

type slackMessage struct {
	Text string `json:"text"`
}

// slackEscapes are the three characters that Slack reads as more than text.
var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escaped is the event with its texts as Slack shows them, and does not follow them: no mention and no link can come from
// them. What the template itself says is left as it is.
func escaped(event Event) Event {
	for _, text := range []*string{&event.ID, &event.Type, &event.Resource, &event.Incident, &event.Title, &event.Link, &event.Actor} {
		*text = slackEscapes.Replace(*text)
	}
	changes := make([]Change, len(event.Changes))
	for i, change := range event.Changes {
		changes[i] = Change{
			Field: slackEscapes.Replace(change.Field), Before: slackEscapes.Replace(change.Before), After: slackEscapes.Replace(change.After),
		}
	}
	event.Changes = changes
	return event
}

// card is the envelope in which Teams' workflows take an adaptive card.
type card struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string       `json:"contentType"`
	Content     adaptiveCard `json:"content"`
}

type adaptiveCard struct {
	Schema  string      `json:"$schema"`
	Type    string      `json:"type"`
	Version string      `json:"version"`
	Body    []textBlock `json:"body"`
}

// textRun is text that is shown as it is: a TextBlock would read it as Markdown.
type textRun struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type textBlock struct {
	Type    string    `json:"type"`
	Inlines []textRun `json:"inlines"`
}

func newCard(text string) card {
	return card{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive",
		Content: adaptiveCard{
			Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
			Body: []textBlock{{Type: "RichTextBlock", Inlines: []textRun{{Type: "TextRun", Text: text}}}},
		},
	}}}
}
