package service_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// refusedWith is what a program can read from an error, without its metadata.
func refusedWith(t *testing.T, err error) refusal {
	t.Helper()
	found, _ := refused(t, err)
	return found
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.open(t, "before")
		create := &debriefv1.CreateSubscriptionRequest{SubscriptionId: "chat", RequestId: "once", Subscription: &debriefv1.Subscription{
			Title: "Chat", Webhook: &debriefv1.Webhook{Uri: "https://chat.example.com/hook?key=abc"},
		}}
		created := must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), create))
		if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(created.GetSecret(), "whsec_")); err != nil || len(key) < 24 {
			t.Errorf("the secret has %d bytes, %v", len(key), err)
		}
		subscription := created.GetSubscription()
		if subscription.GetSequence() == 0 || subscription.GetState() != debriefv1.Subscription_STATE_ACTIVE ||
			subscription.GetWebhook().GetFormat() != debriefv1.Webhook_FORMAT_CLOUD_EVENTS || subscription.GetWebhook().GetTimeout().AsDuration() != 15*time.Second {
			t.Errorf("it is %v", subscription)
		}
		if again := must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), create)); again.GetSecret() != "" {
			t.Error("the secret is shown again")
		}
		listed := must[*debriefv1.ListSubscriptionsResponse](t)(d.subscriptions.ListSubscriptions(t.Context(), &debriefv1.ListSubscriptionsRequest{Filter: "state = ACTIVE"}))
		if len(listed.GetSubscriptions()) != 1 {
			t.Errorf("%d are listed, want 1", len(listed.GetSubscriptions()))
		}
		changed := must[*debriefv1.Subscription](t)(d.subscriptions.UpdateSubscription(t.Context(), &debriefv1.UpdateSubscriptionRequest{
			Subscription: &debriefv1.Subscription{
				Name: "subscriptions/chat", Etag: subscription.GetEtag(), Filter: `event.type == "INCIDENT_OPENED"`,
				Webhook: &debriefv1.Webhook{Uri: "https://chat.example.com/hook?key=def"},
			},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"filter", "webhook.uri"}},
		}))
		quick := must[*debriefv1.Subscription](t)(d.subscriptions.UpdateSubscription(t.Context(), &debriefv1.UpdateSubscriptionRequest{
			Subscription: &debriefv1.Subscription{Name: "subscriptions/chat", Webhook: &debriefv1.Webhook{Timeout: durationpb.New(time.Second)}},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"webhook.timeout"}},
		}))
		if quick.GetWebhook().GetTimeout().AsDuration() != time.Second || quick.GetWebhook().GetUri() != changed.GetWebhook().GetUri() {
			t.Errorf("with another timeout it is %v", quick)
		}
		if changed.GetTitle() != "Chat" || changed.GetFilter() == "" || changed.GetWebhook().GetUri() != "https://chat.example.com/hook?key=def" {
			t.Errorf("it is %v", changed)
		}
		told := d.feed(t, "type = SUBSCRIPTION_UPDATED")
		if len(told) != 2 || len(told[0].GetChanges()) != 2 || strings.Contains(told[0].String(), "key=") {
			t.Errorf("the events are %v, want one that does not tell the address", told)
		}
		rotate := &debriefv1.RotateSubscriptionSecretRequest{Name: "subscriptions/chat", RequestId: "rotate"}
		if rotated := must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.RotateSubscriptionSecret(t.Context(), rotate)); rotated.GetSecret() == "" || rotated.GetSecret() == created.GetSecret() {
			t.Error("there is no other secret")
		}
		if again := must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.RotateSubscriptionSecret(t.Context(), rotate)); again.GetSecret() != "" {
			t.Error("the secret is shown again")
		}
		_, err := d.subscriptions.DeleteSubscription(t.Context(), &debriefv1.DeleteSubscriptionRequest{Name: "subscriptions/chat", Etag: subscription.GetEtag()})
		if diff := cmp.Diff(refusal{codes.Aborted, "ETAG_MISMATCH", nil}, refusedWith(t, err)); diff != "" {
			t.Errorf("an etag of the past: -want +got\n%s", diff)
		}
		deleted := must[*debriefv1.Subscription](t)(d.subscriptions.DeleteSubscription(t.Context(), &debriefv1.DeleteSubscriptionRequest{Name: "subscriptions/chat"}))
		if deleted.GetDeleteTime() == nil {
			t.Error("it is not deleted")
		}
		d.advance(service.DefaultRetention + time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = d.subscriptions.GetSubscription(t.Context(), &debriefv1.GetSubscriptionRequest{Name: "subscriptions/chat"})
		if got := refusedWith(t, err); got.Code != codes.NotFound {
			t.Errorf("a purged one: %v", got)
		}
	})
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		hook := &debriefv1.Webhook{Uri: "https://example.com/"}
		for name, test := range map[string]struct {
			subscription *debriefv1.Subscription
			field        string
		}{
			"no address":        {&debriefv1.Subscription{Title: "a", Webhook: &debriefv1.Webhook{}}, "subscription.webhook.uri"},
			"no target":         {&debriefv1.Subscription{Title: "a"}, "subscription.webhook"},
			"no title":          {&debriefv1.Subscription{Webhook: hook}, "subscription.title"},
			"e-mail":            {&debriefv1.Subscription{Title: "a", Email: &debriefv1.Email{Address: "kim@example.com"}}, "subscription.email"},
			"a private address": {&debriefv1.Subscription{Title: "a", Webhook: &debriefv1.Webhook{Uri: "http://10.0.0.1/"}}, "subscription.webhook.uri"},
			"a filter":          {&debriefv1.Subscription{Title: "a", Filter: "event.color", Webhook: hook}, "subscription.filter"},
			"a template": {
				&debriefv1.Subscription{Title: "a", Webhook: &debriefv1.Webhook{Uri: "https://example.com/", Format: debriefv1.Webhook_FORMAT_SLACK, Template: "{{call .}}"}},
				"subscription.webhook.template",
			},
		} {
			_, err := d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{SubscriptionId: "chat", Subscription: test.subscription})
			if got := refusedWith(t, err); got.Code != codes.InvalidArgument || !slices.Contains(got.Fields, test.field) {
				t.Errorf("%s: %v, want INVALID_ARGUMENT of %s", name, got, test.field)
			}
		}
	})
}

