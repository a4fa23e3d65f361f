package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// instrumentation is who measures.
const instrumentation = "github.com/debriefhq/debrief/cmd/debrief/server"

const (
	// gaugeInterval is how old the gauges may be.
	gaugeInterval = 30 * time.Second
	// gaugeTimeout bounds one round of counting.
	gaugeTimeout = 10 * time.Second
	// gaugeLimit is as far as is counted, so that counting costs no more in a store of any size.
	gaugeLimit = 10_000
)

// gauges tell how much work is open, and what is stuck. They are counted in the background, so that reading them is free; what
// was not counted yet is not told.
type gauges struct {
	store  repository.Repository
	series []*series
}

// series is one number that goes up and down.
type series struct {
	instrument metric.Int64ObservableGauge
	attributes metric.MeasurementOption
	count      counting
	latest     atomic.Int64
}

// counting counts something in the store.
type counting func(context.Context) (int, error)

// uncounted is the latest count before there is one.
const uncounted = -1

func newGauges(meters metric.MeterProvider, store repository.Repository) (*gauges, error) {
	g := &gauges{store: store}
	meter := meters.Meter(instrumentation)
	var instruments []metric.Observable
	for _, kind := range g.kinds() {
		instrument, err := meter.Int64ObservableGauge(kind.name, metric.WithUnit(kind.unit),
			metric.WithDescription(kind.description+"; 10000 stands for that many or more."))
		if err != nil {
			return nil, err
		}
		instruments = append(instruments, instrument)
		for value, count := range kind.counts {
			attributes := metric.WithAttributes()
			if kind.attribute != "" {
				attributes = metric.WithAttributes(attribute.String(kind.attribute, value))
			}
			one := &series{instrument: instrument, attributes: attributes, count: count}
			one.latest.Store(uncounted)
			g.series = append(g.series, one)
		}
	}
	_, err := meter.RegisterCallback(g.observe, instruments...)
	return g, err
}

// gaugeKind is a metric, and how it is counted for each value of its attribute.
type gaugeKind struct {
	name, unit, description, attribute string
	counts                             map[string]counting
}

func (g *gauges) kinds() []gaugeKind {
	return []gaugeKind{
		{
			"debrief.incidents", "{incident}", "Incidents whose work is not over, without exercises, by state", "debrief.incident.state",
			each([]string{lifecycle.Triage, lifecycle.Active, lifecycle.Mitigated, lifecycle.Resolved}, g.incidentsIn),
		},
		{
			"debrief.action_items.overdue", "{action_item}", "Action items that are not done though their due time is past", "",
			map[string]counting{"": g.overdue},
		},
		{
			"debrief.clocks.breached", "{incident}", "Incidents with a clock that is breached, without exercises, by clock", "debrief.clock",
			map[string]counting{clock.Review.String(): g.breached(clock.Review), clock.FollowUp.String(): g.breached(clock.FollowUp)},
		},
		{
			"debrief.deliveries", "{delivery}", "Deliveries of alerts that wait to be worked off or were given up, by state", "debrief.delivery.state",
			each([]string{"PENDING", "FAILED"}, stateOf(g.store.Deliveries())),
		},
		{
			"debrief.event_deliveries", "{event_delivery}", "Events that wait to be told to a subscription or were given up, by state",
			"debrief.event_delivery.state", each([]string{"PENDING", "FAILED"}, stateOf(g.store.EventDeliveries())),
		},
		{
			"debrief.subscriptions", "{subscription}", "Subscriptions to webhooks and e-mail, by state", "debrief.subscription.state",
			each([]string{"ACTIVE", "FAILING", "DISABLED"}, stateOf(g.store.Subscriptions())),
		},
	}
}

// each counts for each of the states.
func each(states []string, count func(state string) counting) map[string]counting {
	counts := map[string]counting{}
	for _, state := range states {
		counts[state] = count(state)
	}
	return counts
}

// stateOf counts what is in a state.
func stateOf[T any](reader repository.Reader[T]) func(state string) counting {
	return func(state string) counting {
		query := repository.Query{Where: repository.TermIn{repository.Term("state", state)}, Limit: gaugeLimit}
		return func(ctx context.Context) (int, error) { return reader.Count(ctx, query) }
	}
}

func (g *gauges) incidentsIn(state string) counting {
	query := repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("state", state)},
			repository.Not{Condition: repository.TermIn{repository.Term("kind", "EXERCISE")}},
		},
		Limit: gaugeLimit,
	}
	return func(ctx context.Context) (int, error) { return g.store.Incidents().Count(ctx, query) }
}

func (g *gauges) breached(kind clock.Kind) counting {
	return func(ctx context.Context) (int, error) {
		return g.store.Incidents().Count(ctx, repository.Query{
			Where: repository.And{
				service.ClockIs(kind, clock.Breached, time.Now()),
				repository.Not{Condition: repository.TermIn{repository.Term("kind", "EXERCISE")}},
			},
			Limit: gaugeLimit,
		})
	}
}

func (g *gauges) overdue(ctx context.Context) (int, error) {
	return g.store.ActionItems().Count(ctx, repository.Query{Where: service.IsOverdue(time.Now()), Limit: gaugeLimit})
}

// refresh counts everything anew. What can't be counted is not told until it can be again.
func (g *gauges) refresh(ctx context.Context, logger *slog.Logger) {
	bounded, cancel := context.WithTimeout(ctx, gaugeTimeout)
	defer cancel()
	for _, one := range g.series {
		count, err := one.count(bounded)
		if err != nil {
			count = uncounted
			logger.DebugContext(ctx, "count for a gauge", "error", err)
		}
		one.latest.Store(int64(count))
	}
}

func (g *gauges) observe(_ context.Context, observer metric.Observer) error {
	for _, one := range g.series {
		if latest := one.latest.Load(); latest != uncounted {
			observer.ObserveInt64(one.instrument, latest, one.attributes)
		}
	}
	return nil
}
