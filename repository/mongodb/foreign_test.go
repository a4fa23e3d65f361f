package mongodb

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

func TestTheDatabaseOfAnotherProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, collections := range map[string][]string{
		"that has nothing of ours":               {"invoices"},
		"that calls some things as we call them": {"customers", "events", "incidents", "subscriptions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := mongodbtest.NewForeignDatabase(t, collections...)
			before := mongodbtest.Dump(t, uri)
			for way, open := range map[string]func(context.Context) (*Repository, error){
				"Open":               func(ctx context.Context) (*Repository, error) { return Open(ctx, uri, Options{}) },
				"Open, to be filled": func(ctx context.Context) (*Repository, error) { return Open(ctx, uri, Options{Unfinished: true}) },
				"OpenReadOnly":       func(ctx context.Context) (*Repository, error) { return OpenReadOnly(ctx, uri, Options{}) },
				"Examine": func(ctx context.Context) (*Repository, error) {
					_, err := Examine(ctx, uri, Options{})
					return nil, err
				},
			} {
				store, err := open(t.Context())
				if err == nil {
					t.Fatalf("%s took it: %v", way, store.Close(t.Context()))
				}
				if want := "it is the database of another program: it has the collection \"" + collections[0]; !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v, want it to say %s", way, err, want)
				}
			}
			if diff := cmp.Diff(before, mongodbtest.Dump(t, uri)); diff != "" {
				t.Errorf("it was changed (-before +after):\n%s", diff)
			}
			equal(t, "collections", len(mongodbtest.Collections(t, uri)), len(collections))
		})
	}
}

func TestADatabaseIsSharedWithWhoCameLater(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	store := open(t, uri, Options{})
	mongodbtest.Fill(t, uri, "invoices")
	store.mustCreate(t, newIncident(1))
	open(t, uri, Options{}).mustCreate(t, newIncident(2))
}
