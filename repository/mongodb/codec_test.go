package mongodb

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

// TestStoredDocument shows what is stored: whoever looks into the database finds the names of the API.
func TestStoredDocument(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 14, 9, 26, 53, 589_000_000, time.UTC)
	incident := repository.Incident{
		Header: repository.Header{ID: "1", Revision: 1, CreateTime: at}, Title: "Down", Kind: "INCIDENT",
		Labels: map[string]string{"b": "2", "": "none", "a.b": "$1"},
	}
	document := newDocument(repository.IncidentSchema, incident)
	document.Outbox = []change{{Revision: 1, Effects: repository.Effects{TimelineEntries: []repository.TimelineEntry{{
		Statement: repository.Statement{Precision: time.Second},
	}}}}}
	stored, err := encode(document)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"_id": "1", "revision": int64(1), "create_time": bson.NewDateTimeFromTime(at), "title": "Down",
		"labels.0.key": "", "labels.1.key": "a.b", "labels.1.value": "$1", "labels.2.key": "b",
		"numbers.severity": int64(repository.Unset), "numbers.milestones_start_time": int64(repository.Unset),
		"outbox.0.revision": int64(1), "outbox.0.timeline_entries.0.precision": int64(time.Second),
	} {
		equal(t, path, valueAt(t, stored, path), want)
	}
	for _, path := range []string{"delete_time", "impact", "milestones", "origin", "summary", "numbers.delete_time", "outbox_time"} {
		if value, err := stored.LookupErr(split(path)...); err == nil {
			t.Errorf("%s is %s, want it left out", path, value)
		}
	}
	var got repository.Incident
	if err := decode(stored, &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "decoded", got, incident)
}

func TestDecodeOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bson.D{
		"a number where a text belongs": {{Key: "title", Value: 1}},
		"a text where a map belongs":    {{Key: "labels", Value: "a"}},
		"a text where a pair belongs":   {{Key: "labels", Value: bson.A{"a"}}},
		"a number as a value":           {{Key: "labels", Value: bson.A{bson.D{{Key: "key", Value: "a"}, {Key: "value", Value: 1}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := bson.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			var incident repository.Incident
			if err := decode(raw, &incident); !errors.Is(err, repository.ErrCorrupt) {
				t.Errorf("decode = %v, want ErrCorrupt", err)
			}
		})
	}
}

func split(path string) []string { return strings.Split(path, ".") }

func valueAt(t *testing.T, stored bson.Raw, path string) any {
	t.Helper()
	raw, err := stored.LookupErr(split(path)...)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var value any
	if err := raw.Unmarshal(&value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}
