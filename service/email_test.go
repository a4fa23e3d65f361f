package service_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/email"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// writing is a server that sends e-mail through the mail server.
func writing(t *testing.T, server *emailtest.Server) service.Options {
	t.Helper()
	mailer, err := email.NewMailer(email.Options{Server: server.URL, From: "debrief@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return service.Options{
		PublicURL: "https://debrief.example.com", Email: service.EmailOptions{Mailer: mailer, Domains: []string{"example.com"}},
	}
}

// onEachStoreWriting runs a test on each store. Messages are refused with the status that refuse holds.
func onEachStoreWriting(t *testing.T, test func(t *testing.T, d *debrief, mail *emailtest.Server, refuse *atomic.Int32)) {
	t.Helper()
	var refuse atomic.Int32
	mail := emailtest.New(t, emailtest.Options{Refuse: func(int) int { return int(refuse.Load()) }})
	onEachStoreWith(t, writing(t, mail), func(t *testing.T, d *debrief) {
		mail.Forget()
		refuse.Store(0)
		test(t, d, mail, &refuse)
	})
}

// write makes a subscription to e-mail.
func (d *debrief) write(t *testing.T, filter string, written *debriefv1.Email) *debriefv1.Subscription {
	t.Helper()
	written.Address = "kim@example.com"
	created := must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{
		SubscriptionId: "kim", Subscription: &debriefv1.Subscription{Title: "Kim", Filter: filter, Email: written},
	}))
	if created.GetSecret() != "" {
		t.Error("it has a secret, and nothing to sign")
	}
	return created.GetSubscription()
}

// stall is after how many looks somebody must be waiting.
const stall = 20_000

// await waits until the condition holds. Where that takes long, whoever delivers may have met a store that was busy, and wait
// before it tries again: so time passes.
func await(t *testing.T, timers *timers, holds func() bool) {
	t.Helper()
	for looks := 1; !holds(); looks++ {
		if looks%stall == 0 {
			timers.pass(time.Second)
		}
	}
}

// settle lets time pass until so many events were on their way to subscriptions, and none is any more.
func (d *debrief) settle(t *testing.T, timers *timers, want int) {
	t.Helper()
	await(t, timers, func() bool {
		count, err := d.repository.EventDeliveries().Count(t.Context(), repository.Query{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		pending := d.pending(t)
		if count >= want && len(pending) == 0 {
			return true
		}
		due := slices.ContainsFunc(pending, func(one repository.EventDelivery) bool { return !one.NextAttemptTime.After(d.now()) })
		if len(pending) > 0 && count >= want && !due {
			first := slices.MinFunc(pending, func(a, b repository.EventDelivery) int { return a.NextAttemptTime.Compare(b.NextAttemptTime) })
			timers.pass(first.NextAttemptTime.Sub(d.now()))
		}
		return false
	})
}

// told are the lines of a message that say what happened.
func told(message emailtest.Message) []string {
	var lines []string
	text, _, _ := strings.Cut(strings.NewReplacer("=\r\n", "", "=3D", "=", "\r\n", "\n").Replace(message.Body), "\n--")
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && !strings.HasPrefix(line, "https://") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestRemindersAreGathered has a review fall due in the night: what is told in the evening comes in one message, and what came
// to be in the night in another, in the morning.
func TestRemindersAreGathered(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		timers := newTimers(d)
		d.write(t, "", &debriefv1.Email{
			DigestInterval: durationpb.New(10 * time.Minute),
			QuietHours:     &debriefv1.QuietHours{Start: "22:00", End: "08:30", TimeZone: "UTC"},
		})
		dispatch(t, d.services, timers, "a")
		d.resolved(t, "Checkout down")
		await(t, timers, func() bool { return len(d.pending(t)) == 2 })
		timers.pass(time.Minute)
		d.resolved(t, "Search slow")
		d.settle(t, timers, 4)
		if first := mail.Messages(); len(first) != 1 {
			t.Fatalf("%d messages came, want 1", len(first))
		} else if diff := cmp.Diff([]string{
			"Review due 2026-03-15 09:00 UTC: Checkout down", "First step of an action item due 2026-03-15 09:00 UTC: Checkout down",
			"Review due 2026-03-15 09:01 UTC: Search slow", "First step of an action item due 2026-03-15 09:01 UTC: Search slow",
		}, told(first[0])); diff != "" {
			t.Errorf("in the evening (-want +got):\n%s", diff)
		} else if at := first[0].Header.Get("Date"); at != "Sat, 14 Mar 2026 09:10:00 +0000" {
			t.Errorf("it is of %s", at)
		}
		timers.pass(18 * time.Hour) // Little time is left from 03:00 on.
		d.tell(t)
		d.settle(t, timers, 8)
		if all := mail.Messages(); len(all) != 2 {
			t.Errorf("%d messages came, want 2", len(all))
		} else if at := all[1].Header.Get("Date"); at != "Sun, 15 Mar 2026 08:30:00 +0000" || len(told(all[1])) != 4 {
			t.Errorf("it is of %s: %q", at, told(all[1]))
		}
	})
}

// TestWhatDoesNotMatterAnyMoreIsLeftOut holds a review before the message is written that says that it is due.
func TestWhatDoesNotMatterAnyMoreIsLeftOut(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		timers := newTimers(d)
		d.write(t, "", &debriefv1.Email{DigestInterval: durationpb.New(time.Hour)})
		dispatch(t, d.services, timers, "a")
		gone := d.resolved(t, "Gone").GetName()
		d.resolved(t, "Stays")
		must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: gone}))
		item := must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Title: "Add a limit", DueTime: timestamppb.New(start.Add(2 * time.Hour))},
		}))
		d.tell(t)
		must[*debriefv1.ActionItem](t)(d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: item.GetName(), Reason: "Not needed"}))
		d.settle(t, timers, 5)
		messages := mail.Messages()
		if len(messages) != 1 || len(told(messages[0])) != 2 || strings.Contains(messages[0].Body, "Gone") || strings.Contains(messages[0].Body, "Add a limit") {
			t.Fatalf("the messages are %v", messages)
		}
	})
}

