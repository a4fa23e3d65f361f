package service

import (
	"cmp"
	"context"
	"errors"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/groundrules"
)

// defaultGroundRuleSet is the name of the built-in ground rules.
const defaultGroundRuleSet = groundRuleSetsCollection + "/" + builtInID

// builtInGroundRules are the built-in ground rules, as if they were stored.
func builtInGroundRules() repository.GroundRules {
	return repository.GroundRules{
		Header: repository.Header{ID: builtInID, Revision: 1}, Title: "Ground rules",
		Rules: each(groundrules.Default(), func(rule groundrules.Rule) repository.GroundRule { return repository.GroundRule(rule) }),
	}
}

// groundRules reads a set by its name, a deleted one included.
func (b *base) groundRules(ctx context.Context, name string) (repository.GroundRules, error) {
	if lastID(name) == builtInID {
		return builtInGroundRules(), nil
	}
	return get(ctx, b.repository.GroundRules(), name)
}

// CreateGroundRuleSet adds a set of ground rules.
func (s *Practice) CreateGroundRuleSet(ctx context.Context, request *debriefv1.CreateGroundRuleSetRequest) (*debriefv1.GroundRuleSet, error) {
	header, err := s.namedHeader(request.GetGroundRuleSetId(), request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	set := repository.GroundRules{Header: header}
	writeGroundRuleSet(&set, request.GetGroundRuleSet())
	if err := cmp.Or(checkGroundRules(set), newOfItsOwn(groundRuleSetName(header.ID))); err != nil {
		return nil, err
	}
	set, err = createNamed(ctx, s.base, repository.GroundRulesSchema, s.repository.GroundRules(), set,
		groundRuleSetName(header.ID), "GROUND_RULE_SET_CREATED", request.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	answer := s.groundRuleSetToProto(set)
	if request.GetValidateOnly() {
		answer.Etag = ""
	}
	return answer, nil
}

// checkGroundRules holds a set against what ground rules are.
func checkGroundRules(set repository.GroundRules) error {
	err := groundrules.Validate(each(set.Rules, func(rule repository.GroundRule) groundrules.Rule { return groundrules.Rule(rule) }))
	var found *groundrules.InvalidError
	if !errors.As(err, &found) {
		return err
	}
	return problemsOf("ground_rule_set", found.Problems, func(p groundrules.Problem) (string, string) { return p.Field, p.Text })
}

// GetGroundRuleSet reads one.
func (s *Practice) GetGroundRuleSet(ctx context.Context, request *debriefv1.GetGroundRuleSetRequest) (*debriefv1.GroundRuleSet, error) {
	set, err := s.groundRules(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return s.groundRuleSetToProto(set), nil
}

// ListGroundRuleSets reads a page of them, the built-in one first.
func (s *Practice) ListGroundRuleSets(ctx context.Context, request *debriefv1.ListGroundRuleSetsRequest) (*debriefv1.ListGroundRuleSetsResponse, error) {
	list := listing[repository.GroundRules]{
		schema: repository.GroundRulesSchema, reader: s.repository.GroundRules(), orders: []string{"name"}, ascending: true, byID: "name",
	}
	sets, token, err := list.pageAfter(ctx, request, builtInGroundRules())
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListGroundRuleSetsResponse{GroundRuleSets: each(sets, s.groundRuleSetToProto), NextPageToken: token}, nil
}

// UpdateGroundRuleSet changes the fields that the mask names.
func (s *Practice) UpdateGroundRuleSet(ctx context.Context, request *debriefv1.UpdateGroundRuleSetRequest) (*debriefv1.GroundRuleSet, error) {
	asked := update{name: request.GetGroundRuleSet().GetName(), etag: request.GetGroundRuleSet().GetEtag()}
	if err := changeable(asked.name); err != nil {
		return nil, err
	}
	set, err := applyMask(ctx, s.base, repository.GroundRulesSchema, s.repository.GroundRules(), asked, request.GetValidateOnly(),
		func(set *repository.GroundRules, now time.Time) (repository.Effects, error) {
			before := s.groundRuleSetToProto(*set)
			after, err := merge(before, request.GetGroundRuleSet(), request.GetUpdateMask())
			if err != nil {
				return repository.Effects{}, err
			}
			writeGroundRuleSet(set, after)
			if err := checkGroundRules(*set); err != nil {
				return repository.Effects{}, err
			}
			return s.updated(ctx, "GROUND_RULE_SET_UPDATED", asked.name, "", set.Revision+1, now, before, s.groundRuleSetToProto(*set))
		})
	if err != nil {
		return nil, err
	}
	return s.groundRuleSetToProto(set), nil
}

// DeleteGroundRuleSet hides it.
func (s *Practice) DeleteGroundRuleSet(ctx context.Context, request *debriefv1.DeleteGroundRuleSetRequest) (*debriefv1.GroundRuleSet, error) {
	if err := changeable(request.GetName()); err != nil {
		return nil, err
	}
	told := deletion[repository.GroundRules]{prefix: "GROUND_RULE_SET", incident: func(*repository.GroundRules) string { return "" }}
	set, err := setDeleted(ctx, s.base, repository.GroundRulesSchema, s.repository.GroundRules(),
		update{name: request.GetName(), etag: request.GetEtag()}, true, told)
	if err != nil {
		return nil, err
	}
	return s.groundRuleSetToProto(set), nil
}
