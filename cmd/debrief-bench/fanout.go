package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	// fanOutEvents are written at fanOutRate a second to many receivers: so slowly that what delays one of them is seen.
	fanOutEvents = 1000
	fanOutRate   = 100
	// steadyRate is how many events a second are written, for the duration of a phase, whatever the receivers can take.
	steadyRate = 500
	// sentAtOnce is how many webhooks are sent at a time to one receiver, as Debrief does.
	sentAtOnce = 8
	// maxFloorPosts bounds how many webhooks the bare client sends.
	maxFloorPosts = 20_000
)

// fanOut is how events came to their receivers.
type fanOut struct {
	Receivers int `json:"receivers"`
	// Hanging is how many of the receivers answered nothing. All other figures are of those that are well.
	Hanging int   `json:"hanging"`
	Events  int64 `json:"events"`
	// Written is how many events were written a second.
	Written float64 `json:"written_per_second"`
	// PerSecond is how many webhooks were received a second, from the first write to the last receipt, Floor how many a bare
	// HTTP client posted to the same receivers right before, and Ratio what the one is of the other.
	PerSecond float64 `json:"received_per_second"`
	Floor     float64 `json:"floor_per_second"`
	Ratio     float64 `json:"ratio_to_floor"`
	// P50, P99 and Most are from an event's time to its receipt, in milliseconds.
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	Most float64 `json:"max_ms"`
	// MemoryAtMost is what the server has held at most, in bytes.
	MemoryAtMost int64 `json:"memory_at_most"`
	// PerProcessorSecond is how many webhooks were received for each second of processor time that server and load took.
	PerProcessorSecond float64 `json:"per_processor_second"`
}

// spread is a fan-out that is to be measured.
type spread struct {
	receivers, hanging int
	// rate is how many events are written a second, and events how many; 0: as many as come to the duration of a phase.
	rate, events int
}

func fanOuts() []scenario[fanOut] {
	return []scenario[fanOut]{
		{name: "fan-out: 50 receivers", run: spread{receivers: 50, rate: fanOutRate, events: fanOutEvents}.run},
		{name: "fan-out: 50 receivers, one of which hangs", run: spread{receivers: 50, hanging: 1, rate: fanOutRate, events: fanOutEvents}.run},
		{name: "fan-out: 500 a second to 1 receiver", run: spread{receivers: 1, rate: steadyRate}.run},
		{name: "fan-out: 500 a second to 10 receivers", run: spread{receivers: 10, rate: steadyRate}.run},
		{name: "fan-out: 500 a second to 50 receivers", run: spread{receivers: 50, rate: steadyRate}.run},
	}
}

func (s spread) run(ctx context.Context, b *bench) (told fanOut, err error) {
	all, err := openReceivers(ctx, s.receivers, s.hanging)
	if err != nil {
		return told, err
	}
	b.closers = append(b.closers, func(context.Context) error { return all.close() })
	well := all.well()
	if told.Floor, err = well.bareRate(ctx, sentAtOnce, min(maxFloorPosts, b.most*len(well))); err != nil {
		return told, err
	}
	subscriptions, err := b.subscribe(ctx, all)
	if err != nil {
		return told, err
	}
	told.Receivers, told.Hanging = s.receivers, s.hanging
	told.Events = int64(min(b.most, cmp.Or(s.events, int(b.duration.Seconds()*float64(s.rate)))))
	// With the first event all subscriptions have begun to be delivered, and the receiver that hangs to hang.
	if err := b.deliverEvents(ctx, s, well, 1, &fanOut{}); err != nil {
		return told, err
	}
	for _, one := range well {
		one.forget()
	}
	if err := b.deliverEvents(ctx, s, well, told.Events, &told); err != nil {
		return told, err
	}
	_, told.MemoryAtMost = b.server.memory()
	return told, b.checkFanOut(ctx, all, subscriptions, told.Events)
}

