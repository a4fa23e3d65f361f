package repositorytest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

func testPortable(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	t.Run("everything, from store to store", func(t *testing.T) { portEverything(t, newRepository(t), newRepository(t)) })
	t.Run("what is loaded is found", func(t *testing.T) { loadedIsFound(t, newRepository(t), newRepository(t)) })
	t.Run("the feed goes on", func(t *testing.T) { loadedFeedGoesOn(t, newRepository(t), newRepository(t)) })
	t.Run("more than fits in a batch", func(t *testing.T) { loadMany(t, newRepository(t), newRepository(t)) })
	runScenarios(t, newRepository, []scenario{
		{"an empty store", func(t *testing.T, store repository.Repository) { check(t, "dump", dump(t, store), nil) }},
		{"no further than is wanted", dumpInPart},
		{"the same again", loadAgain},
		{"into a store that is not empty", loadIntoUsed},
		{"from another source", loadFromTwo},
		{"halfway, and on from there", loadHalfway},
		{"what makes no sense", loadNonsense},
		{"in a context that has ended", portInEndedContext},
	})
}

// dump is everything that a store keeps.
func dump(t *testing.T, store repository.Repository) []repository.Document {
	t.Helper()
	var documents []repository.Document
	for document, err := range store.Dump(t.Context()) {
		if err != nil {
			t.Fatalf("Dump: %v", err)
		}
		documents = append(documents, document)
	}
	return documents
}

// given gives documents, and then an error unless that is nil.
func given(documents []repository.Document, err error) iter.Seq2[repository.Document, error] {
	return func(yield func(repository.Document, error) bool) {
		for _, document := range documents {
			if !yield(document, nil) {
				return
			}
		}
		if err != nil {
			yield(repository.Document{}, err)
		}
	}
}

func load(t *testing.T, store repository.Repository, documents []repository.Document) {
	t.Helper()
	if err := store.Load(t.Context(), "source", given(documents, nil)); err != nil {
		t.Fatalf("Load: %v", err)
	}
}

// portEverything has one of everything, with nothing empty, cross over to another store. It goes by what the interface of the
// stores has, so that it knows of what is added there.
func portEverything(t *testing.T, from, to repository.Repository) {
	t.Helper()
	kept := CreateOneOfEach(t, from)
	documents := dump(t, from)
	kinds := map[string]bool{}
	for i, document := range documents {
		kinds[document.Kind] = true
		if i > 0 && (documents[i-1].Kind > document.Kind || documents[i-1].Kind == document.Kind && documents[i-1].ID >= document.ID) {
			t.Errorf("%s %q comes after %s %q", document.Kind, document.ID, documents[i-1].Kind, documents[i-1].ID)
		}
	}
	if len(kinds) != kept {
		t.Errorf("the dump has %d kinds of resources, and the store %d: %v", len(kinds), kept, kinds)
	}
	load(t, to, documents)
	check(t, "dump of the other store", readable(dump(t, to)), readable(documents))
}

// readable are documents as they are read best.
func readable(documents []repository.Document) []string {
	all := make([]string, len(documents))
	for i, document := range documents {
		all[i] = fmt.Sprintf("%s %s %s", document.Kind, document.ID, document.Content)
	}
	return all
}

// CreateOneOfEach creates a resource in each collection, those that come as effects included, and says how many collections
// there are. Nothing in them is empty, and nothing of it means anything.
func CreateOneOfEach(t *testing.T, store repository.Repository) (collections int) {
	t.Helper()
	methods := reflect.TypeFor[repository.Repository]()
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		if method.Type.NumOut() != 1 || method.Type.Out(0).Kind() != reflect.Interface {
			continue
		}
		if _, lists := method.Type.Out(0).MethodByName("List"); !lists {
			continue
		}
		collections++
		collection := reflect.ValueOf(store).MethodByName(method.Name).Call(nil)[0]
		if create := collection.MethodByName("Create"); writes(method.Type.Out(0)) {
			createOne(t, method.Name, create, 100+i)
		}
	}
	return collections
}

func writes(collection reflect.Type) bool {
	_, creates := collection.MethodByName("Create")
	return creates
}

// createOne creates a resource with nothing empty. That of an incident has one of each effect.
func createOne(t *testing.T, collection string, create reflect.Value, n int) {
	t.Helper()
	creation := reflect.New(create.Type().In(1).Elem()).Elem()
	fillResource(creation.FieldByName("Resource"), n)
	if collection == "Incidents" {
		effects := creation.FieldByName("Effects")
		for i := range effects.NumField() {
			one := reflect.New(effects.Field(i).Type().Elem()).Elem()
			fillResource(one, n+1+i)
			effects.Field(i).Set(reflect.Append(effects.Field(i), one))
		}
	}
	answer := create.Call([]reflect.Value{reflect.ValueOf(t.Context()), creation})
	if err, failed := reflect.TypeAssert[error](answer[1]); failed {
		t.Fatalf("%s: Create: %v", collection, err)
	}
}

