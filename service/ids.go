package service

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// counterBits are the bits of an id that count the ids of one process.
const counterBits = 20

// NewIDs makes ULIDs whose random bits come from the reader. The first 20 of a ULID's 80 random bits count the ids, so that
// ids made one after the other ascend, and ids of one millisecond differ in them, also where ids are made for several
// milliseconds by turns; the other 60 keep the ids of different processes apart. The function may be called concurrently.
func NewIDs(random io.Reader) func(time.Time) string {
	var mutex sync.Mutex
	var latest, counter uint64
	return func(t time.Time) string {
		mutex.Lock()
		defer mutex.Unlock()
		millisecond := ulid.Timestamp(t)
		// The counter begins anew now and then, and with a millisecond that has no ids yet: there it must not come to its end.
		if millisecond > latest && counter >= 1<<(counterBits-1) {
			counter = 0
		}
		latest = max(latest, millisecond)
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
