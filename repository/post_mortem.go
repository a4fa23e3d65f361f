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
	Facilitator         string               `json:"facilitator,omitempty"`
	Scribe              string               `json:"scribe,omitempty"`
	Participants        []Participant        `json:"participants,omitempty"`
	Labels              map[string]string    `json:"labels,omitempty"`
	ReviewTime          time.Time            `json:"review_time,omitempty,omitzero"`
	ReviewStartTime     time.Time            `json:"review_start_time,omitempty,omitzero"`
	PublishTime         time.Time            `json:"publish_time,omitempty,omitzero"`
	LatestRevision      int32                `json:"latest_revision,omitempty"`
	UnpublishedChanges  bool                 `json:"unpublished_changes,omitempty"`
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

// PostMortemRevision is a post-mortem as it was published. Header.Parent is the post-mortem's id; see [RevisionID].
type PostMortemRevision struct {
	Header `bson:",inline"`

	Number     int32      `json:"number"`
	PostMortem PostMortem `json:"post_mortem"`
	// Document is the whole document in Markdown.
	Document    string    `json:"document"`
	Actor       string    `json:"actor,omitempty"`
	PublishTime time.Time `json:"publish_time"`
}
