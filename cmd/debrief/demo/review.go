package demo

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// related is how long before an incident another one of its team may lie that its post-mortem covers too.
const related = 30 * day

// planReview is the way of a post-mortem: drafted soon, held on a workday, published when its readers have agreed.
func (r *response) planReview() {
	drafted := r.over().Add(r.moments(3600, 36_000))
	held := workday(drafted.Add(r.moments(3600, 60_000)), 9+r.random.IntN(7))
	written := held.Add(r.moments(3000, 5400))
	published := workday(written.Add(r.moments(1800, 250_000)), 9+r.random.IntN(8))

	r.planDraft(drafted)
	r.add(drafted.Add(r.moments(300, 1800)), func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.SchedulePostMortemRequest{Name: r.postMortem, ReviewTime: timestamppb.New(held)},
			r.services.PostMortems.SchedulePostMortem)
		return err
	})
	r.planMeeting(held)
	r.planSections(written)
	r.planModel(written)
	for i, action := range r.Review.Actions {
		r.planAction(action, written.Add(time.Duration(i+1)*r.moments(60, 240)))
	}
	r.planConclusion(held.Add(r.moments(2400, 2900)))
	r.planPublication(published)
	if r.Review.Revised != "" {
		r.planRevision(published.Add(time.Duration(12+r.random.IntN(10)) * day))
	}
	if r.random.IntN(3) == 0 {
		r.planArchive(published.Add(time.Duration(150+r.random.IntN(90)) * day))
	}
}

// planMeeting is how a review begins: the rules are read to everybody, and then it starts.
func (r *response) planMeeting(held time.Time) {
	began := held.Add(r.moments(0, 400))
	r.add(began, func(ctx context.Context) error {
		var present []string
		for _, responder := range r.responders() {
			present = append(present, responder.GetPerson())
		}
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.ReadGroundRulesRequest{Name: r.postMortem, Present: present}, r.services.PostMortems.ReadGroundRules)
		return err
	})
	r.add(began.Add(2*time.Minute), func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.StartPostMortemReviewRequest{Name: r.postMortem}, r.services.PostMortems.StartPostMortemReview)
		return err
	})
}

// planConclusion ends the meeting.
func (r *response) planConclusion(at time.Time) {
	conclusion := debriefv1.Conclusion_CONCLUSION_ACTION_ITEMS
	if len(r.Review.Actions) == 0 {
		conclusion = debriefv1.Conclusion_CONCLUSION_NOTHING_TO_DO
	}
	r.add(at, func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.ConcludePostMortemReviewRequest{Name: r.postMortem, Conclusion: conclusion},
			r.services.PostMortems.ConcludePostMortemReview)
		return err
	})
}

// planDraft starts the post-mortem. What the incident knows is filled in by the service.
func (r *response) planDraft(at time.Time) {
	earlier := r.earlier()
	r.add(at, func(ctx context.Context) error {
		draft := &debriefv1.PostMortem{
			Incidents: []string{r.name}, Title: r.text(r.Title), Facilitator: r.facilitator, Scribe: r.scribe,
			Labels: map[string]string{"team": r.Team, "service": r.Services[0]},
		}
		if earlier != nil && earlier.name != "" {
			draft.Incidents = append(draft.Incidents, earlier.name)
		}
		drafted, err := call(ctx, r.year, r.lead, &debriefv1.CreatePostMortemRequest{PostMortem: draft}, r.services.PostMortems.CreatePostMortem)
		r.postMortem = drafted.GetName()
		return err
	})
}

// earlier is another incident of the team that the post-mortem covers too; for most there is none.
func (r *response) earlier() *response {
	if r.random.IntN(3) > 0 {
		return nil
	}
	for _, other := range r.responses {
		fits := other != r && other.Team == r.Team && other.Review == nil && other.Canceled == nil && other.Kind == ""
		if fits && r.detected.Sub(other.detected) < related && !other.had(r.facilitator) {
			return other
		}
	}
	return nil
}

