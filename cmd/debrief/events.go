package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const eventsHelp = `Events shows the feed of all changes, each once, in one order. Without --after or --all it shows the newest ones.

--follow goes on with every event as it comes, until it is interrupted. When the connection is lost it waits for the
server to come back, and goes on where it was, without a gap and without telling anything twice. With -o json each event
is one line; the last sequence seen is the cursor with which to go on another day: --follow --after SEQUENCE.`

// eventsCommand are the flags of events.
type eventsCommand struct {
	app      *application
	flags    listFlags
	follow   bool
	after    int64
	interval time.Duration

	types           []debriefv1.Event_Type
	incident        string
	resource, actor string
	since, until    *timestamppb.Timestamp
}

func (a *application) newEventsCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "events", Short: "Show what changed, and follow it", Long: eventsHelp, Args: takes,
		Example: `  debrief events --incident 01JD3V2Q6R8T0W2Y4A6C8E0G2J --all
  debrief events --follow -o json --type incident_opened,incident_resolved | while read -r event; do …; done`,
	}
	e := &eventsCommand{app: a}
	e.flags.add(command, 20)
	e.flags.addFilter(command, "fields: sequence, type, resource, incident, actor, time")
	flags := command.Flags()
	flags.BoolVarP(&e.follow, "follow", "f", false, "go on with every event as it comes")
	flags.Int64Var(&e.after, "after", 0, "only events after this `sequence`")
	flags.DurationVar(&e.interval, "interval", time.Second, "how often to ask for new events")
	addEnums(command, &e.types, "type", "only of these types, such as incident_opened")
	flags.Var(nameFlag{incidentNames, &e.incident}, "incident", "only those of this incident and its timeline")
	completeFlag(command, "incident", a.complete(suggestIncidents))
	flags.StringVar(&e.resource, "resource", "", "only those of the resource with this `name`")
	flags.StringVar(&e.actor, "actor", "", "only what this `person` changed")
	flags.Var(timeFlag{&e.since, a.environment.now}, "since", "only those at this time or later")
	flags.Var(timeFlag{&e.until, a.environment.now}, "until", "only those before this time")
	command.MarkFlagsMutuallyExclusive("follow", "page-token")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		e.flags.filter = e.expression(e.flags.filter)
		return e.run(command, server)
	})
	return command
}

func (e *eventsCommand) expression(custom string) string {
	var all filter
	all.custom(custom)
	among(&all, "type", e.types)
	all.equal("incident", e.incident)
	all.equal("resource", e.resource)
	all.equal("actor", e.actor)
	all.within("time", e.since, e.until)
	return all.String()
}

func (e *eventsCommand) run(command *cobra.Command, server *connection) error {
	forward := e.flags.all || changed(command, "after", "page-token")
	switch {
	case e.follow:
		if e.interval <= 0 {
			return usagef("--interval %s: it must be longer than nothing", e.interval)
		}
		return e.followFeed(command.Context(), server, forward)
	case forward:
		return e.listing(server).show(command.Context(), e.app, &e.flags)
	}
	newest, err := e.newest(command.Context(), server)
	if err != nil {
		return err
	}
	out := rowsFor(e.app, e.listing(server))
	if err := out.write(newest); err != nil {
		return err
	}
	return out.end("")
}

// newest are the newest events, the oldest of them first.
func (e *eventsCommand) newest(ctx context.Context, server *connection) ([]*debriefv1.Event, error) {
	if err := e.flags.check(); err != nil {
		return nil, err
	}
	var found []*debriefv1.Event
	token := ""
	for {
		size := e.flags.next(int32(len(found)))
		if size <= 0 {
			break
		}
		answer, err := server.events.ListEvents(ctx, &debriefv1.ListEventsRequest{
			PageSize: size, PageToken: token, Filter: e.flags.filter, OrderBy: "sequence desc",
		})
		if err != nil {
			return nil, err
		}
		found = append(found, answer.GetEvents()...)
		if token = answer.GetNextPageToken(); token == "" {
			break
		}
	}
	slices.Reverse(found)
	return found, nil
}

func (e *eventsCommand) listing(server *connection) listing[*debriefv1.Event] {
	return listing[*debriefv1.Event]{
		field: "events",
		headings: []heading{
			{text: "SEQUENCE"}, {text: "TIME"}, {text: "TYPE"}, {text: "ID"}, {text: "ACTOR"}, {text: "CHANGES", flexible: true},
		},
		row: e.row,
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.Event, string, error) {
			answer, err := server.events.ListEvents(ctx, &debriefv1.ListEventsRequest{
				PageSize: size, PageToken: token, Filter: e.flags.filter, AfterSequence: e.after,
			})
			return answer.GetEvents(), answer.GetNextPageToken(), err
		},
	}
}

func (e *eventsCommand) row(event *debriefv1.Event) []cell {
	return []cell{
		{strconv.FormatInt(event.GetSequence(), 10), plain},
		{e.app.point(event.GetTime()), plain},
		{enumText(event.GetType()), plain},
		{eventSubject(event), plain},
		{orDash(shorten(line(event.GetActor()), narrowestFlexible)), plain},
		{strings.Join(texts(event.GetChanges(), changeText), ", "), plain},
	}
}

// eventSubject is the id of what changed; of a timeline entry that of its incident, by which people know it.
func eventSubject(event *debriefv1.Event) string {
	if incident, _, found := strings.Cut(event.GetResource(), "/"+entryPath+"/"); found {
		return idOf(incident)
	}
	return idOf(event.GetResource())
}

func changeText(change *debriefv1.FieldChange) string {
	if change.GetBefore() == "" && change.GetAfter() == "" {
		return change.GetField()
	}
	return change.GetField() + ": " + orDash(change.GetBefore()) + " → " + orDash(change.GetAfter())
}
