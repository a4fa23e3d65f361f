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

// Chain follows a trail record by record. The zero Chain begins with the first one.
type Chain struct {
	// Last is the record that was followed last.
	Last Record
}

// Follow answers a BrokenError where the record is not the next one of the trail, or not as it was written.
func (c *Chain) Follow(record Record) error {
	switch {
	case record.Sequence != c.Last.Sequence+1:
		return &BrokenError{record.Sequence, fmt.Sprintf("it comes after record %d", c.Last.Sequence)}
	case record.PreviousHash != c.Last.Hash:
		return &BrokenError{record.Sequence, "it does not belong behind the record before it"}
	case record.Hash != record.Sum():
		return &BrokenError{record.Sequence, "its hash is not that of what it says"}
	}
	c.Last = record
	return nil
}
