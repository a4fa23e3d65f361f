package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// drafts are texts that exist nowhere else until the server has them: those from an editor, and those from stdin.
type drafts struct {
	directory string
	written   []draft
}

type draft struct {
	// flag is the one that can give the text again, from a file.
	flag string
	text string
	// path is the file that holds it; empty while there is none.
	path string
}

// add remembers a text. A path names the file that holds it already.
func (d *drafts) add(flag, text, path string) {
	d.written = append(d.written, draft{flag, text, path})
}

// create makes a file for a draft.
func (d *drafts) create(text string) (path string, err error) {
	file, err := os.CreateTemp(d.directory, "debrief-*.md")
	if err != nil {
		return "", fmt.Errorf("make a file for the draft: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.WriteString(text); err != nil {
		return "", fmt.Errorf("write the draft: %w", err)
	}
	return file.Name(), nil
}

// discard removes the files: their texts have arrived, or were given up.
func (d *drafts) discard() error {
	var problems []error
	for _, draft := range d.written {
		if draft.path == "" {
			continue
		}
		if err := os.Remove(draft.path); !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	d.written = nil
	return errors.Join(problems...)
}

// keep makes sure that each text is in a file, and says in which one.
func (d *drafts) keep() []string {
	var told []string
	for _, draft := range d.written {
		if draft.path == "" {
			path, err := d.create(draft.text)
			if err != nil {
				told = append(told, fmt.Sprintf("What you wrote could not be kept: %v", err))
				continue
			}
			draft.path = path
		}
		told = append(told, fmt.Sprintf("What you wrote is kept: %s %s gives it again.", draft.flag, draft.path))
	}
	return told
}
