package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// hold is what pausing and waiving a clock take.
type hold struct {
	clock  debriefv1.ClockType
	reason string
	until  *timestamppb.Timestamp
}

func (h *hold) add(a *application, command *cobra.Command, until string) {
	addEnum(command, &h.clock, "clock", "which clock")
	command.Flags().StringVar(&h.reason, "reason", "", "why")
	command.Flags().Var(timeFlag{&h.until, a.environment.now}, "until", until)
	require(command, "clock", "reason")
}

func (a *application) newIncidentClockCommands() []*cobra.Command {
	return []*cobra.Command{a.newPauseClockCommand(), a.newResumeClockCommand(), a.newWaiveClockCommand()}
}

func (a *application) newPauseClockCommand() *cobra.Command {
	var pause hold
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "pause-clock", short: "Stop one of its clocks for a while", done: "has its clock paused",
		long:  "Pause-clock stops a clock of an incident; its due time moves by as long as the pause lasts.",
		flags: func(command *cobra.Command) { pause.add(a, command, "until when; default: until resume-clock") },
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.PauseIncidentClock(ctx, &debriefv1.PauseIncidentClockRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, ClockType: pause.clock, Reason: pause.reason, UntilTime: pause.until,
			})
		},
	})
}

func (a *application) newWaiveClockCommand() *cobra.Command {
	var waiver hold
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "waive-clock", short: "Say that what one of its clocks runs for need not be done", done: "has its clock waived",
		long:  "Waive-clock says that nobody owes the review, or the follow-up. The clock goes on beneath it: when the waiver is over, it shows what it would show without.",
		flags: func(command *cobra.Command) { waiver.add(a, command, "until when; default: for good") },
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.WaiveIncidentClock(ctx, &debriefv1.WaiveIncidentClockRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, ClockType: waiver.clock, Reason: waiver.reason, UntilTime: waiver.until,
			})
		},
	})
}

func (a *application) newResumeClockCommand() *cobra.Command {
	var clock debriefv1.ClockType
	return newVerb(a, incidentKind, verb[*debriefv1.Incident]{
		use: "resume-clock", short: "End a pause or a waiver of one of its clocks before its time", done: "has its clock resumed",
		flags: func(command *cobra.Command) {
			addEnum(command, &clock, "clock", "which clock")
			require(command, "clock")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.Incident, error) {
			return server.incidents.ResumeIncidentClock(ctx, &debriefv1.ResumeIncidentClockRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, ClockType: clock,
			})
		},
	})
}

// clockField is how filters call a clock.
func clockField(clock debriefv1.ClockType) string { return strings.ToLower(enumText(clock)) + "_clock" }

// clockFlag is a flag for states of clocks, such as review=breached; several for the same clock are alternatives.
type clockFlag struct {
	states map[debriefv1.ClockType][]debriefv1.Clock_State
}

func (clockFlag) Type() string { return "CLOCK=STATE" }

func (f clockFlag) String() string {
	var all []string
	for _, clock := range clockTypes {
		for _, state := range f.states[clock] {
			all = append(all, strings.ToLower(enumText(clock)+"="+enumText(state)))
		}
	}
	return strings.Join(all, ",")
}

// Set takes one pair or more, separated by commas.
func (f clockFlag) Set(text string) error {
	for pair := range strings.SplitSeq(text, ",") {
		clockName, stateName, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is no CLOCK=STATE: write it like review=breached", pair)
		}
		clock, err := parseEnum[debriefv1.ClockType](clockName)
		if err != nil {
			return err
		}
		state, err := parseEnum[debriefv1.Clock_State](stateName)
		if err != nil {
			return err
		}
		f.states[clock] = append(f.states[clock], state)
	}
	return nil
}

// clockTypes are the clocks in the order in which they are shown.
var clockTypes = []debriefv1.ClockType{debriefv1.ClockType_CLOCK_TYPE_REVIEW, debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP}

func clockOf(incident *debriefv1.Incident, clock debriefv1.ClockType) *debriefv1.Clock {
	if clock == debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP {
		return incident.GetFollowUpClock()
	}
	return incident.GetReviewClock()
}

// clockText tells what a clock shows, in a line.
func (a *application) clockText(clock *debriefv1.Clock) string {
	if clock == nil {
		return ""
	}
	text := enumText(clock.GetState())
	switch {
	case clock.GetMetTime() != nil:
		text += " " + a.moment(clock.GetMetTime())
		if late := clock.GetLate().AsDuration(); late > 0 {
			text += ", " + shortDuration(late) + " late"
		}
	case clock.GetUntilTime() != nil:
		text += " until " + a.moment(clock.GetUntilTime())
	case clock.GetDueTime() != nil && clock.GetRemaining() != nil:
		text += ", due " + a.moment(clock.GetDueTime())
	}
	return joined(": ", text, clock.GetReason())
}

func clockStyle(state debriefv1.Clock_State) style {
	switch state {
	case debriefv1.Clock_STATE_BREACHED:
		return red
	case debriefv1.Clock_STATE_AT_RISK:
		return yellow
	case debriefv1.Clock_STATE_MET:
		return green
	case debriefv1.Clock_STATE_RUNNING:
		return plain
	default:
		return faint
	}
}

func (a *application) clockRecordLine(record *debriefv1.ClockRecord) string {
	return fmt.Sprintf("%s, until it was reset %s: %s", enumText(record.GetClockType()), a.moment(record.GetResetTime()), a.clockText(record.GetClock()))
}
