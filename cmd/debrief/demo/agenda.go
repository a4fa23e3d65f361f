package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/debriefhq/debrief/service"
)

// step is something that somebody does.
type step struct {
	at time.Time
	// of names the story, for errors.
	of string
	do func(context.Context) error
}

// agenda is everything that is to happen.
type agenda []step

func (a *agenda) add(at time.Time, of string, do func(context.Context) error) {
	*a = append(*a, step{at: at, of: of, do: do})
}

// until is what happens until then, in order; steps at the same moment in the order in which they were added.
func (a *agenda) until(end time.Time) []step {
	slices.SortStableFunc(*a, func(a, b step) int { return a.at.Compare(b.at) })
	return slices.DeleteFunc(*a, func(s step) bool { return s.at.After(end) })
}

// play tells the year.
func (y *year) play(ctx context.Context, progress func(done, total int)) error {
	steps := y.agenda.until(y.until)
	for i, step := range steps {
		y.present = step.at
		// What time has brought since the last step was told before anybody did this one.
		if _, err := y.services.Tell(ctx); err != nil {
			return err
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s, at %s: %w", step.of, step.at.Format(time.RFC3339), err)
		}
		if progress != nil {
			progress(i+1, len(steps))
		}
	}
	return nil
}

// call makes a call as somebody who uses the API does: it passes the services' interceptors.
func call[Request proto.Message, Answer any](ctx context.Context, y *year, actor string, request Request, method func(context.Context, Request) (Answer, error)) (Answer, error) {
	var answer Answer
	handler := func(ctx context.Context, _ any) (any, error) {
		var err error
		answer, err = method(ctx, request)
		return answer, err
	}
	info := &grpc.UnaryServerInfo{FullMethod: y.methods[request.ProtoReflect().Descriptor().FullName()]}
	for _, interceptor := range slices.Backward(y.interceptors) {
		next := handler
		handler = func(ctx context.Context, request any) (any, error) {
			return interceptor(ctx, request, info, next)
		}
	}
	_, err := handler(service.WithActor(ctx, actor), request)
	return answer, err
}
