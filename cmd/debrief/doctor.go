package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

const doctorHelp = `Look at everything that a server depends on, and say what is wrong with it and what to do: its settings, addresses,
certificates, issuer and mail server; the store, its schema, indexes, clock and disk; the end of the audit trail; deliveries that wait
or were given up, and subscriptions that fail.

It takes the settings of 'debrief serve': run it where the server runs, with the same flags and variables, whether or not the server
runs, too. It changes nothing, sends nothing and shows no secrets. A store in SQLite is read from end to end.

The exit code is 1 when a check says FAIL.`

// doctorReport is what all checks came to.
type doctorReport struct {
	// Verdict is the worst one.
	Verdict server.Verdict `json:"verdict"`
	// Checks are in the order in which they were made.
	Checks []server.Check `json:"checks"`
}

func (a *application) newDoctorCommand() *cobra.Command {
	settings := newServeSettings()
	var problems []error
	command := &cobra.Command{
		Use: "doctor", Short: "Look at settings, store, certificates, clocks and what waits, and say what is wrong", Long: doctorHelp, Args: takes,
		Example: "  debrief doctor --store sqlite:/var/lib/debrief/debrief.db\n  docker exec debrief /debrief doctor",
		// What ends other commands at once is what this one is there to tell.
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			problems = []error{checkVariables(command.Root(), a.environment.variables), applyVariables(command, a.environment)}
			return nil
		},
	}
	settings.add(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		problems = append(problems, settings.complete(command.Flags()))
		problems = slices.DeleteFunc(problems, func(err error) bool { return err == nil })
		return a.showChecks(server.Examine(command.Context(), settings.config, a.environment.now, problems...))
	}
	return command
}

// showChecks tells of each, and fails where one did.
func (a *application) showChecks(checks []server.Check) error {
	report := doctorReport{Verdict: server.OK, Checks: checks}
	for _, verdict := range []server.Verdict{server.Warn, server.Fail} {
		if slices.ContainsFunc(checks, func(check server.Check) bool { return check.Verdict == verdict }) {
			report.Verdict = verdict
		}
	}
	if err := a.showReport(report, string(report.Verdict), func() error { return a.showLines(report.Checks) }); err != nil {
		return err
	}
	if report.Verdict == server.Fail {
		return errFindings
	}
	return nil
}

// showLines writes a line for each check.
func (a *application) showLines(checks []server.Check) error {
	width := 0
	for _, check := range checks {
		width = max(width, len(check.Name))
	}
	var failed error
	for _, check := range checks {
		text := check.Message
		if check.Advice != "" {
			text += " — " + check.Advice
		}
		_, err := fmt.Fprintf(a.out, "%-4s  %-*s  %s\n", check.Verdict, width, check.Name, line(text))
		failed = errors.Join(failed, err)
	}
	return failed
}
