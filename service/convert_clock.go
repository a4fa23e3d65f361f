package service

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// clockToProto is what a clock shows.
func (b *base) clockToProto(incident *repository.Incident, kind clock.Kind, now time.Time) *debriefv1.Clock {
	status := b.statusOf(incident, kind, now)
	shown := &debriefv1.Clock{
		State:      valueOf[debriefv1.Clock_State](status.State.String()),
		AnchorTime: timeToProto(status.AnchorTime),
		DueTime:    timeToProto(status.DueTime),
		AtRiskTime: timeToProto(status.AtRiskTime),
		Late:       durationToProto(status.Late),
		Reason:     status.Reason,
	}
	switch status.State {
	case clock.Running, clock.AtRisk, clock.Breached:
		shown.Remaining = durationpb.New(status.Remaining)
	case clock.Paused:
		shown.Remaining = durationpb.New(status.Remaining)
		shown.UntilTime = timeToProto(status.NextChange)
	case clock.Waived:
		shown.UntilTime = timeToProto(status.NextChange)
	case clock.Met:
		shown.MetTime = timeToProto(status.Since)
	case clock.NotStarted:
	}
	return shown
}

// newClockRecord is what a clock shows when it is set back.
func (b *base) newClockRecord(incident *repository.Incident, kind clock.Kind, now time.Time) repository.ClockRecord {
	shown := b.clockToProto(incident, kind, now)
	return repository.ClockRecord{
		Clock: kind.String(), State: nameOf(shown.GetState()),
		AnchorTime: timeFromProto(shown.GetAnchorTime()), DueTime: timeFromProto(shown.GetDueTime()), AtRiskTime: timeFromProto(shown.GetAtRiskTime()),
		Remaining: shown.GetRemaining().AsDuration(), MetTime: timeFromProto(shown.GetMetTime()), Late: shown.GetLate().AsDuration(),
		Reason: shown.GetReason(), UntilTime: timeFromProto(shown.GetUntilTime()), ResetTime: now,
	}
}

func clockRecordToProto(record repository.ClockRecord) *debriefv1.ClockRecord {
	return &debriefv1.ClockRecord{
		ClockType: valueOf[debriefv1.ClockType](record.Clock),
		Clock: &debriefv1.Clock{
			State:      valueOf[debriefv1.Clock_State](record.State),
			AnchorTime: timeToProto(record.AnchorTime), DueTime: timeToProto(record.DueTime), AtRiskTime: timeToProto(record.AtRiskTime),
			Remaining: durationToProto(record.Remaining), MetTime: timeToProto(record.MetTime), Late: durationToProto(record.Late),
			Reason: record.Reason, UntilTime: timeToProto(record.UntilTime),
		},
		ResetTime: timeToProto(record.ResetTime),
	}
}

// kindOf is the clock that a request is about; validation has seen to it that it is one.
func kindOf(clockType debriefv1.ClockType) clock.Kind {
	if clockType == debriefv1.ClockType_CLOCK_TYPE_FOLLOW_UP {
		return clock.FollowUp
	}
	return clock.Review
}

// stateField is how fields call a state: at_risk.
func stateField(state clock.State) string { return strings.ToLower(state.String()) }
