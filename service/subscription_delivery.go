package service

import (
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/webhook"
)

// The states of a delivery.
const (
	eventPending   = "PENDING"
	eventDelivered = "DELIVERED"
	eventFailed    = "FAILED"
)

// deliveryRetention is how long deliveries are kept that have come to an end.
const deliveryRetention = 7 * 24 * time.Hour

// newDelivery begins the delivery of an event to a subscription.
func newDelivery(subscription, id string, event repository.Event, now time.Time) repository.EventDelivery {
	return repository.EventDelivery{
		Header:   repository.Header{ID: id, Parent: subscription, Revision: 1, CreateTime: now, UpdateTime: now},
		Sequence: event.Sequence(), Type: event.Type, Resource: event.Resource, Incident: event.Incident, State: eventPending,
		WebhookID: webhook.MessageID(subscription, event.CreationKey),
	}
}

// addAttempt keeps how a try went.
func addAttempt(delivery *repository.EventDelivery, result tried) {
	delivery.Attempts = append(delivery.Attempts, result.attempt)
	if surplus := len(delivery.Attempts) - repository.MaxAttempts; surplus > 0 {
		delivery.Attempts = slices.Delete(delivery.Attempts, 0, surplus)
	}
	delivery.AttemptCount++
}

// conclude keeps how a try went, and what follows from it.
func conclude(delivery *repository.EventDelivery, result tried, now time.Time, chance float64) {
	addAttempt(delivery, result)
	delivery.UpdateTime, delivery.NextAttemptTime = now, time.Time{}
	delay, again := webhook.Delay(int(delivery.AttemptCount), chance)
	switch {
	case result.delivered:
		delivery.State = eventDelivered
	case result.hopeless || !again:
		delivery.State = eventFailed
	default:
		delivery.NextAttemptTime = stored(now.Add(max(delay, result.retryAfter)))
	}
}
