package server

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/clock"
	"github.com/debriefhq/debrief/service/lifecycle"
)

const (
	// gaugeInterval is how old the gauges may be.
	gaugeInterval = 30 * time.Second
	// gaugeTimeout bounds one round of counting.
	gaugeTimeout = 10 * time.Second
	// gaugeLimit is as far as is counted, so that counting costs no more in a store of any size.
	gaugeLimit = 10_000
)

// gauges tell how much work is open. They are counted in the background, so that reading them is free; what was not
// counted yet is not told.
type gauges struct {
	store  repository.Repository
	series []*series
}

// series is one number that goes up and down.
type series struct {
	instrument metric.Int64ObservableGauge
	attributes metric.MeasurementOption
	count      func(context.Context) (int, error)
	latest     atomic.Int64
}

// uncounted is the latest count before there is one.
const uncounted = -1

func newGauges(meters metric.MeterProvider, store repository.Repository) (*gauges, error) {
	meter := meters.Meter("github.com/debriefhq/debrief/cmd/debrief/server")
	incidents, err := meter.Int64ObservableGauge("debrief.incidents", metric.WithUnit("{incident}"),
		metric.WithDescription("Incidents whose work is not over, without exercises, by state; 10000 stands for that many or more."))
	if err != nil {
		return nil, err
	}
	items, err := meter.Int64ObservableGauge("debrief.action_items.overdue", metric.WithUnit("{action_item}"),
		metric.WithDescription("Action items that are not done though their due time is past; 10000 stands for that many or more."))
	if err != nil {
		return nil, err
	}
	clocks, err := meter.Int64ObservableGauge("debrief.clocks.breached", metric.WithUnit("{incident}"),
		metric.WithDescription("Incidents with a clock that is breached, without exercises, by clock; 10000 stands for that many or more."))
	if err != nil {
		return nil, err
	}
	g := &gauges{store: store}
	for _, state := range []string{lifecycle.Triage, lifecycle.Active, lifecycle.Mitigated, lifecycle.Resolved} {
		g.add(incidents, metric.WithAttributes(attribute.String("debrief.incident.state", state)), g.incidentsIn(state))
	}
	g.add(items, metric.WithAttributes(), g.overdue)
	for _, kind := range []clock.Kind{clock.Review, clock.FollowUp} {
		g.add(clocks, metric.WithAttributes(attribute.String("debrief.clock", kind.String())), g.breached(kind))
	}
	_, err = meter.RegisterCallback(g.observe, incidents, items, clocks)
	return g, err
}

func (g *gauges) add(instrument metric.Int64ObservableGauge, attributes metric.MeasurementOption, count func(context.Context) (int, error)) {
	one := &series{instrument: instrument, attributes: attributes, count: count}
	one.latest.Store(uncounted)
	g.series = append(g.series, one)
}

func (g *gauges) incidentsIn(state string) func(context.Context) (int, error) {
	query := repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("state", state)},
			repository.Not{Condition: repository.TermIn{repository.Term("kind", "EXERCISE")}},
		},
		Limit: gaugeLimit,
	}
	return func(ctx context.Context) (int, error) { return g.store.Incidents().Count(ctx, query) }
}

func (g *gauges) breached(kind clock.Kind) func(context.Context) (int, error) {
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
	return g.store.ActionItems().Count(ctx, repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("state", lifecycle.Open), repository.Term("state", lifecycle.InProgress)},
			// A due time that is not set has the number Unset, which no range is to include.
			repository.NumberRange{Field: "due_time", Min: math.MinInt64 + 1, Max: time.Now().UnixMilli()},
		},
		Limit: gaugeLimit,
	})
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
