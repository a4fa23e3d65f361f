// Package audit chains the records of an audit trail, so that it shows when one was changed, left out or put in.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Record is that somebody wanted to do something. No field holds a line break: see Line.
type Record struct {
	// Sequence is the record's place: 1, 2, 3, … without a gap.
	Sequence int64
	// Time is when it was decided, UTC, to the millisecond.
	Time time.Time
	// Principal, Role and Address are who wanted to, and from where.
	Principal, Role, Address string
	// Method and Resource are what they wanted to do.
	Method, Resource string
	// Decision and Reason are what became of it.
	Decision, Reason string
	// PreviousHash is the hash of the record before; empty for the first.
	PreviousHash string
	// Hash is what Sum makes of all of the above.
	Hash string
}

// timeForm is RFC 3339 with three digits of the second.
const timeForm = "2006-01-02T15:04:05.000Z"

// maxLine bounds a field, in bytes.
const maxLine = 512

// Line makes a text one that a record can hold: printable, of one line, and not too long.
func Line(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "")
	}
	return text
}

// Sum is the hash of a record: SHA-256, in hexadecimal digits, of ten lines that end with a line feed each.
func (r Record) Sum() string {
	lines := []string{
		r.PreviousHash, strconv.FormatInt(r.Sequence, 10), r.Time.UTC().Format(timeForm),
		r.Principal, r.Role, r.Address, r.Method, r.Resource, r.Decision, r.Reason,
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// After chains a record behind another one; behind the zero Record it is the first.
func (r Record) After(last Record) Record {
	r.Sequence, r.PreviousHash = last.Sequence+1, last.Hash
	r.Hash = r.Sum()
	return r
}

// PurgeMethod is the method of a record that says that the front of the trail was purged; no service has such a method.
const PurgeMethod = "/debrief/PurgeAuditRecords"

// purgedThrough is what the resource of such a record begins with; what follows is the place of the last record that was purged.
const purgedThrough = "auditRecords/"

// Purged is the record that says that the front of the trail was purged, through the last one and including it.
func Purged(now time.Time, last Record) Record {
	return Record{Time: now, Principal: "debrief", Method: PurgeMethod, Resource: purgedThrough + last.place(), Decision: "ALLOWED"}
}

// place names a record, and what it says: SEQUENCE:HASH.
func (r Record) place() string { return strconv.FormatInt(r.Sequence, 10) + ":" + r.Hash }

// BrokenError says where a trail does not hold together.
type BrokenError struct {
	// Sequence is the record at which it shows.
	Sequence int64
	// Problem says what is wrong with it.
	Problem string
}

// Error tells a person.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("the trail is broken at record %d: %s", e.Sequence, e.Problem)
}

// Chain follows a trail record by record. The zero Chain begins with the first record that it is given.
type Chain struct {
	// Last is the record that was followed last.
	Last Record

	// missing is the place and the hash of the record before the first one; empty where that is the first of all.
	missing string
	// first is the first one's sequence.
	first int64
	// explained says that a record tells that those before the first one were purged.
	explained bool
}

// Follow answers a BrokenError where the record is not the next one of the trail, or not as it was written.
func (c *Chain) Follow(record Record) error {
	if c.Last.Sequence == 0 && record.Sequence > 1 {
		c.Last = Record{Sequence: record.Sequence - 1, Hash: record.PreviousHash}
		c.missing, c.first = c.Last.place(), record.Sequence
	}
	switch {
	case record.Sequence != c.Last.Sequence+1:
		return &BrokenError{record.Sequence, fmt.Sprintf("it comes after record %d", c.Last.Sequence)}
	case record.PreviousHash != c.Last.Hash:
		return &BrokenError{record.Sequence, "it does not belong behind the record before it"}
	case record.Hash != record.Sum():
		return &BrokenError{record.Sequence, "its hash is not that of what it says"}
	}
	c.Last = record
	c.explained = c.explained || record.Method == PurgeMethod && record.Resource == purgedThrough+c.missing
	return nil
}

// First is the sequence of the first record that was followed, where that is not the first of all; else 0.
func (c *Chain) First() int64 { return c.first }

// End answers a BrokenError where the trail does not begin with its first record, and none of those that were followed says that
// the ones before were purged.
func (c *Chain) End() error {
	if c.missing == "" || c.explained {
		return nil
	}
	return &BrokenError{c.first, "those before it are not there, and no record says that they were purged"}
}
