package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/email"
	"github.com/debriefhq/debrief/service/webhook"
)

const (
	// testTimeout is how long the mail server may take for an example.
	testTimeout = 8 * time.Second
	// maxReplayed is how many events are replayed at once.
	maxReplayed = 10_000
	// maxPending is how many deliveries of a subscription may wait where more are to be replayed.
	maxPending = 20_000
)

// EnableSubscription takes a disabled subscription up again.
func (s *Subscriptions) EnableSubscription(ctx context.Context, request *debriefv1.EnableSubscriptionRequest) (*debriefv1.Subscription, error) {
	present, err := get(ctx, s.repository.Subscriptions(), request.GetName())
	if err != nil {
		return nil, err
	}
	repeated := request.GetRequestId() != "" && slices.Contains(present.RecentRequests, request.GetRequestId())
	var last int64
	if request.GetSkipMissed() && !repeated && present.State == subscriptionDisabled && present.Visibility == repository.Live {
		if last, err = lastSequence(seeingAll(ctx), s.repository.Events()); err != nil {
			return nil, err
		}
		if err := s.giveUp(ctx, present.ID); err != nil {
			return nil, err
		}
	}
	asked := update{name: request.GetName(), requestID: request.GetRequestId()}
	subscription, err := s.change(ctx, asked, false, func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
		if subscription.State != subscriptionDisabled {
			return repository.Effects{}, repository.ErrUnchanged
		}
		subscription.State, subscription.StateReason, subscription.FailingSinceTime = subscriptionActive, "", time.Time{}
		subscription.Sequence, subscription.Lease = max(subscription.Sequence, last), repository.Lease{}
		return s.told(ctx, "SUBSCRIPTION_ENABLED", subscription, now, nil), nil
	})
	if err != nil {
		return nil, err
	}
	return subscriptionToProto(subscription), nil
}

// deliveriesOf holds for the deliveries of a subscription.
func deliveriesOf(subscription string) repository.Condition {
	return repository.TermIn{repository.Term("subscription", subscription)}
}

// pendingOf holds for those that are under way.
func pendingOf(subscription string) repository.Condition {
	return repository.And{deliveriesOf(subscription), repository.TermIn{repository.Term("state", eventPending)}}
}

