package mongodb

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var findLimits = limits{running: 4, count: 64, weight: 64, waiting: 4096}

// lookup is a document to find by its id.
type lookup struct {
	id string
	// raw is what was found; nil: nothing.
	raw bson.Raw
}

// finder finds what concurrent callers look up together.
type finder struct {
	engine *engine
	source *mongo.Collection
}

// find looks up the documents.
func (f finder) find(ctx context.Context, lookups []*lookup) error {
	wanted := make(map[string][]*lookup, len(lookups))
	ids := make([]string, len(lookups))
	for i, lookup := range lookups {
		wanted[lookup.id] = append(wanted[lookup.id], lookup)
		ids[i] = lookup.id
	}
	filter := compare(fieldID, "$in", ids)
	if len(wanted) == 1 {
		filter = compare(fieldID, "$eq", ids[0])
	}
	most := len(wanted)
	return f.engine.do(ctx, command{"find", f.source.Name(), most}, func(ctx context.Context) error {
		cursor, err := f.source.Find(ctx, filter, options.Find().SetLimit(int64(most)).SetBatchSize(int32(most)))
		if err != nil {
			return err
		}
		return each(ctx, cursor, func(found bson.Raw) error {
			for _, lookup := range wanted[found.Lookup(fieldID).StringValue()] {
				lookup.raw = slices.Clone(found)
			}
			return nil
		})
	})
}
