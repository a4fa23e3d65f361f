package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/email"
)

// EmailOptions say how e-mail is sent.
type EmailOptions struct {
	// Mailer sends messages. Nil: subscriptions to e-mail are refused.
	Mailer *email.Mailer
	// Domains are those to whose addresses messages are sent, such as example.com; `*` is all.
	Domains []string
}

const (
	// UnsubscribePath is where subscriptions to e-mail are ended over HTTP: the id of one and its token follow.
	UnsubscribePath = "/unsubscribe/"
	// tokenSize is how many random bytes are in the token that ends a subscription.
	tokenSize = 16
	// unsubscribed is why a subscription is disabled that a person has ended.
	unsubscribed = "whoever got the e-mail has unsubscribed"
	// messageIDSize is how many bytes of a hash are in the id of a message.
	messageIDSize = 16
)

// checkEmail holds an address against those that may be written to.
func (s *Subscriptions) checkEmail(written repository.Email) error {
	if s.email.Mailer == nil {
		return invalid("subscription.email", "can't be written to: this server sends no e-mail (see its setting smtp-server)")
	}
	if err := email.CheckAddress(written.Address, s.email.Domains); err != nil {
		return invalid("subscription.email.address", "%s", err)
	}
	if _, err := quietHours(&written); err != nil {
		return invalid("subscription.email.quiet_hours", "%s", err)
	}
	return nil
}

func quietHours(written *repository.Email) (email.QuietHours, error) {
	if written.QuietHours == nil {
		return email.QuietHours{}, nil
	}
	return email.ParseQuietHours(written.QuietHours.Start, written.QuietHours.End, written.QuietHours.TimeZone)
}

// giveToken makes the token by which whoever gets the messages can end them, where there is none yet.
func (s *Subscriptions) giveToken(written *repository.Email) error {
	if written == nil || written.UnsubscribeToken != "" {
		return nil
	}
	token := make([]byte, tokenSize)
	if _, err := io.ReadFull(s.random, token); err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	written.UnsubscribeToken = hex.EncodeToString(token)
	return nil
}

// sendDigest sends one message about the deliveries with the ids.
func (s *Subscriptions) sendDigest(ctx context.Context, plan *deliveryPlan, ids []string, items []email.Item) (tried, error) {
	began := s.present()
	attempt := repository.DeliveryAttempt{Time: began}
	if s.email.Mailer == nil {
		attempt.Error = "this server sends no e-mail any more"
		return tried{attempt: attempt}, nil
	}
	subscription := plan.subscription
	if attempt.Error = s.forbidden(subscription.Email.Address); attempt.Error != "" {
		return tried{attempt: attempt, hopeless: true}, nil
	}
	digest := email.Digest{
		Items: items, SubscriptionTitle: subscription.Title, SubscriptionName: subscriptionName(subscription.ID),
		Unsubscribe: s.publicURL + UnsubscribePath + subscription.ID + "/" + subscription.Email.UnsubscribeToken,
	}
	answer, err := s.email.Mailer.Send(ctx, email.Message{
		ID: messageID(ids), Time: began, To: subscription.Email.Address, Subject: digest.Subject(), Text: digest.Text(), Unsubscribe: digest.Unsubscribe,
	})
	attempt.Duration = max(0, s.now().Sub(began))
	var failure *email.SendError
	switch {
	case errors.As(err, &failure):
		attempt.Error, attempt.StatusCode, attempt.Response = failure.Message, int32(failure.Status), cut(failure.Answer, maxResponse)
		s.logger.WarnContext(ctx, "a message could not be sent", "subscription", subscription.ID, "status", failure.Status, "error", failure.Cause)
		return tried{attempt: attempt, hopeless: failure.Permanent}, nil
	case err != nil:
		return tried{}, err
	}
	attempt.StatusCode, attempt.Response = email.StatusOK, cut(answer, maxResponse)
	return tried{attempt: attempt, delivered: true}, nil
}

// forbidden says why an address is not written to any more; empty: it is.
func (s *Subscriptions) forbidden(address string) string {
	if err := email.CheckAddress(address, s.email.Domains); err != nil {
		return "the address " + err.Error()
	}
	return ""
}

// messageID names a message after what it tells.
func messageID(ids []string) string {
	sum := sha256.New()
	for _, id := range ids {
		sum.Write([]byte(id + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:messageIDSize])
}

// Unsubscribe ends a subscription to e-mail for whoever has got a message of it, who has its token. NOT_FOUND where they have
// not. It is safe to repeat.
func (s *Subscriptions) Unsubscribe(ctx context.Context, id, token string) error {
	name := subscriptionName(id)
	if err := s.MayUnsubscribe(ctx, id, token); err != nil {
		return err
	}
	_, err := s.change(WithActor(ctx, ""), update{name: name, deleted: true}, false, func(subscription *repository.Subscription, now time.Time) (repository.Effects, error) {
		if subscription.Visibility != repository.Live || subscription.StateReason == unsubscribed {
			return repository.Effects{}, repository.ErrUnchanged
		}
		subscription.State, subscription.StateReason, subscription.Lease = subscriptionDisabled, unsubscribed, repository.Lease{}
		subscription.UpdateTime = now
		return s.told(WithActor(ctx, ""), "SUBSCRIPTION_DISABLED", subscription, now, nil), nil
	})
	return err
}

// MayUnsubscribe answers NOT_FOUND where the token is not that of the subscription, or there is none.
func (s *Subscriptions) MayUnsubscribe(ctx context.Context, id, token string) error {
	name := subscriptionName(id)
	subscription, err := get(ctx, s.repository.Subscriptions(), name)
	if err != nil {
		return err
	}
	if subscription.Email == nil || subtle.ConstantTimeCompare([]byte(subscription.Email.UnsubscribeToken), []byte(token)) == 0 {
		return notFound(name)
	}
	return nil
}
