package question

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Bank is a checked collection of questions. It never changes, and may be used by many at once.
type Bank struct {
	groups map[groupKey]group
}

type groupKey struct {
	kind Kind
	key  string
}

// group holds the questions for one source, in YAML as bank/README.md describes it.
type group struct {
	Kind      Kind       `yaml:"kind"`
	Key       string     `yaml:"key"`
	Part      Part       `yaml:"part"`
	Each      int        `yaml:"each"`
	Reason    string     `yaml:"reason"`
	Questions []question `yaml:"questions"`
}

type question struct {
	ID     string `yaml:"id"`
	Weight int    `yaml:"weight"`
	Part   Part   `yaml:"part"`
	Text   string `yaml:"text"`
}

//go:embed bank/*.yaml
var files embed.FS

var defaultBank = sync.OnceValue(func() *Bank {
	names, err := fs.Glob(files, "bank/*.yaml")
	if err != nil {
		panic(err)
	}
	var sources [][]byte
	for _, name := range names {
		source, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		sources = append(sources, source)
	}
	bank, err := Parse(sources...)
	if err != nil {
		panic("question: the built-in bank: " + err.Error())
	}
	return bank
})

// Default is the built-in bank.
func Default() *Bank { return defaultBank() }

// MaxBankBytes bounds the files of a bank together.
const MaxBankBytes = 1 << 20

// Parse reads a bank from YAML files as bank/README.md describes them. The error names everything that is wrong with it.
func Parse(sources ...[]byte) (*Bank, error) {
	var groups []group
	size := 0
	for _, source := range sources {
		if size += len(source); size > MaxBankBytes {
			return nil, fmt.Errorf("the bank has more than %d bytes", MaxBankBytes)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(source))
		decoder.KnownFields(true)
		var some []group
		if err := decoder.Decode(&some); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the bank of questions: %w", err)
		}
		groups = append(groups, some...)
	}
	if err := check(groups); err != nil {
		return nil, err
	}
	bank := &Bank{groups: make(map[groupKey]group, len(groups))}
	for _, g := range groups {
		bank.groups[groupKey{g.Kind, g.Key}] = g.prepared()
	}
	return bank, nil
}

// prepared has its questions in the order in which they are given out, each with its own part.
func (g group) prepared() group {
	for i := range g.Questions {
		if g.Questions[i].Part == "" {
			g.Questions[i].Part = g.Part
		}
	}
	slices.SortFunc(g.Questions, func(a, b question) int {
		if a.Weight != b.Weight {
			return b.Weight - a.Weight
		}
		return strings.Compare(a.ID, b.ID)
	})
	if g.Each == 0 {
		g.Each = len(g.Questions)
	}
	return g
}
