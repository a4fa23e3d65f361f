// Package intake reads what alerting systems send and brings it into one form. It decides nothing about incidents.
package intake

import (
	"fmt"
	"time"
)

// Delivery is what an alerting system sent at once.
type Delivery struct {
	// Source is the kind of sender: "alertmanager".
	Source string
	// ID is how the sender itself names this delivery, the same when it sends it again; empty where it does not. At most
	// MaxDeliveryID bytes.
	ID string
	// Alerts are in the order in which they were sent. An episode may be in it twice. There are none where the sender only
	// introduced itself, or said something that is not about an alert.
	Alerts []Alert
	// Truncated is how many more alerts the sender had and left out.
	Truncated int
	// ConfirmURL is what is to be asked, once, for the sender to begin to send; empty for nearly every delivery. It comes
	// from outside: whoever asks it has to see to whom it leads.
	ConfirmURL string
}

// Status is what a sender said of an alert.
type Status string

// The states of an alert, by the API's names.
const (
	Firing       Status = "FIRING"
	Acknowledged Status = "ACKNOWLEDGED"
	Resolved     Status = "RESOLVED"
)

// Link leads to a page about an alert. URI is an http or https URL of at most MaxURL bytes.
type Link struct {
	URI   string
	Title string
}

// Image is a picture of what an alert is about, such as a graph: it is linked to, never loaded. Its URIs are http or https
// URLs of at most MaxURL bytes.
type Image struct {
	URI string
	// Link is where a click on it leads; may be empty.
	Link string
	// Alternative is what it shows, in words.
	Alternative string
}

// Alert is one alert, whoever sent it. Its texts are valid UTF-8 without control characters other than tab and line
// breaks, and within the Max… bounds; what had to be changed for that is named in Alterations.
type Alert struct {
	// EpisodeKey names the episode: one stretch of firing of one alert. However often, by whomever and in whatever time
	// zone it is told, it stays the same. At most MaxEpisodeKey bytes of printable ASCII. Empty where the sender does not
	// tell episodes apart: then one lasts from a trigger to the resolve that follows.
	EpisodeKey string
	// Fingerprint names the alert over all its episodes: what the sender deduplicates by. At most MaxFingerprint bytes.
	Fingerprint string
	Status      Status
	// Time is when that became so, as the sender says: UTC, in whole milliseconds; zero where it does not say.
	Time time.Time
	// Severity is the sender's own word for how bad it is, in lower case: "critical", "p1"; empty where it has none.
	Severity string
	// Title is one line of at most MaxTitle characters, never empty.
	Title string
	// Summary is Markdown, or empty.
	Summary     string
	Labels      map[string]string
	Annotations map[string]string
	// StartTime is when it began to fire: UTC, in whole milliseconds; zero where the sender does not say.
	StartTime time.Time
	// EndTime is when it stopped, UTC in whole milliseconds and never before StartTime; zero while it fires or when the
	// sender did not say.
	EndTime time.Time
	// GeneratorURL and ExternalURL are as they were sent; they need not be URLs at all.
	GeneratorURL string
	ExternalURL  string
	// Links and Images are at most MaxLinks and MaxImages.
	Links  []Link
	Images []Image
	// Alterations say, a line each, what was shortened, left out or moved so that the alert keeps to its bounds. The lines
	// are plain text for people. Empty for nearly every alert.
	Alterations []string
}

// What an alert may hold. More is cut, with a mark and a line in its Alterations.
const (
	// MaxAlerts is how many alerts one delivery may hold. A larger one is refused.
	MaxAlerts = 10_000
	// MaxLabels and MaxAnnotations are counts; the first of them in the order of their names are kept.
	MaxLabels      = 256
	MaxAnnotations = 256
	// MaxName, MaxLabelValue, MaxAnnotationValue and MaxURL are bytes.
	MaxName            = 128
	MaxLabelValue      = 1024
	MaxAnnotationValue = 16 << 10
	MaxURL             = 8 << 10
	// MaxTitle is in characters.
	MaxTitle = 300
	// MaxEpisodeKey, MaxFingerprint and MaxDeliveryID are in bytes.
	MaxEpisodeKey  = 192
	MaxFingerprint = 512
	MaxDeliveryID  = 256
	// MaxLinks and MaxImages are counts.
	MaxLinks  = 32
	MaxImages = 16
)

// InvalidError says why a delivery makes no sense.
type InvalidError struct {
	// Field is where, such as `alerts[2].startsAt`; empty where it is the delivery as a whole.
	Field string
	// Problem is what is wrong, and what would be right.
	Problem string
}

// Error is Field and Problem in one sentence.
func (e *InvalidError) Error() string {
	if e.Field == "" {
		return "the delivery " + e.Problem
	}
	return e.Field + " " + e.Problem
}

func invalid(field, format string, arguments ...any) error {
	return &InvalidError{Field: field, Problem: fmt.Sprintf(format, arguments...)}
}
