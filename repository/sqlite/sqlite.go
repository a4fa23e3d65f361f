// Package sqlite keeps Debrief's resources in one SQLite file: the default store, for a team with one machine.
//
// Each collection is a table with a row per resource: its document as JSON, and beside it what it is ordered by. What
// filters find a resource by is in a full-text index beside the table. A change and its effects are one transaction. What
// is committed survives a loss of power: the log is synchronised at each commit.
//
// One goroutine writes, and many callers share its commits; a few connections read beside it. Another process may use
// the file at the same time.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"

	"github.com/debriefhq/debrief/repository"
)

// Options are what a store can be given. The zero Options are good.
type Options struct {
	// TracerProvider makes the spans of the calls; nil: none are made.
	TracerProvider trace.TracerProvider
	// MeterProvider measures the calls; nil: they are not measured.
	MeterProvider metric.MeterProvider
	// Logger is told what went wrong where no caller is told; nil: nobody is.
	Logger *slog.Logger
	// Unfinished opens also a store into which something was begun to be loaded, and not finished.
	Unfinished bool
}

// Repository is the store. It implements [repository.Repository].
type Repository struct {
	*observer
	logger  *slog.Logger
	path    string
	engine  *sqlite.Driver
	readers *pool
	writer  *writer
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
	events              *collection[repository.Event]
}

var _ repository.Repository = (*Repository)(nil)

const (
	// The caches of the connections, in KiB: the operating system caches the file as well.
	readerCache, writerCache = 2 << 10, 4 << 10
	// busyTimeout is how long a connection waits for another process, in milliseconds.
	busyTimeout = 5000
	minReaders  = 2
	maxReaders  = 16
)

// Open opens the file, or makes it with its folder where there is none, and brings it to this version's schema. It
// refuses a file that is not Debrief's, and one that a newer version has written.
func Open(ctx context.Context, path string, options Options) (*Repository, error) {
	path, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	r, err := newRepository(path, options)
	if err != nil {
		return nil, err
	}
	if err := r.migrate(ctx, options.Unfinished); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, refusalOr(ctx, err))
	}
	r.start(ctx, r.openReader, r.openWriter)
	return r, nil
}

// newRepository is a store that is not open yet.
func newRepository(path string, options Options) (*Repository, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding %q: %w", path, err)
	}
	r := &Repository{logger: options.Logger, path: absolute, engine: &sqlite.Driver{}}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	if r.observer, err = newObserver(options); err != nil {
		return nil, err
	}
	r.makeCollections()
	return r, nil
}

// start lets calls come. The connections are opened when they are needed.
func (r *Repository) start(ctx context.Context, reader, writer func(context.Context) (*connection, error)) {
	r.readers = newPool(min(max(minReaders, runtime.GOMAXPROCS(0)), maxReaders), reader)
	r.writer = newWriter(context.WithoutCancel(ctx), writer, (&log{path: r.path + "-wal", limit: maxLog}).cut, r.logger)
}

// makeFile sees to it that there is a file which only its owner may read.
func makeFile(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding %q: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(absolute), 0o700); err != nil { //nolint:gosec // It is where the operator wants it.
		return "", fmt.Errorf("making the folder of the store: %w", err)
	}
	file, err := os.OpenFile(absolute, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // As above.
	if err != nil {
		return "", fmt.Errorf("opening the store: %w", err)
	}
	return absolute, file.Close()
}

func (r *Repository) makeCollections() {
	r.incidents = newCollection(r, repository.IncidentSchema)
	r.timelineEntries = newCollection(r, repository.TimelineEntrySchema)
	r.postMortems = newCollection(r, repository.PostMortemSchema)
	r.postMortemRevisions = newCollection(r, repository.PostMortemRevisionSchema)
	r.actionItems = newCollection(r, repository.ActionItemSchema)
	r.statements = newCollection(r, repository.ParticipantStatementSchema)
	r.groundRules = newCollection(r, repository.GroundRulesSchema)
	r.templates = newCollection(r, repository.PostMortemTemplateSchema)
	r.systems = newCollection(r, repository.SystemSchema)
	r.systemRevisions = newCollection(r, repository.SystemRevisionSchema)
	r.mentalModels = newCollection(r, repository.MentalModelSchema)
	r.rejectedDeliveries = newCollection(r, repository.RejectedDeliverySchema)
	r.integrations = newCollection(r, repository.IntegrationSchema)
	r.alerts = newCollection(r, repository.AlertSchema)
	r.alertSeries = newCollection(r, repository.AlertSeriesSchema)
	r.alertGroups = newCollection(r, repository.AlertGroupSchema)
	r.deliveries = newCollection(r, repository.DeliverySchema)
	r.subscriptions = newCollection(r, repository.SubscriptionSchema)
	r.eventDeliveries = newCollection(r, repository.EventDeliverySchema)
	r.apiKeys = newCollection(r, repository.APIKeySchema)
	r.auditPages = newCollection(r, repository.AuditPageSchema)
	r.events = newCollection(r, repository.EventSchema)
}