// giveUp ends what a subscription has under way.
func (s *Subscriptions) giveUp(ctx context.Context, subscription string) error {
	query := repository.Query{Where: pendingOf(subscription), Limit: purgeAtOnce}
	for found, err := range everyPage(ctx, repository.EventDeliverySchema, s.repository.EventDeliveries(), query) {
		if err != nil {
			return fmt.Errorf("find what is under way: %w", err)
		}
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(purgesAtOnce)
		for _, delivery := range found {
			group.Go(func() error {
				_, err := s.repository.EventDeliveries().Update(groupCtx, delivery.ID, func(delivery *repository.EventDelivery) (repository.Effects, error) {
					if delivery.State != eventPending {
						return repository.Effects{}, repository.ErrUnchanged
					}
					delivery.State, delivery.NextAttemptTime = eventFailed, time.Time{}
					return repository.Effects{}, nil
				})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("give up what is under way: %w", err)
		}
	}
	return nil
}

// RotateSubscriptionSecret makes another secret.
func (s *Subscriptions) RotateSubscriptionSecret(ctx context.Context, request *debriefv1.RotateSubscriptionSecretRequest) (*debriefv1.SubscriptionWithSecret, error) {
	secret, err := webhook.NewSecret(s.random)
	if err != nil {
		return nil, err
	}
	overlap := defaultOverlap
	if request.GetOverlap() != nil {
		overlap = request.GetOverlap().AsDuration()
	}
	asked := update{name: request.GetName(), requestID: request.GetRequestId()}
	subscription, err := s.change(ctx, asked, false, func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
		if subscription.Webhook == nil {
			return repository.Effects{}, failedPrecondition("NO_SECRET", "%s has no secret: it writes e-mail, which is not signed", asked.name)
		}
		secrets := []repository.SigningSecret{{Secret: secret, CreateTime: now}}
		for _, old := range subscription.Secrets {
			if end := now.Add(overlap); old.ExpireTime.IsZero() || old.ExpireTime.After(end) {
				old.ExpireTime = end
			}
			if old.ExpireTime.After(now) && len(secrets) < maxSecrets {
				secrets = append(secrets, old)
			}
		}
		subscription.Secrets = secrets
		return s.told(ctx, "SUBSCRIPTION_SECRET_ROTATED", subscription, now, nil), nil
	})
	if err != nil {
		return nil, err
	}
	return withSecret(subscription, secret), nil
}

// TestSubscription delivers an example, once.
func (s *Subscriptions) TestSubscription(ctx context.Context, request *debriefv1.TestSubscriptionRequest) (*debriefv1.EventDelivery, error) {
	subscription, err := get(ctx, s.repository.Subscriptions(), request.GetName())
	if err != nil {
		return nil, err
	}
	if subscription.Visibility != repository.Live {
		return nil, failedPrecondition("RESOURCE_DELETED", "%s is deleted", request.GetName())
	}
	if subscription.Email != nil && subscription.State == subscriptionDisabled {
		return nil, failedPrecondition("SUBSCRIPTION_DISABLED", "%s is disabled, maybe by who gets the e-mail: enable it first", request.GetName())
	}
	made, err := s.newDeliveryPlan(subscription)
	if err != nil {
		return nil, err
	}
	now := s.present()
	id := s.newID(now)
	delivery := newDelivery(subscription.ID, id, exampleEvent(id, now), now)
	tried, err := s.tryExample(ctx, made, &delivery, exampleEvent(id, now))
	if err != nil {
		return nil, err
	}
	addAttempt(&delivery, tried)
	delivery.State = eventFailed
	if tried.delivered {
		delivery.State = eventDelivered
	}
	created, err := s.repository.EventDeliveries().Create(ctx, repository.Creation[repository.EventDelivery]{Resource: delivery})
	if err != nil {
		return nil, fmt.Errorf("keep how a test went: %w", err)
	}
	return wholeEventDeliveryToProto(created[0].Resource), nil
}

func (s *Subscriptions) tryExample(ctx context.Context, plan *deliveryPlan, delivery *repository.EventDelivery, event repository.Event) (tried, error) {
	if plan.subscription.Email == nil {
		return s.try(ctx, plan, delivery, event)
	}
	item := email.Item{What: "This is a test", Title: "nothing has happened"}
	delivery.Request = item.Line()
	// Who asks is to learn that the mail server does not answer, and not that we do not.
	patient, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	result, err := s.sendDigest(patient, plan, []string{delivery.WebhookID}, []email.Item{item})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return unsent(s.present(), fmt.Sprintf("the mail server did not answer within %s", testTimeout)), nil
	}
	return result, err
}

// exampleEvent is what a test tells of.
func exampleEvent(id string, now time.Time) repository.Event {
	const incident = "incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV"
	return repository.Event{
		Header: repository.Header{CreationKey: id}, Type: "INCIDENT_OPENED", Resource: incident, ResourceRevision: 1, Incident: incident, Time: now, Actor: "debrief/test",
	}
}

var eventDeliveryFields = fieldsOf(repository.EventDeliverySchema, map[string]protoreflect.EnumDescriptor{
	"state": debriefv1.EventDelivery_State(0).Descriptor(),
})

// ListEventDeliveries reads a page of a subscription's deliveries.
func (s *Subscriptions) ListEventDeliveries(ctx context.Context, request *debriefv1.ListEventDeliveriesRequest) (*debriefv1.ListEventDeliveriesResponse, error) {
	if _, err := get(ctx, s.repository.Subscriptions(), request.GetParent()); err != nil {
		return nil, err
	}
	list := listing[repository.EventDelivery]{
		schema: repository.EventDeliverySchema, reader: s.repository.EventDeliveries(), fields: eventDeliveryFields,
		orders: []string{"create_time"}, byID: "create_time",
	}
	deliveries, token, err := list.page(ctx, request, "", deliveriesOf(lastID(request.GetParent())))
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListEventDeliveriesResponse{EventDeliveries: each(deliveries, eventDeliveryToProto), NextPageToken: token}, nil
}

// GetEventDelivery reads one, with what is sent.
func (s *Subscriptions) GetEventDelivery(ctx context.Context, request *debriefv1.GetEventDeliveryRequest) (*debriefv1.EventDelivery, error) {
	delivery, err := get(ctx, s.repository.EventDeliveries(), request.GetName())
	if err != nil {
		return nil, err
	}
	if delivery.Parent != parentID(request.GetName()) {
		return nil, notFound(request.GetName())
	}
	return wholeEventDeliveryToProto(delivery), nil
}

