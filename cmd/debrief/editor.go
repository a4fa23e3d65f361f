package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// errNothingWritten ends a command whose editor was left without a text.
var errNothingWritten = errors.New("nothing was written, so nothing was changed")

// comment is a line that Debrief writes for people to read in their editor, and that is no part of the text.
func comment(text string) string {
	return "<!-- debrief: " + text + " -->"
}

var commentLine = regexp.MustCompile(`(?m)^<!-- debrief: .*-->[ \t]*(?:\n|\z)`)

// compose has somebody write a text in their editor, starting from the one given, with an instruction below it.
func (a *application) compose(ctx context.Context, flag, start, instruction string) (string, error) {
	written, err := a.edit(ctx, flag, strings.TrimRight(start, "\n")+"\n\n"+comment(instruction)+"\n")
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(commentLine.ReplaceAllString(written, ""))
	if text == "" {
		return "", errors.Join(errNothingWritten, a.drafts.discard())
	}
	return text, nil
}

// edit opens an editor on a document and answers what was made of it. The file is kept until the command has succeeded, and
// the flag is one that can give it again.
func (a *application) edit(ctx context.Context, flag, document string) (string, error) {
	if !a.environment.interactive {
		return "", usagef("an editor needs a terminal: give the text by a flag, or its file, instead")
	}
	path, err := a.drafts.create(document)
	if err != nil {
		return "", err
	}
	a.drafts.add(flag, "", path)
	if err := a.startEditor(ctx, path); err != nil {
		return "", fmt.Errorf("the editor %q failed: %w", a.editor(), err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read what was written: %w", err)
	}
	return strings.ReplaceAll(string(written), "\r\n", "\n"), nil
}

// editor is the command that starts the user's editor.
func (a *application) editor() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if editor := strings.TrimSpace(a.environment.variable(name)); editor != "" {
			return editor
		}
	}
	if runtime.GOOS == "windows" {
		return "notepad"
	}
	return "vi"
}

// startEditor waits until the editor ends. The editor outlives an interrupt: it gets its own, and may be asking back.
func (a *application) startEditor(ctx context.Context, path string) error {
	ctx = context.WithoutCancel(ctx)
	// The editor is a command line, such as "code --wait", which the user's own environment names.
	command := exec.CommandContext(ctx, "sh", "-c", a.editor()+` "$@"`, a.editor(), path) //nolint:gosec // As said above.
	if runtime.GOOS == "windows" {
		words := append(strings.Fields(a.editor()), path)
		command = exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // As said above.
	}
	command.Env = a.environment.variables
	command.Stdin, command.Stdout, command.Stderr = a.environment.stdin, a.environment.stdout, a.environment.stderr
	return command.Run()
}
