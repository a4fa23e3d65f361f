package mongodb

import (
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

// Names of what a stored document holds beside the entity.
const (
	fieldID          = "_id"
	fieldParent      = "parent"
	fieldRevision    = "revision"
	fieldVisibility  = "visibility"
	fieldCreationKey = "creation_key"
	fieldTerms       = "terms"
	fieldNumbers     = "numbers"
	fieldOutbox      = "outbox"
	fieldOutboxTime  = "outbox_time"
)

// maxDocument is what a document may have, in bytes. Engines refuse more than 16 MiB; the rest is for what the wire adds.
const maxDocument = 15 << 20

// document is what is stored of a resource.
type document[T any] struct {
	Resource T `bson:",inline"`
	// Terms and Numbers are what it is found and ordered by.
	Terms   []string `bson:"terms,omitempty"`
	Numbers bson.D   `bson:"numbers,omitempty"`
	// Outbox holds the effects of changes until they were brought to their places, the oldest first.
	Outbox []change `bson:"outbox,omitempty"`
	// OutboxTime is when a change last added to the outbox; unset where that is empty. The sweeper finds it by that.
	OutboxTime time.Time `bson:"outbox_time,omitempty"`
}

// change are the effects of the change that led to the revision.
type change struct {
	Revision int64              `bson:"revision"`
	Effects  repository.Effects `bson:",inline"`
}

func newDocument[T any](schema repository.Schema[T], resource T) document[T] {
	return document[T]{Resource: resource, Terms: schema.Terms(&resource), Numbers: numbers(schema, &resource)}
}

// encodeBounded encodes a document that must not be larger than an engine takes.
func encodeBounded(document any) (bson.Raw, error) {
	stored, err := encode(document)
	if err != nil {
		return nil, corrupt(err)
	}
	if len(stored) > maxDocument {
		return nil, fmt.Errorf("%w: the document has %d bytes, and may have %d", repository.ErrResourceExhausted, len(stored), maxDocument)
	}
	return stored, nil
}

// numbers are the numbers that the resource is found and ordered by. What lists can be ordered by always has one.
func numbers[T any](schema repository.Schema[T], resource *T) bson.D {
	var all bson.D
	for _, field := range schema.Fields {
		if field.Number == nil {
			continue
		}
		if number, set := field.Number(resource); set || field.Ordered {
			if !set {
				number = repository.Unset
			}
			all = append(all, bson.E{Key: numberName(field.Name), Value: number})
		}
	}
	return all
}

// numberName is the name within fieldNumbers; a dot would lead deeper.
func numberName(field string) string { return strings.ReplaceAll(field, ".", "_") }

// numberPath is where the field's number is stored.
func numberPath(field string) string { return fieldNumbers + "." + numberName(field) }

// isEmpty says whether nothing follows from a change.
func isEmpty(effects repository.Effects) bool {
	return len(effects.Events) == 0 && len(effects.TimelineEntries) == 0 && len(effects.ActionItems) == 0 &&
		len(effects.PostMortemRevisions) == 0 && len(effects.SystemRevisions) == 0
}
