package service

import (
	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func mentalModelToProto(model repository.MentalModel) *debriefv1.MentalModel {
	return &debriefv1.MentalModel{
		Name:           mentalModelName(model.Parent, model.ID),
		HeldBy:         model.HeldBy,
		Description:    model.Description,
		System:         model.System,
		SystemRevision: model.SystemRevision,
		Belief:         graphToProto(model.Belief),
		MatchCorrections: each(model.MatchCorrections, func(c repository.MatchCorrection) *debriefv1.MatchCorrection {
			return &debriefv1.MatchCorrection{Believed: c.Believed, Actual: c.Actual}
		}),
		Gaps:            each(model.Gaps, gapToProto),
		OmittedGapCount: model.OmittedGaps,
		Etag:            etag(model.Header),
		CreateTime:      timeToProto(model.CreateTime),
		UpdateTime:      timeToProto(model.UpdateTime),
		DeleteTime:      timeToProto(model.DeleteTime),
	}
}

// writeMentalModel writes the fields that callers may change.
func writeMentalModel(model *repository.MentalModel, from *debriefv1.MentalModel) {
	model.HeldBy = from.GetHeldBy()
	model.Description = from.GetDescription()
	model.System = from.GetSystem()
	model.SystemRevision = from.GetSystemRevision()
	model.Belief = graphFromProto(from.GetBelief())
	model.MatchCorrections = each(from.GetMatchCorrections(), func(c *debriefv1.MatchCorrection) repository.MatchCorrection {
		return repository.MatchCorrection{Believed: c.GetBelieved(), Actual: c.GetActual()}
	})
}

func gapToProto(gap repository.ModelGap) *debriefv1.ModelGap {
	return &debriefv1.ModelGap{
		Id:         gap.ID,
		Kind:       valueOf[debriefv1.ModelGapKind](gap.Kind),
		Components: gap.Components,
		Believed:   gap.Believed,
		Actual:     gap.Actual,
		Evidence:   each(gap.Evidence, evidenceToProto),
		Discovery:  gap.Discovery,
		Surprise:   valueOf[debriefv1.ModelGap_Surprise](gap.Surprise),
		Updates:    each(gap.Updates, modelUpdateToProto),
		Resolved:   gap.Resolved,
		ImpliedBy:  gap.ImpliedBy,
		FactKey:    gap.FactKey,
		Confidence: gap.Confidence,
	}
}

func modelUpdateToProto(told repository.ModelUpdate) *debriefv1.ModelUpdate {
	return &debriefv1.ModelUpdate{
		Kind: valueOf[debriefv1.ModelUpdate_Kind](told.Kind), ActionItem: told.ActionItem, Note: told.Note,
		Time: timeToProto(told.Time), Actor: told.Actor,
	}
}
