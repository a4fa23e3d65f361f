package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"

	"github.com/debriefhq/debrief/service/expression"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/plaintext"
)

// Engine decides by a Set. Any number of goroutines may share it.
type Engine struct {
	rules       []compiledRule
	maintenance []compiledWindow
}

// compiledRule is a rule with its programs; a nil one stands for no expression.
type compiledRule struct {
	Rule
	title     string
	condition *expression.Program
	terms     []*expression.Program
}

type compiledWindow struct {
	MaintenanceWindow
	title     string
	condition *expression.Program
}

// New makes an Engine, or says with a *CompileError all that is wrong with the set.
func New(set Set) (*Engine, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	c := &compiler{env: env, names: map[string]bool{}}
	engine := &Engine{}
	if len(set.Rules) > MaxRules {
		c.problems.add(place{"rules", -1}, "", "has %d rules; at most %d may be given", len(set.Rules), MaxRules)
	}
	for i, rule := range set.Rules[:min(len(set.Rules), MaxRules)] {
		engine.rules = append(engine.rules, c.rule(place{"rules", i}, rule))
	}
	if len(set.Maintenance) > MaxMaintenanceWindows {
		c.problems.add(place{"maintenance", -1}, "", "has %d windows; at most %d may be given", len(set.Maintenance), MaxMaintenanceWindows)
	}
	for i, window := range set.Maintenance[:min(len(set.Maintenance), MaxMaintenanceWindows)] {
		engine.maintenance = append(engine.maintenance, c.window(place{"maintenance", i}, window))
	}
	if len(c.problems.found) > 0 {
		return nil, &CompileError{Problems: c.problems.found}
	}
	return engine, nil
}

type compiler struct {
	env      *expression.Environment
	names    map[string]bool
	problems problems
}

func (c *compiler) rule(at place, rule Rule) compiledRule {
	if rule.Outcome == "" {
		rule.Outcome = OutcomeContinue
	}
	c.text(at, "name", rule.Name, MaxName)
	if c.names[rule.Name] {
		c.problems.add(at, "name", "is that of a rule before it; give each rule a name of its own")
	}
	c.names[rule.Name] = true
	compiled := compiledRule{
		Rule:      rule,
		title:     fmt.Sprintf("Rule %d %q", at.index+1, plaintext.Clean(rule.Name, MaxName)),
		condition: c.expression(at, "condition", rule.Condition, cel.BoolKind),
	}
	if rule.Severity != "" && !severity.MatchString(rule.Severity) {
		c.problems.add(at, "severity", "is %q; it must be SEV1, SEV2, SEV3, SEV4, SEV5, or empty to leave it", plaintext.Clean(rule.Severity, 50))
	}
	c.labels(at, rule)
	compiled.terms = c.terms(at, rule.GroupBy)
	c.outcome(at, rule)
	return compiled
}

var (
	severity  = regexp.MustCompile(`^SEV[1-5]$`)
	labelName = regexp.MustCompile(`^[^\s\pC]+$`)
)

// text checks a text on one line that must be given.
func (c *compiler) text(at place, field, text string, limit int) {
	switch {
	case strings.TrimSpace(text) == "":
		c.problems.add(at, field, "is empty; give it 1 to %d characters", limit)
	case utf8.RuneCountInString(text) > limit:
		c.problems.add(at, field, "has %d characters; at most %d may be given", utf8.RuneCountInString(text), limit)
	case !utf8.ValidString(text) || plaintext.Printable(text) != text || strings.ContainsAny(text, "\r\n\t"):
		c.problems.add(at, field, "must be one line of UTF-8, without control characters")
	}
}

// expression compiles an expression of a kind; an empty one is nil.
func (c *compiler) expression(at place, field, source string, kind cel.Kind) *expression.Program {
	if source == "" {
		return nil
	}
	program, found := c.env.Compile(source, kind)
	for _, problem := range found {
		c.problems.put(Problem{
			List: at.list, Index: at.index, Field: field, Line: problem.Line, Column: problem.Column, Message: problem.Message,
		})
	}
	return program
}

