package repository

import (
	"fmt"
	"strconv"
	"time"
)

// Event says that a resource changed. Its Header.ID is its sequence (see [EventID]) and is set by the store;
// Header.CreationKey is its own unique id, a ULID, and is set by whoever makes it. It never changes.
type Event struct {
	Header `bson:",inline"`

	// Type is the API's name without its prefix: "INCIDENT_RESOLVED".
	Type string `json:"type"`
	// Resource is the full resource name: "incidents/…".
	Resource         string `json:"resource"`
	ResourceRevision int64  `json:"resource_revision"`
	// Incident is the resource name of the incident that the resource is or belongs to; empty where there is none.
	Incident string        `json:"incident,omitempty"`
	Time     time.Time     `json:"time"`
	Actor    string        `json:"actor,omitempty"`
	Changes  []FieldChange `json:"changes,omitempty"`
}

// FieldChange says how one field changed.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// EventID is the id of the event with the sequence: decimal, with leading zeros, so that ids sort as sequences do.
func EventID(sequence int64) string { return fmt.Sprintf("%019d", sequence) }

// Sequence is the event's place in the feed; 0 while it has none.
func (e Event) Sequence() int64 { return Sequence(e.ID) }

// Sequence is the sequence of the event with the id; 0 where no event has such an id.
func Sequence(id string) int64 {
	sequence, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return sequence
}

// RevisionID is the id of a post-mortem's published revision.
func RevisionID(postMortem string, number int32) string {
	return fmt.Sprintf("%s-%09d", postMortem, number)
}
