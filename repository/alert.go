package repository

import "time"

// Alert is one episode of one alert, and what became of it.
type Alert struct {
	Header `bson:",inline"`

	// Integration is the resource name of the integration that it came through; empty where it came without a key.
	Integration string `json:"integration,omitempty"`
	Source      string `json:"source"`
	Fingerprint string `json:"fingerprint"`
	// Status is FIRING, ACKNOWLEDGED or RESOLVED.
	Status  string `json:"status"`
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
	// Severity is SEV1 to SEV5, or empty; SenderSeverity is the sender's own word.
	Severity             string            `json:"severity,omitempty"`
	SenderSeverity       string            `json:"sender_severity,omitempty"`
	Labels               map[string]string `json:"labels,omitempty"`
	Annotations          map[string]string `json:"annotations,omitempty"`
	Links                []Link            `json:"links,omitempty"`
	Images               []AlertImage      `json:"images,omitempty"`
	StartTime            time.Time         `json:"start_time"`
	EndTime              time.Time         `json:"end_time,omitempty,omitzero"`
	GeneratorURL         string            `json:"generator_url,omitempty"`
	ExternalURL          string            `json:"external_url,omitempty"`
	NotificationCount    int64             `json:"notification_count"`
	LastNotificationTime time.Time         `json:"last_notification_time"`
	Alterations          []string          `json:"alterations,omitempty"`
	// Incident is the resource name of the incident that it is part of; empty where it is in none.
	Incident string `json:"incident,omitempty"`
	// Rule, Outcome, Group and Steps are what the rules said when the episode began. GroupKey is the id of its AlertGroup.
	Rule     string      `json:"rule,omitempty"`
	Outcome  string      `json:"outcome,omitempty"`
	Group    []string    `json:"group,omitempty"`
	GroupKey string      `json:"group_key,omitempty"`
	Steps    []AlertStep `json:"steps,omitempty"`
	// Noise is FALSE_POSITIVE, NOT_ACTIONABLE or LACKING_DETAIL; empty: nobody said so.
	Noise       string `json:"noise,omitempty"`
	NoiseReason string `json:"noise_reason,omitempty"`
	// InSeries says that its sender does not name episodes, so that they are told apart by its AlertSeries.
	InSeries bool `json:"in_series,omitempty"`
	// FirstDelivery is the id of the delivery that told of it first.
	FirstDelivery string `json:"first_delivery,omitempty"`
	// AppliedDeliveries are the ids of the latest deliveries that changed it, the newest last; at most MaxAppliedDeliveries.
	AppliedDeliveries []string `json:"applied_deliveries,omitempty"`
}

// MaxAppliedDeliveries bounds Alert.AppliedDeliveries.
const MaxAppliedDeliveries = 16

// AlertImage is a picture of what an alert is about.
type AlertImage struct {
	URI         string `json:"uri"`
	Link        string `json:"link,omitempty"`
	Alternative string `json:"alternative,omitempty"`
}

// AlertStep is what one rule, or maintenance window, said of an alert.
type AlertStep struct {
	Rule    string `json:"rule"`
	Matched bool   `json:"matched,omitempty"`
	Text    string `json:"text"`
}

// AlertSeries is what is known of an alert over its episodes, where the sender does not name them. Its id is made of the
// integration and the fingerprint, its parent is the id of the integration.
type AlertSeries struct {
	Header `bson:",inline"`

	// State is for the service alone: JSON.
	State string `json:"state"`
	// BeginTime is when it was begun, by which its episodes are told from those of another one after it was purged; zero for
	// those that were begun before there was anything to purge.
	BeginTime time.Time `json:"begin_time,omitempty,omitzero"`
	// IdleTime is since when nothing is under way; zero while an episode is open.
	IdleTime time.Time `json:"idle_time,omitempty,omitzero"`
}

// AlertGroup is what is known of the alerts that a rule holds together. Its id is made of the integration, the rule and what
// the alerts have in common; its parent is the id of the integration.
type AlertGroup struct {
	Header `bson:",inline"`

	// State is for the service alone: JSON.
	State string `json:"state"`
	// BeginTime is as that of AlertSeries.
	BeginTime time.Time `json:"begin_time,omitempty,omitzero"`
	// IdleTime is when an alert came last.
	IdleTime time.Time `json:"idle_time,omitempty,omitzero"`
}

// Delivery is what an alerting system sent at once, as it came. Its creation key is made of what its sender calls it, so that
// the same is kept once; it has none where the sender calls it nothing.
type Delivery struct {
	Header `bson:",inline"`

	// Integration is the resource name of the integration; empty where it came without a key.
	Integration string `json:"integration,omitempty"`
	Source      string `json:"source"`
	SenderID    string `json:"sender_id,omitempty"`
	// State is PENDING, DONE or FAILED.
	State  string `json:"state"`
	Method string `json:"method"`
	// Path are the segments behind the intake's own path, without a key; Query is as it was sent, without a key.
	Path  []string          `json:"path,omitempty"`
	Query string            `json:"query,omitempty"`
	Field map[string]string `json:"field,omitempty"`
	Body  []byte            `json:"body,omitempty"`
	// AlertCount is how many alerts are in it, Alerts are the ids of the first 100 of them.
	AlertCount int32    `json:"alert_count,omitempty"`
	Alerts     []string `json:"alerts,omitempty"`
	// Problem is what went wrong the last time that it was worked off.
	Problem     string `json:"problem,omitempty"`
	Attempts    int32  `json:"attempts,omitempty"`
	ReplayCount int32  `json:"replay_count,omitempty"`
	// NextAttemptTime is when it is to be worked off, at the latest by whoever finds it; zero where it is not.
	NextAttemptTime time.Time `json:"next_attempt_time,omitempty,omitzero"`
	CompleteTime    time.Time `json:"complete_time,omitempty,omitzero"`
}
