package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// AnnotateModelGap notes something on a gap.
func (s *MentalModels) AnnotateModelGap(ctx context.Context, request *debriefv1.AnnotateModelGapRequest) (*debriefv1.MentalModel, error) {
	if _, err := s.mentalModel(ctx, request.GetName()); err != nil {
		return nil, err
	}
	if err := s.checkUpdates(ctx, request.GetGap().GetUpdates()); err != nil {
		return nil, err
	}
	asked := update{name: request.GetName(), etag: request.GetEtag(), requestID: request.GetRequestId()}
	model, err := apply(ctx, s.base, repository.MentalModelSchema, s.repository.MentalModels(), asked,
		func(model *repository.MentalModel, now time.Time) (repository.Effects, error) {
			return s.annotate(ctx, model, request, now)
		})
	if err != nil {
		return nil, err
	}
	return mentalModelToProto(model), nil
}

// checkUpdates answers nil where the action items that updates name exist.
func (s *MentalModels) checkUpdates(ctx context.Context, updates []*debriefv1.ModelUpdate) error {
	for i, told := range updates {
		field := fmt.Sprintf("gap.updates[%d].action_item", i)
		isAction := told.GetKind() == debriefv1.ModelUpdate_KIND_ACTION_ITEM
		switch {
		case isAction && told.GetActionItem() == "":
			return invalid(field, "is required where the kind is ACTION_ITEM")
		case !isAction && told.GetActionItem() != "":
			return invalid(field, "is for the kind ACTION_ITEM only")
		case isAction:
			if _, err := get(ctx, s.repository.ActionItems(), told.GetActionItem()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *MentalModels) annotate(ctx context.Context, model *repository.MentalModel, request *debriefv1.AnnotateModelGapRequest, now time.Time) (repository.Effects, error) {
	i := slices.IndexFunc(model.Gaps, func(gap repository.ModelGap) bool { return gap.ID == request.GetGapId() })
	if i < 0 {
		return repository.Effects{}, notFound(modelGapName(request.GetName(), request.GetGapId()))
	}
	before := gapToProto(model.Gaps[i])
	after, err := merge(before, request.GetGap(), request.GetUpdateMask())
	if err != nil {
		return repository.Effects{}, err
	}
	gap := &model.Gaps[i]
	gap.Evidence = each(after.GetEvidence(), evidenceFromProto)
	gap.Discovery = after.GetDiscovery()
	gap.Surprise = nameOf(after.GetSurprise())
	gap.Updates = notedUpdates(gap.Updates, after.GetUpdates(), actor(ctx), now)
	return s.updated(ctx, "MODEL_GAP_ANNOTATED", modelGapName(request.GetName(), gap.ID), "", model.Revision+1, now, before, gapToProto(*gap))
}

// notedUpdates are updates with who noted them when: those that were there before stay noted as they were.
func notedUpdates(known []repository.ModelUpdate, updates []*debriefv1.ModelUpdate, actor string, now time.Time) []repository.ModelUpdate {
	return each(updates, func(told *debriefv1.ModelUpdate) repository.ModelUpdate {
		made := repository.ModelUpdate{Kind: nameOf(told.GetKind()), ActionItem: told.GetActionItem(), Note: told.GetNote(), Time: now, Actor: actor}
		for _, before := range known {
			if before.Kind == made.Kind && before.ActionItem == made.ActionItem && before.Note == made.Note {
				return before
			}
		}
		return made
	})
}

// modelGapName names a gap of a mental model.
func modelGapName(model, gap string) string { return resourceName(model, modelGapsCollection, gap) }

// checkModelGap answers nil where a gap that an action item newly answers exists.
func (b *base) checkModelGap(ctx context.Context, before, after string) error {
	if after == "" || after == before {
		return nil
	}
	name := strings.TrimSuffix(after, "/"+modelGapsCollection+"/"+lastID(after))
	model, err := b.mentalModel(ctx, name)
	if err != nil {
		return err
	}
	for _, gap := range model.Gaps {
		if gap.ID == lastID(after) {
			return nil
		}
	}
	return notFound(after)
}
