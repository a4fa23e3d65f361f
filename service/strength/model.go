package strength

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// classes are what a model decides between, in the order of its weights.
var classes = [3]Strength{Weaker, Intermediate, Stronger}

// Model is a log-linear model (a multinomial logistic regression): what speaks for a strength is the sum of the weights of
// the features that a text has. It is learned from labelled items by package training.
type Model struct {
	weights map[string][3]float64
}

// scale is how many steps a weight of 1 has in the file: three digits are kept.
const scale = 1000

// NewModel makes a model of weights by the name of their feature, for WEAKER, INTERMEDIATE and STRONGER. They are rounded to
// three digits, as they are written; a feature of which nothing is left is dropped.
func NewModel(weights map[string][3]float64) *Model {
	const least = 5 // In steps: less does not change a suggestion.
	m := &Model{weights: map[string][3]float64{}}
	for name, given := range weights {
		var rounded [3]float64
		kept := false
		for i, weight := range given {
			steps := math.Round(weight * scale)
			rounded[i], kept = steps/scale, kept || math.Abs(steps) >= least
		}
		if kept {
			m.weights[name] = rounded
		}
	}
	return m
}

// Write writes a model as a table: a feature a line, with its weights in thousandths after tabs, in the order of names.
func (m *Model) Write(to io.Writer) error {
	buffered := bufio.NewWriter(to)
	for _, name := range slices.Sorted(maps.Keys(m.weights)) {
		buffered.WriteString(name) //nolint:errcheck // Flush tells.
		for _, weight := range m.weights[name] {
			fmt.Fprintf(buffered, "\t%d", int(math.Round(weight*scale)))
		}
		buffered.WriteByte('\n') //nolint:errcheck // Flush tells.
	}
	return buffered.Flush()
}

// ReadModel reads what [Model.Write] has written. The error names the line that is not right.
func ReadModel(from io.Reader) (*Model, error) {
	m := &Model{weights: map[string][3]float64{}}
	lines := bufio.NewScanner(from)
	for number := 1; lines.Scan(); number++ {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 1+len(classes) || fields[0] == "" {
			return nil, fmt.Errorf("line %d: it is to be a name and %d weights, with tabs between", number, len(classes))
		}
		var weights [3]float64
		for i := range classes {
			steps, err := strconv.ParseInt(fields[i+1], 10, 32)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			weights[i] = float64(steps) / scale
		}
		m.weights[fields[0]] = weights
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	if len(m.weights) == 0 {
		return nil, errors.New("a model without weights")
	}
	return m, nil
}

// Distance is the largest difference between a weight of two models: 0 where they are the same. A model may be learned on
// another kind of machine, which rounds a little otherwise.
func (m *Model) Distance(other *Model) float64 {
	most := 0.0
	for _, pair := range [2][2]*Model{{m, other}, {other, m}} {
		for name, weights := range pair[0].weights {
			for i, weight := range pair[1].weights[name] {
				most = max(most, math.Abs(weights[i]-weight))
			}
		}
	}
	return most
}

// probabilities are how likely each class is, in the order of classes. They add up to 1.
func (m *Model) probabilities(features []Feature) [3]float64 {
	var sums [3]float64
	for _, feature := range features {
		for i, weight := range m.weights[feature.Name] {
			sums[i] += weight * feature.Value
		}
	}
	return Softmax(sums)
}

// Softmax turns what speaks for each of three classes into how likely each is.
func Softmax(sums [3]float64) [3]float64 {
	most := slices.Max(sums[:])
	total := 0.0
	for i := range sums {
		sums[i] = math.Exp(sums[i] - most)
		total += sums[i]
	}
	for i := range sums {
		sums[i] /= total
	}
	return sums
}

// speaks says how much a feature speaks for a class rather than for the likelier of the others.
func (m *Model) speaks(feature Feature, class int) float64 {
	weights := m.weights[feature.Name]
	others := math.Inf(-1)
	for i, weight := range weights {
		if i != class {
			others = max(others, weight)
		}
	}
	return (weights[class] - others) * feature.Value
}

// knows says whether the model has seen a word.
func (m *Model) knows(w word) bool {
	stem := featureStem(w)
	_, known := m.weights[featureWord+stem]
	return known && stem != numberStem && stem != codeStem
}

//go:embed weights.tsv
var learned []byte

// BuiltinModel is the model that suggestions go by, as it was learned from the labelled items of package corpus.
var BuiltinModel = sync.OnceValues(func() (*Model, error) { return ReadModel(bytes.NewReader(learned)) })
