package question

import "time"

// Review is what is known of a post-mortem when its review is prepared. Names of enums are the API's without their prefix,
// such as "KEY_MOMENT"; one that the bank has no questions for leads to none. References, the names and ids, come back in
// the suggestions' sources and are never shown in a text.
type Review struct {
	Incidents []Incident
	Findings  []Finding
	Factors   []Factor
	Beliefs   []Belief
	Gaps      []Gap
	Actions   []Action
	// EmptySections are the ids of the sections, as package template has them, in which nothing is written.
	EmptySections []string
}

// Incident is one that the post-mortem covers.
type Incident struct {
	Name string
	// Kind is INCIDENT, NEAR_MISS or EXERCISE.
	Kind string
	// Severity is SEV1 to SEV5, or empty.
	Severity string
	// Services are those that were hit.
	Services   []string
	Milestones Milestones
	// Entries may be in any order.
	Entries []Entry
}

// Milestones are the points that the incident reached; the zero time: not reached.
type Milestones struct {
	Started, Detected, Acknowledged, Mitigated, Resolved time.Time
}

// Entry is an entry of the timeline.
type Entry struct {
	Name string
	// Kind is DETECTION, DIAGNOSIS, ACTION, REPAIR, COMMUNICATION, ALERT, KEY_MOMENT or NOTE.
	Kind string
	// OccurTime is when it happened, and RecordTime when it was written down.
	OccurTime, RecordTime time.Time
	// Precision is how far off OccurTime may be, either way.
	Precision time.Duration
	Text      string
	// Voice is equal for entries by the same person in the same role, and empty where that is unknown, as for anonymous
	// ones. It is only ever compared, and is in no suggestion.
	Voice string
	// Automatic says that no person wrote it: a change of the incident did, or an alert.
	Automatic bool
}

// Finding is what the blameless check found.
type Finding struct {
	Rule    string
	Excerpt string
	// Where is the field, section or entry that was read. Leave line and column out: an edit further up would move them,
	// and with them the ids of the questions.
	Where string
	// Place says Where in a reader's words, such as "the summary"; it may be empty.
	Place string
}

// Factor is a contributing factor.
type Factor struct {
	ID          string
	Category    string
	Text        string
	HasEvidence bool
}

// Belief is something that people took for true.
type Belief struct {
	// ID tells it from the others.
	ID       string
	HeldBy   string
	Believed string
	Actual   string
}

// Gap is where a mental model and the system part.
type Gap struct {
	ID string
	// Kind is MISSING_COMPONENT, PHANTOM_COMPONENT, OTHER_COMPONENT_KIND, MISSING_LINK, PHANTOM_LINK, OTHER_LINK_KIND,
	// REVERSED_LINK, MISSING_FACT, PHANTOM_FACT or OTHER_FACT_VALUE.
	Kind string
	// Subject names what it is about in a reader's words, such as "orders-replica" or "checkout → ledger".
	Subject string
	// HeldBy is the role or team that held the model.
	HeldBy string
	// Believed and Actual are the two values of a fact, with their units, as far as each side has one.
	Believed, Actual string
}

// Action is an action item.
type Action struct {
	Name  string
	Title string
	// Strength is WEAKER, INTERMEDIATE, STRONGER, or empty where nobody has judged it.
	Strength string
	// Answers is the id of the factor that it answers, or empty.
	Answers string
}
