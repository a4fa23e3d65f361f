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
	// Restriction holds for all that belongs to the incident, its post-mortems included.
	Restriction Restriction `json:"restriction,omitempty,omitzero"`
	// ReviewClock runs until a review was held, FollowUpClock until somebody began to act on it.
	ReviewClock   Clock `json:"review_clock,omitempty,omitzero"`
	FollowUpClock Clock `json:"follow_up_clock,omitempty,omitzero"`
	// ClockHistory is what the clocks had shown when a reopening set them back; the newest MaxClockHistory.
	ClockHistory []ClockRecord `json:"clock_history,omitempty"`
	// ClockResetTime is when the last reopening was, ClockVoidTime when it was canceled or merged.
	ClockResetTime time.Time `json:"clock_reset_time,omitempty,omitzero"`
	ClockVoidTime  time.Time `json:"clock_void_time,omitempty,omitzero"`
	// NextClockChange is when there is something to do about the clocks: when the next change of one is that was not told,
	// or ClockLookTime, whichever is first; zero: never, or the incident is not live.
	NextClockChange time.Time `json:"next_clock_change,omitempty,omitzero"`
	// ClockLookTime is when to look whether something has met a clock of which the incident was not told; zero: never.
	ClockLookTime time.Time `json:"clock_look_time,omitempty,omitzero"`
	// ClockPolicies tells the policies under which the clocks were wound from others; 0: no clock runs, so none matters.
	ClockPolicies int64 `json:"clock_policies,omitempty"`
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
	Actor string `json:"actor,omitempty"`
	// Alerts are the first MaxIncidentAlerts of its alerts, as they stand. The others are found by their field incident.
	Alerts []IncidentAlert `json:"alerts,omitempty"`
	// ToldAlerts is the last remarkable count of alerts that the timeline told of; 0: of none yet.
	ToldAlerts int64 `json:"told_alerts,omitempty"`
}

// MaxIncidentAlerts bounds Origin.Alerts.
const MaxIncidentAlerts = 20

// IncidentAlert is what an incident keeps of an alert that is part of it.
type IncidentAlert struct {
	// ID is that of the alert; empty in what was stored before alerts had ids.
	ID          string `json:"id,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Status is FIRING, ACKNOWLEDGED or RESOLVED.
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
