package intake

import (
	"bytes"
	"cmp"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

// CloudEvents reads events of CloudEvents 1.0 over HTTP: binary (the attributes in the header), structured, and in batches,
// in JSON. The type says how it stands with the alert: `com.example.disk.full.resolved`; a Mapping says otherwise.
//
// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func CloudEvents() Adapter {
	return Adapter{
		Kind: "CLOUDEVENTS", Source: "cloudevents", Headers: []string{"Ce-*"}, Parse: parseCloudEvents,
		Answer: func(Request, Delivery) Answer { return Answer{Status: http.StatusAccepted} },
		Refuse: refuseCloudEvent,
	}
}

// cloudEventRetry is when to send again what came at a bad time, in seconds.
const cloudEventRetry = "30"

func refuseCloudEvent(status int, reason string) Answer {
	answer := Answer{Status: status, Header: http.Header{}, Body: map[string]string{"error": reason}}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		answer.Header.Set("Retry-After", cloudEventRetry)
	}
	return answer
}

// CloudEventsValidation answers OPTIONS, by which a sender asks whether it may send: it may, as often as it likes. It is
// false where the request is no such question.
//
// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
func CloudEventsValidation(header http.Header) (Answer, bool) {
	origin := header.Get("WebHook-Request-Origin")
	if origin == "" || len(origin) > 253 || strings.ContainsFunc(origin, notGraphicASCII) {
		return Answer{}, false
	}
	return Answer{Status: http.StatusOK, Header: http.Header{
		"Allow":                  {http.MethodPost},
		"Webhook-Allowed-Origin": {origin},
		"Webhook-Allowed-Rate":   {"*"},
	}}, true
}

const (
	cloudEventJSON      = "application/cloudevents+json"
	cloudEventBatchJSON = "application/cloudevents-batch+json"
)

func parseCloudEvents(request Request, options Options) (Delivery, error) {
	kind, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type")) // What cannot be read is neither of the two.
	delivery := Delivery{Source: "cloudevents"}
	if kind == cloudEventBatchJSON {
		alerts, err := readCloudEventBatch(request, options)
		if err != nil {
			return Delivery{}, err
		}
		delivery.Alerts = alerts
		return delivery, nil
	}
	sent, err := readCloudEvent(kind, request)
	if err != nil {
		return Delivery{}, err
	}
	delivery.ID = identity(sent.Source()+" "+sent.ID(), MaxDeliveryID)
	if delivery.Alerts, err = cloudEventAlerts(sent, options.run(request)); err != nil {
		return Delivery{}, err
	}
	return delivery, nil
}

func readCloudEvent(kind string, request Request) (*event.Event, error) {
	switch {
	case kind == cloudEventJSON:
		return structuredCloudEvent(request.Body)
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, &UnsupportedError{"has another Content-Type than " + cloudEventJSON + " or " + cloudEventBatchJSON}
	case request.Header.Get("Ce-Specversion") == "":
		return nil, &UnsupportedError{"is no CloudEvent: it has neither a header ce-specversion nor the Content-Type " + cloudEventJSON}
	default:
		return binaryCloudEvent(request)
	}
}

func readCloudEventBatch(request Request, options Options) ([]Alert, error) {
	var batch []jsontext.Value
	if err := json.Unmarshal(request.Body, &batch, jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, invalid("", "is not a list of CloudEvents in JSON")
	}
	if len(batch) > MaxAlerts {
		return nil, invalid("", "has %d events; at most %d are taken at once", len(batch), MaxAlerts)
	}
	run := options.run(request)
	var all []Alert
	for i, body := range batch {
		sent, err := structuredCloudEvent(body)
		if err == nil {
			var alerts []Alert
			alerts, err = cloudEventAlerts(sent, run)
			all = append(all, alerts...)
		}
		if err == nil && len(all) > MaxAlerts {
			err = invalid("", "has more than %d alerts", MaxAlerts)
		}
		if err != nil {
			return nil, inElement(i, err)
		}
	}
	return all, nil
}

func inElement(index int, err error) error {
	problem, ok := errors.AsType[*InvalidError](err)
	if !ok {
		return err
	}
	problem.Field = strings.TrimSuffix(elementPath("", index, problem.Field), ".")
	return problem
}

// structuredCloudEvent has its JSON checked first, as the SDK takes names that are given twice, and what follows the event.
func structuredCloudEvent(body []byte) (*event.Event, error) {
	value := jsontext.Value(bytes.Clone(body))
	if err := decode(value, &struct{}{}); err != nil {
		return nil, err
	}
	if err := value.Compact(jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, invalid("", "is not JSON")
	}
	return validCloudEvent(func(sent *event.Event) error { return event.ReadJson(sent, bytes.NewReader(value)) })
}

