package repository

import "time"

// TimelineEntry says what happened in an incident, and when. Header.Parent is the incident's id.
type TimelineEntry struct {
	Header `bson:",inline"`

	// Statement is what it says now.
	Statement `bson:",inline"`
	// Author is empty on an anonymous entry.
	Author     string `json:"author,omitempty"`
	AuthorRole string `json:"author_role,omitempty"`
	Anonymous  bool   `json:"anonymous,omitempty"`
	// Source is PERSON, INCIDENT_CHANGE or ALERT.
	Source string `json:"source"`
	// Past is what it said before, the oldest first; Statement is not in it.
	Past []Statement `json:"past,omitempty"`
	// AmendedBefore says that it had been amended where it was imported from; what it had said there is not known.
	AmendedBefore bool `json:"amended_before,omitempty"`
	// Batch are the ids of the entries that were created in one step with this one, this one's included, where it was
	// the first of them.
	Batch []string `json:"batch,omitempty"`
}

// Statement is what an entry says at one time.
type Statement struct {
	Kind      string    `json:"kind"`
	OccurTime time.Time `json:"occur_time"`
	// Precision is how far off OccurTime may be, either way.
	Precision time.Duration `json:"precision,omitempty"`
	Text      string        `json:"text"`
	Evidence  []Evidence    `json:"evidence,omitempty"`
	// Actor is who said so, and empty on an anonymous entry.
	Actor string `json:"actor,omitempty"`
	// ReviseTime is when it was written.
	ReviseTime time.Time `json:"revise_time"`
}

// MaxStatements bounds what one entry keeps, the present statement included.
const MaxStatements = 100
