package mongodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
)

// buildTimeout bounds the building of indexes while Debrief serves.
const buildTimeout = 12 * time.Hour

// index is an index that a collection is to have. Its name says what it is, so that what has the name need not be looked
// at again: who changes what an index is must change its name.
type index struct {
	keys bson.D
	// only is a field that a document must have to be in the index; empty: all documents are.
	only   string
	unique bool
}

func (i index) name() string {
	parts := make([]string, len(i.keys))
	for n, key := range i.keys {
		parts[n] = fmt.Sprintf("%s_%v", key.Key, key.Value)
	}
	name := strings.Join(parts, "_")
	if i.only != "" {
		name += "_where_set"
	}
	if i.unique {
		name += "_unique"
	}
	return name
}

func (i index) model() mongo.IndexModel {
	how := options.Index().SetName(i.name())
	if i.unique {
		how.SetUnique(true)
	}
	if i.only != "" {
		how.SetPartialFilterExpression(bson.D{{Key: i.only, Value: bson.D{{Key: "$exists", Value: true}}}})
	}
	return mongo.IndexModel{Keys: i.keys, Options: how}
}

// ascending is an index by the fields.
func ascending(fields ...string) index {
	var keys bson.D
	for _, field := range fields {
		keys = append(keys, bson.E{Key: field, Value: 1})
	}
	return index{keys: keys}
}

// where is an index by a field, of the documents that have it.
func where(field string) index { return index{keys: bson.D{{Key: field, Value: 1}}, only: field} }

// indexes are the indexes by which every list that the schema allows is found in its order.
func indexes[T any](schema repository.Schema[T], outbox bool) []index {
	key := where(fieldCreationKey)
	key.unique = true
	wanted := []index{key}
	if outbox {
		wanted = append(wanted, where(fieldOutboxTime))
	}
	if schema.Scoped {
		wanted = append(wanted, ascending(fieldParent, fieldID))
	} else if len(schema.Fields) > 0 {
		wanted = append(wanted, termsIndex)
	}
	for _, field := range schema.Numbers() {
		switch {
		case schema.Scoped && field.Ordered:
			wanted = append(wanted, ascending(fieldParent, numberPath(field.Name), fieldID))
		case schema.Scoped:
		case field.Ordered:
			wanted = append(wanted, ascending(numberPath(field.Name), fieldID))
		default:
			wanted = append(wanted, where(numberPath(field.Name)))
		}
	}
	return wanted
}

// wantedIndexes are the indexes of all collections, by their names.
func wantedIndexes() map[string][]index {
	return map[string][]index{
		repository.IncidentSchema.Name:             indexes(repository.IncidentSchema, true),
		repository.TimelineEntrySchema.Name:        indexes(repository.TimelineEntrySchema, true),
		repository.PostMortemSchema.Name:           indexes(repository.PostMortemSchema, true),
		repository.PostMortemRevisionSchema.Name:   indexes(repository.PostMortemRevisionSchema, false),
		repository.ActionItemSchema.Name:           indexes(repository.ActionItemSchema, true),
		repository.ParticipantStatementSchema.Name: indexes(repository.ParticipantStatementSchema, true),
		repository.GroundRulesSchema.Name:          indexes(repository.GroundRulesSchema, true),
		repository.PostMortemTemplateSchema.Name:   indexes(repository.PostMortemTemplateSchema, true),
		repository.SystemSchema.Name:               indexes(repository.SystemSchema, true),
		repository.SystemRevisionSchema.Name:       indexes(repository.SystemRevisionSchema, false),
		repository.MentalModelSchema.Name:          indexes(repository.MentalModelSchema, true),
		repository.RejectedDeliverySchema.Name:     indexes(repository.RejectedDeliverySchema, true),
		repository.IntegrationSchema.Name:          indexes(repository.IntegrationSchema, true),
		repository.AlertSchema.Name:                indexes(repository.AlertSchema, true),
		repository.AlertSeriesSchema.Name:          indexes(repository.AlertSeriesSchema, true),
		repository.AlertGroupSchema.Name:           indexes(repository.AlertGroupSchema, true),
		repository.DeliverySchema.Name:             indexes(repository.DeliverySchema, true),
		repository.SubscriptionSchema.Name:         indexes(repository.SubscriptionSchema, true),
		repository.EventDeliverySchema.Name:        indexes(repository.EventDeliverySchema, true),
		repository.APIKeySchema.Name:               indexes(repository.APIKeySchema, true),
		repository.AuditPageSchema.Name:            indexes(repository.AuditPageSchema, true),
		repository.EventSchema.Name:                indexes(repository.EventSchema, false),
	}
}

