package intake

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Generic reads Debrief's own form of alerts, for what can be told what to send; and anything else by a [Mapping].
//
// The form is an object, or an object whose "alerts" are a list of such objects. All but key and status may be left out:
//
//	{
//	  "key": "disk/db-1",                       what the alert is deduplicated by, over all its episodes
//	  "episode": "disk/db-1/4711",              names one stretch of firing; else one lasts until it is resolved
//	  "status": "firing",                       or "acknowledged", "resolved"
//	  "title": "The disk fills", "summary": "Less than **5 %** is left.", "severity": "critical",
//	  "labels": {"service": "orders"}, "annotations": {"runbook": "…"},
//	  "startTime": "2026-03-04T08:10:11Z", "endTime": "…", "time": "…",    after RFC 3339, or in seconds since 1970
//	  "url": "https://monitoring.example.com/alerts/4711",
//	  "links": [{"uri": "https://…", "title": "Dashboard"}],
//	  "images": [{"uri": "https://…", "link": "https://…", "alternative": "Free space"}]
//	}
func Generic() Adapter {
	return Adapter{Kind: "GENERIC", Source: "generic", Parse: parseGeneric}
}

// genericAlert is an alert in Debrief's own form. A Mapping makes it too.
type genericAlert struct {
	Key         scalar            `json:"key"`
	Episode     scalar            `json:"episode"`
	Status      scalar            `json:"status"`
	Title       scalar            `json:"title"`
	Summary     scalar            `json:"summary"`
	Severity    scalar            `json:"severity"`
	Labels      map[string]scalar `json:"labels"`
	Annotations map[string]scalar `json:"annotations"`
	Time        scalar            `json:"time"`
	StartTime   scalar            `json:"startTime"`
	EndTime     scalar            `json:"endTime"`
	URL         scalar            `json:"url"`
	Links       []genericLink     `json:"links"`
	Images      []genericImage    `json:"images"`
}

type genericLink struct {
	URI   scalar `json:"uri"`
	Title scalar `json:"title"`
}

type genericImage struct {
	URI         scalar `json:"uri"`
	Link        scalar `json:"link"`
	Alternative scalar `json:"alternative"`
}

func parseGeneric(request Request, options Options) (Delivery, error) {
	delivery := Delivery{Source: "generic"}
	var err error
	if options.Mapping != nil {
		delivery.Alerts, err = readByMapping(request, options.Mapping)
	} else {
		delivery.Alerts, err = readGeneric(request.Body)
	}
	if err != nil {
		return Delivery{}, err
	}
	return delivery, nil
}

func readByMapping(request Request, mapping *Mapping) ([]Alert, error) {
	if len(request.Body) == 0 {
		return nil, invalid("", "is empty; it must be JSON")
	}
	body, err := decodeAny(request.Body)
	if err != nil {
		return nil, err
	}
	return mapping.alerts(request, body)
}

func readGeneric(body []byte) ([]Alert, error) {
	form := &struct {
		Alerts jsontext.Value `json:"alerts"`
	}{}
	if err := decode(body, form); err != nil {
		return nil, err
	}
	if form.Alerts == nil {
		sent := &genericAlert{}
		if err := decode(body, sent); err != nil {
			return nil, err
		}
		return genericAlerts([]genericAlert{*sent}, func(int) string { return "" })
	}
	list := &struct {
		Alerts []genericAlert `json:"alerts"`
	}{}
	if err := decode(body, list); err != nil {
		return nil, err
	}
	return genericAlerts(list.Alerts, func(i int) string { return elementPath("alerts", i, "") })
}

// genericAlerts brings alerts into the common form; prefix is what the paths of errors begin with.
func genericAlerts(sent []genericAlert, prefix func(int) string) ([]Alert, error) {
	switch count := len(sent); {
	case count == 0:
		return nil, invalid("alerts", "is empty; a delivery has at least one alert")
	case count > MaxAlerts:
		return nil, invalid("alerts", "has %d elements; at most %d are taken at once", count, MaxAlerts)
	}
	alerts := make([]Alert, len(sent))
	for i := range sent {
		alert, problem := sent[i].alert()
		if problem != nil {
			problem.Field = prefix(i) + problem.Field
			return nil, problem
		}
		alerts[i] = alert
	}
	return alerts, nil
}

func (g *genericAlert) alert() (Alert, *InvalidError) {
	if strings.TrimSpace(string(g.Key)) == "" {
		return Alert{}, &InvalidError{"key", "is missing; it must name the alert, the same each time it is told"}
	}
	status, problem := readStatus(string(g.Status))
	if problem != nil {
		return Alert{}, problem
	}
	alert := Alert{
		EpisodeKey:   string(g.Episode),
		Fingerprint:  string(g.Key),
		Status:       status,
		Severity:     string(g.Severity),
		Title:        string(g.Title),
		Summary:      string(g.Summary),
		Labels:       texts(g.Labels),
		Annotations:  texts(g.Annotations),
		GeneratorURL: string(g.URL),
	}
	for _, field := range []struct {
		name string
		sent scalar
		at   *time.Time
	}{{"time", g.Time, &alert.Time}, {"startTime", g.StartTime, &alert.StartTime}, {"endTime", g.EndTime, &alert.EndTime}} {
		var ok bool
		if *field.at, ok = moment(string(field.sent)); !ok {
			return Alert{}, &InvalidError{field.name, "must be a time after RFC 3339, such as 2026-01-31T17:45:00Z, or in seconds since 1970"}
		}
	}
	for _, link := range g.Links {
		alert.Links = append(alert.Links, Link{URI: string(link.URI), Title: string(link.Title)})
	}
	for _, image := range g.Images {
		alert.Images = append(alert.Images, Image{URI: string(image.URI), Link: string(image.Link), Alternative: string(image.Alternative)})
	}
	finish(&alert)
	return alert, nil
}

func readStatus(word string) (Status, *InvalidError) {
	status := Status(strings.ToUpper(plaintext.Line(word)))
	if !slices.Contains([]Status{Firing, Acknowledged, Resolved}, status) {
		return "", &InvalidError{"status", `must be "firing", "acknowledged" or "resolved"`}
	}
	return status, nil
}

func texts(sent map[string]scalar) map[string]string {
	kept := make(map[string]string, len(sent))
	for name, value := range sent {
		setText(kept, name, string(value))
	}
	return kept
}
