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
	// LookBackTime is when to see whether a similar incident has come again.
	LookBackTime time.Time `json:"look_back_time,omitempty,omitzero"`
	// ModelGap is the resource name of the gap that it answers.
	ModelGap string `json:"model_gap,omitempty"`
	// Systems and FactorCategory are copied from the incidents and the contributing factor that it came from: by them it is
	// found when a similar incident comes.
	Systems        []string     `json:"systems,omitempty"`
	FactorCategory string       `json:"factor_category,omitempty"`
	Recurrences    []Recurrence `json:"recurrences,omitempty"`
	// RemindedFor is the due time of which it was told that it is near, and RemindedOverdue whether it was told that it is over.
	RemindedFor     time.Time `json:"reminded_for,omitempty,omitzero"`
	RemindedOverdue bool      `json:"reminded_overdue,omitempty"`
	// NextReminderTime is when there is something to tell of its due time; zero: never, as it is now.
	NextReminderTime time.Time `json:"next_reminder_time,omitempty,omitzero"`
}

// Recurrence is an incident that came although an action item was done. Incident and PostMortem are resource names.
type Recurrence struct {
	Incident   string    `json:"incident"`
	PostMortem string    `json:"post_mortem"`
	System     string    `json:"system"`
	Category   string    `json:"category"`
	Time       time.Time `json:"time"`
}

// MaxRecurrences bounds what one action item keeps.
const MaxRecurrences = 100