func (c *compiler) labels(at place, rule Rule) {
	if len(rule.SetLabels) > MaxSetLabels {
		c.problems.add(at, "set_labels", "has %d labels; at most %d may be given", len(rule.SetLabels), MaxSetLabels)
		return
	}
	if len(rule.RemoveLabels) > MaxRemoveLabels {
		c.problems.add(at, "remove_labels", "has %d labels; at most %d may be given", len(rule.RemoveLabels), MaxRemoveLabels)
		return
	}
	named := map[string]bool{}
	for i, label := range rule.SetLabels {
		field := fmt.Sprintf("set_labels[%d]", i)
		c.labelName(at, field+".name", label.Name, named)
		if len(label.Value) > intake.MaxLabelValue || plaintext.Printable(label.Value) != label.Value || !utf8.ValidString(label.Value) {
			c.problems.add(at, field+".value", "must be at most %d bytes of UTF-8 without control characters", intake.MaxLabelValue)
		}
	}
	for i, name := range rule.RemoveLabels {
		c.labelName(at, fmt.Sprintf("remove_labels[%d]", i), name, named)
	}
}

func (c *compiler) labelName(at place, field, name string, named map[string]bool) {
	if len(name) > intake.MaxName || !utf8.ValidString(name) || !labelName.MatchString(name) {
		c.problems.add(at, field, "is %q; the name of a label has 1 to %d bytes and no spaces", plaintext.Clean(name, 50), intake.MaxName)
	}
	if named[name] {
		c.problems.add(at, field, "names %q again; a rule sets or removes a label once", plaintext.Clean(name, 50))
	}
	named[name] = true
}

func (c *compiler) terms(at place, terms []string) []*expression.Program {
	if len(terms) > MaxGroupBy {
		c.problems.add(at, "group_by", "has %d terms; at most %d may be given", len(terms), MaxGroupBy)
		return nil
	}
	var programs []*expression.Program
	for i, term := range terms {
		field := fmt.Sprintf("group_by[%d]", i)
		if term == "" {
			c.problems.add(at, field, "is empty; it must be an expression, such as alert.labels.service")
		}
		programs = append(programs, c.expression(at, field, term, cel.StringKind))
	}
	return programs
}

// outcome checks that a rule has what its outcome needs, and nothing that it does not.
func (c *compiler) outcome(at place, rule Rule) {
	outcomes := []Outcome{OutcomeContinue, OutcomeDrop, OutcomeKeep, OutcomeOpen, OutcomeOpenAfter, OutcomeGroup}
	if !slices.Contains(outcomes, rule.Outcome) {
		c.problems.add(at, "outcome", "is %q; it must be one of %v", plaintext.Clean(string(rule.Outcome), 50), outcomes)
		return
	}
	if rule.Outcome == OutcomeContinue && rule.Severity == "" && len(rule.SetLabels)+len(rule.RemoveLabels) == 0 {
		c.problems.add(at, "", "does nothing; give it an outcome, a severity, or labels to set or remove")
	}
	grouping := rule.Outcome == OutcomeOpenAfter || rule.Outcome == OutcomeGroup
	switch {
	case grouping && (rule.Window < MinWindow || rule.Window > MaxWindow || rule.Window%time.Millisecond != 0):
		c.problems.add(at, "window", "is %s; for the outcome %s it must be from %s to %s, in whole milliseconds", rule.Window, rule.Outcome, MinWindow, MaxWindow)
	case !grouping && rule.Window != 0:
		c.problems.add(at, "window", "is only for the outcomes %s and %s", OutcomeOpenAfter, OutcomeGroup)
	}
	if !grouping && len(rule.GroupBy) > 0 {
		c.problems.add(at, "group_by", "is only for the outcomes %s and %s", OutcomeOpenAfter, OutcomeGroup)
	}
	switch {
	case rule.Outcome == OutcomeOpenAfter && (rule.Count < MinCount || rule.Count > MaxCount):
		c.problems.add(at, "count", "is %d; for the outcome %s it must be from %d to %d", rule.Count, OutcomeOpenAfter, MinCount, MaxCount)
	case rule.Outcome != OutcomeOpenAfter && rule.Count != 0:
		c.problems.add(at, "count", "is only for the outcome %s", OutcomeOpenAfter)
	}
}

func (c *compiler) window(at place, window MaintenanceWindow) compiledWindow {
	if window.StartTime.IsZero() || !window.EndTime.After(window.StartTime) {
		c.problems.add(at, "end_time", "must be after start_time, and both must be given")
	}
	c.text(at, "reason", window.Reason, MaxReason)
	return compiledWindow{
		MaintenanceWindow: window,
		title:             fmt.Sprintf("Maintenance window %d", at.index+1),
		condition:         c.expression(at, "condition", window.Condition, cel.BoolKind),
	}
}
