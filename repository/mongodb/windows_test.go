package mongodb

import (
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestWindows expects the same of a list that goes from window to window as of one that does not.
func TestWindows(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	t.Run("incidents", func(t *testing.T) {
		sameInWindows(t, store.incidents, func(n int) string {
			at := time.Date(2026, time.January, 1, 0, n*n, 0, 0, time.UTC)
			return ulid.MustNewDefault(at).String()
		})
	})
	t.Run("events", func(t *testing.T) {
		sameInWindows(t, store.events.collection, func(n int) string { return repository.EventID(int64(n + 1)) })
	})
	t.Run("ids that tell nothing", func(t *testing.T) {
		sameInWindows(t, store.actionItems, func(n int) string { return fmt.Sprintf("item %03d", n) })
	})
}

func sameInWindows[T any](t *testing.T, c *collection[T], id func(n int) string) {
	t.Helper()
	const count = 300
	documents, ids := make([]bson.Raw, count), make([]string, count)
	for n := range documents {
		var resource T
		ids[n] = id(n)
		c.schema.Header(&resource).ID = ids[n]
		document := newDocument(c.schema, resource)
		document.Terms = []string{"all", fmt.Sprintf("hundredth-%d", n%100), fmt.Sprintf("half-%d", n*2/count)}
		var err error
		if documents[n], err = encode(document); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.stored.InsertMany(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	for _, term := range []string{"all", "hundredth-3", "half-0", "half-1", "none"} {
		for _, descending := range []bool{false, true} {
			for _, after := range []*repository.Position{nil, {ID: ids[0]}, {ID: ids[140]}, {ID: ids[295]}} {
				for _, between := range []repository.IDRange{{}, {From: ids[120], Before: ids[280]}} {
					where := repository.And{repository.TermIn{term}, between}
					query := repository.Query{Where: where, Descending: descending, After: after, Limit: 7}
					c.window = 0
					want := idsOf(t, c, query)
					for _, c.window = range []int64{1, 3, 40, 300} {
						equal(t, fmt.Sprintf("%+v in windows of %d", query, c.window), idsOf(t, c, query), want)
					}
				}
			}
		}
	}
}

func idsOf[T any](t *testing.T, c *collection[T], query repository.Query) []string {
	t.Helper()
	resources, err := c.list(t.Context(), query, repository.IDRange{})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var ids []string
	for i := range resources {
		ids = append(ids, c.schema.Header(&resources[i]).ID)
	}
	return ids
}

// TestWindowsAreFew expects that the number of windows does not grow with the store.
func TestWindowsAreFew(t *testing.T) {
	t.Parallel()
	store := open(t, mongodbtest.NewDatabase(t), Options{})
	var documents []bson.D
	for n := range 2000 {
		documents = append(documents, bson.D{{Key: fieldID, Value: repository.EventID(int64(n + 1))}})
	}
	if _, err := store.events.stored.InsertMany(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	store.events.window = 1
	windows, err := store.events.windows(t.Context(), repository.IDRange{}, true)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "windows", windows, []repository.IDRange{
		{From: repository.EventID(1999)},
		{From: repository.EventID(1984), Before: repository.EventID(1999)},
		{From: repository.EventID(1744), Before: repository.EventID(1984)},
		{From: repository.EventID(0), Before: repository.EventID(1744)},
		{Before: repository.EventID(0)},
	})
}
