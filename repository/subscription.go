package repository

import "time"

// Subscription says what is told to whom, and how. Its id is chosen by people.
type Subscription struct {
	Header `bson:",inline"`

	Title   string   `json:"title"`
	Filter  string   `json:"filter,omitempty"`
	Webhook *Webhook `json:"webhook,omitempty"`
	Email   *Email   `json:"email,omitempty"`
	// State is ACTIVE, FAILING or DISABLED.
	State       string `json:"state"`
	StateReason string `json:"state_reason,omitempty"`
	// Sequence is up to which event it has looked at the feed.
	Sequence         int64     `json:"sequence"`
	FailingSinceTime time.Time `json:"failing_since_time,omitempty,omitzero"`
	LastFailureTime  time.Time `json:"last_failure_time,omitempty,omitzero"`
	LastSuccessTime  time.Time `json:"last_success_time,omitempty,omitzero"`
	// Secrets are those that webhooks are signed with, the newest first.
	Secrets []SigningSecret `json:"secrets,omitempty"`
	// Lease is held by the process that delivers.
	Lease Lease `json:"lease,omitempty,omitzero"`
}

// Webhook is an address that is called for each event.
type Webhook struct {
	URI string `json:"uri"`
	// Format is CLOUD_EVENTS, EVENT, SLACK or TEAMS.
	Format   string        `json:"format"`
	Template string        `json:"template,omitempty"`
	Timeout  time.Duration `json:"timeout,omitempty"`
}

// Email is an address that is written to.
type Email struct {
	Address        string        `json:"address"`
	DigestInterval time.Duration `json:"digest_interval,omitempty"`
	QuietHours     *QuietHours   `json:"quiet_hours,omitempty"`
	// UnsubscribeToken is what whoever has got a message ends the subscription with.
	UnsubscribeToken string `json:"unsubscribe_token"`
}

// QuietHours are hours of the day at which nothing is written: "HH:MM", in a time zone of the IANA database.
type QuietHours struct {
	Start    string `json:"start"`
	End      string `json:"end"`
	TimeZone string `json:"time_zone"`
}

// SigningSecret is what webhooks are signed with, until ExpireTime; zero: without end.
type SigningSecret struct {
	Secret     string    `json:"secret"`
	CreateTime time.Time `json:"create_time"`
	ExpireTime time.Time `json:"expire_time,omitempty,omitzero"`
}

// Lease is the right of one process to do what at most one does at a time.
type Lease struct {
	// Holder names the process; empty where nobody holds it.
	Holder     string    `json:"holder,omitempty"`
	ExpireTime time.Time `json:"expire_time,omitempty,omitzero"`
}

// EventDelivery is one event on its way to one subscription, whose id is its parent.
type EventDelivery struct {
	Header `bson:",inline"`

	// Sequence is that of the event; 0 for a test.
	Sequence int64 `json:"sequence,omitempty"`
	// Type and Resource are the event's.
	Type     string `json:"type"`
	Resource string `json:"resource"`
	// Incident is the event's; empty also in what was stored before it was kept.
	Incident string `json:"incident,omitempty"`
	// State is PENDING, DELIVERED or FAILED.
	State string `json:"state"`
	// Attempts are the newest MaxAttempts, the oldest first.
	Attempts     []DeliveryAttempt `json:"attempts,omitempty"`
	AttemptCount int32             `json:"attempt_count,omitempty"`
	// NextAttemptTime is when it is tried next; zero where it is not.
	NextAttemptTime time.Time `json:"next_attempt_time,omitempty,omitzero"`
	Request         string    `json:"request,omitempty"`
	WebhookID       string    `json:"webhook_id"`
}

// MaxAttempts bounds EventDelivery.Attempts.
const MaxAttempts = 16

// DeliveryAttempt is one try.
type DeliveryAttempt struct {
	Time       time.Time     `json:"time"`
	Duration   time.Duration `json:"duration"`
	StatusCode int32         `json:"status_code,omitempty"`
	Response   string        `json:"response,omitempty"`
	Error      string        `json:"error,omitempty"`
}
