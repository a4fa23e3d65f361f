// Package mongodb keeps Debrief's resources in MongoDB 4.4 or later, or in an engine that speaks its protocol: standalone,
// replica set or sharded.
//
// It uses no transactions and no change streams. Every invariant holds with what is atomic everywhere: the change of one
// document. A document holds a resource, what it is found by, and an outbox with the effects of its changes until these
// are in their places. See relay for how they get there.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
)

const (
	defaultDatabase        = "debrief"
	serverSelectionTimeout = 3 * time.Second
	connectTimeout         = 3 * time.Second
	pings                  = "pings"
)

// Options are what a Repository may be given. The zero Options are good.
type Options struct {
	// TracerProvider makes a client span for each command; nil: none.
	TracerProvider trace.TracerProvider
	// MeterProvider measures how long commands take; nil: it does not.
	MeterProvider metric.MeterProvider
	// Logger is told of what goes wrong where no caller waits for it; nil: nobody is told.
	Logger *slog.Logger
	// Now is the clock by which effects that were left behind are known to be old; nil: the system's.
	Now func() time.Time
	// Unfinished opens also a store into which something was begun to be loaded, and not finished.
	Unfinished bool
}

// Repository is a store in a MongoDB database.
type Repository struct {
	engine  *engine
	relay   *relay
	sweeper *sweeper
	logger  *slog.Logger
	now     func() time.Time
	// shelves are all collections, in the order of their names.
	shelves []shelf

	incidents           *collection[repository.Incident]
	timelineEntries     *collection[repository.TimelineEntry]
	postMortems         *collection[repository.PostMortem]
	postMortemRevisions *collection[repository.PostMortemRevision]
	actionItems         *collection[repository.ActionItem]
	statements          *collection[repository.ParticipantStatement]
	groundRules         *collection[repository.GroundRules]
	templates           *collection[repository.PostMortemTemplate]
	systems             *collection[repository.System]
	systemRevisions     *collection[repository.SystemRevision]
	mentalModels        *collection[repository.MentalModel]
	rejectedDeliveries  *collection[repository.RejectedDelivery]
	integrations        *collection[repository.Integration]
	alerts              *collection[repository.Alert]
	alertSeries         *collection[repository.AlertSeries]
	alertGroups         *collection[repository.AlertGroup]
	deliveries          *collection[repository.Delivery]
	subscriptions       *collection[repository.Subscription]
	eventDeliveries     *collection[repository.EventDelivery]
	apiKeys             *collection[repository.APIKey]
	auditPages          *collection[repository.AuditPage]
	events              *feed

	combiners []interface{ close() }
	// combining are the goroutines that do what callers want together.
	combining sync.WaitGroup
	// relaying are those that bring away effects, until the relay is drained or stopRelaying ends their context.
	relaying     sync.WaitGroup
	stopRelaying context.CancelFunc
	// watching are those that look after the database, until stopWatching ends their context.
	watching     sync.WaitGroup
	stopWatching context.CancelFunc

	closing    sync.Once
	closeError error
}

var _ repository.Repository = (*Repository)(nil)

// Open connects to the database that the URI names, "debrief" where it names none, and sees to its indexes. The database of another
// program is refused, and nothing is changed in it. The URI is MongoDB's
// (https://www.mongodb.com/docs/manual/reference/connection-string/); what it says of timeouts, pools, TLS and compression is
// followed, but writes are always acknowledged by a majority, and reads go to the primary.
func Open(ctx context.Context, uri string, options Options) (*Repository, error) {
	client, name, err := connect(uri)
	if err != nil {
		return nil, err
	}
	engine, err := newEngine(client.Database(name), options)
	if err != nil {
		return nil, errors.Join(err, client.Disconnect(ctx))
	}
	r := newRepository(engine, options)
	if err := r.look(ctx, options.Unfinished); err != nil {
		return nil, errors.Join(fmt.Errorf("look at the database %q: %w", name, err), client.Disconnect(ctx))
	}
	later, err := r.ensureIndexes(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the database %q: %w", name, err), client.Disconnect(ctx))
	}
	if err := r.suit(ctx, later); err != nil {
		return nil, errors.Join(fmt.Errorf("look at the database %q: %w", name, err), client.Disconnect(ctx))
	}
	r.start(ctx, later)
	return r, nil
}

// errURI has nothing of the driver's words, which may be parts of a password that is not written as a URI wants it.
var errURI = errors.New("the URI of the database is not right: want mongodb://USER:PASSWORD@HOST/DATABASE, where what is neither a letter nor a digit " +
	"in a user or a password is written with a %, such as %40 for @, and options as the driver of MongoDB knows them")

func connect(uri string) (*mongo.Client, string, error) {
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return nil, "", errURI
	}
	client, err := mongo.Connect(options.Client().
		SetAppName("debrief").
		SetServerSelectionTimeout(serverSelectionTimeout).
		SetConnectTimeout(connectTimeout).
		ApplyURI(uri).
		SetWriteConcern(writeconcern.Majority()).
		SetReadConcern(readconcern.Local()).
		SetReadPreference(readpref.Primary()))
	if err != nil {
		return nil, "", errURI
	}
	if parsed.Database == "" {
		return client, defaultDatabase, nil
	}
	return client, parsed.Database, nil
}

