package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// readCorpus reads the labelled items of a file; without a path, those of this repository.
func readCorpus[Item any](path string, own func() ([]Item, error), read func(io.Reader) ([]Item, error)) ([]Item, error) {
	if path == "" {
		return own()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	items, err := read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return items, nil
}
