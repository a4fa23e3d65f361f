package repository

import "time"

// Visibility says who gets to see a resource.
type Visibility int

const (
	// Live resources are seen by everybody.
	Live Visibility = iota
	// Deleted resources are seen by those who ask for them, until they are purged.
	Deleted
	// Purged resources are seen by nobody; they wait for their last event to be told, and are then removed.
	Purged
)

// Header is what every resource has. All times are UTC, to the millisecond; the zero time means unset.
type Header struct {
	// ID is unique in its collection, and sorts by creation: a ULID where nothing else is said.
	ID string `bson:"_id" json:"id"`
	// Parent is the id of the resource that this one belongs to; empty where there is none. It never changes.
	Parent string `json:"parent,omitempty"`
	// Revision is 1 when created and rises by one with each update. The store sets it.
	Revision int64 `json:"revision"`
	// Visibility says who gets to see it.
	Visibility Visibility `json:"visibility,omitempty"`
	// CreationKey makes a creation safe to repeat: unique in its collection unless empty. It never changes.
	CreationKey string `json:"creation_key,omitempty"`
	// CreateTime is when it was created.
	CreateTime time.Time `json:"create_time"`
	// UpdateTime is when it changed last.
	UpdateTime time.Time `json:"update_time"`
	// DeleteTime is when it was deleted.
	DeleteTime time.Time `json:"delete_time,omitempty,omitzero"`
	// RecentRequests are the ids of the latest requests that changed it, the newest last; at most MaxRecentRequests.
	RecentRequests []string `json:"recent_requests,omitempty"`
	// RequestHash is the hash of the request that created it, where that had an id: the same id with another request
	// is a mistake.
	RequestHash string `json:"request_hash,omitempty"`
	// FirstAnswer is the resource as it was created, kept when it is changed for the first time and its creation had a
	// request id: what a repetition of that request is answered. JSON.
	FirstAnswer string `json:"first_answer,omitempty"`
}

// MaxRecentRequests bounds Header.RecentRequests.
const MaxRecentRequests = 16
