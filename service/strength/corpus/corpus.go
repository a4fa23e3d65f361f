// Package corpus holds the labelled action items that the suggester of package strength is measured on. It is a package of
// its own, so that only those carry it who measure.
package corpus

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/debriefhq/debrief/service/strength"
)

//go:embed items.jsonl
var items []byte

//go:embed voices/*.jsonl
var files embed.FS

// Voice are labelled action items that are written in one way: by one writer, in one style or of one trade.
type Voice struct {
	// Name is that of the file, without its ending.
	Name  string
	Items []strength.Item
}

// Voices are labelled action items beside those that the rules were made better on, in the order of the voices' names.
func Voices() ([]Voice, error) {
	names, err := fs.Glob(files, "voices/*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("list voices: %w", err)
	}
	voices := make([]Voice, 0, len(names))
	for _, name := range names {
		voice, err := readVoice(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		voices = append(voices, voice)
	}
	return voices, nil
}

func readVoice(name string) (Voice, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return Voice{}, err
	}
	items, err := strength.ReadItems(bytes.NewReader(text))
	return Voice{Name: strings.TrimSuffix(path.Base(name), ".jsonl"), Items: items}, err
}

// Items are the labelled action items that the rules were made better on.
func Items() ([]strength.Item, error) { return strength.ReadItems(bytes.NewReader(items)) }