// had says whether a person responded.
func (r *response) had(person string) bool {
	return slices.ContainsFunc(r.responders(), func(responder *debriefv1.Responder) bool { return responder.GetPerson() == person })
}

// planSections writes down what the group found out.
func (r *response) planSections(at time.Time) {
	r.add(at, func(ctx context.Context) error {
		written, err := call(ctx, r.year, r.scribe, &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{
				Name: r.postMortem, Beliefs: r.beliefs(), ContributingFactors: r.contributingFactors(),
				WhatWentWell: r.text(r.Review.Well), WhereWeWereLucky: r.text(r.Review.Lucky), WhatSurprisedUs: r.text(r.Review.Surprised),
				OpenQuestions: r.text(r.Review.Questions), Participants: r.participants(),
			},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{
				"beliefs", "contributing_factors", "what_went_well", "where_we_were_lucky", "what_surprised_us", "open_questions", "participants",
			}},
		}, r.services.PostMortems.UpdatePostMortem)
		for i, factor := range written.GetContributingFactors() {
			r.factors[r.Review.Factors[i].Name] = factor.GetId()
		}
		return err
	})
}

func (r *response) beliefs() []*debriefv1.Belief {
	var beliefs []*debriefv1.Belief
	for _, told := range r.Review.Beliefs {
		beliefs = append(beliefs, &debriefv1.Belief{HeldBy: told.By, Believed: r.text(told.Believed), Actual: r.text(told.Actual)})
	}
	return beliefs
}

func (r *response) contributingFactors() []*debriefv1.ContributingFactor {
	var factors []*debriefv1.ContributingFactor
	for _, told := range r.Review.Factors {
		factor := &debriefv1.ContributingFactor{
			Category:    debriefv1.ContributingFactor_Category(debriefv1.ContributingFactor_Category_value["CATEGORY_"+told.Category]),
			Description: r.text(told.Text),
		}
		if told.Category == "OBSERVABILITY" {
			panel := link("", "graphs.wrenpost.example/d/%s?to=%d", r.Services[0], r.detected.UnixMilli())
			factor.Evidence = []*debriefv1.Evidence{{Uri: panel.GetUri(), Title: "What could be seen at that moment"}}
		}
		factors = append(factors, factor)
	}
	return factors
}

func (r *response) participants() []*debriefv1.Participant {
	var participants []*debriefv1.Participant
	for _, responder := range r.responders() {
		participants = append(participants, &debriefv1.Participant{Person: responder.GetPerson(), Role: responder.GetRole()})
	}
	for _, guest := range shuffled(r.random, people[careTeam])[:1] {
		if guest != r.communications && guest != r.support {
			participants = append(participants, &debriefv1.Participant{Person: guest, Role: "observer"})
		}
	}
	return participants
}

func (r *response) planPublication(at time.Time) {
	r.add(at, func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.PublishPostMortemRequest{Name: r.postMortem}, r.services.PostMortems.PublishPostMortem)
		return err
	})
}

// planRevision adds what was learned later, and publishes again.
func (r *response) planRevision(at time.Time) {
	at = workday(at, 10)
	r.add(at, func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.lead, &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{
				Name: r.postMortem, WhatSurprisedUs: r.text(r.Review.Surprised + "\n\n**Added with the second revision.** " + r.Review.Revised),
			},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"what_surprised_us"}},
		}, r.services.PostMortems.UpdatePostMortem)
		return err
	})
	r.planPublication(at.Add(r.moments(1200, 9000)))
}

func (r *response) planArchive(at time.Time) {
	r.add(workday(at, 16), func(ctx context.Context) error {
		_, err := call(ctx, r.year, r.facilitator, &debriefv1.ArchivePostMortemRequest{Name: r.postMortem}, r.services.PostMortems.ArchivePostMortem)
		return err
	})
}
