package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// defaultWithin is how far ahead is looked for what is due.
const defaultWithin = 48 * time.Hour

// duty is something that is due.
type duty struct {
	// what is REVIEW, FOLLOW_UP or ACTION.
	what, name, title, owner string
	// state is that of the clock, or of the action item.
	state string
	due   *timestamppb.Timestamp
}

type dueFlags struct {
	all    bool
	within time.Duration
	limit  int32
}

func (a *application) newDueCommand() *cobra.Command {
	flags := dueFlags{within: defaultWithin}
	command := &cobra.Command{
		Use: "due", Short: "List what is due and overdue, the most urgent first", Args: takes,
		Long: "Due lists the reviews and follow-ups that the clocks of incidents ask for, and the action items, whose time is over or\nsoon will be, and how long that is.",
		Example: `  debrief due
  debrief due --within 7d
  debrief due --all -o json`,
		RunE: a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
			if flags.limit <= 0 {
				return usagef("--limit %d: it must be at least 1", flags.limit)
			}
			duties, more, err := a.duties(command.Context(), server, flags)
			if err != nil {
				return err
			}
			return a.showDuties(duties, more)
		}),
	}
	command.Flags().BoolVar(&flags.all, "all", false, "show all that will ever be due")
	command.Flags().Var(durationFlag{&flags.within}, "within", "how far ahead to look")
	command.Flags().Int32Var(&flags.limit, "limit", 100, "show at most this many")
	command.MarkFlagsMutuallyExclusive("all", "within")
	return command
}

// duties are what is due, the first first, no more than the limit; more: there are others.
func (a *application) duties(ctx context.Context, server *connection, flags dueFlags) (duties []duty, more bool, err error) {
	var before *timestamppb.Timestamp
	if !flags.all {
		before = timestamppb.New(a.environment.now().Add(flags.within))
	}
	for _, clock := range clockTypes {
		found, further, err := dueClocks(ctx, server, clock, before, flags.limit)
		if err != nil {
			return nil, false, err
		}
		duties, more = append(duties, found...), more || further
	}
	found, further, err := dueActions(ctx, server, before, flags.limit)
	if err != nil {
		return nil, false, err
	}
	duties, more = append(duties, found...), more || further
	slices.SortStableFunc(duties, func(a, b duty) int {
		return cmp.Or(a.due.AsTime().Compare(b.due.AsTime()), strings.Compare(a.title, b.title))
	})
	if len(duties) > int(flags.limit) {
		return duties[:flags.limit], true, nil
	}
	return duties, more, nil
}

// dueWithin adds that a time is set, and before another one where that is given.
func (f *filter) dueWithin(field string, before *timestamppb.Timestamp) {
	if before == nil {
		*f = append(*f, field+":*")
		return
	}
	f.within(field, nil, before)
}

func dueClocks(ctx context.Context, server *connection, clock debriefv1.ClockType, before *timestamppb.Timestamp, limit int32) ([]duty, bool, error) {
	var wanted filter
	among(&wanted, clockField(clock)+".state", []debriefv1.Clock_State{
		debriefv1.Clock_STATE_RUNNING, debriefv1.Clock_STATE_AT_RISK, debriefv1.Clock_STATE_BREACHED, debriefv1.Clock_STATE_PAUSED,
	})
	wanted.dueWithin(clockField(clock)+".due_time", before)
	var duties []duty
	more, err := pages(limit, func(size int32, token string) (int, string, error) {
		answer, err := server.incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{
			Filter: wanted.String(), OrderBy: clockField(clock) + ".due_time", PageSize: size, PageToken: token,
		})
		for _, incident := range answer.GetIncidents() {
			shown := clockOf(incident, clock)
			duties = append(duties, duty{
				what: enumText(clock), name: incident.GetName(), title: incident.GetTitle(), owner: incident.GetLead(),
				state: enumText(shown.GetState()), due: shown.GetDueTime(),
			})
		}
		return len(answer.GetIncidents()), answer.GetNextPageToken(), err
	})
	return duties, more, err
}