func fillResource(resource reflect.Value, n int) {
	fill(resource, "", &complete{n: int64(n) * 10_000})
	header := resource.FieldByName("Header")
	header.FieldByName("ID").SetString(newID(n))
	header.FieldByName("Revision").SetInt(1)
	header.FieldByName("Visibility").SetInt(int64(repository.Live))
}

// loadedIsFound expects of what was loaded what is expected of what was created.
func loadedIsFound(t *testing.T, from, to repository.Repository) {
	t.Helper()
	for n := range 30 {
		create(t, from.Incidents(), keyed(n, fmt.Sprintf("key-%02d", n)), repository.Effects{})
	}
	changed := update(t, from.Incidents(), newID(7), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Title, incident.Severity = "The payment provider is away", "SEV1"
		return repository.Effects{}, nil
	})
	deleted := setVisibility(t, from, newID(8), repository.Deleted)
	purge(t, from, newID(9))
	subscription := repository.Subscription{Header: newHeader(40), State: "ACTIVE"}
	subscription.Lease = repository.Lease{Holder: "a process", ExpireTime: epoch}
	create(t, from.Subscriptions(), subscription, repository.Effects{})
	load(t, to, dump(t, from))

	check(t, "read", get(t, to.Incidents(), newID(7)), changed)
	check(t, "read, deleted", get(t, to.Incidents(), newID(8)), deleted)
	if _, err := to.Incidents().Get(t.Context(), newID(9)); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get of what is purged = %v, want ErrNotFound", err)
	}
	for _, query := range []repository.Query{
		{Limit: 50},
		{Visible: repository.Purged, Descending: true, Limit: 50},
		{OrderBy: "severity", Limit: 50},
		{Where: repository.TermIn{repository.Term(repository.WordField("title"), "provider")}, Limit: 50},
		{Where: repository.TermIn{repository.Term("labels.service", "checkout")}, After: &repository.Position{ID: newID(20)}, Limit: 5},
		{Where: repository.NumberRange{Field: "severity", Min: 1, Max: 1}, Limit: 50},
	} {
		check(t, fmt.Sprintf("list %+v", query), list(t, to.Incidents(), query), list(t, from.Incidents(), query))
	}
	again := create1(t, to, keyed(50, "key-07"))
	check(t, "created again", again, repository.Created[repository.Incident]{Resource: changed, Existed: true})
	next := update(t, to.Incidents(), newID(7), func(*repository.Incident) (repository.Effects, error) { return repository.Effects{}, nil })
	check(t, "next revision", next.Revision, changed.Revision+1)
	check(t, "lease", get(t, to.Subscriptions(), newID(40)).Lease, repository.Lease{})
}

func create1(t *testing.T, store repository.Repository, incident repository.Incident) repository.Created[repository.Incident] {
	t.Helper()
	created, err := store.Incidents().Create(t.Context(), repository.Creation[repository.Incident]{Resource: incident})
	if err != nil {
		t.Fatal(err)
	}
	return created[0]
}

// loadedFeedGoesOn expects the events to keep their sequences, and the next one to follow the greatest.
func loadedFeedGoesOn(t *testing.T, from, to repository.Repository) {
	t.Helper()
	for n := range 5 {
		create(t, from.Incidents(), newIncident(n), withEvents(newEvent(n, 1), newEvent(n, 2)))
	}
	load(t, to, dump(t, from))
	before := allEvents(t, from)
	check(t, "feed", allEvents(t, to), before)
	check(t, "by its id", get(t, to.Events(), repository.EventID(4)), before[3])
	after := list(t, to.Events(), repository.Query{After: &repository.Position{ID: repository.EventID(8)}, Limit: 9})
	check(t, "behind a cursor", after, before[8:])
	create(t, to.Incidents(), newIncident(6), withEvents(newEvent(6, 1)))
	newest := list(t, to.Events(), repository.Query{Descending: true, Limit: 1})
	check(t, "next sequence", newest[0].Sequence(), int64(11))
	check(t, "next event", newest[0].CreationKey, eventKey(6, 1))
}

func dumpInPart(t *testing.T, store repository.Repository) {
	for n := range 5 {
		create(t, store.Incidents(), newIncident(n), withEvents(newEvent(n, 1)))
	}
	for stop := range 11 {
		seen := 0
		for _, err := range store.Dump(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen >= stop {
				break
			}
		}
		check(t, "documents", seen, min(max(stop, 1), 10))
	}
	create(t, store.Incidents(), newIncident(9), repository.Effects{})
}

// loadAgain expects that the same source changes nothing, also when what came from it has changed.
func loadAgain(t *testing.T, store repository.Repository) {
	documents := documentsOf(t, newIncident(1), newIncident(2), newIncident(3))
	load(t, store, documents)
	update(t, store.Incidents(), newID(1), func(incident *repository.Incident) (repository.Effects, error) {
		incident.Title = "Changed meanwhile"
		return withEvents(newEvent(1, 2)), nil
	})
	purge(t, store, newID(2))
	if err := store.Incidents().Remove(t.Context(), newID(2)); err != nil {
		t.Fatal(err)
	}
	create(t, store.Incidents(), newIncident(4), repository.Effects{})
	before := dump(t, store)
	load(t, store, documents)
	check(t, "dump", readable(dump(t, store)), readable(before))
}

