package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"iter"
	"maps"

	"github.com/go-json-experiment/json"

	"github.com/debriefhq/debrief/repository"
)

// Check reads an archive to its end, and answers its last line. It answers ErrDamaged where the archive is not whole.
func Check(from io.Reader) (Trailer, error) {
	r := newReader(from)
	for _, err := range r.documents() {
		if err != nil {
			return Trailer{}, err
		}
	}
	return r.trailer, nil
}

// Documents are those of an archive. They end with ErrDamaged where the archive is not whole: whoever must not take some
// without all checks it before.
func Documents(from io.Reader) iter.Seq2[repository.Document, error] {
	return newReader(from).documents()
}

type reader struct {
	from    *bufio.Reader
	number  int
	sum     hash.Hash
	counts  map[string]int
	trailer Trailer
}

func newReader(from io.Reader) *reader {
	return &reader{from: bufio.NewReaderSize(from, 1<<20), sum: sha256.New(), counts: map[string]int{}}
}

// documents gives each document, and an error at the end unless that is as it should be.
func (r *reader) documents() iter.Seq2[repository.Document, error] {
	return func(yield func(repository.Document, error) bool) {
		err := r.begin()
		for err == nil {
			var document repository.Document
			var more bool
			if document, more, err = r.next(); err == nil && (!more || !yield(document, nil)) {
				return
			}
		}
		yield(repository.Document{}, err)
	}
}

// begin reads the first line.
func (r *reader) begin() error {
	text, err := r.line()
	if errors.Is(err, io.EOF) {
		return damagedf("nothing is in it")
	}
	if err != nil {
		return err
	}
	var header Header
	if err := json.Unmarshal(text, &header); err != nil || header.Format != Format {
		return damagedf("its first line does not say that it is a %s", Format)
	}
	if header.Version < 1 || header.Version > Version {
		return damagedf("its version is %d, and this program knows up to %d", header.Version, Version)
	}
	r.sum.Write(text)
	return nil
}

// next reads a document, or the last line.
func (r *reader) next() (document repository.Document, more bool, err error) {
	text, err := r.line()
	if errors.Is(err, io.EOF) {
		return document, false, damagedf("it ends after line %d, without its last line: it was cut", r.number-1)
	}
	if err != nil {
		return document, false, err
	}
	if bytes.HasPrefix(text, []byte(`{"counts":`)) {
		return document, false, r.end(text)
	}
	var found entry
	if err := json.Unmarshal(text, &found, json.RejectUnknownMembers(true)); err != nil {
		return document, false, damagedf("line %d: %w", r.number, err)
	}
	if found.Kind == "" || found.ID == "" || found.Document == nil {
		return document, false, damagedf("line %d: kind, id or document is missing", r.number)
	}
	r.sum.Write(text)
	r.counts[found.Kind]++
	return repository.Document{Kind: found.Kind, ID: found.ID, Content: found.Document}, true, nil
}

// end compares the last line with what came before, and expects nothing behind it.
func (r *reader) end(text []byte) error {
	if err := json.Unmarshal(text, &r.trailer, json.RejectUnknownMembers(true)); err != nil {
		return damagedf("line %d: %w", r.number, err)
	}
	if !maps.Equal(r.trailer.Counts, r.counts) {
		return damagedf("its last line counts %v, and it has %v", r.trailer.Counts, r.counts)
	}
	if sum := hex.EncodeToString(r.sum.Sum(nil)); sum != r.trailer.SHA256 {
		return damagedf("its last line has the hash %s, and the lines before have %s", r.trailer.SHA256, sum)
	}
	if _, err := r.line(); !errors.Is(err, io.EOF) {
		return damagedf("something follows its last line")
	}
	return nil
}

// line reads a line with its end. io.EOF where there is none, also where it has no end.
func (r *reader) line() ([]byte, error) {
	r.number++
	var whole []byte
	for {
		part, err := r.from.ReadSlice('\n')
		if len(whole)+len(part) > maxLine {
			return nil, damagedf("line %d is longer than %d bytes", r.number, maxLine)
		}
		whole = append(whole, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return whole, err
		}
	}
}
