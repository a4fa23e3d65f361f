package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	// stormAlerts is how many alerts a storm has, each in a delivery of its own.
	stormAlerts = 10_000
	// stormSenders is how many times as many senders a storm has as there are callers elsewhere: more than the server works
	// on at once.
	stormSenders = 8
)

// storm is what became of many alerts that came at once.
type storm struct {
	Alerts    int64 `json:"alerts"`
	Incidents int64 `json:"incidents"`
	// Acknowledged is how long it took until all deliveries were acknowledged, and WorkedOff until all that follows from
	// them was there, in seconds from the first one on.
	Acknowledged float64 `json:"acknowledged_s"`
	WorkedOff    float64 `json:"worked_off_s"`
	// PerSecond is how many deliveries were acknowledged a second, Floor how many documents the bare driver inserted with
	// as many callers right before, and Ratio what the one is of the other.
	PerSecond float64 `json:"acknowledged_per_second"`
	Floor     float64 `json:"floor_per_second"`
	Ratio     float64 `json:"ratio_to_floor"`
	// P50 and P99 are how long a sender waited, in milliseconds, with the times that it was refused.
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	// Refused is how often a delivery was answered 503, and sent again.
	Refused int64 `json:"refused"`
	// MemoryBefore is the server's memory when the storm began, and MemoryAtMost what it has held at most, in bytes.
	MemoryBefore int64 `json:"memory_before"`
	MemoryAtMost int64 `json:"memory_at_most"`
	// PerProcessorSecond is how many alerts were worked off for each second of processor time that server and load took.
	PerProcessorSecond float64 `json:"per_processor_second"`
	// Lists are those that were read meanwhile.
	Lists []stormList `json:"lists"`
}

// weather is a storm that is about to begin.
type weather struct {
	*bench

	// phase is the label of its alerts, and integration where they come by.
	phase, integration, path string
	// alerts are to be in so many incidents.
	alerts, incidents int64
	// sent is how many of the alerts were sent before it begins.
	sent int64
}

// storms are into one incident, by a rule that groups, and into as many as there are alerts.
func storms() []scenario[storm] {
	group := &debriefv1.AlertRule{
		Title: "all together", Outcome: debriefv1.AlertRule_OUTCOME_GROUP, Window: durationpb.New(time.Hour),
	}
	return []scenario[storm]{
		{name: "storm: one incident", run: func(ctx context.Context, b *bench) (storm, error) { return b.storm(ctx, group) }},
		{name: "storm: many incidents", run: func(ctx context.Context, b *bench) (storm, error) { return b.storm(ctx) }},
	}
}

func (b *bench) storm(ctx context.Context, rules ...*debriefv1.AlertRule) (told storm, err error) {
	w := &weather{bench: b, phase: "storm", alerts: int64(min(b.most, stormAlerts))}
	if w.integration, w.path, err = b.integrate(ctx, rules); err != nil {
		return told, err
	}
	if told.Floor, err = b.bareRate(ctx, stormSenders*b.clients, w.alerts); err != nil {
		return told, err
	}
	w.incidents = w.alerts
	if len(rules) > 0 {
		w.incidents = 1
	}
	lists, err := w.lists(ctx)
	if err != nil {
		return told, err
	}
	told.Lists, err = readQuietly(ctx, lists, b.most)
	if err != nil {
		return told, err
	}
	return told, w.rage(ctx, &told, lists)
}

// integrate makes an integration with rules, and answers its name and the path where its alerts go.
func (b *bench) integrate(ctx context.Context, rules []*debriefv1.AlertRule) (name, path string, err error) {
	made, err := debriefv1.NewIntegrationServiceClient(b.grpcCalls[0]).CreateIntegration(ctx, &debriefv1.CreateIntegrationRequest{
		IntegrationId: "storm",
		Integration:   &debriefv1.Integration{Title: "Storm", Kind: debriefv1.Integration_KIND_ALERTMANAGER, Rules: rules},
	})
	return made.GetIntegration().GetName(), alertmanagerPath + "/" + made.GetKey(), err
}

// bareRate is how many documents a second the bare driver inserts.
func (b *bench) bareRate(ctx context.Context, callers int, documents int64) (float64, error) {
	if err := b.openFloor(ctx); err != nil {
		return 0, err
	}
	taken, err := load{clients: callers, duration: scenarioTimeout, most: int(documents)}.run(ctx, b.ids.inserting(b.bare))
	return taken.perSecond(), err
}

