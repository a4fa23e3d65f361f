package service

import (
	"context"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// ActionItems implements ActionItemService.
type ActionItems struct {
	debriefv1.UnimplementedActionItemServiceServer
	*base
}

var actionItemFields = fieldsOf(repository.ActionItemSchema, map[string]protoreflect.EnumDescriptor{
	"state":           debriefv1.ActionItem_State(0).Descriptor(),
	"priority":        debriefv1.ActionItem_Priority(0).Descriptor(),
	"strength":        debriefv1.ActionItem_Strength(0).Descriptor(),
	"factor_category": debriefv1.ContributingFactor_Category(0).Descriptor(),
})

// CreateActionItem adds an action item.
func (s *ActionItems) CreateActionItem(ctx context.Context, request *debriefv1.CreateActionItemRequest) (*debriefv1.ActionItem, error) {
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	if err := checkActionTimes(request.GetActionItem()); err != nil {
		return nil, err
	}
	if err := s.checkReferences(ctx, nil, request.GetActionItem()); err != nil {
		return nil, err
	}
	item := repository.ActionItem{Header: header, State: lifecycle.ActionItem.Initial}
	writeActionItem(&item, request.GetActionItem())
	if err := s.concern(ctx, &item); err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		preview := s.shown(item)
		preview.Name, preview.Etag = "", ""
		return s.language.actionItem(preview), nil
	}
	event := s.event(ctx, "ACTION_ITEM_CREATED", actionItemName(item.ID), item.Incident, 1, now, nil)
	item, _, err = create(ctx, repository.ActionItemSchema, s.repository.ActionItems(), item, repository.Effects{Events: []repository.Event{event}})
	if err != nil {
		return nil, err
	}
	return s.shown(item), s.foundToDo(ctx, item.PostMortem)
}

// checkActionTimes answers nil where the times that a caller gives can be.
func checkActionTimes(item *debriefv1.ActionItem) error {
	if _, err := readTime("action_item.due_time", item.GetDueTime()); err != nil {
		return err
	}
	_, err := readTime("action_item.look_back_time", item.GetLookBackTime())
	return err
}

// checkReferences answers nil where what an action item newly refers to exists.
func (s *ActionItems) checkReferences(ctx context.Context, before, after *debriefv1.ActionItem) error {
	if after.GetIncident() != "" && after.GetIncident() != before.GetIncident() {
		if _, err := get(ctx, s.repository.Incidents(), after.GetIncident()); err != nil {
			return err
		}
	}
	if err := s.checkModelGap(ctx, before.GetModelGap(), after.GetModelGap()); err != nil {
		return err
	}
	factor := after.GetContributingFactor()
	if after.GetPostMortem() == before.GetPostMortem() && factor == before.GetContributingFactor() {
		return nil
	}
	if after.GetPostMortem() == "" {
		if factor != "" {
			return invalid("action_item.contributing_factor", "belongs to a post-mortem: set post_mortem with it")
		}
		return nil
	}
	postMortem, err := get(ctx, s.repository.PostMortems(), after.GetPostMortem())
	if err != nil || factor == "" {
		return err
	}
	for _, known := range postMortem.ContributingFactors {
		if known.ID == factor {
			return nil
		}
	}
	return invalid("action_item.contributing_factor", "%s has no contributing factor with the id %q", after.GetPostMortem(), factor)
}

// GetActionItem reads an action item.
func (s *ActionItems) GetActionItem(ctx context.Context, request *debriefv1.GetActionItemRequest) (*debriefv1.ActionItem, error) {
	item, err := get(ctx, s.repository.ActionItems(), request.GetName())
	if err != nil {
		return nil, err
	}
	return inView(request.GetView(), s.shown(item), s.language.actionItem), nil
}

// ListActionItems reads a page of action items.
func (s *ActionItems) ListActionItems(ctx context.Context, request *debriefv1.ListActionItemsRequest) (*debriefv1.ListActionItemsResponse, error) {
	list := listing[repository.ActionItem]{
		schema: repository.ActionItemSchema, reader: s.repository.ActionItems(), fields: actionItemFields,
		orders: []string{"create_time", "update_time", "due_time", "priority", "look_back_time"}, byID: "create_time",
	}
	items, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListActionItemsResponse{ActionItems: each(items, s.shown), NextPageToken: token}, nil
}

// UpdateActionItem changes the fields that the mask names.
func (s *ActionItems) UpdateActionItem(ctx context.Context, request *debriefv1.UpdateActionItemRequest) (*debriefv1.ActionItem, error) {
	asked := update{name: request.GetActionItem().GetName(), etag: request.GetActionItem().GetEtag()}
	if err := checkActionTimes(request.GetActionItem()); err != nil {
		return nil, err
	}
	present, err := get(ctx, s.repository.ActionItems(), asked.name)
	if err != nil {
		return nil, err
	}
	before := s.actionItemToProto(present)
	after, err := merge(before, request.GetActionItem(), request.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	if err := s.checkReferences(ctx, before, after); err != nil {
		return nil, err
	}
	concerned := repository.ActionItem{}
	writeActionItem(&concerned, after)
	if err := s.concern(ctx, &concerned); err != nil {
		return nil, err
	}
	changed, err := applyMask(ctx, s.base, repository.ActionItemSchema, s.repository.ActionItems(), asked, request.GetValidateOnly(),
		func(item *repository.ActionItem, now time.Time) (repository.Effects, error) {
			return s.edit(ctx, item, request, concerned, now)
		})
	if err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		return s.language.actionItem(s.shown(changed)), nil
	}
	return s.shown(changed), s.foundToDo(ctx, changed.PostMortem)
}

func (s *ActionItems) edit(ctx context.Context, item *repository.ActionItem, request *debriefv1.UpdateActionItemRequest, concerned repository.ActionItem, now time.Time) (repository.Effects, error) {
	before := s.actionItemToProto(*item)
	after, err := merge(before, request.GetActionItem(), request.GetUpdateMask())
	if err != nil {
		return repository.Effects{}, err
	}
	writeActionItem(item, after)
	item.Systems, item.FactorCategory = concerned.Systems, concerned.FactorCategory
	return s.updated(ctx, "ACTION_ITEM_UPDATED", before.GetName(), item.Incident, item.Revision+1, now, before, s.actionItemToProto(*item))
}

// DeleteActionItem hides an action item.
func (s *ActionItems) DeleteActionItem(ctx context.Context, request *debriefv1.DeleteActionItemRequest) (*debriefv1.ActionItem, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, true)
}

// UndeleteActionItem takes a deletion back.
func (s *ActionItems) UndeleteActionItem(ctx context.Context, request *debriefv1.UndeleteActionItemRequest) (*debriefv1.ActionItem, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, false)
}

func (s *ActionItems) setDeleted(ctx context.Context, asked update, deleted bool) (*debriefv1.ActionItem, error) {
	item, err := setDeleted(ctx, s.base, repository.ActionItemSchema, s.repository.ActionItems(), asked, deleted, deletion[repository.ActionItem]{
		prefix: "ACTION_ITEM", incident: func(item *repository.ActionItem) string { return item.Incident },
	})
	if err != nil {
		return nil, err
	}
	if deleted {
		return s.shown(item), nil
	}
	return s.shown(item), s.foundToDo(ctx, item.PostMortem)
}
