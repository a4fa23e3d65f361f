package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newIntakeCommand() *cobra.Command {
	return newGroup("intake", "Look at what alerting systems sent",
		newGroup("rejected", "Look at deliveries that made no sense",
			a.newRejectedListCommand(), a.newRejectedShowCommand()))
}

func suggestRejected(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.intake.ListRejectedDeliveries(command.Context(), &debriefv1.ListRejectedDeliveriesRequest{PageSize: completionPage})
	return texts(answer.GetRejectedDeliveries(), func(delivery *debriefv1.RejectedDelivery) cobra.Completion {
		return completion(delivery.GetName(), delivery.GetSource()+": "+delivery.GetReason())
	}), err
}

func (a *application) newRejectedListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List them, the newest first", Args: takes}
	var (
		flags        listFlags
		source       string
		since, until *timestamppb.Timestamp
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: source, create_time")
	flags.addOrder(command, "create_time desc (default), create_time")
	command.Flags().StringVar(&source, "source", "", "only from this `intake`, such as alertmanager")
	command.Flags().Var(timeFlag{&since, a.environment.now}, "since", "only those that arrived at this time or later")
	command.Flags().Var(timeFlag{&until, a.environment.now}, "until", "only those that arrived before this time")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		var all filter
		all.custom(flags.filter)
		all.equal("source", source)
		all.within("create_time", since, until)
		flags.filter = all.String()
		return a.rejectedListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) rejectedListing(server *connection, flags *listFlags) listing[*debriefv1.RejectedDelivery] {
	return listing[*debriefv1.RejectedDelivery]{
		field:    "rejectedDeliveries",
		headings: []heading{{text: "ID"}, {text: "ARRIVED"}, {text: "SOURCE"}, {text: "SIZE"}, {text: "REASON", flexible: true}},
		row: func(delivery *debriefv1.RejectedDelivery) []cell {
			return []cell{
				{idOf(delivery.GetName()), plain},
				{a.moment(delivery.GetCreateTime()), plain},
				{delivery.GetSource(), plain},
				{size(delivery), plain},
				{delivery.GetReason(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.RejectedDelivery, string, error) {
			answer, err := server.intake.ListRejectedDeliveries(ctx, &debriefv1.ListRejectedDeliveriesRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy,
			})
			return answer.GetRejectedDeliveries(), answer.GetNextPageToken(), err
		},
	}
}

func size(delivery *debriefv1.RejectedDelivery) string {
	return humanize.IBytes(uint64(max(delivery.GetSizeBytes(), 0)))
}

func (a *application) newRejectedShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show DELIVERY", Short: "Show what was sent, and what is wrong with it", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestRejected),
		RunE: a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
			name, err := rejectedNames.parse(arguments[0])
			if err != nil {
				return usagef("%w", err)
			}
			delivery, err := server.intake.GetRejectedDelivery(command.Context(), &debriefv1.GetRejectedDeliveryRequest{Name: name})
			if err != nil {
				return err
			}
			return a.show(delivery, func() error { return a.rejectedSheet(delivery) })
		}),
	}
}

func (a *application) rejectedSheet(delivery *debriefv1.RejectedDelivery) error {
	s := a.newSheet(delivery.GetReason(), delivery.GetName())
	s.field("Source", delivery.GetSource())
	s.field("Arrived", a.exactMoment(delivery.GetCreateTime()))
	s.field("Content type", delivery.GetContentType())
	s.field("Size", fmt.Sprintf("%s, of which %s are kept", size(delivery), humanize.IBytes(uint64(len(delivery.GetBody())))))
	s.section("What was sent", string(delivery.GetBody()))
	return s.show()
}