func newRepository(engine *engine, options Options) *Repository {
	r := &Repository{engine: engine, logger: options.Logger, now: options.Now}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	if r.now == nil {
		r.now = time.Now //nolint:forbidigo // The default of the clock that can be handed in.
	}
	delivery := newDelivery(engine.inside(), r.now)
	r.relay = newRelay(delivery, r.logger)
	r.incidents = newCollection(r, repository.IncidentSchema, false)
	r.timelineEntries = newCollection(r, repository.TimelineEntrySchema, true)
	r.postMortems = newCollection(r, repository.PostMortemSchema, false)
	r.postMortemRevisions = newCollection(r, repository.PostMortemRevisionSchema, true)
	r.actionItems = newCollection(r, repository.ActionItemSchema, true)
	r.statements = newCollection(r, repository.ParticipantStatementSchema, false)
	r.groundRules = newCollection(r, repository.GroundRulesSchema, false)
	r.templates = newCollection(r, repository.PostMortemTemplateSchema, false)
	r.systems = newCollection(r, repository.SystemSchema, false)
	r.systemRevisions = newCollection(r, repository.SystemRevisionSchema, true)
	r.mentalModels = newCollection(r, repository.MentalModelSchema, false)
	r.rejectedDeliveries = newCollection(r, repository.RejectedDeliverySchema, false)
	r.integrations = newCollection(r, repository.IntegrationSchema, false)
	r.alerts = newCollection(r, repository.AlertSchema, false)
	r.alertSeries = newCollection(r, repository.AlertSeriesSchema, false)
	r.alertGroups = newCollection(r, repository.AlertGroupSchema, false)
	r.deliveries = newCollection(r, repository.DeliverySchema, false)
	r.subscriptions = newCollection(r, repository.SubscriptionSchema, false)
	r.eventDeliveries = newCollection(r, repository.EventDeliverySchema, false)
	r.apiKeys = newCollection(r, repository.APIKeySchema, false)
	r.auditPages = newCollection(r, repository.AuditPageSchema, false)
	r.events = &feed{newCollection(r, repository.EventSchema, true)}
	r.events.stored = r.events.settled
	r.sweeper = &sweeper{
		engine: engine.inside().quiet(), delivery: delivery, logger: r.logger, now: r.now,
		places: []*mongo.Collection{
			r.incidents.settled, r.timelineEntries.settled, r.postMortems.settled, r.actionItems.settled, r.statements.settled,
			r.groundRules.settled, r.templates.settled, r.systems.settled, r.mentalModels.settled, r.rejectedDeliveries.settled,
			r.integrations.settled, r.alerts.settled, r.alertSeries.settled, r.alertGroups.settled, r.deliveries.settled,
			r.subscriptions.settled, r.eventDeliveries.settled, r.apiKeys.settled, r.auditPages.settled,
		},
	}
	return r
}

// ensuredAtOnce bounds the collections whose indexes are seen to at the same time: each takes a connection, and a server that
// starts is not to open dozens at once.
const ensuredAtOnce = 8

// ensureIndexes sees to the indexes of all collections, and returns those that can be built later.
func (r *Repository) ensureIndexes(ctx context.Context) (map[string][]index, error) {
	var lock sync.Mutex
	later := map[string][]index{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(ensuredAtOnce)
	for collection, wanted := range wantedIndexes() {
		group.Go(func() error {
			missing, err := r.engine.ensure(ctx, collection, wanted)
			if len(missing) > 0 {
				lock.Lock()
				defer lock.Unlock()
				later[collection] = missing
			}
			return err
		})
	}
	return later, group.Wait()
}

// suit chooses the way to list that suits the engine. It can't be asked before all indexes are there.
func (r *Repository) suit(ctx context.Context, later map[string][]index) error {
	if len(later) > 0 {
		return nil
	}
	sorts, err := r.engine.sortsInMemory(ctx, r.incidents.schema.Name)
	if err != nil || !sorts {
		return err
	}
	r.incidents.window, r.postMortems.window, r.actionItems.window = firstWindow, firstWindow, firstWindow
	r.rejectedDeliveries.window, r.events.window = firstWindow, firstWindow
	r.systems.window, r.mentalModels.window = firstWindow, firstWindow
	r.integrations.window, r.alerts.window, r.deliveries.window = firstWindow, firstWindow, firstWindow
	r.subscriptions.window, r.eventDeliveries.window = firstWindow, firstWindow
	return nil
}

// start starts what runs beside the calls.
func (r *Repository) start(ctx context.Context, later map[string][]index) {
	var relaying, watching context.Context
	relaying, r.stopRelaying = context.WithCancel(context.WithoutCancel(ctx))
	r.relaying.Go(func() { r.relay.deliver(relaying) })
	r.relaying.Go(func() { r.relay.clear(relaying) })
	watching, r.stopWatching = context.WithCancel(context.WithoutCancel(ctx))
	r.watching.Go(func() { r.sweeper.run(watching) })
	r.watching.Go(func() { r.buildLater(watching, later) })
}

// Incidents keeps incidents.
func (r *Repository) Incidents() repository.Collection[repository.Incident] { return r.incidents }

// TimelineEntries keeps the entries of all incidents.
func (r *Repository) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return r.timelineEntries
}

