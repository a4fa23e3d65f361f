package expression

import (
	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
)

// literals refuses the functions that make much of little before their cost is counted. What comes from outside must never
// be a regular expression, or say how long a text becomes.
type literals struct{ subject string }

// Name is how the validator is called.
func (literals) Name() string { return "debrief.expression.literals" }

// Validate looks at every call.
func (l literals) Validate(_ *cel.Env, _ cel.ValidatorConfig, tree *celast.AST, issues *cel.Issues) {
	for _, expression := range celast.MatchDescendants(celast.NavigateAST(tree), celast.KindMatcher(celast.CallKind)) {
		call := expression.AsCall()
		arguments := call.Args()
		switch call.FunctionName() {
		case "format":
			issues.ReportErrorAtID(expression.ID(), "format is not available here; join texts with +")
		case "matches":
			if !allLiteral(arguments[len(arguments)-1:]) {
				issues.ReportErrorAtID(expression.ID(), "matches takes a regular expression in quotes, not one that is made of %s", l.subject)
			}
		case "replace":
			if !allLiteral(arguments) {
				issues.ReportErrorAtID(expression.ID(), "replace takes texts in quotes, not ones that are made of %s", l.subject)
			}
		}
	}
}

func allLiteral(arguments []celast.Expr) bool {
	for _, argument := range arguments {
		if argument.Kind() != celast.LiteralKind {
			return false
		}
	}
	return true
}
