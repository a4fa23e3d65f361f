package service_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

var toLoopback = service.Options{Webhooks: service.WebhookOptions{AllowPrivateAddresses: true}}

// subscribe makes a subscription that is told of incidents.
func (d *debrief) subscribe(t *testing.T, id, uri string) *debriefv1.SubscriptionWithSecret {
	t.Helper()
	return must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{
		SubscriptionId: id, Subscription: &debriefv1.Subscription{
			Title: id, Filter: `event.type.startsWith("INCIDENT_")`, Webhook: &debriefv1.Webhook{Uri: uri, Timeout: durationpb.New(30 * time.Second)},
		},
	}))
}

// happen opens incidents and changes each several times, and answers the events, as subscribe asks for them.
func (d *debrief) happen(t *testing.T, incidents, changes int) []*debriefv1.Event {
	t.Helper()
	last := int64(0)
	if before := d.feed(t, ""); len(before) > 0 {
		last = before[len(before)-1].GetSequence()
	}
	for i := range incidents {
		incident := d.open(t, fmt.Sprintf("Incident %d", i))
		for n := range changes {
			must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(t.Context(), &debriefv1.UpdateIncidentRequest{
				Incident: &debriefv1.Incident{Name: incident.GetName(), Title: fmt.Sprintf("Incident %d, the %d.", i, n)},
			}))
		}
	}
	return slices.DeleteFunc(d.feed(t, ""), func(e *debriefv1.Event) bool {
		return e.GetSequence() <= last || !strings.HasPrefix(e.GetType().String(), "TYPE_INCIDENT_")
	})
}

// pending are the deliveries that are under way.
func (d *debrief) pending(t *testing.T) []repository.EventDelivery {
	t.Helper()
	found, err := d.repository.EventDeliveries().List(t.Context(), repository.Query{Where: repository.TermIn{repository.Term("state", "PENDING")}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// drive lets time pass whenever nothing is due, until all that is wanted was taken and nothing is under way.
func (d *debrief) drive(t *testing.T, timers *timers, r *receiver, want []*debriefv1.Event) {
	t.Helper()
	for {
		pending := d.pending(t)
		if _, taken := r.all(); len(pending) == 0 && len(ids(t, taken)) >= len(want) {
			return
		}
		var next time.Time
		for _, one := range pending {
			if at := one.NextAttemptTime; !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		if wait := next.Sub(d.now()); !next.IsZero() && wait > 0 {
			timers.pass(wait)
		}
	}
}

// ids are the webhook-ids by the ids of the events.
func ids(t *testing.T, messages []message) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, m := range messages {
		id := m.event(t).ID
		if known, again := found[id]; again && known != m.id {
			t.Errorf("the event %s came as %s and as %s", id, known, m.id)
		}
		found[id] = m.id
	}
	return found
}

// checkAll checks that each event was taken, and those of each resource in order.
func checkAll(t *testing.T, want []*debriefv1.Event, messages []message) {
	t.Helper()
	ids(t, messages)
	inOrder := func(subject string) (wanted, got []string) {
		for _, e := range want {
			if e.GetResource() == subject {
				wanted = append(wanted, e.GetId())
			}
		}
		for _, m := range messages {
			if e := m.event(t); e.Subject == subject && !slices.Contains(got, e.ID) {
				got = append(got, e.ID)
			}
		}
		return wanted, got
	}
	for _, e := range want {
		wanted, got := inOrder(e.GetResource())
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Fatalf("%s: -want +got\n%s", e.GetResource(), diff)
		}
	}
}

func TestWebhooksAreSignedAndOnce(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, ok)
		secret := d.subscribe(t, "chat", r.URL).GetSecret()
		timers := newTimers(d)
		stop := dispatch(t, d.services, timers, "a")
		dispatch(t, d.services, timers, "b")
		want := d.happen(t, 4, 3)
		d.drive(t, timers, r, want)
		stop()
		messages, _ := r.all()
		checkAll(t, want, messages)
		if len(messages) != len(want) {
			t.Errorf("%d messages came, want %d: two that deliver must not double", len(messages), len(want))
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			mac := hmac.New(sha256.New, key)
			_, _ = fmt.Fprintf(mac, "%s.%s.%s", m.id, m.timestamp, m.body)
			if wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); m.signature != wanted || m.contentType != "application/cloudevents+json" {
				t.Errorf("%s is signed %s, want %s", m.contentType, m.signature, wanted)
			}
		}
	})
}

