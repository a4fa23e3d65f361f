package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// application is one run of the command line.
type application struct {
	environment environment
	globals     globals
	// out is stdout. It is flushed when the command ends, and wherever somebody may be waiting for what was written.
	out    *bufio.Writer
	drafts drafts
	// running says that the arguments were understood, so that an error is not one of usage any more.
	running bool
	// stdinRead names the flag whose value was read from stdin.
	stdinRead string
}

// globals are the flags that every command has.
type globals struct {
	server  string
	apiKey  string
	tls     tlsFlags
	as      string
	timeout time.Duration
	output  choice
	color   choice
}

func newApplication(environment environment) *application {
	return &application{
		environment: environment,
		out:         bufio.NewWriter(environment.stdout),
		drafts:      drafts{directory: environment.temporary},
		globals: globals{
			output: choice{value: "table", of: []string{"table", "json", "yaml", "name"}},
			color:  choice{value: "auto", of: []string{"auto", "always", "never"}},
		},
	}
}

// prepare runs before every command.
func (a *application) prepare(command *cobra.Command, _ []string) error {
	if err := checkVariables(command.Root(), a.environment.variables); err != nil {
		return err
	}
	return applyVariables(command, a.environment)
}

// finish says what went wrong, if something did, and answers the exit code.
func (a *application) finish(ctx context.Context, command *cobra.Command, err error) int {
	if flushed := a.out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("write the output: %w", flushed)
	}
	if err == nil {
		err = a.drafts.discard()
	}
	if err == nil {
		return exitOK
	}
	if !a.running && !errors.As(err, new(*usageError)) {
		err = &usageError{err}
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled) {
		err = errInterrupted
	}
	if !errors.Is(err, errFindings) {
		fmt.Fprint(a.environment.stderr, a.describe(command, err))
	}
	for _, line := range a.drafts.keep() {
		fmt.Fprintln(a.environment.stderr, line)
	}
	return exitCode(err)
}

// onServer makes a command out of work that needs the server.
func (a *application) onServer(work func(command *cobra.Command, server *connection, arguments []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, arguments []string) (err error) {
		server, err := a.connect()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.close()) }()
		return work(command, server, arguments)
	}
}

// note tells a person something that is no part of the output.
func (a *application) note(format string, arguments ...any) {
	fmt.Fprintf(a.environment.stderr, format+"\n", arguments...)
}
