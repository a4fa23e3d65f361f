package repository

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Portable moves everything that a store keeps into another one, of whichever kind.
type Portable interface {
	// Dump gives everything that is kept as documents: deleted and purged resources, revisions and events included, kind by
	// kind in the order of the kinds' names, and within each in the order of ids. It gives them as they are at one moment,
	// or ends with ErrConflict where the store can't tell that moment and others wrote meanwhile. It holds a few of them in
	// memory at a time, and ends with the first error.
	Dump(ctx context.Context) iter.Seq2[Document, error]
	// Documents gives the first documents of a kind that are behind an id, in the order of ids: at most 500, and about 8 MiB; none
	// where there are no more. Others may write meanwhile. ErrNotFound where there is no such kind.
	Documents(ctx context.Context, kind, after string) ([]Document, error)
	// Load stores the documents that Dump gave, as they are: their ids, revisions and, of events, their sequences. The feed
	// goes on from the greatest. source tells these documents from others, as a hash of them does.
	//
	// It answers ErrConflict where the store holds anything that is not from the same source, and does nothing where the
	// source was loaded already, whatever became of it since. After an error, which may be one that the documents gave, some
	// may have been stored; then a Load of the same source goes on where that one ended. Until it has, the store is
	// unfinished, and opens for loading alone.
	//
	// ErrCorrupt where a document is of no kind that is known, or is not what its kind is.
	Load(ctx context.Context, source string, documents iter.Seq2[Document, error]) error
}

// Document is a resource of any type, on its way between two stores.
type Document struct {
	// Kind is the name of its collection: that of its [Schema].
	Kind string
	// ID is its id.
	ID string
	// Content is all of it, as JSON. The same resource has the same content, byte by byte, in whichever store it is.
	Content []byte
}

var (
	written = json.JoinOptions(
		jsonv1.FormatDurationAsNano(true), jsonv1.OmitEmptyWithLegacySemantics(true), json.Deterministic(true),
		jsontext.AllowInvalidUTF8(true),
	)
	read = json.JoinOptions(jsonv1.FormatDurationAsNano(true), json.RejectUnknownMembers(true))
)

// Document makes a document of a resource, without what has a meaning in its store alone.
func (s Schema[T]) Document(resource T) (Document, error) {
	if s.Local != nil {
		s.Local(&resource)
	}
	header := s.Header(&resource)
	content, err := json.Marshal(&resource, written)
	if err != nil {
		return Document{}, fmt.Errorf("%w: %s %q: %w", ErrCorrupt, s.Name, header.ID, err)
	}
	return Document{Kind: s.Name, ID: header.ID, Content: content}, nil
}

// Resource makes a resource of a document. ErrCorrupt where the document is none of this schema's, or has fields that this
// version does not know.
func (s Schema[T]) Resource(document Document) (T, error) {
	var resource T
	if err := json.Unmarshal(document.Content, &resource, read); err != nil {
		return resource, fmt.Errorf("%w: %s %q: %w", ErrCorrupt, document.Kind, document.ID, err)
	}
	if header := s.Header(&resource); header.ID != document.ID || header.ID == "" || header.Revision < 1 {
		return resource, fmt.Errorf("%w: %s %q has the id %q and the revision %d", ErrCorrupt, document.Kind, document.ID, header.ID, header.Revision)
	}
	return resource, nil
}

// Dumped gives what a dump hands on, and then its error, if there is one. The dump ends when hand says false.
func Dumped(dump func(hand func(Document) bool) error) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		ended := false
		err := dump(func(document Document) bool {
			ended = !yield(document, nil)
			return !ended
		})
		if err != nil && !ended {
			yield(Document{}, err)
		}
	}
}

const (
	maxBatch      = 500
	maxBatchBytes = 8 << 20
)

// Batches gives documents many at a time: at most 500, and 8 MiB unless one alone is larger. It ends with the first error.
func Batches(documents iter.Seq2[Document, error]) iter.Seq2[[]Document, error] {
	return func(yield func([]Document, error) bool) {
		var (
			batch []Document
			bytes int
		)
		for document, err := range documents {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(batch) == maxBatch || len(batch) > 0 && bytes+len(document.Content) > maxBatchBytes {
				if !yield(batch, nil) {
					return
				}
				batch, bytes = nil, 0
			}
			batch, bytes = append(batch, document), bytes+len(document.Content)
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}
