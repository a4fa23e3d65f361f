package mongodbtest

import (
	"context"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// Dump is all that a database holds, a document a line, in extended JSON.
func Dump(tb testing.TB, uri string) string {
	tb.Helper()
	var dump strings.Builder
	lend(tb, uri, func(database *mongo.Database) {
		for _, name := range Collections(tb, uri) {
			cursor, err := database.Collection(name).Find(tb.Context(), bson.D{})
			if err != nil {
				tb.Fatal(err)
			}
			var documents []bson.Raw
			if err := cursor.All(tb.Context(), &documents); err != nil {
				tb.Fatal(err)
			}
			for _, document := range documents {
				dump.WriteString(name + " " + document.String() + "\n")
			}
		}
	})
	return dump.String()
}

// Collections are the names of what a database has.
func Collections(tb testing.TB, uri string) (names []string) {
	tb.Helper()
	lend(tb, uri, func(database *mongo.Database) {
		var err error
		if names, err = database.ListCollectionNames(tb.Context(), bson.D{}); err != nil {
			tb.Fatal(err)
		}
	})
	return names
}

// NewForeignDatabase is the URI of a new database that another program has put something into: a document in each collection.
func NewForeignDatabase(tb testing.TB, collections ...string) string {
	tb.Helper()
	uri := NewDatabase(tb)
	Fill(tb, uri, collections...)
	return uri
}

// Fill puts a document of another program into each collection.
func Fill(tb testing.TB, uri string, collections ...string) {
	tb.Helper()
	lend(tb, uri, func(database *mongo.Database) {
		for _, name := range collections {
			if _, err := database.Collection(name).InsertOne(tb.Context(), bson.D{{Key: "of", Value: "another program"}}); err != nil {
				tb.Fatal(err)
			}
		}
	})
}

// lend lends a database.
func lend(tb testing.TB, uri string, use func(*mongo.Database)) {
	tb.Helper()
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := client.Disconnect(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("disconnect: %v", err)
		}
	}()
	use(client.Database(parsed.Database))
}
