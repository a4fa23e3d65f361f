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
	database := client.Database(parsed.Database)
	names, err := database.ListCollectionNames(tb.Context(), bson.D{})
	if err != nil {
		tb.Fatal(err)
	}
	var dump strings.Builder
	for _, name := range names {
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
	return dump.String()
}
