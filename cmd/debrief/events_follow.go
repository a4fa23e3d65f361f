package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// longestPause is how long to wait at most before asking a server again that could not be reached.
const longestPause = 30 * time.Second

// follower reads the feed from a cursor on, and never goes back.
type follower struct {
	command *eventsCommand
	server  *connection
	out     rows[*debriefv1.Event]
	// cursor is the sequence of the last event that was told.
	cursor int64
	// failures is how often in a row the server could not be asked.
	failures int
}

// followFeed tells of the events that are there, and then of each that comes.
func (e *eventsCommand) followFeed(ctx context.Context, server *connection, forward bool) error {
	f := &follower{command: e, server: server, out: e.stream(server), cursor: e.after}
	if !forward {
		newest, err := e.newest(ctx, server)
		if err != nil {
			return err
		}
		if err := f.tell(newest); err != nil {
			return err
		}
	}
	for asked := false; ; {
		more, err := f.ask(ctx)
		if err != nil && (!asked && forward || !f.transient(err)) {
			return err
		}
		asked = true
		if more {
			continue
		}
		if err != nil {
			if err := f.reconnect(); err != nil {
				return err
			}
		}
		if err := e.app.environment.wait(ctx, f.pause()); err != nil {
			return err
		}
	}
}

// ask tells of the next events, and says whether there may be more already.
func (f *follower) ask(ctx context.Context) (bool, error) {
	answer, err := f.server.events.ListEvents(ctx, &debriefv1.ListEventsRequest{
		PageSize: maxPage, Filter: f.command.flags.filter, AfterSequence: f.cursor,
	})
	if err != nil {
		return false, err
	}
	if f.failures > 0 {
		f.command.app.note("The server is back; going on after sequence %d.", f.cursor)
	}
	f.failures = 0
	return answer.GetNextPageToken() != "", f.tell(answer.GetEvents())
}

// tell writes the events that were not told before, at once.
func (f *follower) tell(events []*debriefv1.Event) error {
	var fresh []*debriefv1.Event
	for _, event := range events {
		if event.GetSequence() > f.cursor {
			fresh = append(fresh, event)
			f.cursor = event.GetSequence()
		}
	}
	if err := f.out.write(fresh); err != nil {
		return err
	}
	return f.command.app.out.Flush()
}

// transient says whether an error may pass, and tells people about the first of several.
func (f *follower) transient(err error) bool {
	answer, ok := statusOf(err)
	if !ok {
		return false
	}
	switch answer.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
	default:
		return false
	}
	if f.failures == 0 {
		f.command.app.note("The server does not answer (%s); waiting for it.", answer.Code())
	}
	f.failures++
	return true
}

// reconnect goes a new way to the server, which does not have to get over what happened on the old one.
func (f *follower) reconnect() error {
	fresh, err := f.command.app.connect()
	if err != nil {
		return err
	}
	err = f.server.close()
	*f.server = *fresh
	return err
}

// pause grows while the server can't be asked.
func (f *follower) pause() time.Duration {
	pause := f.command.interval
	for range f.failures {
		pause = min(2*pause, max(longestPause, f.command.interval))
	}
	return pause
}

// stream writes events without an end: JSON in lines, YAML in documents.
func (e *eventsCommand) stream(server *connection) rows[*debriefv1.Event] {
	switch e.app.globals.output.value {
	case "json":
		return streamRows{e.app, func(event *debriefv1.Event) error {
			text, err := compactJSON(event)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(e.app.out, text)
			return err
		}}
	case "yaml":
		return streamRows{e.app, func(event *debriefv1.Event) error {
			if _, err := fmt.Fprintln(e.app.out, "---"); err != nil {
				return err
			}
			return e.app.writeYAML(event)
		}}
	}
	return rowsFor(e.app, e.listing(server))
}

// streamRows writes each event by itself.
type streamRows struct {
	app   *application
	event func(*debriefv1.Event) error
}

func (s streamRows) write(events []*debriefv1.Event) error {
	for _, event := range events {
		if err := s.event(event); err != nil {
			return err
		}
	}
	return nil
}

func (s streamRows) end(string) error { return nil }
