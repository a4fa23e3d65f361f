package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
)

func TestOpenRefusesAStoreThatIsUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	first := openStore(t, path)
	cut := errors.New("cut")
	documents := func(yield func(repository.Document, error) bool) { yield(repository.Document{}, cut) }
	if err := first.Load(t.Context(), "source", documents); !errors.Is(err, cut) {
		t.Fatalf("Load = %v", err)
	}
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Errorf("Open = %v", err)
	}
	second, err := Open(t.Context(), path, Options{Unfinished: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Load(t.Context(), "source", func(func(repository.Document, error) bool) {}); err != nil {
		t.Error(err)
	}
	if err := second.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	openStore(t, path)
}

// TestDumpSeesOneMoment expects nothing in a dump that was written after its beginning.
func TestDumpSeesOneMoment(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	for n := range 3 {
		if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	n := 100
	for document, err := range store.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if document.Kind == repository.IncidentSchema.Name {
			ids = append(ids, document.ID)
		}
		n++
		if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{alertID(0), alertID(1), alertID(2)}, ids); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