// rage has the storm come, reads lists meanwhile, and waits until everything is worked off.
func (w *weather) rage(ctx context.Context, told *storm, lists []watched) error {
	before, err := w.lastEvent(ctx)
	if err != nil {
		return err
	}
	told.Alerts, told.Incidents = w.alerts, w.incidents
	told.MemoryBefore, _ = w.server.memory()
	work, start := w.begin(), time.Now()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watchers errgroup.Group
	for i := range lists {
		watchers.Go(func() (err error) {
			told.Lists[i].Storm, err = lists[i].read(watching, math.MaxInt)
			return err
		})
	}
	if err := w.send(ctx, told); err != nil {
		return err
	}
	if err := w.awaitWork(ctx, before); err != nil {
		return err
	}
	told.WorkedOff = time.Since(start).Seconds()
	stop()
	if err := watchers.Wait(); err != nil {
		return fmt.Errorf("read a list meanwhile: %w", err)
	}
	told.PerProcessorSecond = work.perSecond(w.alerts - w.sent)
	_, told.MemoryAtMost = w.server.memory()
	return w.check(ctx)
}

// send sends all alerts.
func (w *weather) send(ctx context.Context, told *storm) (err error) {
	senders, err := dialHTTP(ctx, w.server.HTTP, stormSenders*w.clients)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, senders.close()) }()
	delivery := deliveryTemplate(w.phase, 1)
	var refused atomic.Int64
	sending := load{clients: stormSenders * w.clients, duration: scenarioTimeout, most: int(w.alerts - w.sent)}
	taken, err := sending.run(ctx, func(ctx context.Context, caller int) error {
		times, err := senders.deliver(ctx, caller, w.path, delivery.copy(w.numbers.Add(2)))
		refused.Add(times)
		return err
	})
	told.Acknowledged, told.PerSecond, told.Refused = taken.wall.Seconds(), taken.perSecond(), refused.Load()
	told.P50, told.P99 = milliseconds(taken.percentile(0.5)), milliseconds(taken.percentile(0.99))
	if told.Floor > 0 {
		told.Ratio = told.PerSecond / told.Floor
	}
	return err
}

// awaitWork waits until no delivery is to be worked off any more, and the feed has every event.
func (w *weather) awaitWork(ctx context.Context, before int64) error {
	err := patiently(ctx, "everything is worked off", func(ctx context.Context) (bool, error) {
		left, err := w.deliveries(ctx, debriefv1.Delivery_STATE_PENDING)
		return left == 0, err
	})
	if err != nil {
		return err
	}
	// Each alert has one event: that it opened its incident, or joined one.
	_, err = w.awaitEvents(ctx, before+w.alerts-w.sent)
	return err
}

// deliveries is how many deliveries are in a state, where it is 0, and 1 where there are more.
func (w *weather) deliveries(ctx context.Context, state debriefv1.Delivery_State) (int, error) {
	page, err := debriefv1.NewIntakeServiceClient(w.grpcCalls[0]).ListDeliveries(ctx, &debriefv1.ListDeliveriesRequest{
		Filter: fmt.Sprintf("integration = %q AND state = %s", w.integration, debriefv1.Delivery_State_name[int32(state)][len("STATE_"):]), PageSize: 1,
	})
	return len(page.GetDeliveries()), err
}

// check sees to it that there is each alert once, and that they are in as many incidents as they are to be.
func (w *weather) check(ctx context.Context) error {
	failed, err := w.deliveries(ctx, debriefv1.Delivery_STATE_FAILED)
	if err != nil {
		return err
	}
	if failed > 0 {
		return errors.New("deliveries could not be worked off (--server-log tells more)")
	}
	fingerprints, incidents, alerts := map[string]bool{}, map[string]bool{}, int64(0)
	for token := ""; ; {
		page, err := debriefv1.NewAlertServiceClient(w.grpcCalls[0]).ListAlerts(ctx, &debriefv1.ListAlertsRequest{
			Filter: fmt.Sprintf("integration = %q", w.integration), PageSize: 500, PageToken: token,
		})
		if err != nil {
			return err
		}
		for _, alert := range page.GetAlerts() {
			alerts++
			fingerprints[alert.GetFingerprint()] = true
			incidents[alert.GetIncident()] = true
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if alerts != w.alerts || int64(len(fingerprints)) != w.alerts || int64(len(incidents)) != w.incidents || incidents[""] {
		return fmt.Errorf("of %d alerts there are %d, %d of them different, in %d incidents, and not in %d",
			w.alerts, alerts, len(fingerprints), len(incidents), w.incidents)
	}
	return w.checkIncidents(ctx, ofPhase(w.phase), w.incidents)
}