func validCloudEvent(read func(*event.Event) error) (*event.Event, error) {
	sent := &event.Event{}
	if err := read(sent); err != nil {
		return nil, invalid("", "is no CloudEvent: %s", plaintext.Clean(err.Error(), maxProblem))
	}
	if sent.Context == nil || sent.SpecVersion() != event.CloudEventsVersionV1 {
		return nil, invalid("specversion", `must be "1.0"`)
	}
	if err := sent.Validate(); err != nil {
		return nil, invalid("", "is no CloudEvent: %s", plaintext.Clean(err.Error(), maxProblem))
	}
	return sent, nil
}

// binaryCloudEvent has the attributes in the header, percent-encoded, and the data as the body.
func binaryCloudEvent(request Request) (*event.Event, error) {
	attributes := map[string]any{}
	for name, values := range request.Header {
		attribute, found := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !found || len(values) == 0 {
			continue
		}
		value := values[0]
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		attributes[attribute] = strings.ToValidUTF8(value, "\uFFFD")
	}
	delete(attributes, "data")
	delete(attributes, "data_base64")
	if kind := request.Header.Get("Content-Type"); kind != "" {
		attributes["datacontenttype"] = strings.ToValidUTF8(kind, "\uFFFD")
	}
	envelope, err := json.Marshal(attributes, json.Deterministic(true))
	if err != nil {
		return nil, invalid("", "has a header that cannot be read")
	}
	return validCloudEvent(func(sent *event.Event) error {
		if err := event.ReadJson(sent, bytes.NewReader(envelope)); err != nil {
			return err
		}
		sent.DataEncoded = request.Body
		return nil
	})
}

// cloudEventStates are the last words of a type.
var cloudEventStates = map[string]Status{
	"firing": Firing, "triggered": Firing, "opened": Firing, "open": Firing, "raised": Firing, "alerting": Firing, "started": Firing,
	"acknowledged": Acknowledged,
	"resolved":     Resolved, "closed": Resolved, "recovered": Resolved, "cleared": Resolved, "ok": Resolved, "ended": Resolved,
}

// cloudEventAlerts are what a mapping makes of an event; where there is none, what its type says.
func cloudEventAlerts(sent *event.Event, run *mappingRun) ([]Alert, error) {
	if run != nil {
		return run.alerts(cloudEventBody(sent))
	}
	subject := sent.Type()
	status := Firing
	if dot := strings.LastIndexByte(subject, '.'); dot > 0 {
		if known, ok := cloudEventStates[strings.ToLower(subject[dot+1:])]; ok {
			subject, status = subject[:dot], known
		}
	}
	data, _ := cloudEventData(sent).(map[string]any)
	alert := Alert{
		Fingerprint: sent.Source() + " " + subject + " " + sent.Subject(),
		Status:      status,
		Time:        sent.Time(),
		Severity:    cmp.Or(textIn(data, "severity"), textOfExtension(sent, "severitytext")),
		Title:       cmp.Or(textIn(data, "title"), textIn(data, "summary"), textIn(data, "message"), strings.TrimSpace(subject+" "+sent.Subject())),
		Summary:     cmp.Or(textIn(data, "description"), textIn(data, "message")),
		Labels:      map[string]string{},
		Annotations: map[string]string{},
	}
	switch status {
	case Firing:
		alert.StartTime = alert.Time
	case Resolved:
		alert.EndTime = alert.Time
	case Acknowledged: // It began earlier.
	}
	for name := range sent.Extensions() {
		setText(alert.Labels, name, textOfExtension(sent, name))
	}
	setText(alert.Labels, "source", sent.Source())
	setText(alert.Labels, "type", sent.Type())
	setText(alert.Labels, "subject", sent.Subject())
	setText(alert.Annotations, "data", strings.ToValidUTF8(string(sent.Data()), "\uFFFD"))
	setText(alert.Annotations, "dataschema", sent.DataSchema())
	finish(&alert)
	return []Alert{alert}, nil
}

// cloudEventBody is the event as a mapping sees it: the attributes, and data.
func cloudEventBody(sent *event.Event) any {
	body := map[string]any{"data": cloudEventData(sent)}
	for name := range sent.Extensions() {
		body[name] = textOfExtension(sent, name)
	}
	for name, value := range map[string]string{
		"specversion": sent.SpecVersion(), "id": sent.ID(), "source": sent.Source(), "type": sent.Type(),
		"subject": sent.Subject(), "datacontenttype": sent.DataContentType(), "dataschema": sent.DataSchema(),
	} {
		if value != "" {
			body[name] = value
		}
	}
	if !sent.Time().IsZero() {
		body["time"] = sent.Time().UTC()
	}
	return body
}

func cloudEventData(sent *event.Event) any {
	if len(sent.Data()) == 0 {
		return nil
	}
	return bodyOfText(string(sent.Data()))
}

func textIn(data map[string]any, name string) string {
	text, _ := data[name].(string)
	return text
}

func textOfExtension(sent *event.Event, name string) string {
	text, err := types.Format(sent.Extensions()[name])
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
