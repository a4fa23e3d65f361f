package repository

import "time"

// Incident is anything unplanned that hurt a system or its users. The strings of its enums are the API's names without
// their prefix: "SEV1", "ACTIVE"; empty for unspecified.
type Incident struct {
	Header `bson:",inline"`

	Title            string            `json:"title"`
	Summary          string            `json:"summary,omitempty"`
	Kind             string            `json:"kind"`
	Severity         string            `json:"severity,omitempty"`
	State            string            `json:"state"`
	Impact           Impact            `json:"impact,omitempty,omitzero"`
	Labels           map[string]string `json:"labels,omitempty"`
	Milestones       Milestones        `json:"milestones,omitempty,omitzero"`
	MilestoneChanges []MilestoneChange `json:"milestone_changes,omitempty"`
	Lead             string            `json:"lead,omitempty"`
	Responders       []Responder       `json:"responders,omitempty"`
	Origin           Origin            `json:"origin,omitempty,omitzero"`
	// MergedInto is the resource name of the incident that this one is part of.
	MergedInto string `json:"merged_into,omitempty"`
	// Merging announces a merge that is under way, so that two incidents are never merged into each other.
	Merging      *Merging `json:"merging,omitempty"`
	Links        []Link   `json:"links,omitempty"`
	WaiverReason string   `json:"waiver_reason,omitempty"`
}

// Impact is what an incident did, and to whom.
type Impact struct {
	Summary  string   `json:"summary,omitempty"`
	Services []string `json:"services,omitempty"`
	// CustomersAffected is nil where it is not known.
	CustomersAffected *int64 `json:"customers_affected,omitempty"`
}

// Milestones are the points that an incident reached; those that are set are in this order.
type Milestones struct {
	StartTime       time.Time `json:"start_time,omitempty,omitzero"`
	DetectTime      time.Time `json:"detect_time,omitempty,omitzero"`
	AcknowledgeTime time.Time `json:"acknowledge_time,omitempty,omitzero"`
	MitigateTime    time.Time `json:"mitigate_time,omitempty,omitzero"`
	ResolveTime     time.Time `json:"resolve_time,omitempty,omitzero"`
	CloseTime       time.Time `json:"close_time,omitempty,omitzero"`
}

// MilestoneChange is one correction of a milestone, or its clearing.
type MilestoneChange struct {
	// Milestone is STARTED, DETECTED, ACKNOWLEDGED, MITIGATED, RESOLVED or CLOSED.
	Milestone    string    `json:"milestone"`
	PreviousTime time.Time `json:"previous_time,omitempty,omitzero"`
	NewTime      time.Time `json:"new_time,omitempty,omitzero"`
	Actor        string    `json:"actor,omitempty"`
	ChangeTime   time.Time `json:"change_time"`
	Reason       string    `json:"reason,omitempty"`
}

// Responder is somebody who worked on an incident.
type Responder struct {
	Person string `json:"person"`
	Role   string `json:"role,omitempty"`
}

// Origin says what opened an incident.
type Origin struct {
	Actor  string  `json:"actor,omitempty"`
	Alerts []Alert `json:"alerts,omitempty"`
}

// Alert is one episode of one alert.
type Alert struct {
	Fingerprint string `json:"fingerprint"`
	// Status is FIRING or RESOLVED.
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartTime   time.Time         `json:"start_time"`
	EndTime     time.Time         `json:"end_time,omitempty,omitzero"`
	// GeneratorURL and ExternalURL are as they were sent; they need not be URLs at all.
	GeneratorURL         string    `json:"generator_url,omitempty"`
	ExternalURL          string    `json:"external_url,omitempty"`
	NotificationCount    int64     `json:"notification_count"`
	LastNotificationTime time.Time `json:"last_notification_time"`
}

// Merging announces a merge that is under way. Into is a resource name.
type Merging struct {
	Into string    `json:"into"`
	Time time.Time `json:"time"`
}

// Link leads to a page elsewhere.
type Link struct {
	URI   string `json:"uri"`
	Title string `json:"title,omitempty"`
}

// Evidence is something that shows what a text says.
type Evidence struct {
	URI     string `json:"uri,omitempty"`
	Title   string `json:"title,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
}
