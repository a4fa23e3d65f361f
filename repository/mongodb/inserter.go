package mongodb

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
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
}

// inserter inserts the records of concurrent callers together.
type inserter struct {
	engine *engine
	target *mongo.Collection
}

// insert stores the records, and sets the errors of those that it could not store.
//
// It goes by the order of the keys: an engine that locks what it inserts until all of it is inserted would let two
// commands with the same keys in different orders wait for each other.
func (i inserter) insert(ctx context.Context, records []*record) error {
	slices.SortFunc(records, func(a, b *record) int { return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id)) })
	documents := make([]bson.Raw, len(records))
	for n, record := range records {
		documents[n] = record.raw
	}
	return i.engine.do(ctx, command{"insertMany", i.target.Name(), len(documents)}, func(ctx context.Context) error {
		_, err := i.target.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
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
