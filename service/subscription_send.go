package service

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/email"
	"github.com/debriefhq/debrief/service/outbound"
	"github.com/debriefhq/debrief/service/webhook"
)

const (
	// eventSource is where events come from, as CloudEvents call it, where nobody said how Debrief is reached.
	eventSource = "/debrief"
	// maxResponse is how much of an answer is kept.
	maxResponse = 2048
	// maxEventData is the most bytes of an event within a body.
	maxEventData = webhook.MaxBody - 4096
	// longestExchange is longer than the longest timeout of a webhook.
	longestExchange = 35 * time.Second
	userAgent       = "Debrief-Webhook/1.0"
)

// deliveryPlan is what a subscription comes to: which events, as what.
type deliveryPlan struct {
	subscription repository.Subscription
	filter       *webhook.Filter
	// composer makes the bodies of a webhook; nil for e-mail.
	composer *webhook.Composer
	// quiet are the hours at which no e-mail is written.
	quiet email.QuietHours
}

// newDeliveryPlan reads a subscription's filter and template.
func (b *base) newDeliveryPlan(subscription repository.Subscription) (*deliveryPlan, error) {
	filter, err := webhook.NewFilter(subscription.Filter)
	if err != nil {
		return nil, err
	}
	if subscription.Email != nil {
		quiet, err := quietHours(subscription.Email)
		return &deliveryPlan{subscription: subscription, filter: filter, quiet: quiet}, err
	}
	if subscription.Webhook == nil {
		return nil, errors.New("the subscription leads nowhere")
	}
	source := cmp.Or(b.publicURL, eventSource)
	composer, err := webhook.NewComposer(webhook.Format(subscription.Webhook.Format), source, subscription.Webhook.Template)
	return &deliveryPlan{subscription: subscription, filter: filter, composer: composer}, err
}

// wants says whether the event is to be delivered. One about which the filter can't tell is: none is to be lost.
func (p *deliveryPlan) wants(event repository.Event) bool {
	if p.subscription.Email != nil && p.subscription.Filter == "" {
		return isReminder(event.Type)
	}
	wanted, err := p.filter.Wants(hookEvent(event))
	return wanted || err != nil
}

func hookEvent(event repository.Event) webhook.Event {
	return webhook.Event{
		ID: event.CreationKey, Sequence: event.Sequence(), Type: event.Type, Resource: event.Resource, Revision: event.ResourceRevision,
		Incident: event.Incident, Actor: event.Actor, Time: event.Time,
		Changes: each(event.Changes, func(change repository.FieldChange) webhook.Change { return webhook.Change(change) }),
	}
}

// compose makes the body for an event, and its media type. What was restricted meanwhile has no title.
func (b *base) compose(ctx context.Context, plan *deliveryPlan, event repository.Event) (body []byte, mediaType string, err error) {
	seen := hookEvent(event)
	if plan.composer.NeedsTitle() {
		if seen.Title, err = b.titleOf(asOutsider(ctx), event); err != nil {
			return nil, "", err
		}
	}
	if b.publicURL != "" {
		seen.Link = b.address(event.Resource)
	}
	data, err := eventData(event)
	if err != nil {
		return nil, "", err
	}
	return plan.composer.Body(seen, data)
}