// ReplayEvents delivers events of the past again. Those that the subscription has not come to yet are delivered anyway.
func (s *Subscriptions) ReplayEvents(ctx context.Context, request *debriefv1.ReplayEventsRequest) (*debriefv1.ReplayEventsResponse, error) {
	first, last := request.GetFirstSequence(), request.GetLastSequence()
	switch {
	case last < first:
		return nil, invalid("last_sequence", "is %d, which is before first_sequence, %d", last, first)
	case last-first >= maxReplayed:
		return nil, invalid("last_sequence", "is too far from first_sequence: at most %d events are replayed at once", maxReplayed)
	}
	earliest, err := earliestSequence(seeingAll(ctx), s.repository.Events())
	if err != nil {
		return nil, err
	}
	if first < earliest {
		return nil, invalid("first_sequence", "is %d, and the events before %d were purged", first, earliest)
	}
	subscription, err := get(ctx, s.repository.Subscriptions(), request.GetName())
	switch {
	case err != nil:
		return nil, err
	case subscription.Visibility != repository.Live:
		return nil, failedPrecondition("RESOURCE_DELETED", "%s is deleted", request.GetName())
	case subscription.State == subscriptionDisabled:
		return nil, failedPrecondition("SUBSCRIPTION_DISABLED", "%s is disabled: enable it first", request.GetName())
	}
	pending, err := s.repository.EventDeliveries().Count(ctx, repository.Query{Where: pendingOf(subscription.ID), Limit: maxPending})
	if err != nil {
		return nil, err
	}
	if pending >= maxPending {
		return nil, tooMany("TOO_MANY_PENDING", "%d deliveries are under way already: replay more when they have ended", maxPending)
	}
	replayed := replay{Subscriptions: s, subscription: subscription, requestID: request.GetRequestId()}
	replayed.done = replayed.requestID != "" && slices.Contains(subscription.RecentRequests, replayed.requestID)
	if replayed.requestID == "" {
		replayed.requestID = s.newID(s.present())
	}
	count, err := replayed.run(ctx, first, min(last, subscription.Sequence))
	if err != nil {
		return nil, err
	}
	// Whoever delivers sees by the change that there is more to deliver.
	_, err = s.change(ctx, update{name: request.GetName(), requestID: replayed.requestID}, false,
		func(*repository.Subscription, time.Time) (repository.Effects, error) {
			return repository.Effects{}, nil
		})
	if err != nil {
		return nil, err
	}
	return &debriefv1.ReplayEventsResponse{EventCount: count}, nil
}

// replay is one run of ReplayEvents.
type replay struct {
	*Subscriptions

	subscription repository.Subscription
	requestID    string
	// done says that the same request was served before: its events are only counted.
	done bool
}

func (r *replay) run(ctx context.Context, first, last int64) (count int32, err error) {
	made, err := r.newDeliveryPlan(r.subscription)
	if err != nil {
		return 0, err
	}
	for first <= last {
		events, err := r.repository.Events().List(asOutsider(ctx), repository.Query{
			Where: repository.IDRange{From: repository.EventID(first), Before: repository.EventID(last + 1)}, Limit: watchedAtOnce,
		})
		if err != nil || len(events) == 0 {
			return count, err
		}
		first = events[len(events)-1].Sequence() + 1
		events = slices.DeleteFunc(events, func(event repository.Event) bool { return !made.wants(event) })
		count += int32(len(events))
		if r.done {
			continue
		}
		if err := r.create(ctx, events); err != nil {
			return count, err
		}
	}
	return count, nil
}

func (r *replay) create(ctx context.Context, events []repository.Event) error {
	now := r.present()
	creations := make([]repository.Creation[repository.EventDelivery], len(events))
	for i, event := range events {
		creations[i].Resource = newDelivery(r.subscription.ID, r.newID(now), event, now)
		creations[i].Resource.CreationKey = "replay/" + r.subscription.ID + "/" + r.requestID + "/" + event.CreationKey
	}
	if len(creations) == 0 {
		return nil
	}
	if _, err := r.repository.EventDeliveries().Create(ctx, creations...); err != nil {
		return fmt.Errorf("keep what is to be delivered again: %w", err)
	}
	return nil
}
