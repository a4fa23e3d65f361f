// Command debrief is all of Debrief: the server, and the command line that people use to speak to it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; without its handler the second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], systemEnvironment()))
}

// run does what the arguments ask for and answers the exit code.
func run(ctx context.Context, arguments []string, environment environment) int {
	app := newApplication(environment)
	root := app.newRootCommand() //nolint:contextcheck // Commands get the context when they are executed.
	root.SetArgs(arguments)
	command, err := root.ExecuteContextC(ctx)
	return app.finish(ctx, command, err)
}
