package sqlite

import "strings"

// A row's position is its rowid: positions sort as ids do, so that whatever walks rows in the order of positions, above
// all the full-text index, walks them in the order of ids.
//
// The position of an id is made of the ULID that it is: its time, and the first bits of the rest, which differ between
// the ids that one process makes in one millisecond. Where another id has the position already, see place.

const (
	// crockford is the alphabet of ULIDs, in the order of the values and of the bytes: https://github.com/ulid/spec
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// timeLength is how many characters of a ULID are its time, in milliseconds since 1970-01-01 UTC.
	timeLength = 10
	// restLength is how many of the others are part of the position.
	restLength = 4
	// maxTime is in the year 2248; whatever is later sorts there.
	maxTime = 1<<43 - 2
)

// position is where a row with the id belongs. It never sorts two ids the other way round, whatever they are, but may be
// the same for several.
func position(id string) int64 {
	var time, rest int64
	after := unknown
	for i := range timeLength + restLength {
		digit := after
		if digit == unknown {
			digit, after = digitAt(id, i)
		}
		if i < timeLength {
			time = time<<bitsPerDigit | digit
		} else {
			rest = rest<<bitsPerDigit | digit
		}
	}
	if time > maxTime {
		time, rest = maxTime, 1<<(bitsPerDigit*restLength)-1
	}
	return time<<(bitsPerDigit*restLength) | rest
}

const (
	bitsPerDigit = 5
	maxDigit     = 1<<bitsPerDigit - 1
	unknown      = int64(-1)
)

// digitAt reads a character. One that is none of the alphabet counts as the last of all that begin with the one before
// it: then it says what comes after it, and what does come is not looked at.
func digitAt(id string, i int) (digit, after int64) {
	if i >= len(id) || id[i] < crockford[0] {
		return 0, 0
	}
	if at := strings.IndexByte(crockford, id[i]); at >= 0 {
		return int64(at), unknown
	}
	for digit < maxDigit && crockford[digit+1] < id[i] {
		digit++
	}
	return digit, maxDigit
}