// ensure sees to it that the collection has the indexes; it drops none. Of a collection that holds documents already
// only the unique ones are waited for, because nothing is right without them; those that only make lists fast are
// returned, to be built while Debrief serves.
func (e *engine) ensure(ctx context.Context, collection string, wanted []index) (later []index, err error) {
	missing, err := e.missing(ctx, collection, wanted)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	empty, err := e.isEmpty(ctx, collection)
	if err != nil {
		return nil, err
	}
	if !empty {
		later = slices.DeleteFunc(slices.Clone(missing), func(i index) bool { return i.unique })
		missing = slices.DeleteFunc(missing, func(i index) bool { return !i.unique })
	}
	return later, e.build(ctx, collection, missing)
}

// missing are the wanted indexes that the collection does not have.
func (e *engine) missing(ctx context.Context, collection string, wanted []index) ([]index, error) {
	missing := slices.Clone(wanted)
	err := e.do(ctx, command{operation: "listIndexes", collection: collection}, func(ctx context.Context) error {
		specifications, err := e.database.Collection(collection).Indexes().ListSpecifications(ctx)
		for _, there := range specifications {
			missing = slices.DeleteFunc(missing, func(i index) bool { return i.name() == there.Name })
		}
		return err
	})
	return missing, err
}

func (e *engine) isEmpty(ctx context.Context, collection string) (bool, error) {
	err := e.do(ctx, command{operation: "findOne", collection: collection}, func(ctx context.Context) error {
		how := options.FindOne().SetProjection(bson.D{{Key: fieldID, Value: 1}})
		return e.database.Collection(collection).FindOne(ctx, bson.D{}, how).Err()
	})
	if isNotFound(err) {
		return true, nil
	}
	return false, err
}

// build builds indexes, with one command. Other processes may do the same at the same time, and some engines answer
// that with errors: what counts is that the indexes are there afterwards.
func (e *engine) build(ctx context.Context, collection string, wanted []index) error {
	var failed error
	for attempt := 0; len(wanted) > 0; attempt++ {
		if attempt == maxAttempts {
			return failed
		}
		models := make([]mongo.IndexModel, len(wanted))
		for i, index := range wanted {
			models[i] = index.model()
		}
		err := e.do(ctx, command{"createIndexes", collection, len(models)}, func(ctx context.Context) error {
			_, err := e.database.Collection(collection).Indexes().CreateMany(ctx, models)
			return err
		})
		if err == nil {
			return nil
		}
		failed = fmt.Errorf("build the indexes of %s: %w", collection, err)
		if wanted, err = e.missing(ctx, collection, wanted); err != nil {
			return errors.Join(failed, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return errors.Join(failed, err)
		}
	}
	return nil
}

// buildLater builds the indexes of collections while Debrief serves, until the context ends.
func (r *Repository) buildLater(ctx context.Context, collections map[string][]index) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	for collection, wanted := range collections {
		r.logger.InfoContext(ctx, "indexes are being built; lists may be slow meanwhile",
			slog.String("collection", collection), slog.Int("indexes", len(wanted)))
		if err := r.engine.build(ctx, collection, wanted); err != nil && ctx.Err() == nil {
			r.logger.ErrorContext(ctx, "indexes could not be built; they will be at the next start",
				slog.String("collection", collection), slog.Any("error", err))
		}
	}
}
