package repository

import "time"

// PostMortem is what a group found out about how incidents could come about.
type PostMortem struct {
	Header `bson:",inline"`

	// Incidents are the resource names of those that it covers.
	Incidents           []string             `json:"incidents"`
	Title               string               `json:"title"`
	State               string               `json:"state"`
	Summary             string               `json:"summary,omitempty"`
	Impact              string               `json:"impact,omitempty"`
	Beliefs             []Belief             `json:"beliefs,omitempty"`
	ContributingFactors []ContributingFactor `json:"contributing_factors,omitempty"`
	WhatWentWell        string               `json:"what_went_well,omitempty"`
	WhereWeWereLucky    string               `json:"where_we_were_lucky,omitempty"`
	WhatSurprisedUs     string               `json:"what_surprised_us,omitempty"`
	OpenQuestions       string               `json:"open_questions,omitempty"`
	// Sections are those that no field above stands for.
	Sections    []FreeSection `json:"sections,omitempty"`
	Facilitator string        `json:"facilitator,omitempty"`
	// FacilitatorOverrideReason says why a responder facilitates.
	FacilitatorOverrideReason string        `json:"facilitator_override_reason,omitempty"`
	Scribe                    string        `json:"scribe,omitempty"`
	Participants              []Participant `json:"participants,omitempty"`
	// Stakeholders are those who are to learn of it without taking part.
	Stakeholders    []Participant     `json:"stakeholders,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	ReviewTime      time.Time         `json:"review_time,omitempty,omitzero"`
	ReviewStartTime time.Time         `json:"review_start_time,omitempty,omitzero"`
	ReviewEndTime   time.Time         `json:"review_end_time,omitempty,omitzero"`
	// Conclusion is ACTION_ITEMS or NOTHING_TO_DO; empty until the review was concluded.
	Conclusion     string `json:"conclusion,omitempty"`
	ConclusionNote string `json:"conclusion_note,omitempty"`
	// Concluding is the announcement that somebody is about to conclude that there is nothing to do. A new action item
	// takes it away; what it says means nothing but that it is another one.
	Concluding         string    `json:"concluding,omitempty"`
	PublishTime        time.Time `json:"publish_time,omitempty,omitzero"`
	LatestRevision     int32     `json:"latest_revision,omitempty"`
	UnpublishedChanges bool      `json:"unpublished_changes,omitempty"`
	// GroundRuleSet and Template are resource names.
	GroundRuleSet   string          `json:"ground_rule_set,omitempty"`
	Template        string          `json:"template,omitempty"`
	AppliedTemplate AppliedTemplate `json:"applied_template,omitempty,omitzero"`
	RulesReading    RulesReading    `json:"rules_reading,omitempty,omitzero"`
	// GroundRuleBreaches are at most MaxGroundRuleBreaches, and QuestionAnswers at most MaxQuestionAnswers, the oldest first.
	GroundRuleBreaches []GroundRuleBreach `json:"ground_rule_breaches,omitempty"`
	QuestionAnswers    []QuestionAnswer   `json:"question_answers,omitempty"`
	// LanguageOverrides are at most MaxLanguageOverrides, the oldest first.
	LanguageOverrides []LanguageOverride `json:"language_overrides,omitempty"`
	// ImportSource is what the imported document called itself, and ImportFingerprint tells its text from others.
	// ImportKey tells the document from others, whatever its text. Empty where it was not imported.
	ImportSource      string `json:"import_source,omitempty"`
	ImportFingerprint string `json:"import_fingerprint,omitempty"`
	ImportKey         string `json:"import_key,omitempty"`
	// Restriction holds for all that belongs to the post-mortem, beside those of its incidents.
	Restriction Restriction `json:"restriction,omitempty,omitzero"`
}

// MaxLanguageOverrides bounds the publications in spite of findings that a post-mortem keeps: the newest.
const MaxLanguageOverrides = 100

// LanguageOverride is a publication in spite of findings of the blameless check.
type LanguageOverride struct {
	// Revision is the number of the revision that was published.
	Revision int32     `json:"revision"`
	Reason   string    `json:"reason"`
	Actor    string    `json:"actor,omitempty"`
	Time     time.Time `json:"time"`
	// FindingCount is how many findings there were that are more than a note.
	FindingCount int32 `json:"finding_count"`
}

// Belief is something that people took for true of the system, laid over what was.
type Belief struct {
	HeldBy   string     `json:"held_by,omitempty"`
	Believed string     `json:"believed"`
	Actual   string     `json:"actual"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// ContributingFactor is one of the things that had to come together.
type ContributingFactor struct {
	// ID is unique in its post-mortem.
	ID          string     `json:"id"`
	Category    string     `json:"category,omitempty"`
	Description string     `json:"description"`
	Evidence    []Evidence `json:"evidence,omitempty"`
}

// Participant is somebody who takes part in a review.
type Participant struct {
	Person string `json:"person"`
	Role   string `json:"role,omitempty"`
}

// Picture is a drawing that stands in a document.
type Picture struct {
	// Source is the SHA-256 of the text that it shows, in hexadecimal digits.
	Source string `json:"source"`
	SVG    []byte `json:"svg"`
}

// PostMortemRevision is a post-mortem as it was published. Header.Parent is the post-mortem's id; see [RevisionID].
type PostMortemRevision struct {
	Header `bson:",inline"`

	Number     int32      `json:"number"`
	PostMortem PostMortem `json:"post_mortem"`
	// Document is the whole document in Markdown.
	Document string `json:"document"`
	// Pictures are drawings of what code blocks of the document say.
	Pictures    []Picture `json:"pictures,omitempty"`
	Actor       string    `json:"actor,omitempty"`
	PublishTime time.Time `json:"publish_time"`
}
