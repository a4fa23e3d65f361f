package rules

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"

	"github.com/debriefhq/debrief/service/expression"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/plaintext"
)

// Decide says what becomes of an alert at a time. Maintenance windows come first: the first that is on and matches keeps
// the alert, and no rule is looked at. Then the rules, in order: one that matches sets what it sets, which those after it
// see, and decides if it has an outcome. If none decides, the alert opens an incident of its own.
func (e *Engine) Decide(alert Alert, now time.Time) Decision {
	d := &deciding{
		alert:    alert,
		view:     nil,
		budget:   MaxDecisionCost,
		decision: Decision{Outcome: OutcomeOpen, Labels: alert.Labels},
	}
	d.view = newView(&d.alert, now)
	if d.maintained(e.maintenance, now) {
		return d.decision
	}
	for i := range e.rules {
		if d.budget <= 0 {
			d.step(Failed, "", "The rules took too much work on this alert; those that follow were not looked at.")
			break
		}
		if d.follow(&e.rules[i]) {
			return d.decision
		}
	}
	d.step(Defaulted, "", "No rule decided, so an incident is opened.")
	return d.decision
}

// deciding is a decision on its way.
type deciding struct {
	alert    Alert
	view     *view
	budget   int64
	changed  bool
	decision Decision
}

func (d *deciding) step(kind StepKind, rule, format string, arguments ...any) {
	d.decision.Steps = append(d.decision.Steps, Step{Kind: kind, Rule: rule, Text: fmt.Sprintf(format, arguments...)})
}

func (d *deciding) maintained(windows []compiledWindow, now time.Time) bool {
	for i := range windows {
		window := &windows[i]
		if now.Before(window.StartTime) || !now.Before(window.EndTime) || d.budget <= 0 {
			continue
		}
		matches, err := d.matches(window.condition)
		if err != nil {
			d.step(Failed, "", "%s does not apply: its condition fails on this alert: %v.", window.title, err)
		}
		if !matches {
			continue
		}
		d.decision.Outcome, d.decision.Maintenance = OutcomeKeep, window.Reason
		d.step(Maintained, "", "%s is on until %s (%s), so the alert is kept and opens no incident.",
			window.title, window.EndTime.UTC().Format(time.RFC3339), window.Reason)
		return true
	}
	return false
}

// follow looks at a rule, and says whether it decided.
func (d *deciding) follow(rule *compiledRule) bool {
	matches, err := d.matches(rule.condition)
	if err != nil {
		d.step(Failed, rule.Name, "%s did not match: its condition fails on this alert: %v.", rule.title, err)
		return false
	}
	if !matches {
		d.step(NotMatched, rule.Name, "%s did not match.", rule.title)
		return false
	}
	at := len(d.decision.Steps)
	d.step(Matched, rule.Name, "")
	did := d.set(rule)
	if rule.Outcome != OutcomeContinue {
		d.decision.Rule, d.decision.Outcome = rule.Name, rule.Outcome
		d.decision.Window, d.decision.Count = rule.Window, rule.Count
		did = append(did, consequence(rule))
	}
	if rule.Outcome == OutcomeOpenAfter || rule.Outcome == OutcomeGroup {
		d.decision.GroupKey, d.decision.Group = d.group(rule)
	}
	d.decision.Steps[at].Text = fmt.Sprintf("%s matched: %s.", rule.title, strings.Join(did, ", "))
	return rule.Outcome != OutcomeContinue
}

func consequence(rule *compiledRule) string {
	switch rule.Outcome {
	case OutcomeDrop:
		return "the alert is dropped"
	case OutcomeKeep:
		return "the alert is kept and opens no incident"
	case OutcomeOpenAfter:
		return fmt.Sprintf("an incident is opened when %d alerts of its group come within %s", rule.Count, rule.Window)
	case OutcomeGroup:
		return fmt.Sprintf("it joins the incident of its group, or opens one if the last alert of the group is more than %s ago", rule.Window)
	default:
		return "an incident is opened"
	}
}

// set does what a rule sets, and says so.
func (d *deciding) set(rule *compiledRule) []string {
	var did []string
	if rule.Severity != "" {
		d.decision.Severity = rule.Severity
		did = append(did, "the severity is set to "+rule.Severity)
	}
	for _, label := range rule.SetLabels {
		if _, exists := d.decision.Labels[label.Name]; !exists && len(d.decision.Labels) >= intake.MaxLabels {
			d.step(Failed, rule.Name, "%s does not set the label %q: the alert has %d labels, and more are not kept.", rule.title, label.Name, intake.MaxLabels)
			continue
		}
		d.labels()[label.Name] = label.Value
		did = append(did, fmt.Sprintf("the label %q is set to %q", label.Name, plaintext.Clean(label.Value, 100)))
	}
	for _, name := range rule.RemoveLabels {
		if _, exists := d.decision.Labels[name]; exists {
			delete(d.labels(), name)
			did = append(did, fmt.Sprintf("the label %q is removed", name))
		}
	}
	if len(did) == 0 && rule.Outcome == OutcomeContinue {
		did = append(did, "there was nothing to change")
	}
	return did
}

// labels are the labels of the decision, to be changed: a copy of the alert's own.
func (d *deciding) labels() map[string]string {
	if !d.changed {
		d.changed = true
		d.decision.Labels = maps.Clone(d.decision.Labels)
		if d.decision.Labels == nil {
			d.decision.Labels = map[string]string{}
		}
		d.alert.Labels = d.decision.Labels
		d.view.labels = types.NewStringStringMap(types.DefaultTypeAdapter, d.alert.Labels)
	}
	return d.decision.Labels
}

func (d *deciding) matches(condition *expression.Program) (bool, error) {
	if condition == nil {
		return true, nil
	}
	value, err := d.evaluate(condition)
	if err != nil {
		return false, err
	}
	matches, isBool := value.(bool)
	if !isBool {
		return false, fmt.Errorf("it gives a %T", value)
	}
	return matches, nil
}

func (d *deciding) text(expression *expression.Program) (string, error) {
	value, err := d.evaluate(expression)
	if err != nil {
		return "", err
	}
	text, isText := value.(string)
	if !isText {
		return "", fmt.Errorf("it gives a %T", value)
	}
	if !utf8.ValidString(text) {
		return "", errors.New("it gives no UTF-8")
	}
	return text, nil
}

// evaluate runs a program within what is left of the budget, and words its error for people.
func (d *deciding) evaluate(program *expression.Program) (any, error) {
	value, cost, err := program.Evaluate(d.view)
	d.budget -= int64(min(cost, MaxDecisionCost))
	switch {
	case err == nil:
		return value.Value(), nil
	case errors.Is(err, expression.ErrTooCostly):
		return nil, fmt.Errorf("it takes more than %d units of work", MaxCost)
	}
	message := err.Error()
	if key, found := strings.CutPrefix(message, "no such key: "); found {
		return nil, fmt.Errorf("there is no %q", plaintext.Clean(key, 100))
	}
	return nil, fmt.Errorf("%q", plaintext.Clean(message, 200))
}
