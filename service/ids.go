package service

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// counterBits are the bits of an id that count the ids of one millisecond.
const counterBits = 20

// NewIDs makes ULIDs whose random bits come from the reader. The first 20 of a ULID's 80 random bits count the ids that
// were made for the same millisecond, so that ids made one after the other ascend; the other 60 keep the ids of different
// processes apart. The function may be called concurrently.
func NewIDs(random io.Reader) func(time.Time) string {
	var mutex sync.Mutex
	var last, counter uint64
	return func(t time.Time) string {
		mutex.Lock()
		defer mutex.Unlock()
		millisecond := ulid.Timestamp(t)
		if millisecond != last {
			last, counter = millisecond, 0
		}
		id := newID(millisecond, counter%(1<<counterBits), random)
		counter++
		return id
	}
}

func newID(millisecond, counter uint64, random io.Reader) string {
	var id ulid.ULID
	var bits [8]byte
	// Only a source of randomness that fails, or a year after 10889, leads to an error: neither can be worked around.
	if err := id.SetTime(millisecond); err != nil {
		panic(err)
	}
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		panic(err)
	}
	const rest = 64 - counterBits
	word := counter<<rest | binary.BigEndian.Uint64(bits[:])&(1<<rest-1)
	binary.BigEndian.PutUint64(id[6:14], word)
	if _, err := io.ReadFull(random, id[14:]); err != nil {
		panic(err)
	}
	return id.String()
}