// documentsOf are the documents of incidents.
func documentsOf(t *testing.T, incidents ...repository.Incident) []repository.Document {
	t.Helper()
	documents := make([]repository.Document, len(incidents))
	for i, incident := range incidents {
		var err error
		if documents[i], err = repository.IncidentSchema.Document(incident); err != nil {
			t.Fatal(err)
		}
	}
	return documents
}

func loadIntoUsed(t *testing.T, store repository.Repository) {
	create(t, store.GroundRules(), repository.GroundRules{Header: newHeader(1)}, repository.Effects{})
	refuses(t, store, "source", documentsOf(t, newIncident(1)), repository.ErrConflict)
}

func loadFromTwo(t *testing.T, store repository.Repository) {
	load(t, store, documentsOf(t, newIncident(1)))
	refuses(t, store, "another source", documentsOf(t, newIncident(2)), repository.ErrConflict)
}

// refuses expects that a load answers an error, and changes nothing.
func refuses(t *testing.T, store repository.Repository, source string, documents []repository.Document, want error) {
	t.Helper()
	before := readable(dump(t, store))
	if err := store.Load(t.Context(), source, given(documents, nil)); !errors.Is(err, want) {
		t.Errorf("Load = %v, want %v", err, want)
	}
	check(t, "dump", readable(dump(t, store)), before)
}

// loadHalfway expects that a load which ended early is taken up again, by the same source alone.
func loadHalfway(t *testing.T, store repository.Repository) {
	var incidents []repository.Incident
	for n := range 1100 {
		incidents = append(incidents, newIncident(n))
	}
	documents := documentsOf(t, incidents...)
	broken := errors.New("the file is cut")
	if err := store.Load(t.Context(), "source", given(documents[:1050], broken)); !errors.Is(err, broken) {
		t.Errorf("Load = %v, want the very error of the documents", err)
	}
	refuses(t, store, "another source", documents, repository.ErrConflict)
	load(t, store, documents)
	check(t, "dump", readable(dump(t, store)), readable(documents))
}

// loadMany has documents cross over of which no two fit into one batch.
func loadMany(t *testing.T, from, to repository.Repository) {
	t.Helper()
	for n := range 3 {
		incident := newIncident(n)
		incident.Summary = strings.Repeat("0123456789abcdef", 5*mebibyte/16)
		create(t, from.Incidents(), incident, repository.Effects{})
	}
	documents := dump(t, from)
	for batch, err := range repository.Batches(given(documents, nil)) {
		if err != nil || len(batch) != 1 {
			t.Errorf("a batch has %d documents, %v", len(batch), err)
		}
	}
	load(t, to, documents)
	check(t, "dump of the other store", hashes(dump(t, to)), hashes(documents))
}

// hashes stand for documents that are too large to be shown.
func hashes(documents []repository.Document) []string {
	all := make([]string, len(documents))
	for i, document := range documents {
		all[i] = fmt.Sprintf("%s %s %x", document.Kind, document.ID, sha256.Sum256(document.Content))
	}
	return all
}

func loadNonsense(t *testing.T, store repository.Repository) {
	good := documentsOf(t, newIncident(1))[0]
	for _, test := range []struct {
		name     string
		document repository.Document
	}{
		{"a kind that is not known", repository.Document{Kind: "recipes", ID: good.ID, Content: good.Content}},
		{"a field that is not known", repository.Document{Kind: good.Kind, ID: good.ID, Content: []byte(`{"id":"` + good.ID + `","revision":1,"taste":"salty"}`)}},
		{"another id", repository.Document{Kind: good.Kind, ID: newID(2), Content: good.Content}},
		{"no revision", repository.Document{Kind: good.Kind, ID: good.ID, Content: []byte(`{"id":"` + good.ID + `"}`)}},
		{"no JSON", repository.Document{Kind: good.Kind, ID: good.ID, Content: []byte(`{`)}},
	} {
		err := store.Load(t.Context(), "source", given([]repository.Document{test.document}, nil))
		if !errors.Is(err, repository.ErrCorrupt) {
			t.Errorf("%s: Load = %v, want ErrCorrupt", test.name, err)
		}
	}
	check(t, "dump", dump(t, store), nil)
	load(t, store, []repository.Document{good})
}

// portInEndedContext expects that a call whose context has ended says so, and neither gives nor begins anything.
func portInEndedContext(t *testing.T, store repository.Repository) {
	documents := documentsOf(t, newIncident(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Load(ctx, "another source", given(documents, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("Load = %v, want that it was canceled", err)
	}
	check(t, "dump", dump(t, store), nil)
	load(t, store, documents)
	endings := 0
	for document, err := range store.Dump(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Dump = %s, %v, want that it was canceled", document.ID, err)
		}
		endings++
	}
	check(t, "endings of the dump", endings, 1)
	if found, err := store.Documents(ctx, documents[0].Kind, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Documents = %d of them, %v, want that it was canceled", len(found), err)
	}
}
