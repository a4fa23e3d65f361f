package repository

import "time"

// APIKey lets a program, or a person, call Debrief. Its id is chosen by people, and never given twice.
type APIKey struct {
	Header `bson:",inline"`

	Title string `json:"title,omitempty"`
	// Role is the API's name without its prefix: "RESPONDER".
	Role string `json:"role"`
	// Teams are those whose restricted resources it may see.
	Teams []string `json:"teams,omitempty"`
	// ActsForOthers lets it say for whom a call is made.
	ActsForOthers bool `json:"acts_for_others,omitempty"`
	// Hash is the SHA-256 of the secret, in hexadecimal digits: a secret is random, so that nothing slower is needed.
	Hash string `json:"hash"`
	// Prefix is how the secret begins, for people.
	Prefix string `json:"prefix"`
	// ExpireTime is from when on it is refused; zero: it does not expire.
	ExpireTime time.Time `json:"expire_time,omitempty,omitzero"`
	// RevokeTime is since when it is refused; zero: it is not revoked.
	RevokeTime time.Time `json:"revoke_time,omitempty,omitzero"`
	// LastUsedTime is when it was used last, to the hour; zero: never.
	LastUsedTime time.Time `json:"last_used_time,omitempty,omitzero"`
}
