package importer

import (
	"regexp"
	"strings"
)

// field is where a heading or a label leads.
type field string

// Fields of [Document] that a heading may lead to. Those of a text take a whole section as it is written, the others are
// read in parts.
const (
	free     field = ""
	group    field = "group" // such as "Lessons learned": only what is below it counts
	metadata field = "metadata"

	summary          field = "summary"
	impact           field = "impact"
	timeline         field = "timeline"
	beliefs          field = "beliefs"
	factors          field = "factors"
	whatWentWell     field = "what_went_well"
	whereWeWereLucky field = "where_we_were_lucky"
	whatSurprisedUs  field = "what_surprised_us"
	actions          field = "actions"
	openQuestions    field = "open_questions"
	incidents        field = "incidents"
	participants     field = "participants"
	stakeholders     field = "stakeholders"

	title       field = "title"
	identifier  field = "id"
	date        field = "date"
	reviewTime  field = "review_time"
	publishTime field = "publish_time"
	authors     field = "authors"
	facilitator field = "facilitator"
	scribe      field = "scribe"
	severity    field = "severity"
	status      field = "status"
	revision    field = "revision"
	services    field = "services"
	labels      field = "labels"
	lead        field = "lead"

	started      field = "STARTED"
	detected     field = "DETECTED"
	acknowledged field = "ACKNOWLEDGED"
	mitigated    field = "MITIGATED"
	resolved     field = "RESOLVED"
	closed       field = "CLOSED"
)

// headings lead to fields, by their words in lower case without numbering, punctuation and brackets. Those of the
// templates that people use are in docs/import.md, which a test compares with this table.
var headings = index(map[field]string{
	summary: "summary|executive summary|incident summary|overview|tl dr|tldr|what happened|abstract|high level summary|synopsis|" +
		"event summary|incident overview|summary of incident|summary of impact and incident",
	impact: "impact|customer impact|user impact|business impact|impact on customers|summary of impact|who was affected|" +
		"what was the impact|effect|effects|external impact|internal impact|scope of impact|damage",
	timeline: "timeline|incident timeline|timeline of events|chronology|sequence of events|event timeline|log of events|" +
		"how did we respond|detailed timeline|timeline of incident|incident log|narrative timeline",
	beliefs: "what we believed and what was true|what we believed|beliefs|assumptions|mental models|expectations and reality|" +
		"what we thought and what was true|work as imagined and work as done",
	factors: "root cause|root causes|root cause s|contributing factors|contributing factor|contributors|cause|causes|root causes and trigger|" +
		"root cause and trigger|root cause analysis|contributing conditions|contributors and enablers|contributors enablers|what caused it|why did it happen|" +
		"how did it happen|proximate cause|proximate causes|trigger|triggers|root cause and contributing factors|fault|what went wrong and why|" +
		"contributing causes|difficulties in handling|mitigators and contributors",
	whatWentWell: "what went well|things that went well|went well|what worked|what worked well|what went right|successes|" +
		"what did we do well|mitigators",
	whereWeWereLucky: "where we were lucky|where we got lucky|where did we get lucky|we got lucky|luck|lucky|what was lucky",
	whatSurprisedUs: "what surprised us|surprises|what was surprising|surprising things|what surprised us and why|" +
		"what did we learn about the system",
	actions: "action items|action item|actions|follow up actions|followup actions|follow up|follow ups|followups|next steps|remediation items|" +
		"corrective actions|preventive actions|corrective and preventive actions|corrective and preventative measures|todo|todos|to do|" +
		"remediations|remediation|follow up items|follow up tasks|improvements|tasks|jira tickets|what are we doing to prevent recurrence|" +
		"how are we making incidents like this less likely or less impactful|repair items|prevention",
	openQuestions: "open questions|questions|unanswered questions|unknowns|what we do not know|what we still do not know|" +
		"remaining questions|questions for the review|further questions",
	incidents: "incidents",
	participants: "participants|responders|people involved|attendees|who was involved|incident responders|response team|responders and roles|roles|" +
		"involved|meeting participants",
	metadata: "metadata|incident details|details|incident information|incident metadata|basic information|key facts|at a glance|" +
		"incident data|general information|incident report|facts",
	group: "lessons learned|lessons|retrospective|learnings|postmortem|how d we do|how did we do|incident postmortem|analysis|" +
		"discussion|reflection|what we learned",
})

