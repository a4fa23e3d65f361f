package repository

import "time"

// ActionItem is something to be done, followed until it was seen to work.
type ActionItem struct {
	Header `bson:",inline"`

	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	State       string    `json:"state"`
	Owner       string    `json:"owner,omitempty"`
	DueTime     time.Time `json:"due_time,omitempty,omitzero"`
	Priority    string    `json:"priority,omitempty"`
	Strength    string    `json:"strength,omitempty"`
	FirstStep   string    `json:"first_step,omitempty"`
	TrackerURI  string    `json:"tracker_uri,omitempty"`
	// PostMortem and Incident are resource names.
	PostMortem         string            `json:"post_mortem,omitempty"`
	ContributingFactor string            `json:"contributing_factor,omitempty"`
	Incident           string            `json:"incident,omitempty"`
	Labels             map[string]string `json:"labels,omitempty"`
	StartTime          time.Time         `json:"start_time,omitempty,omitzero"`
	CompleteTime       time.Time         `json:"complete_time,omitempty,omitzero"`
	VerifyTime         time.Time         `json:"verify_time,omitempty,omitzero"`
	OutcomeNote        string            `json:"outcome_note,omitempty"`
	DropReason         string            `json:"drop_reason,omitempty"`
	// Successor and Predecessor are resource names.
	Successor   string `json:"successor,omitempty"`
	Predecessor string `json:"predecessor,omitempty"`
}
