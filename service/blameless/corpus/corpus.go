// Package corpus holds the labelled texts on which the blameless check is measured. See README.md.
package corpus

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/debriefhq/debrief/service/blameless"
)

//go:embed *.jsonl
var files embed.FS

// Items reads all texts.
func Items() ([]blameless.Item, error) {
	names, err := fs.Glob(files, "*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("find the corpus: %w", err)
	}
	var items []blameless.Item
	for _, name := range names {
		file, err := files.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open the corpus: %w", err)
		}
		read, err := blameless.ReadItems(file)
		if err := file.Close(); err != nil {
			return nil, fmt.Errorf("close the corpus: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		items = append(items, read...)
	}
	return items, nil
}