func TestWebhooksKeepTheOrderOfAResource(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		var count atomic.Int64
		r := newReceiver(t, func(message, *http.Request) int {
			if count.Add(1)%3 != 0 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		})
		d.subscribe(t, "chat", r.URL)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		want := d.happen(t, 3, 3)
		d.drive(t, timers, r, want)
		_, taken := r.all()
		checkAll(t, want, taken)
		page := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{
			Parent: "subscriptions/chat", Filter: "state = DELIVERED", OrderBy: "create_time",
		}))
		if len(page.GetEventDeliveries()) != len(want) {
			t.Fatalf("%d deliveries, want %d", len(page.GetEventDeliveries()), len(want))
		}
		again := slices.IndexFunc(page.GetEventDeliveries(), func(delivery *debriefv1.EventDelivery) bool { return delivery.GetAttemptCount() > 1 })
		if again < 0 {
			t.Fatal("nothing was tried again")
		}
		whole := must[*debriefv1.EventDelivery](t)(d.subscriptions.GetEventDelivery(t.Context(), &debriefv1.GetEventDeliveryRequest{Name: page.GetEventDeliveries()[again].GetName()}))
		attempts := whole.GetAttempts()
		first, last := attempts[0], attempts[len(attempts)-1]
		if first.GetStatusCode() != 503 || first.GetError() != "answered with status 503" || len(first.GetResponse()) != 2048 || last.GetStatusCode() != 200 || last.GetError() != "" ||
			whole.GetRequest() == "" || int(whole.GetAttemptCount()) != len(attempts) {
			t.Errorf("%d attempts: the first has status %d, %q and %d bytes, the last %d, %q", len(attempts),
				first.GetStatusCode(), first.GetError(), len(first.GetResponse()), last.GetStatusCode(), last.GetError())
		}
	})
}

func TestAReceiverThatNeverAnswersDelaysNoOther(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		hanging, ended := make(chan struct{}, 100), make(chan struct{})
		slow := newReceiver(t, func(_ message, request *http.Request) int {
			hanging <- struct{}{}
			select {
			case <-request.Context().Done():
			case <-ended:
			}
			return http.StatusServiceUnavailable
		})
		quick := newReceiver(t, ok)
		d.subscribe(t, "slow", slow.URL)
		d.subscribe(t, "quick", quick.URL)
		stop := dispatch(t, d.services, newTimers(d), "a")
		want := d.happen(t, 2, 2)
		<-hanging
		want = append(want, d.happen(t, 2, 2)...)
		quick.await(t, len(want))
		close(ended)
		stop()
		_, taken := quick.all()
		checkAll(t, want, taken)
	})
}

// cutStore fails every write for deliveries from a number of writes on. The first that fails may have been stored all the same.
type cutStore struct {
	repository.Repository
	left  atomic.Int64
	after bool
	cut   chan struct{}
	once  sync.Once
}

type cutCollection[T any] struct {
	repository.Collection[T]
	of *cutStore
}

// write does what it is to do, while there is power.
func (s *cutStore) write(do func() error) error {
	switch left := s.left.Add(-1); {
	case left > 0:
		return do()
	case left == 0 && s.after:
		_ = do()
	}
	s.once.Do(func() { close(s.cut) })
	return errFailing
}

func (c cutCollection[T]) Create(ctx context.Context, creations ...repository.Creation[T]) (created []repository.Created[T], err error) {
	err = c.of.write(func() (err error) {
		created, err = c.Collection.Create(ctx, creations...)
		return err
	})
	return created, err
}

func (c cutCollection[T]) Update(ctx context.Context, id string, change func(*T) (repository.Effects, error)) (changed T, err error) {
	err = c.of.write(func() (err error) {
		changed, err = c.Collection.Update(ctx, id, change)
		return err
	})
	return changed, err
}

func (s *cutStore) Subscriptions() repository.Collection[repository.Subscription] {
	return cutCollection[repository.Subscription]{s.Repository.Subscriptions(), s}
}

func (s *cutStore) EventDeliveries() repository.Collection[repository.EventDelivery] {
	return cutCollection[repository.EventDelivery]{s.Repository.EventDeliveries(), s}
}

func TestACrashAnywhereLosesNothing(t *testing.T) {
	t.Parallel()
	for writes := range int64(5) {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %v", writes+1, after), func(t *testing.T) {
				onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
					var failed sync.Map
					r := newReceiver(t, func(m message, _ *http.Request) int {
						if _, again := failed.LoadOrStore(m.id, true); !again && strings.HasSuffix(m.id, "1") {
							return http.StatusBadGateway
						}
						return http.StatusOK
					})
					d.subscribe(t, "chat", r.URL)
					want := d.happen(t, 3, 2)
					broken := &cutStore{Repository: d.repository, after: after, cut: make(chan struct{})}
					broken.left.Store(writes + 1)
					crashing, err := service.New(service.Options{Repository: broken, Now: d.now, Webhooks: toLoopback.Webhooks})
					if err != nil {
						t.Fatal(err)
					}
					timers := newTimers(d)
					stop := dispatch(t, crashing, timers, "crashing")
					d.untilSettled(t, broken.cut)
					stop()
					dispatch(t, d.services, timers, "a")
					timers.pass(31 * time.Second)
					d.drive(t, timers, r, want)
					messages, taken := r.all()
					ids(t, messages)
					checkAll(t, want, taken)
				})
			})
		}
	}
}