func TestTestSubscription(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, func(m message, _ *http.Request) int {
			if strings.Count(m.signature, "v1,") != 2 {
				return http.StatusUnauthorized
			}
			return http.StatusOK
		})
		d.subscribe(t, "chat", r.URL)
		try := func() *debriefv1.EventDelivery {
			return must[*debriefv1.EventDelivery](t)(d.subscriptions.TestSubscription(t.Context(), &debriefv1.TestSubscriptionRequest{Name: "subscriptions/chat"}))
		}
		if failed := try(); failed.GetState() != debriefv1.EventDelivery_STATE_FAILED || failed.GetAttempts()[0].GetStatusCode() != 401 || failed.GetRequest() == "" {
			t.Errorf("with one secret: %v", failed.GetState())
		}
		must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.RotateSubscriptionSecret(t.Context(), &debriefv1.RotateSubscriptionSecretRequest{
			Name: "subscriptions/chat", Overlap: durationpb.New(time.Hour),
		}))
		if delivered := try(); delivered.GetState() != debriefv1.EventDelivery_STATE_DELIVERED {
			t.Errorf("while two secrets overlap: %v", delivered.GetState())
		}
		d.advance(time.Hour)
		if failed := try(); failed.GetState() != debriefv1.EventDelivery_STATE_FAILED {
			t.Errorf("when the older one has ended: %v", failed.GetState())
		}
		// The same address, where it is not allowed.
		strict, err := service.New(service.Options{Repository: d.repository, Now: d.now})
		if err != nil {
			t.Fatal(err)
		}
		before, _ := r.all()
		forbidden, err := strict.Subscriptions.TestSubscription(t.Context(), &debriefv1.TestSubscriptionRequest{Name: "subscriptions/chat"})
		if err != nil || forbidden.GetAttempts()[0].GetError() != "the address is not public, and not allowed" {
			t.Errorf("to loopback: %v, %v", forbidden, err)
		}
		if after, _ := r.all(); len(after) != len(before) {
			t.Error("it was sent all the same")
		}
		d.advance(8 * 24 * time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := d.repository.EventDeliveries().List(t.Context(), repository.Query{Visible: repository.Purged, Limit: 10})
		if err != nil || len(left) != 0 {
			t.Errorf("%d deliveries are left, %v", len(left), err)
		}
	})
}

func TestReplayEvents(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, ok)
		d.subscribe(t, "chat", r.URL)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		want := d.happen(t, 2, 2)
		d.drive(t, timers, r, want)
		d.untilSettled(t, nil)
		request := &debriefv1.ReplayEventsRequest{Name: "subscriptions/chat", FirstSequence: 1, LastSequence: want[len(want)-1].GetSequence(), RequestId: "again"}
		for range 2 {
			if answer := must[*debriefv1.ReplayEventsResponse](t)(d.subscriptions.ReplayEvents(t.Context(), request)); int(answer.GetEventCount()) != len(want) {
				t.Errorf("%d events are replayed, want %d", answer.GetEventCount(), len(want))
			}
		}
		r.await(t, 2*len(want))
		d.drive(t, timers, r, want)
		messages, _ := r.all()
		if len(messages) != 2*len(want) {
			t.Errorf("%d messages came, want each of %d twice", len(messages), len(want))
		}
		checkAll(t, want, messages)
		checkAll(t, want, messages[len(want):])
		_, err := d.subscriptions.ReplayEvents(t.Context(), &debriefv1.ReplayEventsRequest{Name: "subscriptions/chat", FirstSequence: 1, LastSequence: 10_001})
		if got := refusedWith(t, err); got.Code != codes.InvalidArgument {
			t.Errorf("too many: %v", got)
		}
	})
}

func TestEnableSubscriptionSkipsWhatWasMissed(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, toLoopback, func(t *testing.T, d *debrief) {
		r := newReceiver(t, func(message, *http.Request) int {
			if d.now().Equal(start) {
				return http.StatusGone
			}
			return http.StatusOK
		})
		d.subscribe(t, "chat", r.URL)
		timers := newTimers(d)
		dispatch(t, d.services, timers, "a")
		d.happen(t, 1, 2)
		await(t, timers, func() bool { return len(d.feed(t, "type = SUBSCRIPTION_DISABLED")) > 0 })
		timers.pass(time.Minute)
		enable := &debriefv1.EnableSubscriptionRequest{Name: "subscriptions/chat", SkipMissed: true}
		must[*debriefv1.Subscription](t)(d.subscriptions.EnableSubscription(t.Context(), enable))
		if pending := d.pending(t); len(pending) != 0 {
			t.Errorf("%d are under way, want none", len(pending))
		}
		want := d.happen(t, 1, 1)
		d.drive(t, timers, r, want)
		_, taken := r.all()
		checkAll(t, want, taken)
		if len(taken) != len(want) {
			t.Errorf("%d were taken, want %d", len(taken), len(want))
		}
	})
}
