package repository

// RejectedDelivery is what an alerting system sent and Debrief could make no sense of, kept to be looked at.
type RejectedDelivery struct {
	Header `bson:",inline"`

	// Source is the intake that it came to: "alertmanager".
	Source string `json:"source"`
	// Reason says what is wrong with it.
	Reason string `json:"reason"`
	// ContentType is as it was sent.
	ContentType string `json:"content_type,omitempty"`
	// Body is what was sent, cut after MaxRejectedBody bytes.
	Body []byte `json:"body,omitempty"`
	// Size is how many bytes were sent, as far as they were read.
	Size int64 `json:"size"`
}

// MaxRejectedBody bounds what is kept of a rejected delivery, in bytes.
const MaxRejectedBody = 64 << 10
