package export_test

import (
	"time"

	"github.com/debriefhq/debrief/service/export"
)

func at(day, hour, minute, second int) time.Time {
	return time.Date(2026, 3, day, hour, minute, second, 0, time.UTC)
}

// published is a document with something in each of its fields.
func published() export.Document {
	return export.Document{
		Title:       "Checkout refused payments for 31 minutes",
		State:       "PUBLISHED",
		Revision:    2,
		ReviewTime:  at(5, 9, 0, 0),
		PublishTime: at(6, 10, 30, 0),
		Facilitator: "Imke",
		Scribe:      "Tariq",
		Participants: []export.Person{
			{Name: "Ada", Role: "incident lead"}, {Name: "Bo", Role: "payments on-call"}, {Name: "Chidi"},
		},
		Stakeholders:  []export.Person{{Name: "Dana", Role: "support lead"}},
		RulesReadTime: at(5, 9, 2, 0),
		ReviewEndTime: at(5, 10, 1, 0),
		Conclusion:    "ACTION_ITEMS", ConclusionNote: "Three of them, the first by Friday.",
		Incidents: []export.Incident{{
			Name: "incidents/01KJV2W8Z4Q5N8B7X0C3D6F9GH", Title: "Checkout answers 7.4 % of requests with 5xx",
			Severity: "SEV2", State: "RESOLVED",
			Milestones: []export.Milestone{
				{Name: "STARTED", Time: at(4, 8, 6, 40)},
				{Name: "DETECTED", Time: at(4, 8, 10, 11)},
				{Name: "ACKNOWLEDGED", Time: at(4, 8, 12, 2)},
				{Name: "MITIGATED", Time: at(4, 8, 37, 55)},
				{Name: "RESOLVED", Time: at(4, 9, 50, 0)},
				{Name: "CLOSED"},
			},
		}, {
			Name: "incidents/01KJV3A1B2C3D4E5F6G7H8J9K0", Title: "Refunds queue up", Severity: "SEV4", State: "MERGED",
		}},
		Summary: "The payment gateway's **certificate authority** was rotated on the gateway, but not in the client's trust " +
			"store. New connections failed, kept-alive ones did not, so the failure grew slowly.\n\n" +
			"See [the gateway's notice](https://status.example.com/notices/418).",
		Impact:   "About *7 %* of checkouts failed; 1,904 customers saw an error page.",
		Timeline: timeline(),
		Beliefs: []export.Belief{
			{
				HeldBy: "Payments team", Believed: "The trust store is updated with each base image.",
				Actual:   "It is pinned in `checkout/Dockerfile` since 2024.",
				Evidence: []export.Evidence{{URI: "https://git.example.com/checkout/commit/9f3", Title: "9f3: pin the trust store"}},
			},
			{HeldBy: "On-call engineers", Believed: "An expiring certificate raises an alert.", Actual: "Only our own certificates do."},
			{
				Believed: "The circuit breaker opens within 10 s:\n\n```yaml\nbreaker:\n  window: 10s\n```",
				Actual:   "It counts time-outs, and a refused handshake is none.",
				Evidence: []export.Evidence{{Title: "Breaker metrics", Excerpt: "breaker_open_total 0\nhandshake_errors_total 41288"}},
			},
		},
		Factors: []export.Factor{
			{Category: "EXTERNAL_DEPENDENCY", Description: "The gateway announced the rotation on a page that nobody reads."},
			{Category: "ARCHITECTURE", Description: "Connections live for an hour, which hid the change at first."},
			{
				Category: "OBSERVABILITY", Description: "Handshake failures are counted as “other”.",
				Evidence: []export.Evidence{{URI: "https://grafana.example.com/d/abc", Title: "Client errors by kind"}},
			},
			{Description: "The deploy freeze made a rollback look risky."},
			{Category: "ARCHITECTURE", Description: "The trust store is part of the image:\n\n1. build\n2. test\n3. roll out, about 40 minutes"},
		},
		WhatWentWell:     "- The runbook for the payment gateway led to the right dashboard.\n- Customers got a banner within ten minutes.",
		WhereWeWereLucky: "It happened at nine in the morning.",
		WhatSurprisedUs:  "Retries made it *better*: half of them met a kept-alive connection.",
		Actions: []export.Action{
			{Title: "Read the trust store from the platform, not from the image", Owner: "Bo", State: "IN_PROGRESS", Strength: "STRONGER", DueTime: at(20, 23, 59, 0), TrackerURI: "https://tracker.example.com/PAY-2291"},
			{Title: "Alert on handshake failures of any client", Owner: "Chidi", State: "DONE", Strength: "INTERMEDIATE", DueTime: at(13, 12, 0, 0)},
			{Title: "Subscribe to the gateway's notices", State: "OPEN", Strength: "WEAKER"},
		},
		OpenQuestions: "What else pins a trust store?",
		Sections: []export.Section{
			{ID: "money", Title: "What became of the money", Text: "All payments were *refunded*.\n\n# In detail\n\n1,904 of them."},
			{ID: "known", Title: "How that is known", Text: "From the ledger."},
		},
		Answers: []export.Answer{
			{Question: "What told people that the release had ended?", Text: "Nothing: `done` is printed before it is."},
			{Question: "What would have to be so that this could not come again?", Section: "Open questions"},
		},
	}
}

func timeline() []export.Entry {
	const checkout = "Checkout answers 7.4 % of requests with 5xx"
	return []export.Entry{
		{Time: at(3, 23, 50, 0), Precision: 10 * time.Minute, Kind: "KEY_MOMENT", Author: "Chidi", Incident: checkout, Text: "The gateway rotates its certificate authority.", Amended: true},
		{Time: at(4, 8, 10, 11), Kind: "ALERT", Author: "Alertmanager", Incident: checkout, Text: "`HighErrorRate` fires for checkout."},
		{
			Time: at(4, 8, 16, 30), Precision: 2 * time.Minute, Kind: "DIAGNOSIS", Author: "Bo", AuthorRole: "payments on-call", Incident: checkout,
			Text: "All failures are in new connections:\n\n- kept-alive connections work\n- new ones fail in the *handshake*",
			Evidence: []export.Evidence{{
				URI: "https://logs.example.com/q/8812", Title: "Client logs", Excerpt: "x509: certificate signed by unknown authority",
			}},
		},
		{Time: at(4, 8, 20, 0), Kind: "NOTE", Anonymous: true, Author: "never shown", Incident: checkout, Text: "I had seen the notice last week and took it for another gateway."},
		{Time: at(4, 8, 37, 55), Kind: "REPAIR", Author: "Ada", AuthorRole: "incident lead", Incident: checkout, Text: "# Mitigated\n\nThe trust store is mounted from the host on all nodes."},
		{Time: at(4, 8, 41, 0).Add(250 * time.Millisecond), Kind: "COMMUNICATION", Author: "Imke", Incident: "Refunds queue up", Text: "Banner taken down."},
	}
}
