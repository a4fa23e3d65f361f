package mongodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

// leftAge is how old what is in an outbox must be so that nobody seems to bring it away.
const leftAge = time.Minute

// Examination is what was found of a store in a database.
type Examination struct {
	// Database is its name.
	Database string
	// Empty says that nothing of Debrief's is in it yet.
	Empty bool
	// Missing are the indexes that are not there, by the names of their collections.
	Missing map[string][]string
	// Left is how many resources have effects in their outboxes that nobody has brought to their places for a minute.
	Left int64
	// Ahead is by how much the clock of the server is ahead of this machine's, as exactly as the time allows that the answer took:
	// it may be more or less by Uncertainty. The server did not tell where Known is false.
	Ahead, Uncertainty time.Duration
	// Known says that Ahead is known.
	Known bool
}

// Examine looks at the store in the database that the URI names, and changes nothing. Others may use it meanwhile. Its error says
// that the server can't be reached, that it takes no writes, that the database is another program's, or that an import is not
// finished.
func Examine(ctx context.Context, uri string, settings Options) (_ Examination, err error) {
	r, err := connectReadOnly(ctx, uri, settings)
	if err != nil {
		return Examination{}, err
	}
	defer func() { err = errors.Join(err, r.engine.database.Client().Disconnect(context.WithoutCancel(ctx))) }()
	found := Examination{Database: r.engine.database.Name(), Missing: map[string][]string{}}
	if err := r.examine(ctx, &found); err != nil {
		return found, fmt.Errorf("examine the database %q: %w", found.Database, err)
	}
	return found, nil
}

func (r *Repository) examine(ctx context.Context, found *Examination) error {
	if err := r.meet(ctx, found); err != nil {
		return err
	}
	ours, others, err := r.collections(ctx)
	if err == nil {
		err = refuseForeign(ours, others)
	}
	if err != nil {
		return err
	}
	if found.Empty = len(ours) == 0; found.Empty {
		return nil
	}
	if err := r.engine.refuseUnfinished(ctx); err != nil {
		return err
	}
	wanted := wantedIndexes()
	for _, collection := range slices.Sorted(maps.Keys(wanted)) {
		missing, err := r.engine.missing(ctx, collection, wanted[collection])
		if err != nil {
			return err
		}
		for _, index := range missing {
			found.Missing[collection] = append(found.Missing[collection], index.name())
		}
	}
	found.Left, err = r.waiting(ctx, r.now().Add(-leftAge))
	return err
}

// collections are the names of Debrief's collections that are there, and those of others.
func (r *Repository) collections(ctx context.Context) (ours, others []string, err error) {
	var names []string
	err = r.engine.do(ctx, command{operation: "listCollections"}, func(ctx context.Context) error {
		names, err = r.engine.database.ListCollectionNames(ctx, bson.D{})
		return err
	})
	for _, name := range names {
		switch {
		case slices.ContainsFunc(r.shelves, func(s shelf) bool { return s.kind() == name }):
			ours = append(ours, name)
		case name == pings || name == loads || strings.HasPrefix(name, "system."):
		default:
			others = append(others, name)
		}
	}
	return ours, others, err
}

// refuseForeign refuses the database of another program. It may have collections that are called like some of ours, such as events;
// that of post-mortems is there wherever a Debrief of any version was started.
func refuseForeign(ours, others []string) error {
	mark := repository.PostMortemSchema.Name
	if len(others) == 0 || slices.Contains(ours, mark) {
		return nil
	}
	return fmt.Errorf("it is the database of another program: it has the collection %q, and not %q; name another database", slices.Min(others), mark)
}

// look refuses a database that is not for this store, before anything is changed in it.
func (r *Repository) look(ctx context.Context, unfinished bool) error {
	ours, others, err := r.collections(ctx)
	if err == nil {
		err = refuseForeign(ours, others)
	}
	if err == nil && !unfinished {
		err = r.engine.refuseUnfinished(ctx)
	}
	return err
}

// meet asks the server who it is: https://www.mongodb.com/docs/manual/reference/command/hello/
func (r *Repository) meet(ctx context.Context, found *Examination) error {
	var said struct {
		Writable bool      `bson:"isWritablePrimary"`
		Time     time.Time `bson:"localTime"`
	}
	ask := func(ctx context.Context) error {
		return r.engine.database.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&said)
	}
	// The first time it also takes to connect.
	if err := r.engine.do(ctx, command{operation: "hello"}, ask); err != nil {
		return err
	}
	before := r.now()
	if err := r.engine.do(ctx, command{operation: "hello"}, ask); err != nil {
		return err
	}
	if took := r.now().Sub(before); !said.Time.IsZero() {
		found.Known, found.Uncertainty = true, took/2
		found.Ahead = said.Time.Sub(before.Add(took / 2))
	}
	if !said.Writable {
		return fmt.Errorf("%w: the server takes no writes: it is no primary", repository.ErrUnavailable)
	}
	return nil
}

// reading are the operations that change nothing.
var reading = []string{"aggregate", "count", "explain", "find", "findOne", "hello", "listCollections", "listIndexes"}

var errReadOnly = fmt.Errorf("%w: it is open for reading alone", repository.ErrUnavailable)

// connectReadOnly is a store of which nothing runs, and that does nothing but read.
func connectReadOnly(ctx context.Context, uri string, settings Options) (*Repository, error) {
	client, name, err := connect(uri)
	if err != nil {
		return nil, err
	}
	engine, err := newEngine(client.Database(name), settings)
	if err != nil {
		return nil, errors.Join(err, client.Disconnect(ctx))
	}
	engine.readOnly = true
	return newRepository(engine, settings), nil
}

// OpenReadOnly connects to the store in the database that the URI names, to read it and to change nothing, while others may use it.
// Whatever would change something ends with an error. An index that is missing is not made: lists may be slow.
func OpenReadOnly(ctx context.Context, uri string, settings Options) (*Repository, error) {
	r, err := connectReadOnly(ctx, uri, settings)
	if err != nil {
		return nil, err
	}
	found := Examination{Database: r.engine.database.Name()}
	err = r.meet(ctx, &found)
	if err == nil {
		err = r.look(ctx, true)
	}
	if err == nil {
		err = r.suit(ctx, nil)
	}
	if err != nil {
		err = fmt.Errorf("look at the database %q: %w", found.Database, err)
		return nil, errors.Join(err, r.engine.database.Client().Disconnect(context.WithoutCancel(ctx)))
	}
	return r, nil
}

// closeReadOnly ends what reads, then the connections. Nothing else runs.
func (r *Repository) closeReadOnly(ctx context.Context) error {
	for _, combiner := range r.combiners {
		combiner.close()
	}
	err := errors.Join(wait(ctx, &r.combining), r.engine.database.Client().Disconnect(ctx))
	r.combining.Wait()
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
