// Package webhook says what is sent to whom when something happened: which events, as what body, signed how, and when it is
// tried again. It sends nothing itself.
package webhook

import "time"

// Event is what happened, as filters, bodies and templates see it.
type Event struct {
	// ID is unique among all events.
	ID string
	// Sequence is its place in the feed; 0 for an example.
	Sequence int64
	// Type is a name such as INCIDENT_OPENED.
	Type string
	// Resource is the name of what changed, and Revision the one that the change led to.
	Resource string
	Revision int64
	// Incident is the name of the incident that the resource is or belongs to; empty where there is none.
	Incident string
	// Title is what the resource is called now, or its incident; empty where that is not known.
	Title string
	// Link leads to the resource; empty where nobody said how Debrief is reached.
	Link string
	// Actor is who did it; empty where nobody did.
	Actor string
	// Time is when it happened.
	Time time.Time
	// Changes are the fields that changed.
	Changes []Change
}

// Change says how one field changed.
type Change struct {
	Field, Before, After string
}

// Format is what a body is.
type Format string

// The formats.
const (
	CloudEvents Format = "CLOUD_EVENTS"
	Plain       Format = "EVENT"
	Slack       Format = "SLACK"
	Teams       Format = "TEAMS"
)

// MaxBody is the most bytes of a body.
const MaxBody = 64 << 10

// MessageID is the webhook-id of an event for a subscription: the same whenever it is sent.
func MessageID(subscription, event string) string { return subscription + "_" + event }
