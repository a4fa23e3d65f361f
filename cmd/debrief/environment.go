package main

import (
	"context"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/term"
)

// environment is everything around the process that a command may depend on.
type environment struct {
	// variables are the environment variables, each as NAME=value.
	variables      []string
	stdin          io.Reader
	stdout, stderr io.Writer
	// width is how many columns the terminal has to which stdout leads; 0 where it leads to none.
	width int
	// interactive says that somebody sits at a terminal, so that an editor can be started.
	interactive bool
	// typed says that stdin is a terminal, in which somebody would have to type.
	typed bool
	// directory is where relative paths begin.
	directory string
	// login is the name of the operating system's user; empty where it has none.
	login string
	// temporary is the directory for drafts.
	temporary string
	// configuration is the directory of the user's configuration; empty where there is none.
	configuration string
	// now is the clock. Its location is that of the user.
	now func() time.Time
	// wait returns after a while, or with the context's error when that ends earlier.
	wait func(context.Context, time.Duration) error
	// newRequestID makes an id that no request ever had.
	newRequestID func() string
}

func systemEnvironment() environment {
	width, stdoutIsTerminal := 0, term.IsTerminal(int(os.Stdout.Fd()))
	if stdoutIsTerminal {
		width = terminalWidth(os.Stdout)
	}
	stdinIsTerminal := term.IsTerminal(int(os.Stdin.Fd()))
	return environment{
		variables: os.Environ(),
		stdin:     os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		width:         width,
		interactive:   stdoutIsTerminal && stdinIsTerminal,
		typed:         stdinIsTerminal,
		directory:     workingDirectory(),
		login:         loginName(),
		temporary:     os.TempDir(),
		configuration: configurationDirectory(),
		now:           time.Now,
		wait:          wait,
		newRequestID:  uuid.NewString,
	}
}

// terminalWidth is the number of columns, 80 where the terminal does not say.
func terminalWidth(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// workingDirectory is empty where it is not known, as when it was removed; relative paths are those of the process then.
func workingDirectory() string {
	directory, err := os.Getwd()
	if err != nil {
		return ""
	}
	return directory
}

// configurationDirectory is empty where the operating system knows none for the user.
func configurationDirectory() string {
	directory, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return directory
}

// loginName is empty where the operating system knows no name for the user, as in some containers.
func loginName() string {
	current, err := user.Current()
	if err != nil {
		return ""
	}
	_, name, domain := strings.Cut(current.Username, `\`)
	if !domain {
		return current.Username
	}
	return name
}

func wait(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// variable is the value of an environment variable; empty where it is not set.
func (e environment) variable(name string) string {
	for _, assignment := range e.variables {
		if key, value, _ := strings.Cut(assignment, "="); key == name {
			return value
		}
	}
	return ""
}
