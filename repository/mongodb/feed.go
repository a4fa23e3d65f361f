package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
)

// feed reads the events.
type feed struct{ *collection[repository.Event] }

// List reads events. It reads no further than to what was the newest event at its beginning: a scan that runs while
// events are written may see one and not have seen the one before, and who goes on from there would never see that.
func (f feed) List(ctx context.Context, query repository.Query) ([]repository.Event, error) {
	if err := f.awaitEffects(ctx); err != nil {
		return nil, err
	}
	newest, err := newestID(ctx, f.engine, f.stored)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return f.list(ctx, query, repository.IDRange{Before: newest + "\x00"})
}

// newestID is the greatest id in a collection.
func newestID(ctx context.Context, engine *engine, stored *mongo.Collection) (string, error) {
	var found struct {
		ID string `bson:"_id"`
	}
	err := engine.do(ctx, command{operation: "findOne", collection: stored.Name()}, func(ctx context.Context) error {
		how := options.FindOne().SetSort(bson.D{{Key: fieldID, Value: -1}}).SetProjection(bson.D{{Key: fieldID, Value: 1}})
		return stored.FindOne(ctx, bson.D{}, how).Decode(&found)
	})
	return found.ID, err
}
