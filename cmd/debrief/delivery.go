package main

import (
	"context"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newDeliveryCommand() *cobra.Command {
	group := newGroup("delivery", "Look at what alerting systems delivered, as it came",
		a.newDeliveryListCommand(), a.newDeliveryShowCommand(), a.newDeliveryReplayCommand())
	group.Aliases = []string{"deliveries"}
	group.Long = "Look at what alerting systems delivered, as it came. What made no sense is among 'debrief intake rejected'."
	return group
}

func suggestReceived(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.intake.ListDeliveries(command.Context(), &debriefv1.ListDeliveriesRequest{PageSize: completionPage})
	return texts(answer.GetDeliveries(), func(delivery *debriefv1.Delivery) cobra.Completion {
		return completion(delivery.GetName(), receivedSummary(delivery))
	}), err
}

func receivedSummary(delivery *debriefv1.Delivery) string {
	return joined(", ", enumText(delivery.GetState()), delivery.GetSource(), delivery.GetProblem())
}

// receivedCommand is a command about one delivery.
func (a *application) receivedCommand(use, short string, run func(ctx context.Context, server *connection, name string) error) *cobra.Command {
	command := &cobra.Command{Use: use + " DELIVERY", Short: short, Args: takes, ValidArgsFunction: a.completeFirst(suggestReceived)}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := deliveryNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		return run(command.Context(), server, name)
	})
	return command
}

func (a *application) newDeliveryListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List them, the newest first", Args: takes}
	var (
		flags               listFlags
		states              []debriefv1.Delivery_State
		integration, source string
		since, until        *timestamppb.Timestamp
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: integration, source, state, create_time")
	flags.addOrder(command, "create_time desc (default), create_time")
	addEnums(command, &states, "state", "only in these states")
	command.Flags().Var(integrationFlag{&integration}, "integration", "only those that came through this one")
	completeFlag(command, "integration", a.complete(suggestIntegrations))
	command.Flags().StringVar(&source, "source", "", "only from this `intake`, such as alertmanager")
	command.Flags().Var(timeFlag{&since, a.environment.now}, "since", "only those that arrived at this time or later")
	command.Flags().Var(timeFlag{&until, a.environment.now}, "until", "only those that arrived before this time")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		var all filter
		all.custom(flags.filter)
		among(&all, "state", states)
		all.equal("integration", integration)
		all.equal("source", source)
		all.within("create_time", since, until)
		flags.filter = all.String()
		return a.receivedListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) receivedListing(server *connection, flags *listFlags) listing[*debriefv1.Delivery] {
	return listing[*debriefv1.Delivery]{
		field: "deliveries",
		headings: []heading{
			{text: "ID"}, {text: "STATE"}, {text: "ARRIVED"}, {text: "SOURCE"}, {text: "INTEGRATION"}, {text: "SIZE"}, {text: "ALERTS"}, {text: "PROBLEM", flexible: true},
		},
		row: func(delivery *debriefv1.Delivery) []cell {
			return []cell{
				{idOf(delivery.GetName()), plain},
				{enumText(delivery.GetState()), plain},
				{a.moment(delivery.GetCreateTime()), plain},
				{delivery.GetSource(), plain},
				{orDash(idOf(delivery.GetIntegration())), plain},
				{receivedSize(delivery), plain},
				{strconv.Itoa(int(delivery.GetAlertCount())), plain},
				{delivery.GetProblem(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Delivery, string, error) {
			answer, err := server.intake.ListDeliveries(ctx, &debriefv1.ListDeliveriesRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy,
			})
			return answer.GetDeliveries(), answer.GetNextPageToken(), err
		},
	}
}

func receivedSize(delivery *debriefv1.Delivery) string {
	return humanize.IBytes(uint64(max(delivery.GetSizeBytes(), 0)))
}

func (a *application) newDeliveryShowCommand() *cobra.Command {
	return a.receivedCommand("show", "Show what was sent, and what became of it", func(ctx context.Context, server *connection, name string) error {
		delivery, err := server.intake.GetDelivery(ctx, &debriefv1.GetDeliveryRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(delivery, func() error { return a.receivedSheet(delivery) })
	})
}

func (a *application) receivedSheet(delivery *debriefv1.Delivery) error {
	s := a.newSheet(receivedSummary(delivery), delivery.GetName())
	s.field("State", enumText(delivery.GetState()))
	s.field("Integration", delivery.GetIntegration())
	s.field("Request", joined(" ", delivery.GetMethod(), delivery.GetPath()))
	s.field("Sender's name", delivery.GetSenderId())
	s.field("Size", receivedSize(delivery))
	s.field("Arrived", a.exactMoment(delivery.GetCreateTime()))
	s.field("Worked off", a.exactMoment(delivery.GetCompleteTime()))
	if delivery.GetReplayCount() > 0 {
		s.field("Replays", strconv.Itoa(int(delivery.GetReplayCount())))
	}
	if delivery.GetProblem() != "" {
		s.field("Tried", strconv.Itoa(int(delivery.GetAttemptCount())))
		s.field("Problem", delivery.GetProblem())
		s.field("Tried again", a.exactMoment(delivery.GetNextAttemptTime()))
	}
	s.list("Header", sortedPairs(delivery.GetHeader()))
	s.list("Alerts", delivery.GetAlerts())
	s.section("What was sent", string(delivery.GetBody()))
	return s.show()
}

func (a *application) newDeliveryReplayCommand() *cobra.Command {
	command := a.receivedCommand("replay", "Work one off again, with the rules that its integration has now", func(ctx context.Context, server *connection, name string) error {
		delivery, err := server.intake.ReplayDelivery(ctx, &debriefv1.ReplayDeliveryRequest{Name: name, RequestId: a.environment.newRequestID()})
		if err != nil {
			return err
		}
		return a.tell(delivery, name+" is worked off again: "+receivedSummary(delivery))
	})
	command.Long = "Replay works a delivery off again. What it led to already is not done twice."
	return command
}
