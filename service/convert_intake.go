package service

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// integrationToProto never tells the signing secret, nor the hashes of keys.
func (b *base) integrationToProto(integration repository.Integration) *debriefv1.Integration {
	severities := make(map[string]debriefv1.Severity, len(integration.Severities))
	for word, severity := range integration.Severities {
		severities[word] = valueOf[debriefv1.Severity](severity)
	}
	return &debriefv1.Integration{
		Name:               integrationName(integration.ID),
		Title:              integration.Title,
		Kind:               valueOf[debriefv1.Integration_Kind](integration.Kind),
		Disabled:           integration.Disabled,
		HasSigningSecret:   integration.SigningSecret != "",
		Labels:             integration.Labels,
		Severities:         severities,
		Rules:              each(integration.Rules, alertRuleToProto),
		MaintenanceWindows: each(integration.MaintenanceWindows, maintenanceWindowToProto),
		Mapping:            alertMappingToProto(integration.Mapping),
		KeepOpen:           integration.KeepOpen,
		Keys:               each(integration.Keys, integrationKeyToProto),
		Etag:               etag(integration.Header),
		CreateTime:         timeToProto(integration.CreateTime),
		UpdateTime:         timeToProto(integration.UpdateTime),
		DeleteTime:         timeToProto(integration.DeleteTime),
	}
}

// writeIntegration writes the fields that callers may change, but for the signing secret.
func writeIntegration(integration *repository.Integration, from *debriefv1.Integration) {
	integration.Title = from.GetTitle()
	integration.Disabled = from.GetDisabled()
	integration.Labels = from.GetLabels()
	integration.Severities = nil
	for word, severity := range from.GetSeverities() {
		if integration.Severities == nil {
			integration.Severities = map[string]string{}
		}
		integration.Severities[strings.ToLower(strings.TrimSpace(word))] = nameOf(severity)
	}
	integration.Rules = each(from.GetRules(), alertRuleFromProto)
	integration.MaintenanceWindows = each(from.GetMaintenanceWindows(), maintenanceWindowFromProto)
	integration.Mapping = alertMappingFromProto(from.GetMapping())
	integration.KeepOpen = from.GetKeepOpen()
}

func integrationKeyToProto(key repository.IntegrationKey) *debriefv1.IntegrationKey {
	return &debriefv1.IntegrationKey{Prefix: key.Prefix, CreateTime: timeToProto(key.CreateTime), ExpireTime: timeToProto(key.ExpireTime)}
}

func alertRuleToProto(rule repository.AlertRule) *debriefv1.AlertRule {
	converted := &debriefv1.AlertRule{
		Title:     rule.Title,
		Condition: rule.Condition,
		Severity:  valueOf[debriefv1.Severity](rule.Severity),
		Labels:    rule.Labels,
		Outcome:   valueOf[debriefv1.AlertRule_Outcome](rule.Outcome),
		GroupBy:   rule.GroupBy,
		Count:     rule.Count,
	}
	if rule.Window != 0 {
		converted.Window = durationpb.New(rule.Window)
	}
	return converted
}

func alertRuleFromProto(rule *debriefv1.AlertRule) repository.AlertRule {
	return repository.AlertRule{
		Title: rule.GetTitle(), Condition: rule.GetCondition(), Severity: nameOf(rule.GetSeverity()), Labels: rule.GetLabels(),
		Outcome: nameOf(rule.GetOutcome()), GroupBy: rule.GetGroupBy(), Window: rule.GetWindow().AsDuration(), Count: rule.GetCount(),
	}
}

func maintenanceWindowToProto(window repository.MaintenanceWindow) *debriefv1.MaintenanceWindow {
	return &debriefv1.MaintenanceWindow{
		Reason: window.Reason, StartTime: timeToProto(window.StartTime), EndTime: timeToProto(window.EndTime), Condition: window.Condition,
	}
}

func maintenanceWindowFromProto(window *debriefv1.MaintenanceWindow) repository.MaintenanceWindow {
	return repository.MaintenanceWindow{
		Reason: window.GetReason(), StartTime: stored(window.GetStartTime().AsTime()), EndTime: stored(window.GetEndTime().AsTime()),
		Condition: window.GetCondition(),
	}
}

func alertMappingToProto(mapping *repository.AlertMapping) *debriefv1.AlertMapping {
	if mapping == nil {
		return nil
	}
	return &debriefv1.AlertMapping{
		Alerts: mapping.Alerts, Key: mapping.Key, Episode: mapping.Episode, Status: mapping.Status, Title: mapping.Title,
		Summary: mapping.Summary, Severity: mapping.Severity, Labels: mapping.Labels, Annotations: mapping.Annotations,
		Time: mapping.Time, Link: mapping.Link,
	}
}

