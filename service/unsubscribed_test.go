package service_test

import (
	"context"
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
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// writeTo makes a subscription to e-mail that tells now and then of incidents that were opened, and answers the token that ends it.
func (d *debrief) writeTo(t *testing.T, mail *emailtest.Server, id string, each time.Duration) (token string) {
	t.Helper()
	must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{
		SubscriptionId: id, Subscription: &debriefv1.Subscription{
			Title: id, Filter: `event.type == "INCIDENT_OPENED"`,
			Email: &debriefv1.Email{Address: id + "@example.com", DigestInterval: durationpb.New(each)},
		},
	}))
	must[*debriefv1.EventDelivery](t)(d.subscriptions.TestSubscription(t.Context(), &debriefv1.TestSubscriptionRequest{Name: "subscriptions/" + id}))
	link := strings.Trim(mail.Messages()[0].Header.Get("List-Unsubscribe"), "<>")
	mail.Forget()
	return link[strings.LastIndexByte(link, '/')+1:]
}

// messagesTo are the messages to somebody, each as the lines that say what happened.
func messagesTo(mail *emailtest.Server, address string) [][]string {
	var messages [][]string
	for _, message := range mail.Messages() {
		if message.To == address {
			messages = append(messages, told(message))
		}
	}
	return messages
}

// TestWhoUnsubscribedIsNotWrittenTo has somebody unsubscribe while an event waits to be told to them: neither that nor what happens
// later is, though others are told of it, until somebody takes the subscription up again.
func TestWhoUnsubscribedIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		token := d.writeTo(t, mail, "kim", time.Hour)
		d.writeTo(t, mail, "lee", time.Hour)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		waits := func(subscription string) bool {
			return slices.ContainsFunc(d.pending(t), func(one repository.EventDelivery) bool { return one.Parent == subscription })
		}
		d.open(t, "Checkout down")
		await(t, timers, func() bool { return waits("kim") && waits("lee") })
		if err := d.services.Subscriptions.Unsubscribe(t.Context(), "kim", token); err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"Incident opened: Checkout down"}}
		timers.pass(time.Hour)
		await(t, timers, func() bool { return !waits("lee") && len(messagesTo(mail, "lee@example.com")) == 1 })
		d.open(t, "Search slow")
		want = append(want, []string{"Incident opened: Search slow"})
		await(t, timers, func() bool { return waits("lee") })
		timers.pass(time.Hour)
		await(t, timers, func() bool { return !waits("lee") && len(messagesTo(mail, "lee@example.com")) == 2 })
		if diff := cmp.Diff(want, messagesTo(mail, "lee@example.com")); diff != "" {
			t.Errorf("somebody else is told (-want +got):\n%s", diff)
		}
		if got := messagesTo(mail, "kim@example.com"); got != nil {
			t.Fatalf("who has unsubscribed is told %q", got)
		}
		must[*debriefv1.Subscription](t)(d.subscriptions.EnableSubscription(t.Context(), &debriefv1.EnableSubscriptionRequest{Name: "subscriptions/kim"}))
		d.settle(t, timers, 4+2) // Two of each, and an example of each.
		var all []string
		for _, lines := range messagesTo(mail, "kim@example.com") {
			all = append(all, lines...)
		}
		if diff := cmp.Diff(slices.Concat(want...), all); diff != "" {
			t.Errorf("when it is taken up again (-want +got):\n%s", diff)
		}
	})
}

// parting is the store of a server that is about to write a message when somebody unsubscribes at another one: when it has read what
// it is to write.
type parting struct {
	repository.Repository
	unsubscribe func()
	// ended is closed when the server tries to keep what came of it.
	ended chan struct{}
	once  sync.Once
	over  atomic.Bool
}

func (p *parting) Events() repository.Feed {
	return partingEvents{p.Repository.Events(), p}
}

func (p *parting) Subscriptions() repository.Collection[repository.Subscription] {
	return partingSubscriptions{p.Repository.Subscriptions(), p}
}

type partingEvents struct {
	repository.Feed
	of *parting
}

func (e partingEvents) Get(ctx context.Context, id string) (repository.Event, error) {
	event, err := e.Feed.Get(ctx, id)
	e.of.unsubscribe()
	e.of.over.Store(true)
	return event, err
}

type partingSubscriptions struct {
	repository.Collection[repository.Subscription]
	of *parting
}

func (s partingSubscriptions) Update(ctx context.Context, id string, change func(*repository.Subscription) (repository.Effects, error)) (repository.Subscription, error) {
	if s.of.over.Load() {
		s.of.once.Do(func() { close(s.of.ended) })
	}
	return s.Collection.Update(ctx, id, change)
}

// TestWhoUnsubscribesAtAnotherReplicaIsNotWrittenTo has somebody unsubscribe where nobody delivers, when a message is about to be
// written elsewhere.
func TestWhoUnsubscribesAtAnotherReplicaIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		token := d.writeTo(t, mail, "kim", 0)
		store := &parting{Repository: d.repository, ended: make(chan struct{}), unsubscribe: func() {
			if err := d.services.Subscriptions.Unsubscribe(t.Context(), "kim", token); err != nil {
				t.Error(err)
			}
		}}
		options := writing(t, mail)
		options.Repository, options.Now = store, d.now
		another := must[*service.Services](t)(service.New(options))
		d.open(t, "Checkout down")
		stop := dispatch(t, another, newTimers(d), "another")
		<-store.ended
		stop()
		if got := messagesTo(mail, "kim@example.com"); got != nil {
			t.Errorf("who has unsubscribed is told %q", got)
		}
	})
}