func TestEmailIsTriedAgain(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, refuse *atomic.Int32) {
		timers := newTimers(d)
		d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{DigestInterval: durationpb.New(0)})
		refuse.Store(451)
		dispatch(t, d.services, timers, "a")
		d.open(t, "Checkout down")
		await(t, timers, func() bool { return mail.Attempts() > 0 })
		refuse.Store(0)
		d.settle(t, timers, 1)
		messages := mail.Messages()
		if len(messages) != 1 || !slices.Equal(told(messages[0]), []string{"Incident opened: Checkout down"}) {
			t.Fatalf("the messages are %v", messages)
		}
		delivery := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{Parent: "subscriptions/kim"})).GetEventDeliveries()[0]
		if first, last := delivery.GetAttempts()[0], delivery.GetAttempts()[len(delivery.GetAttempts())-1]; first.GetStatusCode() != 451 || last.GetStatusCode() != 250 {
			t.Errorf("the attempts are %v", delivery.GetAttempts())
		}
		refuse.Store(550)
		d.open(t, "Search slow")
		d.settle(t, timers, 2)
		failed := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{Parent: "subscriptions/kim", Filter: "state = FAILED"})).GetEventDeliveries()
		if len(failed) != 1 || failed[0].GetAttemptCount() != 1 || failed[0].GetAttempts()[0].GetError() != "the mail server answered with status 550" {
			t.Errorf("what was refused for good: %v", failed)
		}
	})
}

func TestAFloodIsOneMessage(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		timers := newTimers(d)
		d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{})
		for i := range 70 {
			d.open(t, fmt.Sprintf("Incident %d", i))
		}
		dispatch(t, d.services, timers, "a")
		d.settle(t, timers, 70)
		messages := mail.Messages()
		if len(messages) != 1 || len(told(messages[0])) != email.MaxItems+1 || !strings.Contains(messages[0].Body, "And 20 more.") {
			t.Errorf("%d messages came", len(messages))
		}
	})
}

// TestUnsubscribe ends a subscription with the token that a message has.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
		d.write(t, "", &debriefv1.Email{})
		tested := must[*debriefv1.EventDelivery](t)(d.subscriptions.TestSubscription(t.Context(), &debriefv1.TestSubscriptionRequest{Name: "subscriptions/kim"}))
		messages := mail.Messages()
		if tested.GetState() != debriefv1.EventDelivery_STATE_DELIVERED || len(messages) != 1 {
			t.Fatalf("a test came to %v", tested)
		}
		link := strings.Trim(messages[0].Header.Get("List-Unsubscribe"), "<>")
		token, found := strings.CutPrefix(link, "https://debrief.example.com/unsubscribe/kim/")
		if bytes, err := hex.DecodeString(token); !found || err != nil || len(bytes) < 16 || messages[0].Header.Get("List-Unsubscribe-Post") == "" {
			t.Fatalf("the link is %q", link)
		}
		for _, wrong := range [][2]string{{"kim", ""}, {"kim", token[1:]}, {"kim", strings.Repeat("0", len(token))}, {"lee", token}} {
			if err := d.services.Subscriptions.Unsubscribe(t.Context(), wrong[0], wrong[1]); d.codeOf(t.Context(), err) != codes.NotFound {
				t.Errorf("%v: %v", wrong, err)
			}
		}
		for range 2 {
			if err := d.services.Subscriptions.Unsubscribe(t.Context(), "kim", token); err != nil {
				t.Fatal(err)
			}
		}
		ended := must[*debriefv1.Subscription](t)(d.subscriptions.GetSubscription(t.Context(), &debriefv1.GetSubscriptionRequest{Name: "subscriptions/kim"}))
		if ended.GetState() != debriefv1.Subscription_STATE_DISABLED || len(d.feed(t, "type = SUBSCRIPTION_DISABLED")) != 1 {
			t.Errorf("it is %v", ended)
		}
		// Another address has another token, and the one before can't end it.
		must[*debriefv1.Subscription](t)(d.subscriptions.UpdateSubscription(t.Context(), &debriefv1.UpdateSubscriptionRequest{
			Subscription: &debriefv1.Subscription{Name: "subscriptions/kim", Email: &debriefv1.Email{Address: "lee@example.com"}},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"email.address"}},
		}))
		if err := d.services.Subscriptions.Unsubscribe(t.Context(), "kim", token); d.codeOf(t.Context(), err) != codes.NotFound {
			t.Errorf("the token of the address before: %v", err)
		}
		if told := d.feed(t, ""); strings.Contains(fmt.Sprint(told), "@example.com") {
			t.Error("events tell an address")
		}
	})
}

