package repository

// ParticipantStatement is what somebody who was part of an incident tells of it in their own words, for its review.
// Header.Parent is the post-mortem's id.
type ParticipantStatement struct {
	Header `bson:",inline"`

	Text string `json:"text"`
	// Author is empty on an anonymous statement, and so is every other place that could tell who wrote it.
	Author string `json:"author,omitempty"`
	// AuthorRole is the role that they had in the incident.
	AuthorRole string `json:"author_role,omitempty"`
	Anonymous  bool   `json:"anonymous,omitempty"`
}
