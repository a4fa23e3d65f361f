package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newSubscriptionListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List subscriptions by their ids", Args: takes}
	var flags listFlags
	flags.add(command, 50)
	flags.addFilter(command, "fields: title, state")
	flags.addShowDeleted(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return a.subscriptionListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) subscriptionListing(server *connection, flags *listFlags) listing[*debriefv1.Subscription] {
	return listing[*debriefv1.Subscription]{
		field:    "subscriptions",
		headings: []heading{{text: "ID"}, {text: "STATE"}, {text: "SEQUENCE"}, {text: "LAST SUCCESS"}, {text: "TITLE", flexible: true}},
		row: func(subscription *debriefv1.Subscription) []cell {
			title := subscription.GetTitle()
			if subscription.GetDeleteTime() != nil {
				title = "(deleted) " + title
			}
			return []cell{
				{idOf(subscription.GetName()), plain},
				{enumText(subscription.GetState()), plain},
				{fmt.Sprint(subscription.GetSequence()), plain},
				{a.moment(subscription.GetLastSuccessTime()), plain},
				{title, plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Subscription, string, error) {
			answer, err := server.subscriptions.ListSubscriptions(ctx, &debriefv1.ListSubscriptionsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, ShowDeleted: flags.showDeleted,
			})
			return answer.GetSubscriptions(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newSubscriptionShowCommand() *cobra.Command {
	return a.subscriptionCommand("show", "Show what is told, where to, and how it goes", func(ctx context.Context, server *connection, name string) error {
		subscription, err := server.subscriptions.GetSubscription(ctx, &debriefv1.GetSubscriptionRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(subscription, func() error { return a.subscriptionSheet(subscription) })
	})
}

func (a *application) subscriptionSheet(subscription *debriefv1.Subscription) error {
	s := a.newSheet(subscription.GetTitle(), subscription.GetName())
	s.field("State", enumText(subscription.GetState()))
	s.field("Reason", subscription.GetStateReason())
	if hook := subscription.GetWebhook(); hook != nil {
		s.field("Address", hook.GetUri())
		s.field("Format", enumText(hook.GetFormat()))
	}
	if email := subscription.GetEmail(); email != nil {
		s.field("Address", email.GetAddress())
		s.field("Gathers for", email.GetDigestInterval().AsDuration().String())
		if quiet := email.GetQuietHours(); quiet != nil {
			s.field("Quiet", fmt.Sprintf("from %s to %s, %s", quiet.GetStart(), quiet.GetEnd(), quiet.GetTimeZone()))
		}
	}
	s.field("Filter", subscription.GetFilter())
	s.field("Template", subscription.GetWebhook().GetTemplate())
	s.field("Sequence", fmt.Sprint(subscription.GetSequence()))
	s.field("Last success", a.exactMoment(subscription.GetLastSuccessTime()))
	s.field("Failing since", a.exactMoment(subscription.GetFailingSinceTime()))
	s.field("Etag", subscription.GetEtag())
	return s.show()
}

func (a *application) newSubscriptionTestCommand() *cobra.Command {
	return a.subscriptionCommand("test", "Deliver an example at once, and show how that went", func(ctx context.Context, server *connection, name string) error {
		delivery, err := server.subscriptions.TestSubscription(ctx, &debriefv1.TestSubscriptionRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(delivery, func() error { return a.deliverySheet(delivery) })
	})
}

func (a *application) deliverySheet(delivery *debriefv1.EventDelivery) error {
	s := a.newSheet(enumText(delivery.GetState())+": "+enumText(delivery.GetType()), delivery.GetName())
	s.field("Message id", delivery.GetWebhookId())
	for _, attempt := range delivery.GetAttempts() {
		how := attempt.GetError()
		if how == "" && attempt.GetStatusCode() == 0 {
			how = "done"
		} else if how == "" {
			how = fmt.Sprintf("answered with status %d", attempt.GetStatusCode())
		}
		s.field("Tried", a.exactMoment(attempt.GetTime())+": "+how)
		s.section("Answer", attempt.GetResponse())
	}
	s.section("What was sent", delivery.GetRequest())
	return s.show()
}

func (a *application) newDeliveriesCommand() *cobra.Command {
	var flags listFlags
	command := a.subscriptionCommand("deliveries", "List what was delivered, and what is to be, the newest first", func(ctx context.Context, server *connection, name string) error {
		return a.deliveryListing(server, name, &flags).show(ctx, a, &flags)
	})
	flags.add(command, 50)
	flags.addFilter(command, "fields: state, sequence, resource, create_time")
	flags.addOrder(command, "create_time desc (default), create_time")
	return command
}

func (a *application) deliveryListing(server *connection, parent string, flags *listFlags) listing[*debriefv1.EventDelivery] {
	return listing[*debriefv1.EventDelivery]{
		field:    "eventDeliveries",
		headings: []heading{{text: "ID"}, {text: "STATE"}, {text: "SEQUENCE"}, {text: "TRIES"}, {text: "NEXT"}, {text: "TYPE"}, {text: "RESOURCE", flexible: true}},
		row: func(delivery *debriefv1.EventDelivery) []cell {
			return []cell{
				{idOf(delivery.GetName()), plain},
				{enumText(delivery.GetState()), plain},
				{fmt.Sprint(delivery.GetSequence()), plain},
				{fmt.Sprint(delivery.GetAttemptCount()), plain},
				{a.moment(delivery.GetNextAttemptTime()), plain},
				{enumText(delivery.GetType()), plain},
				{delivery.GetResource(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.EventDelivery, string, error) {
			answer, err := server.subscriptions.ListEventDeliveries(ctx, &debriefv1.ListEventDeliveriesRequest{
				Parent: parent, PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy,
			})
			return answer.GetEventDeliveries(), answer.GetNextPageToken(), err
		},
	}
}
