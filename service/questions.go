package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/question"
	"github.com/debriefhq/debrief/service/template"
)

const (
	// defaultQuestions and maxQuestions bound how many questions are suggested.
	defaultQuestions = 30
	maxQuestions     = 200
)

// SuggestQuestions suggests what a facilitator could ask.
func (s *PostMortems) SuggestQuestions(ctx context.Context, request *debriefv1.SuggestQuestionsRequest) (*debriefv1.SuggestQuestionsResponse, error) {
	review, p, err := s.reviewed(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	most := cmp.Or(int(request.GetMaxQuestions()), defaultQuestions)
	suggestions := question.Default().Suggest(review, shares(min(most, maxQuestions)))
	answer := &debriefv1.SuggestQuestionsResponse{}
	for _, suggestion := range suggestions {
		shown := questionToProto(suggestion)
		shown.Answered = answered(p, suggestion.ID)
		if !shown.GetAnswered() || !request.GetUnansweredOnly() {
			answer.Questions = append(answer.Questions, shown)
		}
	}
	return answer, nil
}

// shares divides a number of questions among the parts of a review, in the proportion of the default limits. What the
// division leaves over goes to the parts that come closest to one more, the earlier ones first.
func shares(most int) question.Limits {
	limits := question.DefaultLimits()
	total := 0
	for _, limit := range limits {
		total += limit
	}
	shares := question.Limits{}
	left := most
	for part, limit := range limits {
		shares[part] = limit * most / total
		left -= shares[part]
	}
	parts := question.Parts()
	slices.SortStableFunc(parts, func(a, b question.Part) int { return limits[b]*most%total - limits[a]*most%total })
	for _, part := range parts[:left] {
		shares[part]++
	}
	return shares
}

// AnswerQuestion marks a suggested question as answered, or takes the mark off again.
func (s *PostMortems) AnswerQuestion(ctx context.Context, request *debriefv1.AnswerQuestionRequest) (*debriefv1.PostMortem, error) {
	review, _, err := s.reviewed(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	everything := question.Default().Suggest(review, shares(maxQuestions))
	asked := slices.IndexFunc(everything, func(suggestion question.Suggestion) bool { return suggestion.ID == request.GetQuestionId() })
	return s.take(ctx, request, lifecycle.AnswerQuestion, "POST_MORTEM_QUESTION_ANSWERED", func(p *repository.PostMortem, now time.Time) error {
		kept := slices.IndexFunc(p.QuestionAnswers, func(answer repository.QuestionAnswer) bool { return answer.QuestionID == request.GetQuestionId() })
		if asked < 0 && kept < 0 {
			return invalid("question_id", "%q is no question that is suggested for %s: take it from :suggestQuestions", request.GetQuestionId(), request.GetName())
		}
		if request.GetUnanswered() && kept < 0 {
			return repository.ErrUnchanged
		}
		p.UnpublishedChanges = p.LatestRevision > 0
		if request.GetUnanswered() {
			p.QuestionAnswers = slices.Delete(p.QuestionAnswers, kept, kept+1)
			return nil
		}
		if err := checkAnswered(*p, request.GetSection()); err != nil {
			return err
		}
		answer := repository.QuestionAnswer{
			QuestionID: request.GetQuestionId(), Answer: request.GetAnswer(), Section: request.GetSection(), AnswerTime: now,
		}
		if kept >= 0 {
			answer.Question = p.QuestionAnswers[kept].Question
			p.QuestionAnswers[kept] = answer
			return nil
		}
		answer.Question = everything[asked].Text
		if len(p.QuestionAnswers) >= repository.MaxQuestionAnswers {
			return failedPrecondition("TOO_MANY_ANSWERS", "%s keeps %d answers already: more are not possible", request.GetName(), repository.MaxQuestionAnswers)
		}
		p.QuestionAnswers = append(p.QuestionAnswers, answer)
		return nil
	})
}

// checkAnswered answers nil where the document has a section of the id, or none is named.
func checkAnswered(p repository.PostMortem, section string) error {
	known := template.Standard()
	for _, s := range templateOf(p).Sections {
		known = append(known, s.ID)
	}
	for _, s := range p.Sections {
		known = append(known, s.ID)
	}
	if section == "" || slices.Contains(known, section) {
		return nil
	}
	slices.Sort(known)
	return invalid("section", "there is no section %q: it must be one of %s", section, strings.Join(slices.Compact(known), ", "))
}

func answered(p repository.PostMortem, id string) bool {
	return slices.ContainsFunc(p.QuestionAnswers, func(answer repository.QuestionAnswer) bool { return answer.QuestionID == id })
}

// topics are where on the agenda the parts of a review are.
var topics = map[question.Part]debriefv1.AgendaItem_Topic{
	question.Rules:     debriefv1.AgendaItem_TOPIC_GROUND_RULES,
	question.Timeline:  debriefv1.AgendaItem_TOPIC_TIMELINE,
	question.Beliefs:   debriefv1.AgendaItem_TOPIC_BELIEFS,
	question.Factors:   debriefv1.AgendaItem_TOPIC_CONTRIBUTING_FACTORS,
	question.Surprises: debriefv1.AgendaItem_TOPIC_SURPRISES,
	question.Actions:   debriefv1.AgendaItem_TOPIC_ACTION_ITEMS,
}

func questionToProto(suggestion question.Suggestion) *debriefv1.Question {
	return &debriefv1.Question{
		Id:     suggestion.ID,
		Text:   suggestion.Text,
		About:  suggestion.About,
		Source: sourceText(suggestion.Source),
		Reason: suggestion.Reason,
		Topic:  topics[suggestion.AgendaItem],
	}
}

// sourceText says what a question came from, for programs.
func sourceText(source question.Source) string {
	switch source.Kind {
	case question.FromHole:
		hole := "hole/" + source.Key
		if source.Reference == "" {
			return hole
		}
		return hole + "/" + source.Reference
	case question.FromFactor:
		return fmt.Sprintf("contributing_factors[%s]", source.Reference)
	case question.FromBelief:
		return template.Beliefs
	case question.FromFinding, question.FromEntry, question.FromGap, question.FromIncident, question.FromAction:
	}
	return source.Reference
}
