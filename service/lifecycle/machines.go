package lifecycle

// The states of an incident.
const (
	Triage    = "TRIAGE"
	Active    = "ACTIVE"
	Mitigated = "MITIGATED"
	Resolved  = "RESOLVED"
	Closed    = "CLOSED"
	Canceled  = "CANCELED"
	Merged    = "MERGED"
)

// The states of a post-mortem.
const (
	Draft     = "DRAFT"
	Scheduled = "SCHEDULED"
	InReview  = "IN_REVIEW"
	Published = "PUBLISHED"
	Archived  = "ARCHIVED"
)

// The states of an action item.
const (
	Open        = "OPEN"
	InProgress  = "IN_PROGRESS"
	Done        = "DONE"
	Verified    = "VERIFIED"
	Ineffective = "INEFFECTIVE"
	Dropped     = "DROPPED"
)

// The verbs that change a state.
const (
	Acknowledge = "acknowledge"
	Mitigate    = "mitigate"
	Resolve     = "resolve"
	Reopen      = "reopen"
	Cancel      = "cancel"
	Close       = "close"
	Merge       = "merge"

	Schedule    = "schedule"
	StartReview = "startReview"
	Publish     = "publish"
	Archive     = "archive"

	ReadRules      = "readRules"
	RecordBreach   = "recordBreach"
	ConcludeReview = "concludeReview"
	AnswerQuestion = "answerQuestion"

	Start    = "start"
	Complete = "complete"
	Verify   = "verify"
	// Refute is to verify that it did not help.
	Refute = "verify as ineffective"
	Drop   = "drop"
)

// Incident is the lifecycle of an incident. Steps may be left out on the way forward: an alert that resolves by itself
// was never acknowledged.
var Incident = Machine{
	Resource: "the incident",
	Initial:  Triage,
	Verbs: map[string]Transition{
		Acknowledge: {From: []string{Triage}, To: Active},
		Mitigate:    {From: []string{Triage, Active}, To: Mitigated},
		Resolve:     {From: []string{Triage, Active, Mitigated}, To: Resolved},
		Reopen:      {From: []string{Mitigated, Resolved, Closed}, To: Active},
		Cancel:      {From: []string{Triage, Active, Mitigated, Resolved}, To: Canceled},
		Close:       {From: []string{Resolved}, To: Closed},
		Merge:       {From: []string{Triage, Active, Mitigated, Resolved}, To: Merged},
	},
}

// PostMortem is the lifecycle of a post-mortem.
var PostMortem = Machine{
	Resource: "the post-mortem",
	Initial:  Draft,
	Verbs: map[string]Transition{
		Schedule:    {From: []string{Draft, Scheduled}, To: Scheduled},
		StartReview: {From: []string{Draft, Scheduled}, To: InReview},
		Publish:     {From: []string{InReview, Published}, To: Published},
		Archive:     {From: []string{Published}, To: Archived},

		ReadRules:      {From: []string{Draft, Scheduled, InReview}},
		RecordBreach:   {From: []string{InReview}},
		ConcludeReview: {From: []string{InReview, Published}},
		AnswerQuestion: {From: []string{Draft, Scheduled, InReview, Published}},
	},
}

// ActionItem is the lifecycle of an action item.
var ActionItem = Machine{
	Resource: "the action item",
	Initial:  Open,
	Verbs: map[string]Transition{
		Start:    {From: []string{Open}, To: InProgress},
		Complete: {From: []string{Open, InProgress}, To: Done},
		Verify:   {From: []string{Done}, To: Verified},
		Refute:   {From: []string{Done}, To: Ineffective},
		Drop:     {From: []string{Open, InProgress}, To: Dropped},
		Reopen:   {From: []string{Done, Verified, Dropped}, To: Open},
	},
}
