package blameless

import (
	"sort"
	"unicode/utf8"
)

// What stands in a reading for something else.
const (
	// opaque stands for what is not read but has its place in a sentence: code, a picture, an address.
	opaque = '\uFFFC'
	// blockEnd ends a block, and so a sentence.
	blockEnd = '\u2029'
)

// reading is what is read of a text, and where in the text it stands.
type reading struct {
	source string
	text   []byte
	pieces []piece
}

// piece says that text, from at on, stands in the source from start to end. A verbatim piece has the same bytes there.
type piece struct {
	at, start, end int
	verbatim       bool
}

// add reads a part of the source as it is written.
func (r *reading) add(start, end int) {
	if start >= end {
		return
	}
	if n := len(r.pieces); n > 0 && r.pieces[n-1].verbatim && r.pieces[n-1].end == start {
		r.pieces[n-1].end = end
	} else {
		r.pieces = append(r.pieces, piece{len(r.text), start, end, true})
	}
	r.text = append(r.text, r.source[start:end]...)
}

// put reads a part of the source as something else.
func (r *reading) put(as rune, start, end int) {
	r.pieces = append(r.pieces, piece{len(r.text), start, end, false})
	r.text = utf8.AppendRune(r.text, as)
}

// span is where a part of the text stands in the source.
func (r *reading) span(from, to int) (start, end int) {
	first, last := r.piece(from), r.piece(to-1)
	start, end = first.start, last.end
	if first.verbatim {
		start += from - first.at
	}
	if last.verbatim {
		end = last.start + to - last.at
	}
	return start, end
}

// piece is the one that holds a byte of the text.
func (r *reading) piece(at int) piece {
	return r.pieces[sort.Search(len(r.pieces), func(i int) bool { return r.pieces[i].at > at })-1]
}
