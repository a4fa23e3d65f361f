// Package service is what Debrief does: it takes requests in, applies the rules, calls the repository and answers.
package service

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

// DefaultRetention is how long deleted resources and rejected deliveries are kept where nothing else is said.
const DefaultRetention = 30 * 24 * time.Hour

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
	// Alerts says how alerts become incidents.
	Alerts AlertOptions
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
}

// Services are all services over one repository.
type Services struct {
	// Incidents implements IncidentService.
	Incidents *Incidents
	// Timeline implements TimelineService.
	Timeline *Timeline
	// PostMortems implements PostMortemService.
	PostMortems *PostMortems
	// ActionItems implements ActionItemService.
	ActionItems *ActionItems
	// Events implements EventService.
	Events *Events
	// Intake takes alerts, and implements IntakeService.
	Intake *Intake

	base *base
}

// base is what all services share.
type base struct {
	repository repository.Repository
	now        func() time.Time
	newID      func(time.Time) string
	retention  time.Duration
	counts     *counts
	logger     *slog.Logger
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
	incidents := &Incidents{base: shared}
	return &Services{
		Incidents:   incidents,
		Timeline:    &Timeline{base: shared},
		PostMortems: &PostMortems{base: shared},
		ActionItems: &ActionItems{base: shared},
		Events:      &Events{base: shared},
		Intake:      &Intake{base: shared, options: options.Alerts},
		base:        shared,
	}, nil
}

func newBase(options Options) (*base, error) {
	shared := &base{
		repository: options.Repository,
		now:        options.Now,
		newID:      options.NewID,
		retention:  options.Retention,
		logger:     options.Logger,
	}
	if shared.now == nil {
		shared.now = systemTime
	}
	if shared.newID == nil {
		shared.newID = NewIDs(rand.Reader)
	}
	if shared.retention == 0 {
		shared.retention = DefaultRetention
	}
	if shared.logger == nil {
		shared.logger = slog.New(slog.DiscardHandler)
	}
	var err error
	shared.counts, err = newCounts(options.MeterProvider)
	return shared, err
}

// Register adds all services to a gRPC server.
func (s *Services) Register(registrar grpc.ServiceRegistrar) {
	debriefv1.RegisterIncidentServiceServer(registrar, s.Incidents)
	debriefv1.RegisterTimelineServiceServer(registrar, s.Timeline)
	debriefv1.RegisterPostMortemServiceServer(registrar, s.PostMortems)
	debriefv1.RegisterActionItemServiceServer(registrar, s.ActionItems)
	debriefv1.RegisterEventServiceServer(registrar, s.Events)
	debriefv1.RegisterIntakeServiceServer(registrar, s.Intake)
}

//nolint:forbidigo // The one place where the system's clock is read.
func systemTime() time.Time { return time.Now() }

// present is the time now, as it is stored.
func (b *base) present() time.Time { return stored(b.now()) }

// stored is the time as it is stored: UTC, to the millisecond.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}
