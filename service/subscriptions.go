package service

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/webhook"
)

// The states of a subscription.
const (
	subscriptionActive   = "ACTIVE"
	subscriptionFailing  = "FAILING"
	subscriptionDisabled = "DISABLED"
)

const (
	defaultWebhookTimeout = 15 * time.Second
	defaultDigestInterval = time.Minute
	// maxSubscriptions bounds how many there are: each is delivered by itself.
	maxSubscriptions = 500
	// maxSecrets is with how many secrets a webhook is signed at the same time.
	maxSecrets = 4
)

// WebhookOptions say how webhooks are sent.
type WebhookOptions struct {
	// AllowPrivateAddresses lets them lead to addresses that are not public: to this machine, and to its network.
	AllowPrivateAddresses bool
	// Random is where secrets come from. Default: the system.
	Random io.Reader
}

// Subscriptions implements SubscriptionService.
type Subscriptions struct {
	debriefv1.UnimplementedSubscriptionServiceServer
	*base

	sender *sender
	email  EmailOptions
	tail   *tail
	random io.Reader
	// nudged holds one message where a subscription was changed through this process, for whoever delivers.
	nudged chan struct{}
}

func newSubscriptions(shared *base, tail *tail, options WebhookOptions, email EmailOptions) *Subscriptions {
	s := &Subscriptions{
		base: shared, tail: tail, random: options.Random, nudged: make(chan struct{}, 1),
		sender: newSender(shared.now, options.AllowPrivateAddresses), email: email,
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	return s
}

// nudge has the deliveries look at the subscriptions now.
func (s *Subscriptions) nudge() {
	select {
	case s.nudged <- struct{}{}:
	default:
	}
}

// CreateSubscription adds a subscription, and makes its secret.
func (s *Subscriptions) CreateSubscription(ctx context.Context, request *debriefv1.CreateSubscriptionRequest) (*debriefv1.SubscriptionWithSecret, error) {
	header, err := s.namedHeader(request.GetSubscriptionId(), request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	subscription := repository.Subscription{Header: header, State: subscriptionActive}
	writeSubscription(&subscription, request.GetSubscription())
	if err := s.check(subscription); err != nil {
		return nil, err
	}
	count, err := s.repository.Subscriptions().Count(ctx, repository.Query{Limit: maxSubscriptions})
	if err != nil {
		return nil, err
	}
	if count >= maxSubscriptions {
		return nil, tooMany("TOO_MANY_SUBSCRIPTIONS", "there are %d subscriptions already: delete some that are not needed any more", maxSubscriptions)
	}
	if subscription.Sequence, err = lastSequence(seeingAll(ctx), s.repository.Events()); err != nil {
		return nil, err
	}
	secret, err := s.authorize(&subscription)
	if err != nil {
		return nil, err
	}
	subscription, err = createNamed(ctx, s.base, repository.SubscriptionSchema, s.repository.Subscriptions(), subscription,
		subscriptionName(header.ID), "SUBSCRIPTION_CREATED", request.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	s.nudge()
	answer := withSecret(subscription, secret)
	if request.GetValidateOnly() {
		answer.Secret, answer.Subscription.Etag = "", ""
	}
	return answer, nil
}

// authorize makes what a new subscription proves with that a message is of it, and answers what is shown once.
func (s *Subscriptions) authorize(subscription *repository.Subscription) (secret string, err error) {
	if subscription.Email != nil {
		return "", s.giveToken(subscription.Email)
	}
	if secret, err = webhook.NewSecret(s.random); err == nil {
		subscription.Secrets = []repository.SigningSecret{{Secret: secret, CreateTime: subscription.CreateTime}}
	}
	return secret, err
}

// withSecret is the subscription, and the secret if it is the one that it has now: it is not where the call is a repetition.
func withSecret(subscription repository.Subscription, secret string) *debriefv1.SubscriptionWithSecret {
	answer := &debriefv1.SubscriptionWithSecret{Subscription: subscriptionToProto(subscription)}
	if len(subscription.Secrets) > 0 && subscription.Secrets[0].Secret == secret {
		answer.Secret = secret
	}
	return answer
}

// check holds a subscription against what can be delivered.
func (s *Subscriptions) check(subscription repository.Subscription) error {
	switch {
	case subscription.Email != nil && subscription.Webhook != nil:
		return invalid("subscription.email", "is set beside the webhook: make a subscription for each")
	case subscription.Email == nil && subscription.Webhook == nil:
		return invalid("subscription.webhook", "is required, or subscription.email: say where to deliver")
	case subscription.Title == "":
		return invalid("subscription.title", "is required: say what it is called")
	}
	if err := s.checkTarget(subscription); err != nil {
		return err
	}
	_, err := s.newDeliveryPlan(subscription)
	var filter *webhook.FilterError
	var template *webhook.TemplateError
	switch {
	case errors.As(err, &filter):
		return invalid("subscription.filter", "%s", filter)
	case errors.As(err, &template):
		return invalid("subscription.webhook.template", "%s", template)
	default:
		return err
	}
}

// checkTarget holds where a subscription delivers against where it may.
func (s *Subscriptions) checkTarget(subscription repository.Subscription) error {
	if subscription.Email != nil {
		return s.checkEmail(*subscription.Email)
	}
	err := webhook.CheckAddress(subscription.Webhook.URI, s.sender.allowed)
	if address, ok := errors.AsType[*webhook.AddressError](err); ok {
		return invalid("subscription.webhook.uri", "%s", address.Message)
	}
	return err
}

// GetSubscription reads one.
func (s *Subscriptions) GetSubscription(ctx context.Context, request *debriefv1.GetSubscriptionRequest) (*debriefv1.Subscription, error) {
	subscription, err := get(ctx, s.repository.Subscriptions(), request.GetName())
	if err != nil {
		return nil, err
	}
	return subscriptionToProto(subscription), nil
}

var subscriptionFields = withoutFields(fieldsOf(repository.SubscriptionSchema, map[string]protoreflect.EnumDescriptor{
	"state": debriefv1.Subscription_State(0).Descriptor(),
}), "delete_time")

// ListSubscriptions reads a page of them.
func (s *Subscriptions) ListSubscriptions(ctx context.Context, request *debriefv1.ListSubscriptionsRequest) (*debriefv1.ListSubscriptionsResponse, error) {
	list := listing[repository.Subscription]{
		schema: repository.SubscriptionSchema, reader: s.repository.Subscriptions(), fields: subscriptionFields,
		orders: []string{"name"}, ascending: true, byID: "name",
	}
	subscriptions, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListSubscriptionsResponse{Subscriptions: each(subscriptions, subscriptionToProto), NextPageToken: token}, nil
}

// change changes a subscription. Its etag tells of what people decide, and not of how its deliveries go.
func (s *Subscriptions) change(ctx context.Context, asked update, validateOnly bool, change func(*repository.Subscription, time.Time) (repository.Effects, error)) (repository.Subscription, error) {
	seen := asked.etag
	asked.etag = ""
	changed, err := applyMask(ctx, s.base, repository.SubscriptionSchema, s.repository.Subscriptions(), asked, validateOnly,
		func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
			if seen != "" && seen != subscriptionEtag(*subscription) {
				return repository.Effects{}, etagMismatch(asked.name)
			}
			return change(subscription, now)
		})
	if err == nil && !validateOnly {
		s.nudge()
	}
	return changed, err
}

// UpdateSubscription changes the fields that the mask names.
func (s *Subscriptions) UpdateSubscription(ctx context.Context, request *debriefv1.UpdateSubscriptionRequest) (*debriefv1.Subscription, error) {
	asked := update{name: request.GetSubscription().GetName(), etag: request.GetSubscription().GetEtag()}
	subscription, err := s.change(ctx, asked, request.GetValidateOnly(), func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
		before := subscriptionToProto(*subscription)
		after, err := merge(before, request.GetSubscription(), request.GetUpdateMask())
		if err != nil {
			return repository.Effects{}, err
		}
		toWebhook := subscription.Webhook != nil
		writeSubscription(subscription, after)
		if err := s.check(*subscription); err != nil {
			return repository.Effects{}, err
		}
		if toWebhook != (subscription.Webhook != nil) {
			return repository.Effects{}, invalid("update_mask", "makes a webhook of an e-mail, or an e-mail of a webhook: create another subscription for that")
		}
		if err := s.giveToken(subscription.Email); err != nil {
			return repository.Effects{}, err
		}
		changes := withoutAddresses(changesBetween(before, subscriptionToProto(*subscription)))
		if len(changes) == 0 {
			return repository.Effects{}, repository.ErrUnchanged
		}
		return s.told(ctx, "SUBSCRIPTION_UPDATED", subscription, now, changes), nil
	})
	if err != nil {
		return nil, err
	}
	return subscriptionToProto(subscription), nil
}

// told is the event of a change of a subscription.
func (b *base) told(ctx context.Context, eventType string, subscription *repository.Subscription, now time.Time, changes []repository.FieldChange) repository.Effects {
	event := b.event(ctx, eventType, subscriptionName(subscription.ID), "", subscription.Revision+1, now, changes)
	return repository.Effects{Events: []repository.Event{event}}
}

// withoutAddresses leaves out of events where subscriptions lead to: for many receivers of webhooks the address is the key as
// well, that of an e-mail is a person's, and events are told to others.
func withoutAddresses(changes []repository.FieldChange) []repository.FieldChange {
	for i := range changes {
		if changes[i].Field == "webhook.uri" || changes[i].Field == "email.address" {
			changes[i].Before, changes[i].After = "", ""
		}
	}
	return changes
}

// DeleteSubscription ends it.
func (s *Subscriptions) DeleteSubscription(ctx context.Context, request *debriefv1.DeleteSubscriptionRequest) (*debriefv1.Subscription, error) {
	asked := update{name: request.GetName(), etag: request.GetEtag(), deleted: true}
	subscription, err := s.change(ctx, asked, false, func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
		if subscription.Visibility == repository.Deleted {
			return repository.Effects{}, repository.ErrUnchanged
		}
		subscription.Visibility, subscription.DeleteTime, subscription.Lease = repository.Deleted, now, repository.Lease{}
		return s.told(ctx, "SUBSCRIPTION_DELETED", subscription, now, nil), nil
	})
	if err != nil {
		return nil, err
	}
	return subscriptionToProto(subscription), nil
}
