package main

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

var postMortemKind = kind[*debriefv1.PostMortem]{
	names: postMortemNames, argument: "POST-MORTEM", summary: postMortemSummary, suggest: suggestPostMortems,
}

func (a *application) newPostMortemCommand() *cobra.Command {
	group := newGroup("postmortem", "Write post-mortems, review and publish them",
		a.newPostMortemCreateCommand(), a.newPostMortemListCommand(), a.newPostMortemShowCommand(), a.newPostMortemEditCommand(),
		a.newPostMortemScheduleCommand(), a.newPostMortemAgendaCommand(), a.newPostMortemInvitationCommand(), a.newPostMortemQuestionsCommand(),
		a.newPostMortemAnswerCommand(), a.newPostMortemReadRulesCommand(), a.newPostMortemReviewCommand(), a.newPostMortemBreachCommand(),
		a.newPostMortemConcludeCommand(), a.newPostMortemPublishCommand(), a.newPostMortemExportCommand(), a.newPostMortemRevisionsCommand(), a.newPostMortemDiffCommand())
	for _, verb := range postMortemVerbs {
		group.AddCommand(newVerb(a, postMortemKind, verb))
	}
	group.Aliases = []string{"postmortems", "post-mortem", "pm"}
	return group
}

// postMortemSummary tells of a post-mortem in a few words.
func postMortemSummary(postMortem *debriefv1.PostMortem) string {
	return enumText(postMortem.GetState()) + ", " + postMortem.GetTitle()
}

func suggestPostMortems(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.postMortems.ListPostMortems(command.Context(), &debriefv1.ListPostMortemsRequest{PageSize: completionPage})
	return texts(answer.GetPostMortems(), func(postMortem *debriefv1.PostMortem) cobra.Completion {
		return completion(postMortem.GetName(), describedState(enumText(postMortem.GetState()), postMortem.GetTitle()))
	}), err
}

// postMortemVerbs are the verbs that take nothing else.
var postMortemVerbs = []verb[*debriefv1.PostMortem]{
	{
		use: "archive", short: "Take it out of the way; its revisions stay readable: PUBLISHED becomes ARCHIVED", done: "is archived",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.ArchivePostMortem(ctx, &debriefv1.ArchivePostMortemRequest{Name: r.name, Etag: r.etag, RequestId: r.requestID})
		},
	},
	{
		use: "delete", short: "Hide one that was never published from lists; it can be undeleted until it is purged", done: "is deleted",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.DeletePostMortem(ctx, &debriefv1.DeletePostMortemRequest{Name: r.name, Etag: r.etag})
		},
	},
	{
		use: "undelete", short: "Take a deletion back", done: "is back",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.UndeletePostMortem(ctx, &debriefv1.UndeletePostMortemRequest{Name: r.name, Etag: r.etag})
		},
	},
}

func (a *application) newPostMortemScheduleCommand() *cobra.Command {
	var review *timestamppb.Timestamp
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "schedule", short: "Set when the review is to be held: DRAFT or SCHEDULED becomes SCHEDULED", done: "is scheduled",
		flags: func(command *cobra.Command) {
			command.Flags().Var(timeFlag{&review, a.environment.now}, "review", "when the review is to be held, such as \"in 3h\"")
			require(command, "review")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.SchedulePostMortem(ctx, &debriefv1.SchedulePostMortemRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, ReviewTime: review,
			})
		},
	})
}