// PostMortems keeps post-mortems as they stand.
func (r *Repository) PostMortems() repository.Collection[repository.PostMortem] { return r.postMortems }

// PostMortemRevisions keeps what was published.
func (r *Repository) PostMortemRevisions() repository.Archive[repository.PostMortemRevision] {
	return r.postMortemRevisions
}

// ActionItems keeps action items.
func (r *Repository) ActionItems() repository.Collection[repository.ActionItem] { return r.actionItems }

// ParticipantStatements keeps what participants tell.
func (r *Repository) ParticipantStatements() repository.Collection[repository.ParticipantStatement] {
	return r.statements
}

// GroundRules keeps the ground rules of teams.
func (r *Repository) GroundRules() repository.Collection[repository.GroundRules] {
	return r.groundRules
}

// PostMortemTemplates keeps the templates of teams.
func (r *Repository) PostMortemTemplates() repository.Collection[repository.PostMortemTemplate] {
	return r.templates
}

// Systems keeps systems as they are known to be.
func (r *Repository) Systems() repository.Collection[repository.System] {
	return r.systems
}

// SystemRevisions keeps what was known before.
func (r *Repository) SystemRevisions() repository.Archive[repository.SystemRevision] {
	return r.systemRevisions
}

// MentalModels keeps what people believed.
func (r *Repository) MentalModels() repository.Collection[repository.MentalModel] {
	return r.mentalModels
}

// APIKeys keeps who may call.
func (r *Repository) APIKeys() repository.Collection[repository.APIKey] { return r.apiKeys }

// AuditPages keeps what was done.
func (r *Repository) AuditPages() repository.Trail { return r.auditPages }

// Integrations keeps which alerting systems may deliver.
func (r *Repository) Integrations() repository.Collection[repository.Integration] {
	return r.integrations
}

// Alerts keeps the episodes of alerts.
func (r *Repository) Alerts() repository.Collection[repository.Alert] {
	return r.alerts
}

// AlertSeries keeps what is known of alerts over their episodes.
func (r *Repository) AlertSeries() repository.Collection[repository.AlertSeries] {
	return r.alertSeries
}

// AlertGroups keeps what is known of alerts that rules hold together.
func (r *Repository) AlertGroups() repository.Collection[repository.AlertGroup] {
	return r.alertGroups
}

// Deliveries keeps what alerting systems sent.
func (r *Repository) Deliveries() repository.Collection[repository.Delivery] {
	return r.deliveries
}

// Subscriptions keeps what is told to whom.
func (r *Repository) Subscriptions() repository.Collection[repository.Subscription] {
	return r.subscriptions
}

// EventDeliveries keeps events on their way to subscriptions.
func (r *Repository) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return r.eventDeliveries
}

// RejectedDeliveries keeps deliveries that made no sense.
func (r *Repository) RejectedDeliveries() repository.Collection[repository.RejectedDelivery] {
	return r.rejectedDeliveries
}

// Events is the feed.
func (r *Repository) Events() repository.Feed { return r.events }

// Ping writes a document, for an engine may be there and yet not take any.
func (r *Repository) Ping(ctx context.Context) error {
	err := r.engine.do(ctx, command{operation: "updateOne", collection: pings}, func(ctx context.Context) error {
		_, err := r.engine.database.Collection(pings).UpdateOne(ctx, bson.D{{Key: fieldID, Value: "ping"}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "time", Value: r.now()}}}}, options.UpdateOne().SetUpsert(true))
		return err
	})
	if errors.Is(err, repository.ErrAlreadyExists) {
		return nil // Another's ping was written at the same time.
	}
	return err
}

// Close refuses new calls, waits until what was written is told and ends everything, within the context.
func (r *Repository) Close(ctx context.Context) error {
	r.closing.Do(func() { r.closeError = r.close(ctx) })
	return r.closeError
}

// close ends first what comes in, then what was begun, then what brings away its effects, then the connections.
func (r *Repository) close(ctx context.Context) error {
	r.engine.closed.Store(true)
	if r.engine.readOnly {
		return r.closeReadOnly(ctx)
	}
	r.stopWatching()
	for _, combiner := range r.combiners {
		combiner.close()
	}
	err := wait(ctx, &r.combining)
	r.relay.drain()
	err = errors.Join(err, wait(ctx, &r.relaying))
	r.stopRelaying()
	err = errors.Join(err, r.engine.database.Client().Disconnect(ctx))
	// Nothing of it can go on without its context and its connections.
	r.combining.Wait()
	r.relaying.Wait()
	r.watching.Wait()
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// wait waits until all are done, or the context has ended.
func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