func (d *debrief) codeOf(ctx context.Context, err error) codes.Code {
	return status.Code(d.services.ToStatus(ctx, err))
}

func TestEmailThatIsRefused(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, _ *emailtest.Server, _ *atomic.Int32) {
		kim := func() *debriefv1.Email { return &debriefv1.Email{Address: "kim@example.com"} }
		for name, test := range map[string]struct {
			subscription *debriefv1.Subscription
			field        string
		}{
			"both":              {&debriefv1.Subscription{Title: "a", Email: kim(), Webhook: &debriefv1.Webhook{Uri: "https://example.com/"}}, "subscription.email"},
			"another domain":    {&debriefv1.Subscription{Title: "a", Email: &debriefv1.Email{Address: "kim@elsewhere.example"}}, "subscription.email.address"},
			"two addresses":     {&debriefv1.Subscription{Title: "a", Email: &debriefv1.Email{Address: "kim@example.com,lee@example.com"}}, "subscription.email.address"},
			"a time zone":       {&debriefv1.Subscription{Title: "a", Email: &debriefv1.Email{Address: "kim@example.com", QuietHours: &debriefv1.QuietHours{Start: "22:00", End: "07:00", TimeZone: "Nowhere"}}}, "subscription.email.quiet_hours"},
			"too long a digest": {&debriefv1.Subscription{Title: "a", Email: &debriefv1.Email{Address: "kim@example.com", DigestInterval: durationpb.New(25 * time.Hour)}}, "subscription.email.digest_interval"},
		} {
			_, err := d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{SubscriptionId: "kim", Subscription: test.subscription})
			if got := refusedWith(t, err); got.Code != codes.InvalidArgument || !slices.Contains(got.Fields, test.field) {
				t.Errorf("%s: %v, want INVALID_ARGUMENT of %s", name, got, test.field)
			}
		}
		d.write(t, "", kim())
		changed := must[*debriefv1.Subscription](t)(d.subscriptions.UpdateSubscription(t.Context(), &debriefv1.UpdateSubscriptionRequest{
			Subscription: &debriefv1.Subscription{Name: "subscriptions/kim", Email: &debriefv1.Email{DigestInterval: durationpb.New(time.Hour)}},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"email.digest_interval"}},
		}))
		if changed.GetEmail().GetAddress() != "kim@example.com" || changed.GetEmail().GetDigestInterval().AsDuration() != time.Hour {
			t.Errorf("with another interval it is %v", changed)
		}
		_, err := d.subscriptions.RotateSubscriptionSecret(t.Context(), &debriefv1.RotateSubscriptionSecretRequest{Name: "subscriptions/kim"})
		if got := refusedWith(t, err); got.Code != codes.FailedPrecondition || got.Reason != "NO_SECRET" {
			t.Errorf("another secret: %v", got)
		}
		_, err = d.subscriptions.UpdateSubscription(t.Context(), &debriefv1.UpdateSubscriptionRequest{
			Subscription: &debriefv1.Subscription{Name: "subscriptions/kim", Webhook: &debriefv1.Webhook{Uri: "https://example.com/"}},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"webhook", "email"}},
		})
		if got := refusedWith(t, err); got.Code != codes.InvalidArgument {
			t.Errorf("a webhook of an e-mail: %v", got)
		}
	})
}

// TestAFailureOfLongAgoDisablesNothing has one message refused, and days later another one taken.
func TestAFailureOfLongAgoDisablesNothing(t *testing.T) {
	t.Parallel()
	onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, refuse *atomic.Int32) {
		timers := newTimers(d)
		d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{DigestInterval: durationpb.New(time.Hour)})
		refuse.Store(550)
		dispatch(t, d.services, timers, "a")
		d.open(t, "Checkout down")
		d.settle(t, timers, 1)
		refuse.Store(0)
		timers.pass(4 * 24 * time.Hour)
		d.open(t, "Search slow")
		d.settle(t, timers, 2)
		if len(mail.Messages()) != 1 || len(d.feed(t, "type = SUBSCRIPTION_DISABLED")) != 0 {
			t.Errorf("%d messages came", len(mail.Messages()))
		}
	})
}
