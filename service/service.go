// Package service is what Debrief does: it takes requests in, applies the rules, calls the repository and answers.
package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/intake"
)

// DefaultRetention is how long deleted resources and rejected deliveries are kept where nothing else is said.
const DefaultRetention = 30 * 24 * time.Hour

// DefaultLookBack is how long after an action item was done one looks back where nothing else is said: long enough for what
// it is to prevent to have had a chance to come again.
const DefaultLookBack = 90 * 24 * time.Hour

// Options are what the services need.
type Options struct {
	// Repository is the store. Required.
	Repository repository.Repository
	// Now is the clock. Default: the system's.
	Now func() time.Time
	// NewID makes an id for a resource created at the given time: a ULID. Default: with random bits from the system.
	NewID func(time.Time) string
	// Retention is how long deleted resources and rejected deliveries are kept. Default: DefaultRetention.
	Retention time.Duration
	// Retentions say how long is kept what nobody deletes. Default: for good.
	Retentions Retentions
	// LookBack is how long after an action item was done one looks back whether it helped. Default: DefaultLookBack.
	LookBack time.Duration
	// Alerts says how alerts become incidents.
	Alerts AlertOptions
	// Language says how texts are read, and what publication does about what is found.
	Language LanguageOptions
	// ClockPolicies say how the clocks of incidents run. Default: clock.DefaultPolicies.
	ClockPolicies clock.Policies
	// PublicURL is where people and programs reach Debrief over HTTP, without a slash at its end: what leaves Debrief links to
	// it. Empty: it has no links, or relative ones.
	PublicURL string
	// Webhooks say how webhooks are sent.
	Webhooks WebhookOptions
	// Email says how e-mail is sent. Default: none is.
	Email EmailOptions
	// Access says who may call, and what is kept of what they do.
	Access AccessOptions
	// Limits bound what callers can ask for. Default: nothing does.
	Limits LimitOptions
	// MeterProvider takes the counts of what happens. Default: none.
	MeterProvider metric.MeterProvider
	// Logger is told what nobody else is told: the causes of internal errors. Default: none.
	Logger *slog.Logger
}

// AlertOptions say how alerts become incidents.
type AlertOptions struct {
	// Severities says which severity an alert's labels mean. Default: intake.DefaultSeverityMapping.
	Severities intake.SeverityMapping
	// KeepOpen leaves an incident as it is when the last of its alerts stops firing. Otherwise it is resolved.
	KeepOpen bool
	// RequireKeys refuses deliveries that come without an integration's key.
	RequireKeys bool
	// DeliveryRetention is how long deliveries that were worked off are kept, from their receipt on. Default: DefaultDeliveryRetention.
	DeliveryRetention time.Duration
	// Confirm asks an address that a sender wants to be asked before it begins to send. Nil: none is asked.
	Confirm func(ctx context.Context, address string) error
	// Certificates fetches those that senders sign with. Nil: none is fetched, and such senders are refused.
	Certificates intake.Certificates
}

// DefaultDeliveryRetention is how long deliveries are kept where nothing else is said.
const DefaultDeliveryRetention = 7 * 24 * time.Hour

// Services are all services over one repository.
type Services struct {
	// Incidents implements IncidentService.
	Incidents *Incidents
	// Timeline implements TimelineService.
	Timeline *Timeline
	// PostMortems implements PostMortemService.
	PostMortems *PostMortems
	// Statements implements StatementService.
	Statements *Statements
	// ActionItems implements ActionItemService.
	ActionItems *ActionItems
	// Clocks implements ClockService.
	Clocks *Clocks
	// Language implements LanguageService.
	Language *Language
	// Practice implements PracticeService.
	Practice *Practice
	// Systems implements SystemService.
	Systems *Systems
	// MentalModels implements MentalModelService.
	MentalModels *MentalModels
	// Events implements EventService.
	Events *Events
	// Intake takes alerts, and implements IntakeService.
	Intake *Intake
	// Alerts implements AlertService.
	Alerts *Alerts
	// Integrations implements IntegrationService.
	Integrations *Integrations
	// Subscriptions implements SubscriptionService.
	Subscriptions *Subscriptions
	// Access implements AccessService.
	Access *Access

	base *base
}

// base is what all services share.
type base struct {
	repository repository.Repository
	now        func() time.Time
	newID      func(time.Time) string
	// bare is the repository without what keeps the clocks of incidents, and when to remind of action items, and with all that is
	// concealed from callers.
	bare       repository.Repository
	retention  time.Duration
	retentions Retentions
	lookBack   time.Duration
	policies   clock.Policies
	publicURL  string
	counts     *counts
	language   language
	logger     *slog.Logger
	access     AccessOptions
	trail      *trail
	limits     *limits
	// refusals bounds how many refusals are written into the audit trail.
	refusals *rate.Limiter
	// apiKeys and integrationKeys remember whose keys are.
	apiKeys         remembered[[]repository.APIKey]
	integrationKeys remembered[[]repository.Integration]
	// stopping is closed when what goes on as long as the server does is to end.
	stopping chan struct{}
	stop     func()
}

