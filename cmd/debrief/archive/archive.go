// Package archive writes everything that a store keeps as lines of JSON, and reads it again.
//
// The first line says what the lines are, the last one how many there were, and what their hash is, so that an archive that
// was cut or changed is noticed. Each line between them is one resource:
//
//	{"format":"debrief-archive","version":1,"time":"2026-11-23T12:00:00Z","program":"v1.4.0"}
//	{"kind":"incidents","id":"01JD3V2Q6R8T0W2Y4A6C8E0G2J","document":{…}}
//	{"counts":{"incidents":1},"sha256":"…"}
package archive

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// Format is what each archive calls itself.
	Format = "debrief-archive"
	// Version is that of the archives that are written, and the newest that is read.
	Version = 1
	// maxLine bounds a line, in bytes: a document has up to 15 MiB, and more where it is written as JSON.
	maxLine = 128 << 20
)

// Header is the first line of an archive.
type Header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Time is when it was begun.
	Time time.Time `json:"time"`
	// Program is the version of Debrief that wrote it.
	Program string `json:"program"`
}

// entry is the line of a resource.
type entry struct {
	Kind     string         `json:"kind"`
	ID       string         `json:"id"`
	Document jsontext.Value `json:"document"`
}

// Trailer is the last line of an archive.
type Trailer struct {
	// Counts are how many resources of each kind there are.
	Counts map[string]int `json:"counts"`
	// SHA256 is the hash of all lines before, in hexadecimal digits. It tells an archive from others.
	SHA256 string `json:"sha256"`
}

// Total is how many resources there are.
func (t Trailer) Total() int {
	total := 0
	for _, count := range t.Counts {
		total += count
	}
	return total
}

// ErrDamaged says that something is no archive, or none any more: it was cut, or changed.
var ErrDamaged = errors.New("the archive is damaged")

func damagedf(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, arguments...)...)
}
