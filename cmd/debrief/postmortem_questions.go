package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// addLength adds the flag that says how long a review takes.
func addLength(command *cobra.Command) func() *durationpb.Duration {
	length := command.Flags().Duration("length", time.Hour, "how long the review takes: 20m to 4h, in whole minutes")
	return func() *durationpb.Duration { return durationpb.New(*length) }
}

func (a *application) newPostMortemAgendaCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "agenda POST-MORTEM", Short: "Make an agenda for the review, with minutes and with what to ask, in Markdown", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	length := addLength(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := postMortemNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		agenda, err := server.postMortems.GenerateAgenda(command.Context(), &debriefv1.GenerateAgendaRequest{Name: name, Duration: length()})
		if err != nil {
			return err
		}
		return a.show(agenda, func() error { return a.writeDocument("-", []byte(agenda.GetText())) })
	})
	return command
}

func (a *application) newPostMortemInvitationCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "invitation POST-MORTEM", Short: "Write an invitation to the scheduled review, with its agenda, as iCalendar", Args: takes,
		Long: `Invitation writes an iCalendar file to be sent to who takes part, or to be opened with a calendar. Those whose names are
e-mail addresses are invited; the others are named in it.`,
		Example:           "  debrief postmortem invitation 01JD3V2Q6R8T0W2Y4A6C8E0G2J --file review.ics",
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	length := addLength(command)
	var file string
	command.Flags().StringVar(&file, "file", "-", "write it to a `file`; - is stdout")
	completeFile(command, "file")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := postMortemNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		invitation, err := server.postMortems.GetInvitation(command.Context(), &debriefv1.GetInvitationRequest{Name: name, Duration: length()})
		if err != nil {
			return err
		}
		return a.writeDocument(file, invitation.GetData())
	})
	return command
}

func (a *application) newPostMortemQuestionsCommand() *cobra.Command {
	request := &debriefv1.SuggestQuestionsRequest{}
	command := &cobra.Command{
		Use: "questions POST-MORTEM", Short: "List what a facilitator could ask, in the order of the agenda", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	command.Flags().BoolVar(&request.UnansweredOnly, "unanswered", false, "only those that were not answered")
	command.Flags().Int32Var(&request.MaxQuestions, "limit", 0, "at most this many, 200 at most; 0: 30")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		answer, err := server.postMortems.SuggestQuestions(command.Context(), request)
		if err != nil {
			return err
		}
		return a.show(answer, func() error { return a.tellQuestions(answer.GetQuestions()) })
	})
	return command
}

// tellQuestions shows questions for eyes, below the topics of the agenda, each with the reason why it is asked.
func (a *application) tellQuestions(questions []*debriefv1.Question) error {
	topic := debriefv1.AgendaItem_TOPIC_UNSPECIFIED
	for i, question := range questions {
		if question.GetTopic() != topic {
			topic = question.GetTopic()
			before := "\n"
			if i == 0 {
				before = ""
			}
			if _, err := fmt.Fprintf(a.out, "%s%s\n", before, a.paint(bold, enumText(topic))); err != nil {
				return err
			}
		}
		mark := "[ ]"
		if question.GetAnswered() {
			mark = "[x]"
		}
		text := qualified(question.GetText(), question.GetAbout())
		if _, err := fmt.Fprintf(a.out, "%s %s\n    %s\n    %s\n", mark, line(text), line(question.GetReason()), a.paint(faint, line(question.GetId()))); err != nil {
			return err
		}
	}
	return nil
}

func (a *application) newPostMortemAnswerCommand() *cobra.Command {
	request := &debriefv1.AnswerQuestionRequest{}
	var answer *longText
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "answer", short: "Mark a suggested question as answered, and keep the answer or where it stands", done: "has the answer",
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&request.QuestionId, "question", "", "the `id` of the question, as 'debrief postmortem questions' tells it")
			answer = a.addLongText(command, "text", "the answer, in Markdown")
			command.Flags().StringVar(&request.Section, "section", "", "the `id` of the section in which the answer stands, such as what_surprised_us")
			command.Flags().BoolVar(&request.Unanswered, "unanswered", false, "take the mark off again")
			require(command, "question")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			text, err := answer.read(ctx, "")
			if err != nil {
				return nil, err
			}
			request.Name, request.Etag, request.RequestId, request.Answer = r.name, r.etag, r.requestID, text
			return server.postMortems.AnswerQuestion(ctx, request)
		},
	})
}
