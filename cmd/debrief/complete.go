package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// completionPage is how many resources are offered, the newest first.
const completionPage = 100

// completeFlag has the shell complete the value of a flag. A flag that is not there is a mistake in the program.
func completeFlag(command *cobra.Command, name string, complete cobra.CompletionFunc) {
	if err := command.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(err)
	}
}

func completeChoice(command *cobra.Command, name string, values []string) {
	completeFlag(command, name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func completeEnum(command *cobra.Command, name string, descriptor protoreflect.EnumDescriptor) {
	completeChoice(command, name, texts(enumNames(descriptor), strings.ToLower))
}

func completeFile(command *cobra.Command, name string) {
	completeFlag(command, name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
}

// suggest lists what may stand in an argument or a flag.
type suggest func(command *cobra.Command, server *connection, arguments []string) ([]cobra.Completion, error)

// complete asks the server what may stand there. Without a server there is nothing to offer.
func (a *application) complete(ask suggest) cobra.CompletionFunc {
	return func(command *cobra.Command, arguments []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var offered []cobra.Completion
		work := a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
			offered, err = ask(command, server, arguments)
			return err
		})
		err := a.prepare(command, arguments)
		if err == nil {
			err = work(command, arguments)
		}
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, cobra.ShellCompDirectiveError
		}
		return startingWith(offered, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeFirst completes the first argument only.
func (a *application) completeFirst(ask suggest) cobra.CompletionFunc {
	return func(command *cobra.Command, arguments []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(arguments) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.complete(ask)(command, arguments, typed)
	}
}

// startingWith are the completions that begin with what was typed, in any case.
func startingWith(offered []cobra.Completion, typed string) []cobra.Completion {
	var matching []cobra.Completion
	for _, completion := range offered {
		if rest := cutFold(completion, typed); len(rest) < len(completion) || typed == "" {
			matching = append(matching, typed+rest)
		}
	}
	return matching
}

func completion(name, description string) cobra.Completion {
	return cobra.CompletionWithDesc(idOf(name), line(description))
}

// describedState begins a description with a state.
func describedState(state, title string) string {
	return fmt.Sprintf("%s: %s", state, title)
}

// require says that a command cannot do without some flags. A flag that is not there is a mistake in the program.
func require(command *cobra.Command, names ...string) {
	for _, name := range names {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}
