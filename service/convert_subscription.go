package service

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// etagSize is how many bytes of a hash tell the states of a subscription apart.
const etagSize = 10

// subscriptionEtag changes with what people decide of a subscription. Revisions change with every step of its deliveries.
func subscriptionEtag(subscription repository.Subscription) string {
	decided, err := json.Marshal(map[string]any{
		"title": subscription.Title, "filter": subscription.Filter, "webhook": subscription.Webhook, "email": subscription.Email,
		"disabled": subscription.State == subscriptionDisabled, "visibility": subscription.Visibility,
	})
	if err != nil {
		return etag(subscription.Header) // None of them has a value that JSON can't tell.
	}
	sum := sha256.Sum256(decided)
	return hex.EncodeToString(sum[:etagSize])
}

func subscriptionToProto(subscription repository.Subscription) *debriefv1.Subscription {
	return &debriefv1.Subscription{
		Name:             subscriptionName(subscription.ID),
		Title:            subscription.Title,
		Filter:           subscription.Filter,
		Webhook:          webhookToProto(subscription.Webhook),
		Email:            emailToProto(subscription.Email),
		State:            valueOf[debriefv1.Subscription_State](subscription.State),
		StateReason:      subscription.StateReason,
		Sequence:         subscription.Sequence,
		FailingSinceTime: timeToProto(subscription.FailingSinceTime),
		LastSuccessTime:  timeToProto(subscription.LastSuccessTime),
		Etag:             subscriptionEtag(subscription),
		CreateTime:       timeToProto(subscription.CreateTime),
		UpdateTime:       timeToProto(subscription.UpdateTime),
		DeleteTime:       timeToProto(subscription.DeleteTime),
	}
}

func webhookToProto(webhook *repository.Webhook) *debriefv1.Webhook {
	if webhook == nil {
		return nil
	}
	return &debriefv1.Webhook{
		Uri: webhook.URI, Format: valueOf[debriefv1.Webhook_Format](webhook.Format), Template: webhook.Template, Timeout: durationToProto(webhook.Timeout),
	}
}

func emailToProto(email *repository.Email) *debriefv1.Email {
	if email == nil {
		return nil
	}
	shown := &debriefv1.Email{Address: email.Address, DigestInterval: durationpb.New(email.DigestInterval)}
	if quiet := email.QuietHours; quiet != nil {
		shown.QuietHours = &debriefv1.QuietHours{Start: quiet.Start, End: quiet.End, TimeZone: quiet.TimeZone}
	}
	return shown
}

// writeSubscription writes what callers may choose.
func writeSubscription(subscription *repository.Subscription, written *debriefv1.Subscription) {
	subscription.Title, subscription.Filter = written.GetTitle(), written.GetFilter()
	subscription.Webhook = nil
	if hook := written.GetWebhook(); hook != nil {
		subscription.Webhook = &repository.Webhook{
			URI: hook.GetUri(), Format: nameOr(hook.GetFormat(), "CLOUD_EVENTS"), Template: hook.GetTemplate(), Timeout: defaultWebhookTimeout,
		}
		if hook.GetTimeout() != nil {
			subscription.Webhook.Timeout = hook.GetTimeout().AsDuration()
		}
	}
	subscription.Email = emailFromProto(written.GetEmail(), subscription.Email)
}

// emailFromProto is what a caller has written, with the token of the address where that stays.
func emailFromProto(written *debriefv1.Email, before *repository.Email) *repository.Email {
	if written == nil {
		return nil
	}
	email := &repository.Email{Address: written.GetAddress(), DigestInterval: defaultDigestInterval}
	if written.GetDigestInterval() != nil {
		email.DigestInterval = written.GetDigestInterval().AsDuration()
	}
	if quiet := written.GetQuietHours(); quiet != nil {
		email.QuietHours = &repository.QuietHours{Start: quiet.GetStart(), End: quiet.GetEnd(), TimeZone: cmp.Or(quiet.GetTimeZone(), "UTC")}
	}
	if before != nil && before.Address == email.Address {
		email.UnsubscribeToken = before.UnsubscribeToken
	}
	return email
}

// wholeEventDeliveryToProto is a delivery with what is sent.
func wholeEventDeliveryToProto(delivery repository.EventDelivery) *debriefv1.EventDelivery {
	answer := eventDeliveryToProto(delivery)
	answer.Request = delivery.Request
	return answer
}

func eventDeliveryToProto(delivery repository.EventDelivery) *debriefv1.EventDelivery {
	return &debriefv1.EventDelivery{
		Name:     resourceName(subscriptionsCollection, delivery.Parent, eventDeliveriesCollection, delivery.ID),
		Sequence: delivery.Sequence,
		Type:     valueOf[debriefv1.Event_Type](delivery.Type),
		Resource: delivery.Resource,
		State:    valueOf[debriefv1.EventDelivery_State](delivery.State),
		Attempts: each(delivery.Attempts, func(attempt repository.DeliveryAttempt) *debriefv1.EventDelivery_Attempt {
			return &debriefv1.EventDelivery_Attempt{
				Time: timeToProto(attempt.Time), Duration: durationToProto(attempt.Duration), StatusCode: attempt.StatusCode,
				Response: attempt.Response, Error: attempt.Error,
			}
		}),
		AttemptCount:    delivery.AttemptCount,
		NextAttemptTime: timeToProto(delivery.NextAttemptTime),
		WebhookId:       delivery.WebhookID,
		CreateTime:      timeToProto(delivery.CreateTime),
	}
}