// subscribe makes a subscription for each receiver, and answers their names.
func (b *bench) subscribe(ctx context.Context, all receivers) ([]string, error) {
	var names []string
	for i, one := range all {
		made, err := b.subscriptions().CreateSubscription(ctx, &debriefv1.CreateSubscriptionRequest{
			SubscriptionId: fmt.Sprintf("receiver-%d", i),
			Subscription: &debriefv1.Subscription{
				Title: fmt.Sprintf("Receiver %d", i), Filter: `event.type == "INCIDENT_OPENED"`, Webhook: &debriefv1.Webhook{Uri: one.address},
			},
		})
		if err != nil {
			return nil, err
		}
		names = append(names, made.GetSubscription().GetName())
	}
	return names, nil
}

func (b *bench) subscriptions() debriefv1.SubscriptionServiceClient {
	return debriefv1.NewSubscriptionServiceClient(b.grpcCalls[0])
}

// deliverEvents writes events, and waits until each of them is with each receiver that is well.
func (b *bench) deliverEvents(ctx context.Context, s spread, well receivers, events int64, told *fanOut) error {
	before, err := b.lastEvent(ctx)
	if err != nil {
		return err
	}
	work, start := b.begin(), time.Now()
	if told.Written, err = b.writeEvents(ctx, s.rate, events); err != nil {
		return err
	}
	err = patiently(ctx, "every receiver has every event", func(context.Context) (bool, error) { return well.have(events) })
	if err != nil {
		return err
	}
	taken := well.taken(start)
	told.PerSecond, told.PerProcessorSecond = taken.perSecond(), work.perSecond(events*int64(len(well)))
	told.P50, told.P99, told.Most = milliseconds(taken.percentile(0.5)), milliseconds(taken.percentile(0.99)), milliseconds(taken.percentile(1))
	if told.Floor > 0 {
		told.Ratio = told.PerSecond / told.Floor
	}
	_, err = b.awaitEvents(ctx, before+events)
	return err
}

// writeEvents opens incidents, each of which makes an event, and answers how many a second.
func (b *bench) writeEvents(ctx context.Context, rate int, events int64) (float64, error) {
	templates, _, err := createTemplates()
	if err != nil {
		return 0, err
	}
	due := make(chan struct{}, b.clients)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(due)
		return pace(ctx, rate, events, due)
	})
	start := time.Now()
	for caller := range b.clients {
		group.Go(func() error {
			for range due {
				number := b.numbers.Add(2)
				if err := b.grpcCalls.call(ctx, caller, createMethod, templates[number%variants].copy(number)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return float64(events) / time.Since(start).Seconds(), err
}

// pace says when each event is to be written.
func pace(ctx context.Context, rate int, events int64, due chan<- struct{}) error {
	start := time.Now()
	for number := range events {
		if wait := time.Until(start.Add(time.Duration(number) * time.Second / time.Duration(rate))); wait > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case due <- struct{}{}:
		}
	}
	return nil
}

// checkFanOut waits until the subscriptions of those that are well have come to the end of the feed, so that nothing is sent
// any more, and sees to it that each receiver has each event once. Where one is to hang, it must have hung.
func (b *bench) checkFanOut(ctx context.Context, all receivers, subscriptions []string, events int64) error {
	last, err := b.lastEvent(ctx)
	if err != nil {
		return err
	}
	for i, one := range all {
		if one.hangs {
			if one.asked.Load() == 0 {
				return errors.New("the receiver that was to hang was never called")
			}
			continue
		}
		err := patiently(ctx, subscriptions[i]+" has come to the end of the feed", func(ctx context.Context) (bool, error) {
			subscription, err := b.subscriptions().GetSubscription(ctx, &debriefv1.GetSubscriptionRequest{Name: subscriptions[i]})
			return subscription.GetSequence() >= last, err
		})
		if err != nil {
			return err
		}
	}
	return all.well().check(events)
}
