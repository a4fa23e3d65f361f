package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// rulesHold is how long a reading of the ground rules holds: who heard them yesterday for another meeting may have
// forgotten them today.
const rulesHold = 24 * time.Hour

// ReadGroundRules says that the ground rules were read out, and keeps what they said.
func (s *PostMortems) ReadGroundRules(ctx context.Context, request *debriefv1.ReadGroundRulesRequest) (*debriefv1.PostMortem, error) {
	reader := cmp.Or(strings.TrimSpace(request.GetReader()), actor(ctx))
	if reader == "" {
		return nil, invalid("reader", "is required where the caller has no name: who read the rules is on record")
	}
	present, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	name := cmp.Or(present.GroundRuleSet, defaultGroundRuleSet)
	set, err := s.groundRules(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.take(ctx, request, lifecycle.ReadRules, "POST_MORTEM_RULES_READ", func(p *repository.PostMortem, now time.Time) error {
		if p.GroundRuleSet != present.GroundRuleSet {
			return repository.ErrConflict
		}
		read, err := happened("time", request.GetTime(), now, now)
		p.RulesReading = repository.RulesReading{
			Reader: reader, ReadTime: read, Present: request.GetPresent(), GroundRuleSet: name, Rules: set.Rules,
		}
		return err
	})
}

// StartPostMortemReview says that the group has come together.
func (s *PostMortems) StartPostMortemReview(ctx context.Context, request *debriefv1.StartPostMortemReviewRequest) (*debriefv1.PostMortem, error) {
	present, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	incidents, err := s.covered(ctx, present.Incidents, present.Incidents)
	if err != nil {
		return nil, err
	}
	return s.take(ctx, request, lifecycle.StartReview, "POST_MORTEM_REVIEW_STARTED", func(p *repository.PostMortem, now time.Time) error {
		started, err := happened("time", request.GetTime(), now, now)
		if err != nil {
			return err
		}
		p.ReviewStartTime = started
		if !slices.Equal(p.Incidents, present.Incidents) {
			return repository.ErrConflict
		}
		if err := checkRulesRead(*p, started); err != nil {
			return err
		}
		return checkFacilitator(*p, incidents)
	})
}

// checkRulesRead answers nil where the ground rules of the post-mortem were read for a review that starts now.
func checkRulesRead(p repository.PostMortem, started time.Time) error {
	name, reading := postMortemName(p.ID), p.RulesReading
	set := cmp.Or(p.GroundRuleSet, defaultGroundRuleSet)
	refused := &stateError{
		Code: codes.FailedPrecondition, Reason: "GROUND_RULES_NOT_READ",
		Metadata: map[string]string{"ground_rule_set": set, "start_time": started.Format(time.RFC3339Nano)},
	}
	const howto = "read them out to everybody who is there, and say so with :readRules"
	switch {
	case reading.GroundRuleSet == "": // An imported document may tell that its rules were read: not which.
		refused.Message = fmt.Sprintf("the ground rules of %s were not read: %s", name, howto)
		return refused
	case reading.GroundRuleSet != set:
		refused.Message = fmt.Sprintf("the rules that were read for %s are those of %s, and it has those of %s now: %s", name, reading.GroundRuleSet, set, howto)
	case started.Sub(reading.ReadTime) > rulesHold:
		refused.Message = fmt.Sprintf("the ground rules of %s were read at %s, more than 24 hours before the review starts, at %s: %s",
			name, reading.ReadTime.Format(time.RFC3339Nano), started.Format(time.RFC3339Nano), howto)
	default:
		return nil
	}
	refused.Metadata["read_time"] = reading.ReadTime.Format(time.RFC3339Nano)
	return refused
}

// RecordGroundRuleBreach says that a ground rule was broken: which and when, and never by whom.
func (s *PostMortems) RecordGroundRuleBreach(ctx context.Context, request *debriefv1.RecordGroundRuleBreachRequest) (*debriefv1.PostMortem, error) {
	return s.take(ctx, request, lifecycle.RecordBreach, "POST_MORTEM_RULE_BREACHED", func(p *repository.PostMortem, now time.Time) error {
		broken, err := happened("time", request.GetTime(), now, now)
		if err != nil {
			return err
		}
		ids := each(p.RulesReading.Rules, func(rule repository.GroundRule) string { return rule.ID })
		if !slices.Contains(ids, request.GetRule()) {
			return invalid("rule", "there is no rule %q among those that were read: it must be one of %s", request.GetRule(), strings.Join(ids, ", "))
		}
		if len(p.GroundRuleBreaches) >= repository.MaxGroundRuleBreaches {
			return failedPrecondition("TOO_MANY_BREACHES", "%s keeps %d breaches already: more are not possible", request.GetName(), repository.MaxGroundRuleBreaches)
		}
		p.GroundRuleBreaches = append(p.GroundRuleBreaches, repository.GroundRuleBreach{Rule: request.GetRule(), Time: broken})
		slices.SortStableFunc(p.GroundRuleBreaches, func(a, b repository.GroundRuleBreach) int { return a.Time.Compare(b.Time) })
		return nil
	})
}