func alertMappingFromProto(mapping *debriefv1.AlertMapping) *repository.AlertMapping {
	if mapping == nil {
		return nil
	}
	return &repository.AlertMapping{
		Alerts: mapping.GetAlerts(), Key: mapping.GetKey(), Episode: mapping.GetEpisode(), Status: mapping.GetStatus(),
		Title: mapping.GetTitle(), Summary: mapping.GetSummary(), Severity: mapping.GetSeverity(), Labels: mapping.GetLabels(),
		Annotations: mapping.GetAnnotations(), Time: mapping.GetTime(), Link: mapping.GetLink(),
	}
}

func keptAlertToProto(alert repository.Alert) *debriefv1.Alert {
	converted := &debriefv1.Alert{
		Name:                 alertName(alert.ID),
		Integration:          alert.Integration,
		Source:               alert.Source,
		Incident:             alert.Incident,
		Fingerprint:          alert.Fingerprint,
		Status:               valueOf[debriefv1.Alert_Status](alert.Status),
		Title:                alert.Title,
		Summary:              alert.Summary,
		Severity:             valueOf[debriefv1.Severity](alert.Severity),
		SenderSeverity:       alert.SenderSeverity,
		Labels:               alert.Labels,
		Annotations:          alert.Annotations,
		Links:                each(alert.Links, linkToProto),
		Images:               each(alert.Images, alertImageToProto),
		StartTime:            timeToProto(alert.StartTime),
		EndTime:              timeToProto(alert.EndTime),
		GeneratorUrl:         alert.GeneratorURL,
		ExternalUrl:          alert.ExternalURL,
		NotificationCount:    alert.NotificationCount,
		LastNotificationTime: timeToProto(alert.LastNotificationTime),
		Rule:                 alert.Rule,
		Noise:                valueOf[debriefv1.Alert_Noise](alert.Noise),
		NoiseReason:          alert.NoiseReason,
		Alterations:          alert.Alterations,
		CreateTime:           timeToProto(alert.CreateTime),
		UpdateTime:           timeToProto(alert.UpdateTime),
	}
	if alert.FirstDelivery != "" {
		converted.FirstDelivery = deliveryName(alert.FirstDelivery)
	}
	return converted
}

func alertImageToProto(image repository.AlertImage) *debriefv1.AlertImage {
	return &debriefv1.AlertImage{Uri: image.URI, Link: image.Link, AlternativeText: image.Alternative}
}

// deliveryToProto is a delivery as it was kept.
func deliveryToProto(delivery repository.Delivery) *debriefv1.Delivery {
	path := strings.Join(each(delivery.Path, func(segment string) string { return "/" + segment }), "")
	if delivery.Query != "" {
		path += "?" + delivery.Query
	}
	return &debriefv1.Delivery{
		Name:            deliveryName(delivery.ID),
		Integration:     delivery.Integration,
		Source:          delivery.Source,
		State:           valueOf[debriefv1.Delivery_State](delivery.State),
		SenderId:        delivery.SenderID,
		Method:          delivery.Method,
		Path:            path,
		Header:          delivery.Field,
		Body:            delivery.Body,
		SizeBytes:       int64(len(delivery.Body)),
		AlertCount:      delivery.AlertCount,
		Alerts:          each(delivery.Alerts, alertName),
		Problem:         delivery.Problem,
		ReplayCount:     delivery.ReplayCount,
		CreateTime:      timeToProto(delivery.CreateTime),
		CompleteTime:    timeToProto(delivery.CompleteTime),
		AttemptCount:    delivery.Attempts,
		NextAttemptTime: timeToProto(delivery.NextAttemptTime),
	}
}

// listedDelivery is a delivery as lists have it: without its body.
func listedDelivery(delivery repository.Delivery) *debriefv1.Delivery {
	converted := deliveryToProto(delivery)
	converted.Body = nil
	return converted
}

// byExpiry keeps the keys of an integration that are still taken, the newest last.
func byExpiry(keys []repository.IntegrationKey, now time.Time) []repository.IntegrationKey {
	kept := slices.DeleteFunc(slices.Clone(keys), func(key repository.IntegrationKey) bool {
		return !key.ExpireTime.IsZero() && !now.Before(key.ExpireTime)
	})
	slices.SortStableFunc(kept, func(a, b repository.IntegrationKey) int {
		return cmp.Compare(a.CreateTime.UnixMilli(), b.CreateTime.UnixMilli())
	})
	return kept
}
