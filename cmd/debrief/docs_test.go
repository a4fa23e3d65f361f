package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// documentation is the page about the command line.
func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shellWords are the arguments that a shell would hand to the first command of a line.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	line, _, _ = strings.Cut(line, " | ")
	script := `debrief() { for word in "$@"; do printf '%s\0' "$word"; done; }` + "\n" + line
	words, err := exec.CommandContext(t.Context(), "sh", "-c", script).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
}

// TestDocumentedCommands shows that the commands in the documentation are such that there are.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	examples := regexp.MustCompile(`(?m)^\$ ((?:.*\\\n)*.*)$`).FindAllStringSubmatch(documentation(t), -1)
	if len(examples) < 30 {
		t.Fatalf("there are %d examples only", len(examples))
	}
	for _, example := range examples {
		root := newApplication(testEnvironment(t, "")).newRootCommand()
		command, arguments, err := root.Find(shellWords(t, example[1]))
		if err == nil {
			err = command.ParseFlags(arguments)
		}
		if err == nil && command.Args != nil {
			err = command.Args(command, command.Flags().Args())
		}
		if err != nil {
			t.Errorf("%s: %v", example[1], err)
		}
	}
}

// TestEveryCommandIsDocumented shows that the documentation speaks of each command.
func TestEveryCommandIsDocumented(t *testing.T) {
	text := documentation(t)
	everyCommand(newApplication(testEnvironment(t, "")).newRootCommand(), func(command *cobra.Command) {
		if command.Name() == "help" || command.Hidden {
			return
		}
		if !regexp.MustCompile(`\b` + command.Name() + `\b`).MatchString(text) {
			t.Errorf("nothing is said of %s", command.CommandPath())
		}
	})
}

// TestExitCodesInDocumentation shows that the documentation tells the same exit codes as the help.
func TestExitCodesInDocumentation(t *testing.T) {
	text := documentation(t)
	for _, line := range regexp.MustCompile(`(?m)^  (\d+) +(.*)$`).FindAllStringSubmatch(exitCodesHelp, -1) {
		if row := "| " + line[1] + " | " + line[2] + " |"; !strings.Contains(text, row) {
			t.Errorf("the documentation lacks %q", row)
		}
	}
}