// New makes the services.
func New(options Options) (*Services, error) {
	if options.Repository == nil {
		return nil, errors.New("service: a repository is required")
	}
	shared, err := newBase(options)
	if err != nil {
		return nil, err
	}
	if options.Alerts.Severities.Values == nil {
		options.Alerts.Severities = intake.DefaultSeverityMapping()
	}
	if options.Alerts.DeliveryRetention == 0 {
		options.Alerts.DeliveryRetention = DefaultDeliveryRetention
	}
	incidents := &Incidents{base: shared}
	events := newEvents(shared)
	return &Services{
		Incidents:     incidents,
		Timeline:      &Timeline{base: shared},
		PostMortems:   &PostMortems{base: shared},
		Statements:    &Statements{base: shared},
		ActionItems:   &ActionItems{base: shared},
		Clocks:        &Clocks{base: shared},
		Language:      &Language{base: shared},
		Practice:      &Practice{base: shared},
		Systems:       &Systems{base: shared},
		MentalModels:  &MentalModels{base: shared},
		Events:        events,
		Intake:        newIntake(shared, options.Alerts),
		Alerts:        &Alerts{base: shared},
		Integrations:  &Integrations{base: shared},
		Subscriptions: newSubscriptions(shared, events.tail, options.Webhooks, options.Email),
		Access:        &Access{base: shared},
		base:          shared,
	}, nil
}

func newBase(options Options) (*base, error) {
	shared := &base{
		now:        options.Now,
		newID:      options.NewID,
		bare:       options.Repository,
		retention:  options.Retention,
		retentions: options.Retentions,
		lookBack:   options.LookBack,
		policies:   options.ClockPolicies,
		publicURL:  options.PublicURL,
		logger:     options.Logger,
		access:     options.Access,
		limits:     newLimits(options.Limits),
		refusals:   rate.NewLimiter(refusalsPerSecond, refusalsAtOnce),
		stopping:   make(chan struct{}),
	}
	shared.stop = sync.OnceFunc(func() { close(shared.stopping) })
	shared.trail = newTrail(shared)
	shared.repository = guard{Repository: timeKeeping{Repository: options.Repository, base: shared}, base: shared}
	if shared.now == nil {
		shared.now = systemTime
	}
	if shared.newID == nil {
		shared.newID = NewIDs(rand.Reader)
	}
	if shared.retention == 0 {
		shared.retention = DefaultRetention
	}
	if shared.lookBack == 0 {
		shared.lookBack = DefaultLookBack
	}
	if shared.policies.Review.Default.Length == 0 {
		shared.policies = clock.DefaultPolicies()
	}
	if shared.logger == nil {
		shared.logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if shared.language, err = newLanguage(options.Language); err != nil {
		return nil, fmt.Errorf("read the rules of the blameless check: %w", err)
	}
	shared.counts, err = newCounts(options.MeterProvider)
	return shared, err
}

// EndStreams ends the streams that go on as long as the server does, so that it can stop. It is safe to repeat.
func (s *Services) EndStreams() { s.base.stop() }

// Register adds all services to a gRPC server.
func (s *Services) Register(registrar grpc.ServiceRegistrar) {
	debriefv1.RegisterIncidentServiceServer(registrar, s.Incidents)
	debriefv1.RegisterTimelineServiceServer(registrar, s.Timeline)
	debriefv1.RegisterPostMortemServiceServer(registrar, s.PostMortems)
	debriefv1.RegisterStatementServiceServer(registrar, s.Statements)
	debriefv1.RegisterActionItemServiceServer(registrar, s.ActionItems)
	debriefv1.RegisterClockServiceServer(registrar, s.Clocks)
	debriefv1.RegisterLanguageServiceServer(registrar, s.Language)
	debriefv1.RegisterPracticeServiceServer(registrar, s.Practice)
	debriefv1.RegisterSystemServiceServer(registrar, s.Systems)
	debriefv1.RegisterMentalModelServiceServer(registrar, s.MentalModels)
	debriefv1.RegisterEventServiceServer(registrar, s.Events)
	debriefv1.RegisterIntakeServiceServer(registrar, s.Intake)
	debriefv1.RegisterAlertServiceServer(registrar, s.Alerts)
	debriefv1.RegisterIntegrationServiceServer(registrar, s.Integrations)
	debriefv1.RegisterSubscriptionServiceServer(registrar, s.Subscriptions)
	debriefv1.RegisterAccessServiceServer(registrar, s.Access)
}

//nolint:forbidigo // The one place where the system's clock is read.
func systemTime() time.Time { return time.Now() }

// address is where a resource is read over HTTP: absolute where it is known where that is, else relative to this site.
func (b *base) address(path string) string { return b.publicURL + "/v1/" + path }

// present is the time now, as it is stored.
func (b *base) present() time.Time { return stored(b.now()) }

// stored is the time as it is stored: UTC, to the millisecond.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}
