package main

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// mongoFloor is a collection without indexes, written with majority.
type mongoFloor struct {
	client     *mongo.Client
	database   *mongo.Database
	collection *mongo.Collection
	documents  []bson.D
}

func openMongoFloor(ctx context.Context, uri, database string) (*mongoFloor, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetWriteConcern(writeconcern.Majority()))
	if err != nil {
		return nil, fmt.Errorf("open the bare MongoDB: %w", err)
	}
	f := &mongoFloor{client: client, database: client.Database(database)}
	f.collection = f.database.Collection("documents")
	encoded, err := documents()
	if err != nil {
		return nil, errors.Join(err, client.Disconnect(ctx))
	}
	for _, document := range encoded {
		var fields bson.D
		if err := bson.UnmarshalExtJSON(document, false, &fields); err != nil {
			return nil, errors.Join(err, client.Disconnect(ctx))
		}
		f.documents = append(f.documents, withoutID(fields))
	}
	return f, nil
}

func withoutID(fields bson.D) bson.D {
	kept := bson.D{}
	for _, field := range fields {
		if field.Key != "id" {
			kept = append(kept, field)
		}
	}
	return kept
}

func (f *mongoFloor) insert(ctx context.Context, id string, number int64) error {
	fields := f.documents[number%variants]
	_, err := f.collection.InsertOne(ctx, append(bson.D{{Key: "_id", Value: id}}, fields...))
	return err
}

func (f *mongoFloor) find(ctx context.Context, id string) error {
	document, err := f.collection.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
	if err == nil && len(document) == 0 {
		err = errNotFound
	}
	return err
}

func (f *mongoFloor) close(ctx context.Context) error {
	return errors.Join(f.database.Drop(ctx), f.client.Disconnect(ctx))
}
