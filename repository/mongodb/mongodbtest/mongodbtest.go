// Package mongodbtest gives tests MongoDB databases of their own.
package mongodbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// URIVariable is the environment variable that names the server to test with.
const URIVariable = "DEBRIEF_TEST_MONGODB_URI"

// NewDatabase is the URI of a new database, which is dropped when the test ends. The test is skipped where no server is
// named.
func NewDatabase(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(URIVariable) //nolint:forbidigo // Tests are told by it where the server is.
	if server == "" {
		tb.Skip(URIVariable + " is not set: it is to be the URI of a MongoDB server, or of one that speaks its protocol")
	}
	uri, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s: %v", URIVariable, err)
	}
	name := "debrief_test_" + strings.ToLower(rand.Text())
	uri.Path = "/" + name
	tb.Cleanup(func() { drop(tb, server, name) })
	return uri.String()
}

func drop(tb testing.TB, server, name string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(server))
	if err != nil {
		tb.Errorf("connect to drop %s: %v", name, err)
		return
	}
	if err := client.Database(name).Drop(ctx); err != nil {
		tb.Errorf("drop %s: %v", name, err)
	}
	if err := client.Disconnect(ctx); err != nil {
		tb.Errorf("disconnect: %v", err)
	}
}
