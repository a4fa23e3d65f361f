package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/go-json-experiment/json"

	"github.com/debriefhq/debrief/repository"
)

// Write writes an archive of the documents, and answers its last line. The header's format and version are set here. each,
// unless it is nil, is called after each document with how many are written. The error is that of the documents, or of writing:
// what was written then lacks its last line.
func Write(to io.Writer, header Header, documents iter.Seq2[repository.Document, error], each func(count int)) (Trailer, error) {
	w := &writer{to: to, sum: sha256.New(), counts: map[string]int{}}
	header.Format, header.Version, header.Time = Format, Version, header.Time.UTC()
	if err := w.line(header); err != nil {
		return Trailer{}, err
	}
	written := 0
	for document, err := range documents {
		if err != nil {
			return Trailer{}, err
		}
		if err := w.line(entry{Kind: document.Kind, ID: document.ID, Document: document.Content}); err != nil {
			return Trailer{}, fmt.Errorf("%s %q: %w", document.Kind, document.ID, err)
		}
		w.counts[document.Kind]++
		if written++; each != nil {
			each(written)
		}
	}
	trailer := Trailer{Counts: w.counts, SHA256: hex.EncodeToString(w.sum.Sum(nil))}
	return trailer, w.line(trailer)
}

type writer struct {
	to     io.Writer
	sum    hash.Hash
	counts map[string]int
}

// line writes a value, and adds it to the sum.
func (w *writer) line(value any) error {
	text, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	text = append(text, '\n')
	if len(text) > maxLine {
		return fmt.Errorf("the line would have %d bytes, and may have %d", len(text), maxLine)
	}
	w.sum.Write(text)
	if _, err := w.to.Write(text); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}
