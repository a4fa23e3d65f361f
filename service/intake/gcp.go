package intake

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// GoogleCloud reads the webhook of a notification channel of Google Cloud Monitoring. It signs nothing and has no header
// of its own: the integration's key stands in the URL, or is the password of basic authentication.
//
// Source: https://cloud.google.com/monitoring/support/notification-options#webhooks
func GoogleCloud() Adapter {
	return Adapter{Kind: "GCP", Source: "gcp", Parse: parseGoogleCloud}
}

// googleCloudMessage is the part of the message that is read, version 1.2 of it; "test" is sent by the console's button.
type googleCloudMessage struct {
	Version  scalar               `json:"version"`
	Incident *googleCloudIncident `json:"incident"`
}

type googleCloudIncident struct {
	ID            scalar             `json:"incident_id"`
	Project       scalar             `json:"scoping_project_id"`
	State         scalar             `json:"state"`
	StartedAt     scalar             `json:"started_at"`
	EndedAt       scalar             `json:"ended_at"`
	Policy        scalar             `json:"policy_name"`
	Condition     scalar             `json:"condition_name"`
	Severity      scalar             `json:"severity"`
	Summary       scalar             `json:"summary"`
	URL           scalar             `json:"url"`
	Resource      *googleCloudSource `json:"resource"`
	ResourceName  scalar             `json:"resource_name"`
	Metric        *googleCloudSource `json:"metric"`
	Documentation *googleCloudManual `json:"documentation"`
	Observed      scalar             `json:"observed_value"`
	Threshold     scalar             `json:"threshold_value"`
	UserLabels    map[string]scalar  `json:"policy_user_labels"`
}

// googleCloudSource is what was measured, or on what.
type googleCloudSource struct {
	Type   scalar            `json:"type"`
	Labels map[string]scalar `json:"labels"`
}

type googleCloudManual struct {
	Content scalar `json:"content"`
	Subject scalar `json:"subject"`
	Links   []struct {
		Name scalar `json:"displayName"`
		URL  scalar `json:"url"`
	} `json:"links"`
}

func parseGoogleCloud(request Request, _ Options) (Delivery, error) {
	message := &googleCloudMessage{}
	if err := decode(request.Body, message); err != nil {
		return Delivery{}, err
	}
	delivery := Delivery{Source: "gcp"}
	if message.Incident == nil {
		return Delivery{}, invalid("incident", "is missing; Google Cloud Monitoring sends one with each message")
	}
	if strings.EqualFold(string(message.Version), "test") && message.Incident.ID == "" {
		return delivery, nil
	}
	alert, err := message.Incident.alert()
	if err != nil {
		return Delivery{}, err
	}
	delivery.Alerts = []Alert{alert}
	return delivery, nil
}

func (i *googleCloudIncident) alert() (Alert, error) {
	if i.ID == "" {
		return Alert{}, invalid("incident.incident_id", "is missing; it must name the incident")
	}
	status, err := i.status()
	if err != nil {
		return Alert{}, err
	}
	start, isStart := epoch(string(i.StartedAt))
	end, isEnd := epoch(string(i.EndedAt))
	switch {
	case !isStart:
		return Alert{}, invalid("incident.started_at", "must be a time in seconds since 1970")
	case !isEnd:
		return Alert{}, invalid("incident.ended_at", "must be a time in seconds since 1970, or null or 0 while the incident is open")
	}
	alert := Alert{
		EpisodeKey:   "gcp/" + string(i.ID),
		Fingerprint:  "gcp/" + string(i.ID),
		Status:       status,
		Severity:     i.severity(),
		Title:        i.title(),
		Summary:      string(i.Summary),
		Labels:       i.labels(),
		Annotations:  i.annotations(),
		StartTime:    start,
		EndTime:      end,
		GeneratorURL: string(i.URL),
		Links:        i.links(),
	}
	switch status {
	case Resolved:
		alert.Time = end
	case Firing:
		alert.Time = start
	case Acknowledged: // When is not said.
	}
	finish(&alert)
	return alert, nil
}

func (i *googleCloudIncident) status() (Status, error) {
	switch strings.ToLower(string(i.State)) {
	case "open":
		return Firing, nil
	case "acknowledged":
		return Acknowledged, nil
	case "closed":
		return Resolved, nil
	default:
		return "", invalid("incident.state", `must be "open", "acknowledged" or "closed"`)
	}
}

// severity is the policy's. "No severity" is the word for one that has none.
func (i *googleCloudIncident) severity() string {
	word := strings.ToLower(string(i.Severity))
	if word == "no severity" || word == "severity_unspecified" {
		return ""
	}
	return word
}

func (i *googleCloudIncident) title() string {
	if i.Documentation != nil && i.Documentation.Subject != "" {
		return string(i.Documentation.Subject)
	}
	name := cmp.Or(string(i.Policy), string(i.Condition))
	if i.ResourceName != "" && name != "" {
		name += " (" + string(i.ResourceName) + ")"
	}
	return cmp.Or(name, string(i.Summary))
}

// labels are the policy's own, then what names the place; a user's label wins over one of the same name.
func (i *googleCloudIncident) labels() map[string]string {
	labels := map[string]string{}
	for _, source := range []struct {
		prefix string
		of     *googleCloudSource
	}{{"metric", i.Metric}, {"resource", i.Resource}} {
		if source.of == nil {
			continue
		}
		setText(labels, source.prefix+"_type", string(source.of.Type))
		for _, name := range slices.Sorted(maps.Keys(source.of.Labels)) {
			setText(labels, name, string(source.of.Labels[name]))
		}
	}
	setText(labels, "project_id", cmp.Or(string(i.Project), labels["project_id"]))
	setText(labels, "policy_name", string(i.Policy))
	setText(labels, "condition_name", string(i.Condition))
	for _, name := range slices.Sorted(maps.Keys(i.UserLabels)) {
		setText(labels, name, string(i.UserLabels[name]))
	}
	return labels
}

func (i *googleCloudIncident) annotations() map[string]string {
	annotations := map[string]string{}
	setText(annotations, "observed_value", string(i.Observed))
	setText(annotations, "threshold_value", string(i.Threshold))
	if i.Documentation != nil {
		setText(annotations, "documentation", string(i.Documentation.Content))
	}
	return annotations
}

func (i *googleCloudIncident) links() []Link {
	if i.Documentation == nil {
		return nil
	}
	var links []Link
	for _, sent := range i.Documentation.Links {
		links = append(links, Link{URI: string(sent.URL), Title: string(sent.Name)})
	}
	return links
}
