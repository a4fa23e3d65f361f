package mongodb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
)

const (
	maxInserts     = 500
	maxInsertBytes = 16 << 20
)

var insertLimits = limits{running: 2, count: maxInserts, weight: maxInsertBytes, waiting: 64 << 20}

// record is a document to insert.
type record struct {
	raw bson.Raw
	// id and key are what may be taken.
	id, key string
	// err says why it was not stored.
	err error
	// entangled says that it may have been stored although err is set.
	entangled bool
}

// inserter inserts the records of concurrent callers together.
type inserter struct {
	engine *engine
	target *mongo.Collection
}

// insert stores the records, and sets the errors of those that it could not store.
//
// It goes by the order of the keys, and takes one record of each key only: an engine that locks what it inserts until all
// of it is inserted would let two commands with the same keys wait for each other. Where that happens all the same nothing
// was stored, and every record is said to be taken: whoever won is found then, and the others are tried again.
func (i inserter) insert(ctx context.Context, records []*record) error {
	records = oneOfEachKey(records)
	documents := make([]bson.Raw, len(records))
	for n, record := range records {
		documents[n] = record.raw
	}
	return i.engine.do(ctx, command{"insertMany", i.target.Name(), len(documents)}, func(ctx context.Context) error {
		_, err := i.target.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
		if isEntangled(err) {
			for _, record := range records {
				record.err, record.entangled = errTaken, true
			}
			return nil
		}
		errs, single := writeErrors(err)
		if !single {
			return err
		}
		for place, err := range errs {
			records[place].err = err
		}
		return nil
	})
}

// errTaken says that another record has the key, or may have it.
var errTaken = fmt.Errorf("%w: another one has the key", repository.ErrAlreadyExists)

// oneOfEachKey sorts the records by their keys, and leaves the first of each. The others are taken.
func oneOfEachKey(records []*record) []*record {
	slices.SortFunc(records, func(a, b *record) int { return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id)) })
	kept := make([]*record, 0, len(records))
	for n, record := range records {
		if n > 0 && record.key != "" && record.key == records[n-1].key {
			record.err = errTaken
			continue
		}
		kept = append(kept, record)
	}
	return kept
}
