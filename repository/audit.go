package repository

import (
	"fmt"
	"time"
)

// AuditPage is what was written into the audit trail in one step. Its id is its place in the trail: see AuditPageID. Pages are
// never changed, and come into being one after another: whoever takes a place first has it.
type AuditPage struct {
	Header `bson:",inline"`

	// Records are what happened, in the order of the trail: one at least.
	Records []AuditRecord `json:"records"`
}

// AuditRecord is that somebody wanted to do something. It holds no secrets, and no texts.
type AuditRecord struct {
	// Sequence is the record's place in the trail: 1, 2, 3, … without a gap.
	Sequence int64 `json:"sequence"`
	// Time is when it was decided.
	Time time.Time `json:"time"`
	// Principal is who wanted to; empty where nobody is to know, or knows.
	Principal string `json:"principal,omitempty"`
	// Role is the principal's.
	Role string `json:"role,omitempty"`
	// Address is where the call came from, without a port.
	Address string `json:"address,omitempty"`
	// Method is the full name of the method, or the path of a page, that was called.
	Method string `json:"method"`
	// Resource is the name of the resource that the call was about; empty where there is none yet.
	Resource string `json:"resource,omitempty"`
	// Decision is ALLOWED or REFUSED.
	Decision string `json:"decision"`
	// Reason is why it was refused, as programs read it; empty where it was not.
	Reason string `json:"reason,omitempty"`
	// PreviousHash is the hash of the record before; empty for the first.
	PreviousHash string `json:"previous_hash,omitempty"`
	// Hash is over all of the above: see the package audit.
	Hash string `json:"hash"`
}

// AuditPageID is the id of the page at a place; the first is 1. Ids sort as places do.
func AuditPageID(place int64) string { return fmt.Sprintf("%019d", place) }
