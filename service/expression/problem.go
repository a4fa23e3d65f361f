package expression

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"

	"github.com/debriefhq/debrief/service/plaintext"
)

// maxName and maxQuoted are how much of a name, and of what CEL says, a problem repeats, in bytes.
const (
	maxName   = 100
	maxQuoted = 300
)

// Problem is one thing that is wrong with an expression.
type Problem struct {
	// Line and Column are where, from 1, the column in characters; 0 where it is the expression as a whole.
	Line, Column int
	// Message says what is wrong and what would be right, in plain words, on one line of less than 1,000 bytes.
	Message string
}

// String is the problem with its place.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// problems are what CEL has to say against an expression; parsed is nil where it could not be parsed.
func (e *Environment) problems(parsed *cel.Ast, issues *cel.Issues) []Problem {
	var found []Problem
	for _, issue := range issues.Errors() {
		message, location := plain(issue.Message), issue.Location
		if match := undeclared.FindStringSubmatch(issue.Message); match != nil {
			message = e.names.unknown(match[1], "")
			if name := nameAt(parsed, issue.ExprID, strings.Contains(match[1], ".")); name != nil {
				message = e.names.unknown(name.AsIdent(), member(name))
				location = parsed.NativeRep().SourceInfo().GetStartLocation(name.ID())
			}
		}
		found = append(found, Problem{Line: max(1, location.Line()), Column: max(0, location.Column()) + 1, Message: message})
	}
	return found
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	overload   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	operator   = regexp.MustCompile(`^[_@]?([^\w\s@]+|in)_?$`)
)

// plain is a message of CEL in plain words.
func plain(message string) string {
	if match := overload.FindStringSubmatch(message); match != nil {
		name := match[1]
		if match := operator.FindStringSubmatch(name); match != nil {
			name = match[1]
		}
		return fmt.Sprintf("%s cannot be applied to %s", plaintext.Clean(name, maxName), typeName(match[2]))
	}
	if syntax, found := strings.CutPrefix(message, "Syntax error: "); found {
		return "is not CEL: " + plaintext.Clean(syntax, maxQuoted)
	}
	return plaintext.Clean(message, maxQuoted)
}

// typeNames are the types as people write them.
var typeNames = strings.NewReplacer("google.protobuf.Timestamp", "timestamp", "google.protobuf.Duration", "duration")

func typeName(written string) string { return plaintext.Clean(typeNames.Replace(written), maxQuoted) }

// nameAt is the name that a part of an expression is, or, if it is a name with dots, that it begins with: alert in
// alert.title.size(). It is nil where the part is something else, such as the call of a function.
func nameAt(parsed *cel.Ast, id int64, dotted bool) celast.NavigableExpr {
	for _, part := range celast.MatchDescendants(celast.NavigateAST(parsed.NativeRep()), func(part celast.NavigableExpr) bool { return part.ID() == id }) {
		for dotted && (part.Kind() == celast.SelectKind || part.Kind() == celast.CallKind && part.AsCall().IsMemberFunction()) {
			part = part.Children()[0]
		}
		if part.Kind() == celast.IdentKind {
			return part
		}
	}
	return nil
}

// member is what is asked of a name: the field or function after its dot; "" where there is none.
func member(name celast.NavigableExpr) string {
	parent, found := name.Parent()
	if !found {
		return ""
	}
	switch parent.Kind() {
	case celast.SelectKind:
		return parent.AsSelect().FieldName()
	case celast.CallKind:
		if call := parent.AsCall(); call.IsMemberFunction() && call.Target().ID() == name.ID() {
			return call.FunctionName()
		}
	default: // It stands by itself.
	}
	return ""
}

// names are what a language has, as errors list it.
type names struct {
	// roots are the variables, without their fields.
	roots []string
	// fields are the fields of those roots that have some.
	fields map[string][]string
}

func namesOf(variables []Variable) names {
	known := names{fields: map[string][]string{}}
	for _, variable := range variables {
		root, field, hasField := strings.Cut(variable.Name, ".")
		if hasField {
			known.fields[root] = append(known.fields[root], field)
		}
		if !slices.Contains(known.roots, root) {
			known.roots = append(known.roots, root)
		}
	}
	return known
}

// unknown says that there is no such name; field is what is asked of it, or empty.
func (n names) unknown(name, field string) string {
	fields := n.fields[name]
	if fields == nil {
		verb := "are"
		if len(n.roots) == 1 {
			verb = "is"
		}
		return fmt.Sprintf("%q is neither a variable nor a function here; there %s %s, and texts stand in quotes",
			plaintext.Clean(name, maxName), verb, listed(n.roots, "and"))
	}
	if field != "" {
		return fmt.Sprintf("%s has no field %q; it has %s", name, plaintext.Clean(field, maxName), strings.Join(fields, ", "))
	}
	return fmt.Sprintf("%s stands with one of its fields, as in %s.%s; it has %s", name, name, fields[0], strings.Join(fields, ", "))
}
