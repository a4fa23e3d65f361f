package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const rootHelp = `Debrief keeps incidents, the post-mortems in which people learn from them, and what is done about it.

'debrief serve' is the server. 'debrief doctor', 'backup', 'restore', 'export', 'import FILE' and 'demo' work on a store, 'debrief lint' and
'debrief action strength' on texts; all other commands speak to a server.

Each flag can be set by an environment variable instead, which its help names; flags win, and an empty variable sets
nothing. A variable that begins with DEBRIEF_ and is not known is refused. Resources are named by their id, in upper or
lower case, or by their whole name: 01JD3V2Q6R8T0W2Y4A6C8E0G2J or incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J.

` + timesHelp + "\n\n" + exitCodesHelp

const (
	learningGroup = "learning"
	serverGroup   = "server"
)

func (a *application) newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:               "debrief",
		Short:             "Learn from incidents",
		Long:              rootHelp,
		PersistentPreRunE: a.prepare,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              noSubcommand,
		RunE:              showHelp,
		CompletionOptions: cobra.CompletionOptions{DefaultShellCompDirective: new(cobra.ShellCompDirectiveNoFileComp)},
	}
	root.SetIn(a.environment.stdin)
	root.SetOut(a.out)
	root.SetErr(a.environment.stderr)
	a.addGlobals(root)
	root.AddGroup(&cobra.Group{ID: learningGroup, Title: "Incidents and what follows:"}, &cobra.Group{ID: serverGroup, Title: "The server:"})
	a.addCommands(root)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	tellVariables(root)
	a.watch(root)
	return root
}

// addCommands adds every command of Debrief.
func (a *application) addCommands(root *cobra.Command) {
	learning := []*cobra.Command{
		a.newIncidentCommand(), a.newTimelineCommand(), a.newPostMortemCommand(), a.newActionCommand(),
		a.newRulesCommand(), a.newTemplateCommand(), a.newSystemCommand(), a.newSubscriptionCommand(), a.newModelCommand(), a.newGapsCommand(),
		a.newDueCommand(), a.newEventsCommand(), a.newIntegrationCommand(), a.newAlertCommand(),
		a.newDeliveryCommand(), a.newIntakeCommand(), a.newSendTestCommand(),
		a.newImportCommand(), a.newLintCommand(),
	}
	serving := []*cobra.Command{
		aboutHere(newServeCommand()), a.newKeyCommand(), a.newAuditCommand(), a.newPersonCommand(),
		a.newLoginCommand(), a.newLogoutCommand(), a.newCallerCommand(),
		aboutHere(a.newHealthcheckCommand()), aboutHere(a.newDoctorCommand()), aboutHere(newDemoCommand()),
		aboutHere(a.newBackupCommand()), aboutHere(a.newRestoreCommand()), aboutHere(a.newExportCommand()), a.newVersionCommand(),
	}
	for _, command := range learning {
		command.GroupID = learningGroup
	}
	for _, command := range serving {
		command.GroupID = serverGroup
	}
	root.AddCommand(learning...)
	root.AddCommand(serving...)
}

// aboutHere leaves the flags that say how to speak to a server out of the help of a command that speaks to none.
func aboutHere(command *cobra.Command) *cobra.Command {
	command.SetUsageTemplate(strings.Replace(command.UsageTemplate(), "{{if .HasAvailableInheritedFlags}}", "{{if false}}", 1))
	return command
}

func (a *application) addGlobals(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.globals.server, "server", "127.0.0.1:9090", "gRPC `address` of the server")
	flags.StringVar(&a.globals.apiKey, "api-key", "", "the `secret` that shows who you are; its variable keeps it out of the list of processes")
	a.globals.tls.add(root)
	flags.StringVar(&a.globals.as, "as", "", "who you are: the `name` that is written beside what you do (default: your login name)")
	flags.DurationVar(&a.globals.timeout, "timeout", 10*time.Second, "how long a call may take, retries included")
	flags.VarP(&a.globals.output, "output", "o", "how to show the result: table for eyes, json and yaml for programs, name for shell scripts")
	flags.Var(&a.globals.color, "color", "when to use colours; auto: in a terminal, unless NO_COLOR is set")
	for name, choice := range map[string]choice{"output": a.globals.output, "color": a.globals.color} {
		completeChoice(root, name, choice.of)
	}
}

// watch notes when the arguments of a command were understood and its work begins.
func (a *application) watch(command *cobra.Command) {
	if work := command.RunE; work != nil {
		command.RunE = func(command *cobra.Command, arguments []string) error {
			a.running = true
			return work(command, arguments)
		}
	}
	for _, child := range command.Commands() {
		a.watch(child)
	}
}

// newGroup is a command that only has others below it.
func newGroup(use, short string, children ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{Use: use, Short: short, Args: noSubcommand, RunE: showHelp}
	group.AddCommand(children...)
	return group
}

func showHelp(command *cobra.Command, _ []string) error {
	return command.Help()
}

// noSubcommand refuses words that name no command, and says which ones they may have been meant for.
func noSubcommand(command *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	problem := fmt.Sprintf("%q is no command of %q", arguments[0], command.CommandPath())
	command.SuggestionsMinimumDistance = 2
	if meant := command.SuggestionsFor(arguments[0]); len(meant) > 0 {
		problem += ": did you mean " + strings.Join(meant, " or ") + "?"
	}
	return usagef("%s", problem)
}

// takes checks the arguments against the command's own usage line: NAME is needed, [NAME] is not, and the last one may
// have several words where it ends in an ellipsis.
func takes(command *cobra.Command, arguments []string) error {
	wanted := strings.Fields(command.Use)[1:]
	for i, name := range wanted {
		if i >= len(arguments) && !strings.HasPrefix(name, "[") {
			return usagef("%s is missing: %s", strings.Trim(name, "…"), command.UseLine())
		}
	}
	several := len(wanted) > 0 && strings.Contains(wanted[len(wanted)-1], "…")
	if len(arguments) > len(wanted) && !several {
		return usagef("%q is one argument too many: %s", arguments[len(wanted)], command.UseLine())
	}
	return nil
}
