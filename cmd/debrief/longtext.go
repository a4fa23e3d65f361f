package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// longestText is more than any text may have, in bytes; the server knows the real limits.
const longestText = 4 << 20

// longText is a text that can be given by a flag, by a file, or in an editor.
type longText struct {
	app     *application
	name    string
	flag    string
	file    string
	editing bool
	command *cobra.Command
	// known says that text is what was read already.
	known bool
	text  string
}

// addLongText adds the flags --NAME and --NAME-file.
func (a *application) addLongText(command *cobra.Command, name, usage string) *longText {
	text := &longText{app: a, name: name, command: command}
	command.Flags().StringVar(&text.flag, name, "", usage)
	command.Flags().StringVar(&text.file, name+"-file", "", "read what --"+name+" says from a `file`; - is stdin")
	completeFile(command, name+"-file")
	command.MarkFlagsMutuallyExclusive(name, name+"-file")
	return text
}

// addEditableText adds the flag --edit as well. A command may have one such text.
func (a *application) addEditableText(command *cobra.Command, name, usage string) *longText {
	text := a.addLongText(command, name, usage)
	command.Flags().BoolVar(&text.editing, "edit", false, "write the "+name+" in $VISUAL or $EDITOR")
	return text
}

// given says whether the command line has the text.
func (t *longText) given() bool {
	return t.editing || t.command.Flags().Changed(t.name) || t.command.Flags().Changed(t.name+"-file")
}

// read is the text; empty where none is given. An editor starts from what is there. It is read once.
func (t *longText) read(ctx context.Context, current string) (text string, err error) {
	if !t.known {
		if t.text, err = t.readOnce(ctx, current); err != nil {
			return "", err
		}
		t.known = true
	}
	return t.text, nil
}

func (t *longText) readOnce(ctx context.Context, current string) (string, error) {
	text := t.flag
	if t.file != "" {
		var err error
		if text, err = t.app.readFile("--"+t.name+"-file", t.file); err != nil {
			return "", err
		}
	}
	if !t.editing {
		return text, nil
	}
	if text == "" {
		text = current
	}
	return t.app.compose(ctx, "--"+t.name+"-file", text, "Write the "+t.name+" above, in Markdown. This line is left out; without a text nothing happens.")
}

// readFile reads a text that a flag names: a file, or stdin, which can be read once.
func (a *application) readFile(flag, path string) (string, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", usagef("%s: %w", flag, err)
		}
		text, err := readText(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return "", usagef("%s %s: %w", flag, path, err)
		}
		return text, nil
	}
	if a.stdinRead != "" {
		return "", usagef("%s: %s has read stdin already", flag, a.stdinRead)
	}
	a.stdinRead = flag
	text, err := readText(a.environment.stdin)
	if err != nil {
		return "", usagef("%s: %w", flag, err)
	}
	a.drafts.add(flag, text, "")
	return text, nil
}

func readText(from io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(from, longestText+1))
	if err != nil {
		return "", err
	}
	if len(text) > longestText {
		return "", fmt.Errorf("it is larger than %d bytes", longestText)
	}
	if clean := strings.ToValidUTF8(string(text), "\uFFFD"); clean != string(text) {
		return "", errors.New("it is no text in UTF-8")
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n"), nil
}