// eventData is the event as JSON. Where it is too large the values of its changes are left out, and then the changes.
func eventData(event repository.Event) ([]byte, error) {
	for left := 2; ; left-- {
		encoded, err := protojson.Marshal(eventToProto(event))
		if err != nil {
			return nil, fmt.Errorf("encode an event: %w", err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, encoded); err != nil { // Its spaces differ from build to build.
			return nil, fmt.Errorf("encode an event: %w", err)
		}
		if compact.Len() <= maxEventData || left == 0 {
			return compact.Bytes(), nil
		}
		if left == 1 {
			event.Changes = nil
			continue
		}
		event.Changes = each(event.Changes, func(change repository.FieldChange) repository.FieldChange {
			return repository.FieldChange{Field: change.Field}
		})
	}
}

// titleOf is what the resource of an event is called now, or its incident; empty where it is called nothing, or gone.
func (b *base) titleOf(ctx context.Context, event repository.Event) (string, error) {
	var title string
	var err error
	switch id := lastID(event.Resource); event.Resource {
	case postMortemName(id):
		title, err = titleIn(ctx, b.repository.PostMortems(), id, func(p repository.PostMortem) string { return p.Title })
	case actionItemName(id):
		title, err = titleIn(ctx, b.repository.ActionItems(), id, func(a repository.ActionItem) string { return a.Title })
	}
	if title != "" || err != nil || event.Incident == "" {
		return title, err
	}
	return titleIn(ctx, b.repository.Incidents(), lastID(event.Incident), func(i repository.Incident) string { return i.Title })
}

func titleIn[T any](ctx context.Context, reader repository.Reader[T], id string, title func(T) string) (string, error) {
	resource, err := reader.Get(ctx, id)
	if errors.Is(err, repository.ErrNotFound) {
		return "", nil
	}
	return title(resource), err
}

// tried is how one try went.
type tried struct {
	attempt    repository.DeliveryAttempt
	delivered  bool
	gone       bool
	hopeless   bool
	retryAfter time.Duration
	// unsent says that nothing was sent: it tells nothing of the receiver.
	unsent bool
}

// try sends the event of a delivery, and keeps the body with it. An error says that nothing can be said of the receiver.
func (s *Subscriptions) try(ctx context.Context, plan *deliveryPlan, delivery *repository.EventDelivery, event repository.Event) (tried, error) {
	body, mediaType, err := s.compose(ctx, plan, event)
	if errors.Is(err, webhook.ErrTooLarge) {
		return unsent(s.present(), err.Error()), nil
	}
	if err != nil {
		return tried{}, err
	}
	delivery.Request = string(body)
	return s.sender.send(ctx, plan.subscription, delivery.WebhookID, mediaType, body)
}

// unsent is how a try went where there was nothing that could be sent, and never will be.
func unsent(now time.Time, reason string) tried {
	return tried{hopeless: true, unsent: true, attempt: repository.DeliveryAttempt{Time: now, Error: reason}}
}

// sender sends webhooks.
type sender struct {
	now     func() time.Time
	client  *http.Client
	private bool
}

// anywhere are all addresses.
var anywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

func newSender(now func() time.Time, private bool) *sender {
	options := outbound.Options{Timeout: longestExchange, Idle: sentAtOnce}
	if private {
		options.Allow = anywhere
	}
	return &sender{now: now, private: private, client: outbound.NewClient(options)}
}

// allowed says whether webhooks may lead to the address.
func (s *sender) allowed(address netip.Addr) bool {
	return s.private || outbound.Allowed(address, nil)
}

// send sends a body once. An error says that it was broken off, or can't be signed.
func (s *sender) send(ctx context.Context, subscription repository.Subscription, id, mediaType string, body []byte) (tried, error) {
	began := s.now()
	attempt := repository.DeliveryAttempt{Time: stored(began)}
	signature, err := webhook.Sign(id, began, body, secretsAt(subscription, began)...)
	if err != nil {
		return tried{}, err
	}
	timeout, cancel := context.WithTimeout(ctx, subscription.Webhook.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(timeout, http.MethodPost, subscription.Webhook.URI, bytes.NewReader(body))
	if err != nil {
		attempt.Error = "the address can't be sent to"
		return tried{attempt: attempt}, nil // The address was taken once: what is wrong with it is told with the attempt.
	}
	request.Header.Set("Content-Type", mediaType)
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set(webhook.HeaderID, id)
	request.Header.Set(webhook.HeaderTimestamp, webhook.Timestamp(began))
	request.Header.Set(webhook.HeaderSignature, signature)
	result := s.exchange(request, tried{attempt: attempt}, subscription.Webhook.Timeout)
	if ctx.Err() != nil && !result.delivered {
		return tried{}, context.Cause(ctx)
	}
	result.attempt.Duration = max(0, s.now().Sub(began))
	return result, nil
}

func (s *sender) exchange(request *http.Request, result tried, timeout time.Duration) tried {
	response, err := s.client.Do(request)
	if err != nil {
		result.attempt.Error = unreached(err, timeout)
		return result
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	closed := response.Body.Close() // What could go wrong here was read already.
	result.attempt.StatusCode = int32(response.StatusCode)
	result.attempt.Response = cut(string(text), maxResponse)
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		// It was taken, whatever becomes of the rest of the answer.
		result.delivered = true
		return result
	case status >= 300 && status < 400:
		result.attempt.Error = fmt.Sprintf("answered with status %d: redirects are not followed", status)
	default:
		result.attempt.Error = fmt.Sprintf("answered with status %d", status)
	}
	if err = errors.Join(err, closed); err != nil {
		result.attempt.Error += ", and the answer broke off"
	}
	result.gone = response.StatusCode == http.StatusGone
	result.retryAfter = webhook.RetryAfter(response.Header.Get("Retry-After"), s.now())
	return result
}

// unreached says why there is no answer, without what only the inside of the house needs to know.
func unreached(err error, timeout time.Duration) string {
	var name *net.DNSError
	var network net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return "the address is not public, and not allowed"
	case errors.As(err, &name) && name.IsNotFound:
		return "the name of the host can't be found"
	case errors.As(err, &certificate):
		return "the certificate of the host is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Sprintf("did not answer within %s", timeout)
	default:
		return "can't be reached, or does not speak HTTP"
	}
}

// secretsAt are the secrets to sign with, the newest first.
func secretsAt(subscription repository.Subscription, now time.Time) []string {
	var secrets []string
	for _, one := range subscription.Secrets {
		if one.ExpireTime.IsZero() || one.ExpireTime.After(now) {
			secrets = append(secrets, one.Secret)
		}
	}
	return secrets
}
