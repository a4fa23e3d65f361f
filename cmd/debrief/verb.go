package main

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// verb is a command that moves one resource along by one call.
type verb[R proto.Message] struct {
	use, short, long string
	// done says what happened, after the resource's name.
	done string
	// timed and noted say whether the call takes the time when it happened, and a note.
	timed, noted bool
	// flags adds what the call takes beside that.
	flags func(*cobra.Command)
	call  func(ctx context.Context, server *connection, request verbRequest) (R, error)
}

// verbRequest is what each verb is told.
type verbRequest struct {
	name      string
	time      *timestamppb.Timestamp
	note      string
	etag      string
	requestID string
}

// kind is what commands need to know about a type of resource.
type kind[R proto.Message] struct {
	names collection
	// argument stands for a resource in usage lines.
	argument string
	// summary tells of a resource in a few words.
	summary func(R) string
	suggest suggest
}

func newVerb[R proto.Message](a *application, of kind[R], v verb[R]) *cobra.Command {
	command := &cobra.Command{
		Use: v.use + " " + of.argument, Short: v.short, Long: v.long, Args: takes,
		ValidArgsFunction: a.completeFirst(of.suggest),
	}
	var request verbRequest
	note := &longText{}
	if v.timed {
		command.Flags().Var(timeFlag{&request.time, a.environment.now}, "at", "when it happened; default: now")
	}
	if v.noted {
		note = a.addLongText(command, "note", "a note for the timeline, in Markdown")
	}
	addEtag(command, &request.etag)
	if v.flags != nil {
		v.flags(command)
	}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.name, err = of.names.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		if v.noted {
			if request.note, err = note.read(command.Context(), ""); err != nil {
				return err
			}
		}
		request.requestID = a.environment.newRequestID()
		resource, err := v.call(command.Context(), server, request)
		if err != nil {
			return err
		}
		return a.tell(resource, request.name+" "+v.done+": "+of.summary(resource))
	})
	return command
}

func addEtag(command *cobra.Command, etag *string) {
	command.Flags().StringVar(etag, "etag", "", "only if it still has this etag, as 'show' tells it")
}

// conflictAttempts is how often a change is tried on what others have made of the resource meanwhile.
const conflictAttempts = 4

// retryConflicts repeats an attempt that reads a resource and changes it, where somebody else was faster.
func retryConflicts(attempt func() error) error {
	for i := 1; ; i++ {
		err := attempt()
		answer, _ := statusOf(err)
		if err == nil || answer.Code() != codes.Aborted || i == conflictAttempts {
			return err
		}
	}
}
