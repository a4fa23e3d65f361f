package service

import (
	"cmp"
	"context"
	"net/mail"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/agenda"
	"github.com/debriefhq/debrief/service/calendar"
	"github.com/debriefhq/debrief/service/groundrules"
	"github.com/debriefhq/debrief/service/question"
)

// GenerateAgenda makes an agenda for the review.
func (s *PostMortems) GenerateAgenda(ctx context.Context, request *debriefv1.GenerateAgendaRequest) (*debriefv1.Agenda, error) {
	made, _, err := s.agenda(ctx, request.GetName(), request.GetDuration())
	if err != nil {
		return nil, err
	}
	return &debriefv1.Agenda{
		PostMortem: request.GetName(),
		Duration:   minutes(made.Minutes),
		Items: each(made.Items, func(item agenda.Item) *debriefv1.AgendaItem {
			purpose := item.Lead
			if item.Opening != "" {
				purpose += " " + item.Opening
			}
			return &debriefv1.AgendaItem{
				Topic: topics[item.Part], Title: item.Title, Duration: minutes(item.Minutes), Purpose: purpose,
				Questions: each(item.Questions, questionToProto),
			}
		}),
		Text: made.Markdown(),
	}, nil
}

func minutes(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * time.Minute) }

// agenda makes the agenda of a review: with the rules that were read, or are to be read, and the questions that were not
// answered yet.
func (s *PostMortems) agenda(ctx context.Context, name string, length *durationpb.Duration) (agenda.Agenda, repository.PostMortem, error) {
	if length.AsDuration()%time.Minute != 0 {
		return agenda.Agenda{}, repository.PostMortem{}, invalid("duration", "%s is no whole number of minutes", length.AsDuration())
	}
	reviewed, p, err := s.reviewed(ctx, name)
	if err != nil {
		return agenda.Agenda{}, p, err
	}
	rules, err := s.rulesOf(ctx, p)
	if err != nil {
		return agenda.Agenda{}, p, err
	}
	open := slices.DeleteFunc(question.Default().Suggest(reviewed, nil), func(suggestion question.Suggestion) bool {
		return answered(p, suggestion.ID)
	})
	made, err := agenda.Generate(agenda.Review{
		Title: p.Title, Minutes: int(length.AsDuration() / time.Minute),
		Rules:    each(rules, func(rule repository.GroundRule) groundrules.Rule { return groundrules.Rule(rule) }),
		Recorded: recorded(reviewed, p), Questions: open,
	})
	return made, p, err
}

// rulesOf are the ground rules that were read for a post-mortem, or else those that are to be read.
func (s *PostMortems) rulesOf(ctx context.Context, p repository.PostMortem) ([]repository.GroundRule, error) {
	if len(p.RulesReading.Rules) > 0 { // Of an imported document it may be known only when they were read.
		return p.RulesReading.Rules, nil
	}
	set, err := s.groundRules(ctx, cmp.Or(p.GroundRuleSet, defaultGroundRuleSet))
	return set.Rules, err
}

// recorded is how many things a review has to go through.
func recorded(reviewed question.Review, p repository.PostMortem) map[question.Part]int {
	counts := map[question.Part]int{
		question.Beliefs: len(reviewed.Beliefs) + len(reviewed.Gaps),
		question.Factors: len(reviewed.Factors),
		question.Actions: len(reviewed.Actions),
	}
	for _, incident := range reviewed.Incidents {
		counts[question.Timeline] += len(incident.Entries)
	}
	for _, text := range []string{p.WhatSurprisedUs, p.WhatWentWell, p.WhereWeWereLucky} {
		if text != "" {
			counts[question.Surprises]++
		}
	}
	return counts
}

// GetInvitation answers an invitation to the scheduled review.
func (s *PostMortems) GetInvitation(ctx context.Context, request *debriefv1.GetInvitationRequest) (*httpbody.HttpBody, error) {
	made, p, err := s.agenda(ctx, request.GetName(), request.GetDuration())
	if err != nil {
		return nil, err
	}
	if p.ReviewTime.IsZero() {
		return nil, failedPrecondition("NOT_SCHEDULED", "the review of %s has no time yet: set one with :schedule", request.GetName())
	}
	message := calendar.Invite(calendar.Meeting{
		Name: request.GetName(), Sequence: int(p.Revision - 1), CreateTime: p.CreateTime, UpdateTime: p.UpdateTime,
		Title: p.Title, Start: p.ReviewTime, Duration: time.Duration(made.Minutes) * time.Minute,
		Organizer: invitee(p.Facilitator), Attendees: invited(p), Agenda: each(made.Items, meetingPart(made)),
	})
	return &httpbody.HttpBody{ContentType: message.MediaType(), Data: message.Body}, nil
}

// meetingPart shows an item of the agenda to everybody who is invited: without the reasons for its questions, which may
// quote what somebody wrote.
func meetingPart(made agenda.Agenda) func(agenda.Item) calendar.AgendaPart {
	return func(item agenda.Item) calendar.AgendaPart {
		part := calendar.AgendaPart{Title: item.Title, Minutes: item.Minutes}
		if item.Part == question.Rules {
			part.Lines = each(made.Rules, func(rule groundrules.Rule) string { return rule.Title })
		}
		if item.Opening != "" {
			part.Lines = append(part.Lines, item.Opening)
		}
		for _, asked := range item.Questions {
			text := asked.Text
			if asked.About != "" {
				text += " (" + asked.About + ")"
			}
			part.Lines = append(part.Lines, text)
		}
		return part
	}
}

// invited are all who are to come, and may come, each once: with the part that is the most of theirs.
func invited(p repository.PostMortem) []calendar.Attendee {
	var attendees []calendar.Attendee
	add := func(name string, attendee calendar.Attendee) {
		attendee.Person = invitee(name)
		known := slices.ContainsFunc(attendees, func(a calendar.Attendee) bool { return samePerson(a.Name, attendee.Name) })
		if name == "" || known {
			return
		}
		attendees = append(attendees, attendee)
	}
	add(p.Facilitator, calendar.Attendee{Role: "facilitator", Chair: true})
	add(p.Scribe, calendar.Attendee{Role: "scribe"})
	for _, participant := range p.Participants {
		add(participant.Person, calendar.Attendee{Role: participant.Role})
	}
	for _, stakeholder := range p.Stakeholders {
		add(stakeholder.Person, calendar.Attendee{Role: cmp.Or(stakeholder.Role, "stakeholder"), Optional: true})
	}
	return attendees
}

// invitee is somebody by name or handle, who can be written to where that is an address.
func invitee(person string) calendar.Person {
	if address, err := mail.ParseAddress(person); err == nil {
		return calendar.Person{Name: cmp.Or(address.Name, address.Address), Email: address.Address}
	}
	return calendar.Person{Name: person}
}
