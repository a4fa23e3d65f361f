package repository

import "time"

// IntegrationSchema says how integrations are found.
var IntegrationSchema = Schema[Integration]{
	Name:   "integrations",
	Header: func(i *Integration) *Header { return &i.Header },
	Fields: []Field[Integration]{
		{Name: "delete_time", Type: Time, Number: milliseconds(func(i *Integration) time.Time { return i.DeleteTime })},
		{Name: "title", Type: Words, Values: one(func(i *Integration) string { return i.Title })},
		{Name: "kind", Type: Enumeration, Values: one(func(i *Integration) string { return i.Kind })},
		{Name: "disabled", Type: Boolean, Values: boolean(func(i *Integration) bool { return i.Disabled })},
		{Name: "keys.hash", Type: Keyword, Many: true, Hidden: true, Values: keyHashes},
	},
}

func keyHashes(i *Integration) []string {
	hashes := make([]string, len(i.Keys))
	for n, key := range i.Keys {
		hashes[n] = key.Hash
	}
	return hashes
}

// AlertSchema says how alerts are found.
var AlertSchema = Schema[Alert]{
	Name:   "alerts",
	Header: func(a *Alert) *Header { return &a.Header },
	Fields: []Field[Alert]{
		{Name: "create_time", Type: IDTime},
		{Name: "update_time", Type: Time, Ordered: true, Number: milliseconds(func(a *Alert) time.Time { return a.UpdateTime })},
		{Name: "start_time", Type: Time, Ordered: true, Number: milliseconds(func(a *Alert) time.Time { return a.StartTime })},
		{Name: "end_time", Type: Time, Number: milliseconds(func(a *Alert) time.Time { return a.EndTime })},
		{Name: "incident", Type: Keyword, Values: one(func(a *Alert) string { return a.Incident })},
		{Name: "integration", Type: Keyword, Values: one(func(a *Alert) string { return a.Integration })},
		{Name: "source", Type: Keyword, Values: one(func(a *Alert) string { return a.Source })},
		{Name: "fingerprint", Type: Keyword, Values: one(func(a *Alert) string { return a.Fingerprint })},
		{Name: "status", Type: Enumeration, Values: one(func(a *Alert) string { return a.Status })},
		{Name: "severity", Type: Enumeration, Values: one(func(a *Alert) string { return a.Severity })},
		{Name: "noise", Type: Enumeration, Values: one(func(a *Alert) string { return a.Noise })},
		{Name: "outcome", Type: Enumeration, Values: one(func(a *Alert) string { return a.Outcome })},
		{Name: "rule", Type: Keyword, Values: one(func(a *Alert) string { return a.Rule })},
		{Name: "title", Type: Words, Values: one(func(a *Alert) string { return a.Title })},
		{Name: "labels", Type: Map, Map: func(a *Alert) map[string]string { return a.Labels }},
	},
}

// AlertSeriesSchema says how series of alerts are found: by their ids, and to be purged.
var AlertSeriesSchema = Schema[AlertSeries]{
	Name:   "alert_series",
	Scoped: true,
	Header: func(s *AlertSeries) *Header { return &s.Header },
	Fields: []Field[AlertSeries]{
		{Name: "idle_time", Type: Time, Ordered: true, Hidden: true, Number: milliseconds(func(s *AlertSeries) time.Time { return s.IdleTime })},
	},
}

// AlertGroupSchema says how groups of alerts are found: by their ids, and to be purged.
var AlertGroupSchema = Schema[AlertGroup]{
	Name:   "alert_groups",
	Scoped: true,
	Header: func(g *AlertGroup) *Header { return &g.Header },
	Fields: []Field[AlertGroup]{
		{Name: "idle_time", Type: Time, Ordered: true, Hidden: true, Number: milliseconds(func(g *AlertGroup) time.Time { return g.IdleTime })},
	},
}

// DeliverySchema says how deliveries are found.
var DeliverySchema = Schema[Delivery]{
	Name:   "deliveries",
	Header: func(d *Delivery) *Header { return &d.Header },
	Fields: []Field[Delivery]{
		{Name: "create_time", Type: IDTime},
		{Name: "integration", Type: Keyword, Values: one(func(d *Delivery) string { return d.Integration })},
		{Name: "source", Type: Keyword, Values: one(func(d *Delivery) string { return d.Source })},
		{Name: "state", Type: Enumeration, Values: one(func(d *Delivery) string { return d.State })},
		{Name: "next_attempt_time", Type: Time, Hidden: true, Number: milliseconds(func(d *Delivery) time.Time { return d.NextAttemptTime })},
	},
}

// SubscriptionSchema says how subscriptions are found.
var SubscriptionSchema = Schema[Subscription]{
	Name:   "subscriptions",
	Header: func(s *Subscription) *Header { return &s.Header },
	Local:  func(s *Subscription) { s.Lease = Lease{} },
	Fields: []Field[Subscription]{
		{Name: "delete_time", Type: Time, Number: milliseconds(func(s *Subscription) time.Time { return s.DeleteTime })},
		{Name: "title", Type: Words, Values: one(func(s *Subscription) string { return s.Title })},
		{Name: "state", Type: Enumeration, Values: one(func(s *Subscription) string { return s.State })},
	},
}

// EventDeliverySchema says how deliveries of events are found, over all subscriptions.
var EventDeliverySchema = Schema[EventDelivery]{
	Name:   "event_deliveries",
	Header: func(d *EventDelivery) *Header { return &d.Header },
	Fields: []Field[EventDelivery]{
		{Name: "create_time", Type: IDTime},
		{Name: "subscription", Type: Keyword, Hidden: true, Values: one(func(d *EventDelivery) string { return d.Parent })},
		{Name: "sequence", Type: Integer, Number: func(d *EventDelivery) (int64, bool) { return d.Sequence, d.Sequence > 0 }},
		{Name: "resource", Type: Keyword, Values: one(func(d *EventDelivery) string { return d.Resource })},
		{Name: "incident", Type: Keyword, Hidden: true, Values: one(func(d *EventDelivery) string { return d.Incident })},
		{Name: "state", Type: Enumeration, Values: one(func(d *EventDelivery) string { return d.State })},
		{Name: "next_attempt_time", Type: Time, Hidden: true, Number: milliseconds(func(d *EventDelivery) time.Time { return d.NextAttemptTime })},
	},
}
