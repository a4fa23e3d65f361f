package service

import (
	"context"
	"math"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/strength"
)

// SuggestStrength says how strong a fix a text describes.
func (s *ActionItems) SuggestStrength(_ context.Context, request *debriefv1.SuggestStrengthRequest) (*debriefv1.StrengthSuggestion, error) {
	return suggestionToProto(strength.Suggest(request.GetText())), nil
}

// shown is an action item as it is answered: with what its words say of its strength.
func (s *ActionItems) shown(item repository.ActionItem) *debriefv1.ActionItem {
	answer := s.actionItemToProto(item)
	answer.SuggestedStrength = suggestionToProto(suggestedStrength(item))
	return answer
}

// suggestedStrength is what the title says, and where that says nothing, what the description says with it.
func suggestedStrength(item repository.ActionItem) strength.Suggestion {
	suggestion := strength.Suggest(item.Title)
	if len(suggestion.Words) > 0 || item.Description == "" {
		return suggestion
	}
	return strength.Suggest(item.Title + "\n\n" + item.Description)
}

func suggestionToProto(suggestion strength.Suggestion) *debriefv1.StrengthSuggestion {
	told := &debriefv1.StrengthSuggestion{Confidence: math.Round(suggestion.Confidence*100) / 100}
	if suggestion.Strength != strength.Unknown {
		told.Strength = valueOf[debriefv1.ActionItem_Strength](suggestion.Strength.String())
	}
	for _, word := range suggestion.Words {
		if word.For != suggestion.Strength {
			continue
		}
		told.Words = append(told.Words, word.Text)
		if told.GetWhy() == "" {
			told.Why = word.Why
		}
	}
	return told
}

// plan says how strong the action items are: as a person has judged, or else as their words suggest.
func plan(items []repository.ActionItem) *debriefv1.ActionPlan {
	told := &debriefv1.ActionPlan{}
	var strengths []strength.Strength
	for _, item := range items {
		if item.State == lifecycle.Dropped {
			continue
		}
		judged, err := strength.Parse(item.Strength)
		if err != nil {
			judged = suggestedStrength(item).Strength
		}
		strengths = append(strengths, judged)
		switch judged {
		case strength.Stronger:
			told.StrongerCount++
		case strength.Intermediate:
			told.IntermediateCount++
		case strength.Weaker:
			told.WeakerCount++
		case strength.Unknown:
			told.UnjudgedCount++
		}
	}
	review := strength.ReviewPlan(strengths)
	told.WeakerOnly, told.Advice = review.WeakerOnly, review.Explanation
	return told
}

// withPlan adds to an answered post-mortem how strong its action items are.
func (s *PostMortems) withPlan(ctx context.Context, answer *debriefv1.PostMortem) (*debriefv1.PostMortem, error) {
	var around surroundings
	if err := s.addActions(ctx, &around, answer.GetName()); err != nil {
		return nil, err
	}
	if len(around.actions) > 0 {
		answer.ActionPlan = plan(around.actions)
	}
	return answer, nil
}
