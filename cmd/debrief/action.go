package main

import (
	"context"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

var actionKind = kind[*debriefv1.ActionItem]{
	names: actionNames, argument: "ACTION", summary: actionSummary, suggest: suggestActions,
}

func (a *application) newActionCommand() *cobra.Command {
	group := newGroup("action", "Follow what is to be done until it was seen to work",
		a.newActionAddCommand(), a.newActionListCommand(), a.newActionShowCommand(), a.newActionUpdateCommand(),
		a.newActionStartCommand(), a.newActionCompleteCommand(), a.newActionVerifyCommand(), a.newActionDropCommand(), a.newActionReopenCommand(),
		a.newActionStrengthCommand())
	for _, verb := range actionVerbs {
		group.AddCommand(newVerb(a, actionKind, verb))
	}
	group.Aliases = []string{"actions"}
	return group
}

// actionSummary tells of an action item in a few words.
func actionSummary(item *debriefv1.ActionItem) string {
	summary := joined(", ", enumText(item.GetState()), enumText(item.GetPriority())) + ", " + item.GetTitle()
	if item.GetSuccessor() != "" {
		summary += "; its successor is " + item.GetSuccessor()
	}
	return summary
}

func suggestActions(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.actionItems.ListActionItems(command.Context(), &debriefv1.ListActionItemsRequest{PageSize: completionPage})
	return texts(answer.GetActionItems(), func(item *debriefv1.ActionItem) cobra.Completion {
		return completion(item.GetName(), describedState(enumText(item.GetState()), item.GetTitle()))
	}), err
}

var actionVerbs = []verb[*debriefv1.ActionItem]{
	{
		use: "delete", short: "Hide it from lists; it can be undeleted until it is purged", done: "is deleted",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.DeleteActionItem(ctx, &debriefv1.DeleteActionItemRequest{Name: r.name, Etag: r.etag})
		},
	},
	{
		use: "undelete", short: "Take a deletion back", done: "is back",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.UndeleteActionItem(ctx, &debriefv1.UndeleteActionItemRequest{Name: r.name, Etag: r.etag})
		},
	},
}

func (a *application) newActionStartCommand() *cobra.Command {
	var owner, firstStep string
	return newVerb(a, actionKind, verb[*debriefv1.ActionItem]{
		use: "start", short: "Say that somebody has begun: OPEN becomes IN_PROGRESS", done: "is started", timed: true,
		long: "Start says that somebody has begun. It needs an owner and a first step, from before or by the flags.",
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&owner, "owner", "", "who sees to it: a `name` or handle; default: as it is")
			command.Flags().StringVar(&firstStep, "first-step", "", "what to do first; default: as it is")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.StartActionItem(ctx, &debriefv1.StartActionItemRequest{
				Name: r.name, Time: r.time, Etag: r.etag, RequestId: r.requestID, Owner: owner, FirstStep: firstStep,
			})
		},
	})
}

func (a *application) newActionCompleteCommand() *cobra.Command {
	return newVerb(a, actionKind, verb[*debriefv1.ActionItem]{
		use: "complete", short: "Say that the work is done: OPEN or IN_PROGRESS becomes DONE", done: "is done", timed: true,
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.CompleteActionItem(ctx, &debriefv1.CompleteActionItemRequest{
				Name: r.name, Time: r.time, Etag: r.etag, RequestId: r.requestID,
			})
		},
	})
}

func (a *application) newActionVerifyCommand() *cobra.Command {
	var (
		outcome         debriefv1.VerificationOutcome
		note, successor string
	)
	return newVerb(a, actionKind, verb[*debriefv1.ActionItem]{
		use: "verify", short: "Say whether it helped: DONE becomes VERIFIED, or INEFFECTIVE, which opens a successor", done: "is judged", timed: true,
		flags: func(command *cobra.Command) {
			addEnum(command, &outcome, "outcome", "whether it helped")
			require(command, "outcome")
			command.Flags().StringVar(&note, "note", "", "how one saw that")
			command.Flags().StringVar(&successor, "successor-title", "", "the `title` of the successor, where it did not help; default: this one's")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.VerifyActionItem(ctx, &debriefv1.VerifyActionItemRequest{
				Name: r.name, Time: r.time, Etag: r.etag, RequestId: r.requestID, Outcome: outcome, Note: note, SuccessorTitle: successor,
			})
		},
	})
}

func (a *application) newActionDropCommand() *cobra.Command {
	var reason string
	return newVerb(a, actionKind, verb[*debriefv1.ActionItem]{
		use: "drop", short: "Say that it will not be done: OPEN or IN_PROGRESS becomes DROPPED", done: "is dropped",
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&reason, "reason", "", "why it will not be done")
			require(command, "reason")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.DropActionItem(ctx, &debriefv1.DropActionItemRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, Reason: reason,
			})
		},
	})
}

func (a *application) newActionReopenCommand() *cobra.Command {
	var reason string
	return newVerb(a, actionKind, verb[*debriefv1.ActionItem]{
		use: "reopen", short: "Say that it is to be done after all: DONE, VERIFIED or DROPPED becomes OPEN", done: "is open again",
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&reason, "reason", "", "why it is to be done after all")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.ActionItem, error) {
			return server.actionItems.ReopenActionItem(ctx, &debriefv1.ReopenActionItemRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, Reason: reason,
			})
		},
	})
}
