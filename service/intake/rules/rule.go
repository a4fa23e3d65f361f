// Package rules decides what becomes of an alert: whether it is dropped, kept, opens an incident, or joins one. Rules
// are written by the people who run Debrief, their conditions in CEL; alerts are written by anybody. A decision depends
// on the rules, the alert and the time that are handed in, and on nothing else.
package rules

import "time"

// What rules may hold.
const (
	// MaxRules and MaxMaintenanceWindows are counts.
	MaxRules              = 100
	MaxMaintenanceWindows = 100
	// MaxName and MaxReason are in characters.
	MaxName   = 100
	MaxReason = 500
	// MaxExpression is in bytes.
	MaxExpression = 2000
	// MaxSetLabels, MaxRemoveLabels and MaxGroupBy are counts, for each rule.
	MaxSetLabels    = 16
	MaxRemoveLabels = 16
	MaxGroupBy      = 8
	// MinWindow and MaxWindow bound the Window of a rule.
	MinWindow = time.Second
	MaxWindow = 7 * 24 * time.Hour
	// MinCount and MaxCount bound the Count of a rule.
	MinCount = 2
	MaxCount = 1000
	// MaxCost is what one expression may cost on one alert, in units of CEL: about one for each step, and one for each
	// ten bytes of text that are read.
	MaxCost = 100_000
	// MaxDecisionCost is what all expressions together may cost on one alert. Then the rules that are left are not looked
	// at, and the alert opens an incident: better one too many than one that nobody saw.
	MaxDecisionCost = 1_000_000
)

// Outcome is what becomes of an alert.
type Outcome string

// The outcomes, by the API's names.
const (
	// OutcomeContinue decides nothing: the rules that follow are looked at.
	OutcomeContinue Outcome = "CONTINUE"
	// OutcomeDrop forgets the alert.
	OutcomeDrop Outcome = "DROP"
	// OutcomeKeep keeps the alert, and opens no incident.
	OutcomeKeep Outcome = "KEEP"
	// OutcomeOpen opens an incident of its own.
	OutcomeOpen Outcome = "OPEN"
	// OutcomeOpenAfter keeps the alert until enough others have come within the window; then one incident opens for all
	// of them.
	OutcomeOpenAfter Outcome = "OPEN_AFTER"
	// OutcomeGroup opens an incident, or joins the one of the alerts before it in the window.
	OutcomeGroup Outcome = "GROUP"
)

// Set is everything that is decided by.
type Set struct {
	// Rules are looked at in order; the first that has an outcome other than OutcomeContinue decides.
	Rules []Rule
	// Maintenance is looked at before the rules.
	Maintenance []MaintenanceWindow
}

// Rule is one rule.
type Rule struct {
	// Name is how people call it, on one line; no other rule has the same. The groups of a rule are known by it.
	Name string
	// Condition is a CEL expression of type bool; an empty one matches every alert.
	Condition string
	// Severity is "SEV1" … "SEV5", or empty: the rule leaves it.
	Severity string
	// SetLabels are set before RemoveLabels are removed.
	SetLabels    []Label
	RemoveLabels []string
	// Outcome is what becomes of the alert; empty is OutcomeContinue.
	Outcome Outcome
	// Count is how many alerts open an incident, for OutcomeOpenAfter alone.
	Count int
	// Window is how long after the last alert another belongs to it, for OutcomeOpenAfter and OutcomeGroup.
	Window time.Duration
	// GroupBy says which alerts belong together, for OutcomeOpenAfter and OutcomeGroup: those for which all terms are
	// the same. A term is a CEL expression of type string; the alerts on which it fails are a group of their own. With no
	// term, all that the rule matches belong together.
	GroupBy []string
}

// Label is a label that is set.
type Label struct {
	Name string
	// Value has at most intake.MaxLabelValue bytes.
	Value string
}

// MaintenanceWindow is a time in which alerts are kept and open no incident.
type MaintenanceWindow struct {
	// StartTime belongs to the window, EndTime does not.
	StartTime time.Time
	EndTime   time.Time
	// Condition is a CEL expression of type bool; an empty one is every alert.
	Condition string
	// Reason is why, in words for people.
	Reason string
}

// Alert is what rules see of an alert.
type Alert struct {
	// Source is the kind of sender, Integration the name of the integration that it came by.
	Source      string
	Integration string
	// Status is FIRING, ACKNOWLEDGED or RESOLVED.
	Status  string
	Title   string
	Summary string
	// Severity is the sender's own word.
	Severity    string
	Labels      map[string]string
	Annotations map[string]string
	Fingerprint string
	// StartTime is zero where the sender does not say.
	StartTime time.Time
}

// Decision is what becomes of an alert, and why.
type Decision struct {
	// Rule is the name of the rule that decided; empty: none did.
	Rule string
	// Maintenance is the reason of the maintenance window that decided; empty: none did.
	Maintenance string
	// Outcome is any but OutcomeContinue.
	Outcome Outcome
	// GroupKey names the group that the alert belongs to, for OutcomeOpenAfter and OutcomeGroup: printable ASCII of at
	// most MaxGroupKey bytes. Alerts have the same key if and only if the same rule decided and its terms are the same.
	GroupKey string
	// Group are the values of the terms, which all alerts of the group have in common, each cut at the length that a label
	// may have; empty for a term that fails.
	Group []string
	// Window and Count are those of the rule.
	Window time.Duration
	Count  int
	// Severity is what the last rule that matched and has one sets; empty: none did.
	Severity string
	// Labels are those of the alert, as the rules changed them. They may be the alert's own map.
	Labels map[string]string
	// Steps tell how it came to that.
	Steps []Step
}

// StepKind is what a step says.
type StepKind string

// The kinds of steps.
const (
	// Matched is a rule that matched.
	Matched StepKind = "MATCHED"
	// NotMatched is a rule that did not match.
	NotMatched StepKind = "NOT_MATCHED"
	// Failed is an expression that could not be evaluated on this alert. A condition that fails does not match.
	Failed StepKind = "FAILED"
	// Maintained is a maintenance window that decided.
	Maintained StepKind = "MAINTENANCE"
	// Defaulted is the outcome where no rule decided.
	Defaulted StepKind = "DEFAULT"
)

// Step is one step on the way to a decision.
type Step struct {
	Kind StepKind
	// Rule is the name of the rule; empty where it is none.
	Rule string
	// Text is a sentence for people. What an alert says is quoted in it and short; it still is text from outside.
	Text string
}
