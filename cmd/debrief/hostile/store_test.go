package hostile_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/archive"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/sqlite"
)

// checkFeed wants every event to be there once, without a gap.
func checkFeed(t *testing.T, v *victim) {
	t.Helper()
	events, request := debriefv1.NewEventServiceClient(v.grpc), &debriefv1.ListEventsRequest{PageSize: 500}
	ids := map[string]bool{}
	for {
		page, err := events.ListEvents(v.context(t), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.GetEvents() {
			if request.AfterSequence++; event.GetSequence() != request.GetAfterSequence() || ids[event.GetId()] {
				t.Fatalf("the event %s has the sequence %d, want %d and every event once", event.GetId(), event.GetSequence(), request.GetAfterSequence())
			}
			ids[event.GetId()] = true
		}
		if len(page.GetEvents()) == 0 {
			t.Logf("%d events", request.GetAfterSequence())
			return
		}
	}
}

// checkStore wants all that the store has to be readable, and another store to take it and have the same then.
func checkStore(t *testing.T, url string) {
	t.Helper()
	written := dump(t, openStore(t, strings.TrimPrefix(url, "sqlite:")))
	trailer, err := archive.Check(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	copied := openStore(t, filepath.Join(t.TempDir(), "copy.db"))
	if err := copied.Load(t.Context(), trailer.SHA256, archive.Documents(bytes.NewReader(written))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, dump(t, copied)) {
		t.Error("a copy of the store differs from it")
	}
	t.Logf("%d documents", trailer.Total())
}

func openStore(t *testing.T, path string) repository.Repository {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return store
}

func dump(t *testing.T, store repository.Repository) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := archive.Write(&out, archive.Header{Program: "test"}, store.Dump(t.Context()), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