func dueActions(ctx context.Context, server *connection, before *timestamppb.Timestamp, limit int32) ([]duty, bool, error) {
	var wanted filter
	among(&wanted, "state", []debriefv1.ActionItem_State{debriefv1.ActionItem_STATE_OPEN, debriefv1.ActionItem_STATE_IN_PROGRESS})
	wanted.dueWithin("due_time", before)
	var duties []duty
	more, err := pages(limit, func(size int32, token string) (int, string, error) {
		answer, err := server.actionItems.ListActionItems(ctx, &debriefv1.ListActionItemsRequest{
			Filter: wanted.String(), OrderBy: "due_time", PageSize: size, PageToken: token,
		})
		for _, item := range answer.GetActionItems() {
			duties = append(duties, duty{
				what: "ACTION", name: item.GetName(), title: item.GetTitle(), owner: item.GetOwner(),
				state: enumText(item.GetState()), due: item.GetDueTime(),
			})
		}
		return len(answer.GetActionItems()), answer.GetNextPageToken(), err
	})
	return duties, more, err
}

// pages reads a list page by page, up to a limit; more: it goes on behind that.
func pages(limit int32, read func(size int32, token string) (found int, next string, err error)) (more bool, err error) {
	for token := ""; limit > 0; {
		found, next, err := read(min(limit, maxPage), token)
		if err != nil || next == "" {
			return false, err
		}
		token, limit = next, limit-int32(found)
	}
	return true, nil
}

func (a *application) showDuties(duties []duty, more bool) error {
	if a.globals.output.value == "name" {
		var errs []error
		for _, one := range duties {
			_, err := fmt.Fprintln(a.out, line(one.name))
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
	document, err := a.dutiesDocument(duties)
	if err != nil {
		return err
	}
	return a.show(document, func() error {
		if len(duties) == 0 {
			a.note("Nothing is due.")
			return nil
		}
		written := table{out: a.out, columns: a.environment.width, colored: a.colored(), headings: []heading{
			{text: "DUE"}, {text: "WHAT"}, {text: "ID"}, {text: "STATE"}, {text: "OWNER"}, {text: "TITLE", flexible: true},
		}}
		rows := make([][]cell, len(duties))
		for i, one := range duties {
			rows[i] = a.dutyRow(one)
		}
		if err := written.write(rows); err != nil {
			return err
		}
		if more {
			a.note("There is more: see --limit.")
		}
		return nil
	})
}

func (a *application) dutyRow(one duty) []cell {
	urgency := plain
	switch {
	case a.remaining(one) < 0:
		urgency = red
	case one.state == enumText(debriefv1.Clock_STATE_AT_RISK):
		urgency = yellow
	}
	return []cell{
		{a.moment(one.due), urgency},
		{one.what, plain},
		{idOf(one.name), plain},
		{one.state, plain},
		{orDash(shorten(line(one.owner), narrowestFlexible)), plain},
		{one.title, plain},
	}
}

// remaining is how long there is until something is due; negative: for how long it has been.
func (a *application) remaining(one duty) time.Duration {
	return one.due.AsTime().Sub(a.environment.now())
}

// dutiesDocument is what is due for programs.
func (a *application) dutiesDocument(duties []duty) (*structpb.Struct, error) {
	list := make([]any, len(duties))
	for i, one := range duties {
		list[i] = map[string]any{
			"what": one.what, "name": one.name, "title": one.title, "state": one.state, "owner": one.owner,
			"dueTime":   one.due.AsTime().Format(time.RFC3339Nano),
			"remaining": fmt.Sprintf("%ds", int64(a.remaining(one).Seconds())),
		}
	}
	document, err := structpb.NewStruct(map[string]any{"due": list})
	if err != nil {
		return nil, fmt.Errorf("write what is due: %w", err)
	}
	return document, nil
}
