package repository

import "time"

// Integration lets an alerting system deliver, and says what becomes of its alerts. Its id is chosen by people.
type Integration struct {
	Header `bson:",inline"`

	Title string `json:"title"`
	// Kind is the API's name without its prefix: "PAGERDUTY".
	Kind     string `json:"kind"`
	Disabled bool   `json:"disabled,omitempty"`
	// SigningSecret is what its sender signs with; empty: it does not.
	SigningSecret      string              `json:"signing_secret,omitempty"`
	Labels             map[string]string   `json:"labels,omitempty"`
	Severities         map[string]string   `json:"severities,omitempty"`
	Rules              []AlertRule         `json:"rules,omitempty"`
	MaintenanceWindows []MaintenanceWindow `json:"maintenance_windows,omitempty"`
	Mapping            *AlertMapping       `json:"mapping,omitempty"`
	KeepOpen           bool                `json:"keep_open,omitempty"`
	// Keys are those that are taken, the newest last.
	Keys []IntegrationKey `json:"keys,omitempty"`
}

// IntegrationKey is what is kept of a key.
type IntegrationKey struct {
	// Hash is the SHA-256 of the key, in hexadecimal digits: a key is random, so that nothing slower is needed.
	Hash string `json:"hash"`
	// Prefix is how it begins, for people.
	Prefix     string    `json:"prefix"`
	CreateTime time.Time `json:"create_time"`
	// ExpireTime is from when on it is refused; zero: it holds.
	ExpireTime time.Time `json:"expire_time,omitempty,omitzero"`
}

// AlertRule says what becomes of alerts that its condition holds for.
type AlertRule struct {
	Title     string            `json:"title"`
	Condition string            `json:"condition,omitempty"`
	Severity  string            `json:"severity,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Outcome is DROP, KEEP, OPEN, OPEN_AFTER or GROUP; empty: the next rules are asked as well.
	Outcome string        `json:"outcome,omitempty"`
	GroupBy []string      `json:"group_by,omitempty"`
	Window  time.Duration `json:"window,omitempty"`
	Count   int32         `json:"count,omitempty"`
}

// MaintenanceWindow is a time at which alerts are expected.
type MaintenanceWindow struct {
	Reason    string    `json:"reason"`
	StartTime time.Time `json:"start_time"`
	EndTime   time.Time `json:"end_time"`
	Condition string    `json:"condition,omitempty"`
}

// AlertMapping makes alerts of any JSON: an expression in CEL for each field of an alert.
type AlertMapping struct {
	Alerts      string `json:"alerts,omitempty"`
	Key         string `json:"key,omitempty"`
	Episode     string `json:"episode,omitempty"`
	Status      string `json:"status,omitempty"`
	Title       string `json:"title,omitempty"`
	Summary     string `json:"summary,omitempty"`
	Severity    string `json:"severity,omitempty"`
	Labels      string `json:"labels,omitempty"`
	Annotations string `json:"annotations,omitempty"`
	Time        string `json:"time,omitempty"`
	Link        string `json:"link,omitempty"`
}
