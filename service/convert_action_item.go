package service

import (
	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func (b *base) actionItemToProto(item repository.ActionItem) *debriefv1.ActionItem {
	return &debriefv1.ActionItem{
		Name:               actionItemName(item.ID),
		Title:              item.Title,
		Description:        item.Description,
		State:              valueOf[debriefv1.ActionItem_State](item.State),
		Owner:              item.Owner,
		DueTime:            timeToProto(item.DueTime),
		Priority:           valueOf[debriefv1.ActionItem_Priority](item.Priority),
		Strength:           valueOf[debriefv1.ActionItem_Strength](item.Strength),
		FirstStep:          item.FirstStep,
		TrackerUri:         item.TrackerURI,
		PostMortem:         item.PostMortem,
		ContributingFactor: item.ContributingFactor,
		Incident:           item.Incident,
		Labels:             item.Labels,
		StartTime:          timeToProto(item.StartTime),
		CompleteTime:       timeToProto(item.CompleteTime),
		VerifyTime:         timeToProto(item.VerifyTime),
		OutcomeNote:        item.OutcomeNote,
		DropReason:         item.DropReason,
		Successor:          item.Successor,
		Predecessor:        item.Predecessor,
		Etag:               etag(item.Header),
		CreateTime:         timeToProto(item.CreateTime),
		UpdateTime:         timeToProto(item.UpdateTime),
		DeleteTime:         timeToProto(item.DeleteTime),
		PurgeTime:          timeToProto(b.purgeTime(item.Header)),
		LookBackTime:       timeToProto(item.LookBackTime),
		ModelGap:           item.ModelGap,
		Systems:            item.Systems,
		FactorCategory:     valueOf[debriefv1.ContributingFactor_Category](item.FactorCategory),
		Recurrences:        each(item.Recurrences, recurrenceToProto),
	}
}

func recurrenceToProto(recurrence repository.Recurrence) *debriefv1.Recurrence {
	return &debriefv1.Recurrence{
		Incident:   recurrence.Incident,
		PostMortem: recurrence.PostMortem,
		System:     recurrence.System,
		Category:   valueOf[debriefv1.ContributingFactor_Category](recurrence.Category),
		Time:       timeToProto(recurrence.Time),
	}
}

// writeActionItem writes the fields that callers may change.
func writeActionItem(item *repository.ActionItem, from *debriefv1.ActionItem) {
	item.Title = from.GetTitle()
	item.Description = from.GetDescription()
	item.Owner = from.GetOwner()
	item.DueTime = timeFromProto(from.GetDueTime())
	item.Priority = nameOf(from.GetPriority())
	item.Strength = nameOf(from.GetStrength())
	item.FirstStep = from.GetFirstStep()
	item.TrackerURI = from.GetTrackerUri()
	item.PostMortem = from.GetPostMortem()
	item.ContributingFactor = from.GetContributingFactor()
	item.Incident = from.GetIncident()
	item.Labels = from.GetLabels()
	item.LookBackTime = timeFromProto(from.GetLookBackTime())
	item.ModelGap = from.GetModelGap()
}
