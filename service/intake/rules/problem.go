package rules

import (
	"fmt"
	"strings"
)

// MaxProblems is how many problems a CompileError tells.
const MaxProblems = 50

// Problem is one thing that is wrong with a Set.
type Problem struct {
	// List is "rules" or "maintenance", and Index the place in it, from 0; -1: the list as a whole.
	List  string
	Index int
	// Field is where in the rule: "condition", "set_labels[1].expression"; empty: the rule as a whole.
	Field string
	// Line and Column are where in the expression, from 1; 0 where it is not in an expression.
	Line   int
	Column int
	// Message says what is wrong and what would be right, in plain words.
	Message string
}

// Path is the field within the Set: "rules[2].condition".
func (p Problem) Path() string {
	path := p.List
	if p.Index >= 0 {
		path += fmt.Sprintf("[%d]", p.Index)
	}
	if p.Field != "" {
		path += "." + p.Field
	}
	return path
}

// String is the problem in one line.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path() + " " + p.Message
	}
	return fmt.Sprintf("%s, line %d, column %d: %s", p.Path(), p.Line, p.Column, p.Message)
}

// CompileError says what is wrong with a Set. It has at least one problem, and at most MaxProblems.
type CompileError struct {
	Problems []Problem
}

// Error is the problems, a line each.
func (e *CompileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, problem := range e.Problems {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// place is where a problem is found.
type place struct {
	list  string
	index int
}

// problems collects what is wrong.
type problems struct {
	found []Problem
}

func (p *problems) add(at place, field, format string, arguments ...any) {
	p.put(Problem{List: at.list, Index: at.index, Field: field, Message: fmt.Sprintf(format, arguments...)})
}

func (p *problems) put(problem Problem) {
	if len(p.found) < MaxProblems {
		p.found = append(p.found, problem)
	}
}