func newCollection[T any](r *Repository, schema repository.Schema[T]) *collection[T] {
	made := &collection[T]{codec: newCodec(schema), repository: r}
	place, _ := slices.BinarySearchFunc(r.shelves, schema.Name, func(s shelf, name string) int { return strings.Compare(s.kind(), name) })
	r.shelves = slices.Insert(r.shelves, place, shelf(made))
	return made
}

func (r *Repository) openReader(ctx context.Context) (*connection, error) {
	return connect(ctx, r.engine, r.path, busyPragma(), fmt.Sprintf("cache_size = -%d", readerCache), "query_only = ON")
}

func (r *Repository) openWriter(ctx context.Context) (*connection, error) {
	return connect(ctx, r.engine, r.path, busyPragma(), fmt.Sprintf("cache_size = -%d", writerCache),
		"synchronous = FULL", "wal_autocheckpoint = 4000", "temp_store = MEMORY")
}

func busyPragma() string { return fmt.Sprintf("busy_timeout = %d", busyTimeout) }

// Incidents implements [repository.Repository].
func (r *Repository) Incidents() repository.Collection[repository.Incident] { return r.incidents }

// TimelineEntries implements [repository.Repository].
func (r *Repository) TimelineEntries() repository.Collection[repository.TimelineEntry] {
	return r.timelineEntries
}

// PostMortems implements [repository.Repository].
func (r *Repository) PostMortems() repository.Collection[repository.PostMortem] { return r.postMortems }

// PostMortemRevisions implements [repository.Repository].
func (r *Repository) PostMortemRevisions() repository.Archive[repository.PostMortemRevision] {
	return r.postMortemRevisions
}

// ActionItems implements [repository.Repository].
func (r *Repository) ActionItems() repository.Collection[repository.ActionItem] { return r.actionItems }

// ParticipantStatements implements [repository.Repository].
func (r *Repository) ParticipantStatements() repository.Collection[repository.ParticipantStatement] {
	return r.statements
}

// GroundRules implements [repository.Repository].
func (r *Repository) GroundRules() repository.Collection[repository.GroundRules] {
	return r.groundRules
}

// PostMortemTemplates implements [repository.Repository].
func (r *Repository) PostMortemTemplates() repository.Collection[repository.PostMortemTemplate] {
	return r.templates
}

// Systems implements [repository.Repository].
func (r *Repository) Systems() repository.Collection[repository.System] {
	return r.systems
}

// SystemRevisions implements [repository.Repository].
func (r *Repository) SystemRevisions() repository.Archive[repository.SystemRevision] {
	return r.systemRevisions
}

// MentalModels implements [repository.Repository].
func (r *Repository) MentalModels() repository.Collection[repository.MentalModel] {
	return r.mentalModels
}

// RejectedDeliveries implements [repository.Repository].
func (r *Repository) RejectedDeliveries() repository.Collection[repository.RejectedDelivery] {
	return r.rejectedDeliveries
}

// APIKeys implements [repository.Repository].
func (r *Repository) APIKeys() repository.Collection[repository.APIKey] { return r.apiKeys }

// AuditPages implements [repository.Repository].
func (r *Repository) AuditPages() repository.Trail { return r.auditPages }

// Integrations implements [repository.Repository].
func (r *Repository) Integrations() repository.Collection[repository.Integration] {
	return r.integrations
}

// Alerts implements [repository.Repository].
func (r *Repository) Alerts() repository.Collection[repository.Alert] {
	return r.alerts
}

// AlertSeries implements [repository.Repository].
func (r *Repository) AlertSeries() repository.Collection[repository.AlertSeries] {
	return r.alertSeries
}

// AlertGroups implements [repository.Repository].
func (r *Repository) AlertGroups() repository.Collection[repository.AlertGroup] {
	return r.alertGroups
}

// Deliveries implements [repository.Repository].
func (r *Repository) Deliveries() repository.Collection[repository.Delivery] {
	return r.deliveries
}

// Subscriptions implements [repository.Repository].
func (r *Repository) Subscriptions() repository.Collection[repository.Subscription] {
	return r.subscriptions
}

// EventDeliveries implements [repository.Repository].
func (r *Repository) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return r.eventDeliveries
}

// Events implements [repository.Repository].
func (r *Repository) Events() repository.Feed { return r.events }

// Ping implements [repository.Repository]: it goes through an empty write, ahead of those that wait.
func (r *Repository) Ping(ctx context.Context) (err error) {
	ctx, end := r.observe(ctx, operationPing, "")
	defer func() { err = end(ctx, err) }()
	return r.writer.do(ctx, r.writer.urgent, 0, func(*transaction) error { return nil })
}

// Close implements [repository.Repository]. The last connection that closes leaves everything in the one file.
func (r *Repository) Close(ctx context.Context) error {
	return translate(ctx, errors.Join(r.writer.close(ctx), r.readers.close(ctx)))
}
