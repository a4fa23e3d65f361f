package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const variablePrefix = "DEBRIEF_"

// testVariablePrefix begins the names of variables that are for Debrief's tests.
const testVariablePrefix = "DEBRIEF_TEST_"

// completionVariables are read by the completion scripts and what they call.
var completionVariables = []string{"DEBRIEF_ACTIVE_HELP", "DEBRIEF_COMPLETION_DESCRIPTIONS"}

// serviceLinks are the variables with which Kubernetes tells every container of a service called debrief, or debrief-….
var serviceLinks = regexp.MustCompile(`^DEBRIEF_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

// variableOf names the environment variable of a flag.
func variableOf(flag *pflag.Flag) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

func hasVariable(flag *pflag.Flag) bool {
	return flag.Name != "help"
}

// forEachFlag calls visit once for each flag that a command or one of those below it defines.
func forEachFlag(command *cobra.Command, visit func(*pflag.Flag)) {
	command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if hasVariable(flag) {
			visit(flag)
		}
	})
	for _, child := range command.Commands() {
		forEachFlag(child, visit)
	}
}

// tellVariables has the help of each flag name its variable.
func tellVariables(root *cobra.Command) {
	forEachFlag(root, func(flag *pflag.Flag) {
		flag.Usage += " [$" + variableOf(flag) + "]"
	})
}

// checkVariables refuses variables that look as if they were meant for Debrief, and are not known.
func checkVariables(root *cobra.Command, variables []string) error {
	known := slices.Clone(completionVariables)
	forEachFlag(root, func(flag *pflag.Flag) { known = append(known, variableOf(flag)) })
	var problems []error
	for _, assignment := range variables {
		name, _, _ := strings.Cut(assignment, "=")
		if meant(name) && !slices.Contains(known, name) {
			problems = append(problems, fmt.Errorf("unknown environment variable %s: did you mean %s?", line(name), nearest(name, known)))
		}
	}
	return errors.Join(problems...)
}

// meant says whether a variable looks as if it was meant for Debrief.
func meant(name string) bool {
	return strings.HasPrefix(name, variablePrefix) && !strings.HasPrefix(name, testVariablePrefix) && !serviceLinks.MatchString(name)
}

// applyVariables sets the flags of a command that were not given from their variables. An empty variable sets nothing.
func applyVariables(command *cobra.Command, environment environment) error {
	var problems []error
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		value := environment.variable(variableOf(flag))
		if flag.Changed || value == "" || !hasVariable(flag) {
			return
		}
		if err := command.Flags().Set(flag.Name, value); err != nil {
			problems = append(problems, fmt.Errorf("environment variable %s: %w", variableOf(flag), err))
		}
	})
	return errors.Join(problems...)
}

// nearest is the name that takes the fewest changes of a letter to reach.
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int {
		if difference := editDistance(name, a) - editDistance(name, b); difference != 0 {
			return difference
		}
		return strings.Compare(a, b)
	})
}

// editDistance is how many letters must be added, taken away or replaced to make one text of another (Levenshtein).
func editDistance(from, to string) int {
	previous := make([]int, len(to)+1)
	for i := range previous {
		previous[i] = i
	}
	for i := range len(from) {
		current := []int{i + 1}
		for j := range len(to) {
			replaced := previous[j]
			if from[i] != to[j] {
				replaced++
			}
			current = append(current, min(replaced, previous[j+1]+1, current[j]+1))
		}
		previous = current
	}
	return previous[len(to)]
}