// untilSettled waits until the power is cut, or the subscription has gone through the feed.
func (d *debrief) untilSettled(t *testing.T, cut <-chan struct{}) {
	t.Helper()
	feed := d.feed(t, `type = INCIDENT_UPDATED`)
	for {
		select {
		case <-cut:
			return
		default:
		}
		subscription, err := d.repository.Subscriptions().Get(t.Context(), "chat")
		if err != nil {
			t.Fatal(err)
		}
		if subscription.Sequence >= feed[len(feed)-1].GetSequence() {
			return
		}
	}
}

func TestAnotherTakesOverWhenTheLeaseHasEnded(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, ok)
		d.subscribe(t, "chat", r.URL)
		first := d.happen(t, 1, 1)
		killed := &cutStore{Repository: d.repository, cut: make(chan struct{})}
		killed.left.Store(1 << 40)
		services, err := service.New(service.Options{Repository: killed, Now: d.now, Webhooks: toLoopback.Webhooks})
		if err != nil {
			t.Fatal(err)
		}
		timers := newTimers(d)
		kill := dispatch(t, services, timers, "killed")
		d.drive(t, timers, r, first)
		d.untilSettled(t, killed.cut)
		killed.left.Store(0)
		kill()
		if held, err := d.repository.Subscriptions().Get(t.Context(), "chat"); err != nil || held.Lease.Holder != "killed" {
			t.Fatalf("the lease is %v, %v, want that of the one that was killed", held.Lease, err)
		}
		second := d.happen(t, 1, 1)
		dispatch(t, d.services, timers, "a")
		timers.pass(31 * time.Second)
		d.drive(t, timers, r, append(first, second...))
		messages, _ := r.all()
		checkAll(t, append(first, second...), messages)
		if len(messages) != len(first)+len(second) {
			t.Errorf("%d messages, want %d", len(messages), len(first)+len(second))
		}
	})
}

func TestAReceiverThatIsGoneDisables(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		var back atomic.Bool
		r := newReceiver(t, func(message, *http.Request) int {
			if back.Load() {
				return http.StatusOK
			}
			return http.StatusGone
		})
		d.subscribe(t, "chat", r.URL)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		want := d.happen(t, 1, 2)
		await(t, timers, func() bool { return len(d.feed(t, "type = SUBSCRIPTION_DISABLED")) > 0 })
		disabled := must[*debriefv1.Subscription](t)(d.subscriptions.GetSubscription(t.Context(), &debriefv1.GetSubscriptionRequest{Name: "subscriptions/chat"}))
		if disabled.GetState() != debriefv1.Subscription_STATE_DISABLED || !strings.Contains(disabled.GetStateReason(), "410") {
			t.Errorf("it is %v", disabled)
		}
		back.Store(true)
		must[*debriefv1.Subscription](t)(d.subscriptions.EnableSubscription(t.Context(), &debriefv1.EnableSubscriptionRequest{Name: "subscriptions/chat"}))
		d.drive(t, timers, r, want)
		_, taken := r.all()
		checkAll(t, want, taken)
	})
}

func TestDaysOfFailureDisable(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, func(message, *http.Request) int { return http.StatusInternalServerError })
		d.subscribe(t, "chat", r.URL)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		for opened := 0; len(d.feed(t, "type = SUBSCRIPTION_DISABLED")) == 0; {
			kept, err := d.repository.EventDeliveries().Count(t.Context(), repository.Query{Limit: 100})
			if err != nil || opened > 10 {
				t.Fatalf("%d deliveries were given up: %v", kept, err)
			}
			pending := d.pending(t)
			switch {
			case len(pending) == 0 && kept == opened: // The one before was given up after a day.
				d.open(t, "One more")
				opened++
			case len(pending) == 1 && pending[0].NextAttemptTime.After(d.now()):
				timers.pass(pending[0].NextAttemptTime.Sub(d.now()))
			}
		}
		disabled, err := d.repository.Subscriptions().Get(t.Context(), "chat")
		if err != nil || d.now().Sub(start) < 72*time.Hour || d.now().Sub(start) > 80*time.Hour || !strings.Contains(disabled.StateReason, "three days") {
			t.Errorf("after %s: %v, %v", d.now().Sub(start), disabled, err)
		}
	})
}
