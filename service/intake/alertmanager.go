package intake

import "time"

// Alertmanager is the Source of what [ParseAlertmanager] reads.
const Alertmanager = "alertmanager"

// alertmanagerDialect has the only version of the message that Alertmanager has sent since 0.6.
var alertmanagerDialect = webhookDialect{
	source:  Alertmanager,
	version: "4",
	missing: `is missing; Alertmanager's webhook says "4"`,
	other:   `it must be "4", the webhook of Alertmanager 0.6 and later`,
	limit:   "max_alerts in Alertmanager's webhook_config",
}

type alertmanagerMessage struct {
	webhookMessage
	Alerts []webhookAlert `json:"alerts"`
}

// ParseAlertmanager reads the body of a webhook of Prometheus Alertmanager, version "4" of its message. Fields that it
// does not know are ignored, bytes that are not UTF-8 are replaced by U+FFFD. The error is an [*InvalidError]: one alert
// that makes no sense refuses the whole delivery, so that a delivery is never taken by half. The caller bounds the body.
//
// Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
func ParseAlertmanager(body []byte) (Delivery, error) {
	message := &alertmanagerMessage{}
	if err := decode(body, message); err != nil {
		return Delivery{}, err
	}
	if err := alertmanagerDialect.check(&message.webhookMessage, len(message.Alerts)); err != nil {
		return Delivery{}, err
	}
	delivery := alertmanagerDialect.delivery(&message.webhookMessage)
	delivery.Alerts = make([]Alert, len(message.Alerts))
	for i := range message.Alerts {
		sent := &message.Alerts[i]
		alert, problem := sent.alert()
		if problem != nil {
			problem.Field = elementPath("alerts", i, problem.Field)
			return Delivery{}, problem
		}
		alert.EpisodeKey = Alertmanager + "/" + alert.Fingerprint + "/" + sent.StartsAt.UTC().Format(time.RFC3339Nano)
		alert.ExternalURL = link(message.ExternalURL)
		delivery.Alerts[i] = alert
	}
	return delivery, nil
}
