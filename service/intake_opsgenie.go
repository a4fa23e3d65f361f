package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

// opsgenieSource is how the intake is called that takes what is meant for Opsgenie.
const opsgenieSource = "opsgenie"

// AskOpsgenie answers a sender that asks, as Opsgenie's own clients do, how far a request has come, or how it stands with an
// alert: with the key with which the request was made, or the alert created.
func (s *Intake) AskOpsgenie(ctx context.Context, question intake.OpsgenieQuestion, key string) (intake.Answer, error) {
	integration, err := s.admit(ctx, "OPSGENIE", opsgenieSource, key)
	if err != nil {
		return intake.Answer{}, err
	}
	name := ""
	if integration != nil {
		name = integrationName(integration.ID)
	}
	ctx = asOutsider(ctx) // Whoever has the key is not among those whom something is restricted to.
	if question.Request != "" {
		return s.askOpsgenieRequest(ctx, question.Request, name)
	}
	return s.askOpsgenieAlert(ctx, question.Identifier, name)
}

// maxAskedID bounds how much of an id is said back.
const maxAskedID = 64

func (s *Intake) askOpsgenieRequest(ctx context.Context, id, integration string) (intake.Answer, error) {
	delivery, err := s.repository.Deliveries().Get(ctx, id)
	if errors.Is(err, repository.ErrNotFound) {
		return intake.OpsgenieNotProcessed(cut(id, maxAskedID)), nil
	}
	if err != nil {
		return intake.Answer{}, fmt.Errorf("read a delivery: %w", err)
	}
	if delivery.Source != opsgenieSource || delivery.Integration != integration || delivery.State != deliveryDone {
		return intake.OpsgenieNotProcessed(cut(id, maxAskedID)), nil
	}
	return intake.OpsgenieProcessed(keptRequest(delivery), lastID(delivery.Integration), delivery.CompleteTime), nil
}

// askedEpisodes is among how many of an alert's latest episodes the one is looked for that is open.
const askedEpisodes = 20

// askOpsgenieAlert tells of the episode that the alias names now: the one that is open, else the latest.
func (s *Intake) askOpsgenieAlert(ctx context.Context, alias, integration string) (intake.Answer, error) {
	question := s.newID(s.present())
	through := repository.Condition(repository.TermIn{repository.Term("integration", integration)})
	if integration == "" {
		through = repository.Not{Condition: repository.AnyTerm("integration")}
	}
	episodes, err := s.repository.Alerts().List(ctx, repository.Query{
		Where: repository.And{
			repository.TermIn{repository.Term("fingerprint", intake.OpsgenieFingerprint(alias))},
			repository.TermIn{repository.Term("source", opsgenieSource)},
			through,
		},
		Descending: true, Limit: askedEpisodes,
	})
	if err != nil {
		return intake.Answer{}, fmt.Errorf("find an alert: %w", err)
	}
	if len(episodes) == 0 {
		return intake.OpsgenieNotFound(question), nil
	}
	open := slices.IndexFunc(episodes, func(alert repository.Alert) bool { return alert.Status != string(intake.Resolved) })
	alert := episodes[max(open, 0)]
	return intake.OpsgenieFound(question, alias, &intake.Alert{
		Status: intake.Status(alert.Status), Title: alert.Title, Summary: alert.Summary, Severity: alert.SenderSeverity,
		Labels: alert.Labels, Annotations: alert.Annotations,
	}, intake.OpsgenieOccurrence{
		Count: alert.NotificationCount, Created: alert.CreateTime, Updated: alert.UpdateTime, LastOccurred: alert.LastNotificationTime,
	}), nil
}