// metadataLabels lead to fields where a label stands before a value: "**Owner:** …", or a row of a table.
var metadataLabels = index(map[field]string{
	title:        "title|incident|incident title|incident name|name",
	identifier:   "id|uid|postmortem id|document id",
	date:         "date|incident date|date of incident|day|date time|date and time|occurred|occurred on|when|incident date and time",
	reviewTime:   "review|review date|meeting scheduled for|meeting|meeting date|postmortem meeting|postmortem date|review meeting|meeting time",
	publishTime:  "published|publish date|publication date|date published",
	authors:      "author|authors|written by|document owner|report author|prepared by|postmortem author|postmortem owner|owner|owners|owner of this review",
	facilitator:  "facilitator|moderator|facilitated by|meeting facilitator|interviewer|reviewer facilitator",
	scribe:       "scribe|note taker|notetaker|notes by",
	participants: "participants|attendees|responders|people|people involved|involved|team|participants and roles|response team",
	stakeholders: "stakeholders",
	lead:         "incident commander|ic|incident lead|incident manager|commander|lead|incident owner",
	severity:     "severity|sev|severity level|incident severity|impact level|priority|incident level|sev level",
	status:       "status|state|incident status|document status",
	revision:     "revision",
	services: "services|service|affected services|affected service|services affected|impacted services|service s affected|systems|" +
		"affected systems|components|affected components|system|product|services impacted|affected service s|product area",
	labels:  "tags|labels|keywords|categories",
	started: "started|start|start time|incident start|impact start|began|outage start|beginning|time started|impact began|start of impact|impact start time|started at|incident start time|start date",
	detected: "detected|detected at|time detected|detection time|time of detection|discovered|first alert|first detected|" +
		"alerted|reported|reported at|time to detect at|identified at",
	acknowledged: "acknowledged|acknowledged at|acked|responded|response started|engaged|ic assigned|time acknowledged",
	mitigated:    "mitigated at|mitigated|time mitigated|impact end|impact ended|mitigation time|stabilized|end of impact|impact end time",
	resolved:     "resolved|resolved at|time resolved|end|end time|incident end|ended|outage end|fixed|resolution time|recovered|time of resolution|incident end time|end date",
	closed:       "closed|closed at|incident closed|time closed",

	summary: "summary|executive summary|overview", impact: "impact|customer impact|user impact|business impact",
	factors: "root cause|root causes|root cause s|cause|trigger|contributing factors", openQuestions: "open questions",
	whatWentWell: "what went well", whereWeWereLucky: "where we got lucky|where we were lucky", whatSurprisedUs: "what surprised us",
})

// index turns lists of words into a table that leads from them to the field.
func index(words map[field]string) map[string]field {
	table := map[string]field{}
	for to, list := range words {
		for name := range strings.SplitSeq(list, "|") {
			table[name] = to
		}
	}
	return table
}

var (
	numbering = regexp.MustCompile(`^(?:(?:section|part)? ?[0-9ivx]{1,4}(?:\.[0-9]{1,3})*[.):] *)`)
	bracketed = regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]`)
	notWords  = regexp.MustCompile(`[^\p{L}\p{N}]+`)
)

// key is how a heading or a label is looked up.
func key(said string) string {
	said = strings.ReplaceAll(strings.ToLower(said), "’", "'")
	said = numbering.ReplaceAllString(strings.TrimSpace(said), "")
	said = strings.NewReplacer("&", " and ", "post-mortem", "postmortem", "post mortem", "postmortem").Replace(said)
	whole := strings.TrimSpace(notWords.ReplaceAllString(said, " "))
	if _, known := headings[whole]; known {
		return whole
	}
	if _, known := metadataLabels[whole]; known {
		return whole
	}
	if bare := strings.TrimSpace(notWords.ReplaceAllString(bracketed.ReplaceAllString(said, " "), " ")); bare != "" {
		return bare
	}
	return whole
}

// keepsHeadings is true of fields in which the headings below are part of what is told.
func (f field) keepsHeadings() bool {
	return f == timeline || f == actions || f == factors || f == beliefs || f == incidents || f == participants
}
