// Package training learns the model of package strength from labelled items, and tells how well it does on items that it has
// not seen. It is a package of its own, so that only those carry it who learn.
package training

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"github.com/debriefhq/debrief/service/strength"
)

const (
	classes = 3
	// fewest is in how many items a feature has to be.
	fewest = 2
	// Steps are taken until the slope is below flat, and at most mostSteps of them.
	flat      = 0.01
	mostSteps = 300
)

// stiffness is how much a weight is held back from growing, by what the feature is; 1 is that of words and of what
// the rules suggest. What single rules have found is held back less, and the bias hardly at all.
var stiffness = map[string]float64{"r": 0.5, "bias": 0.01}

// Train learns a model. The same items, in the same order, come to the same model.
func Train(items []strength.Item) (*strength.Model, error) {
	p, err := newProblem(items)
	if err != nil {
		return nil, err
	}
	problem := optimize.Problem{
		Func: func(weights []float64) float64 { return p.loss(weights, nil) },
		Grad: func(slope, weights []float64) { p.loss(weights, slope) },
	}
	settings := &optimize.Settings{GradientThreshold: flat, MajorIterations: mostSteps, Concurrent: 1}
	result, err := optimize.Minimize(problem, make([]float64, classes*len(p.names)), settings, &optimize.LBFGS{})
	if err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	weights := make(map[string][classes]float64, len(p.names))
	for i, name := range p.names {
		weights[name] = [classes]float64(result.X[classes*i:])
	}
	return strength.NewModel(weights), nil
}

// example is an item as it is learned from.
type example struct {
	class    int
	features []strength.Feature
	// indices are where the weights of the features stand.
	indices []int
}

// problem is to find the weights for which the labels are the most likely, held back by their stiffness.
type problem struct {
	examples []example
	names    []string
	hold     []float64
}

func newProblem(items []strength.Item) (*problem, error) {
	suggester, err := strength.New(strength.Options{RulesOnly: true})
	if err != nil {
		return nil, err
	}
	p := &problem{}
	seen := map[string]int{}
	for _, item := range items {
		if item.Strength == strength.Unknown {
			return nil, fmt.Errorf("%q has no strength to learn from", item.Text)
		}
		features := suggester.Features(item.Text)
		for _, feature := range features {
			seen[feature.Name]++
		}
		p.examples = append(p.examples, example{class: int(item.Strength - strength.Weaker), features: features})
	}
	p.index(seen)
	return p, nil
}

// index gives each feature that was seen often enough a place, in the order of names.
func (p *problem) index(seen map[string]int) {
	for name, count := range seen {
		if count >= fewest {
			p.names = append(p.names, name)
		}
	}
	slices.Sort(p.names)
	for _, name := range p.names {
		p.hold = append(p.hold, holdOf(name))
	}
	for i := range p.examples {
		e := &p.examples[i]
		e.features = slices.DeleteFunc(e.features, func(f strength.Feature) bool { return seen[f.Name] < fewest })
		for _, feature := range e.features {
			at, _ := slices.BinarySearch(p.names, feature.Name)
			e.indices = append(e.indices, at*classes)
		}
	}
}

func holdOf(name string) float64 {
	for kind, hold := range stiffness {
		if name == kind || len(name) > len(kind) && name[:len(kind)+1] == kind+":" {
			return hold
		}
	}
	return 1
}

// loss is how unlikely the labels are. Where slope is not nil it becomes the loss's gradient.
func (p *problem) loss(weights, slope []float64) float64 {
	loss := 0.0
	for i, weight := range weights {
		pull := p.hold[i/classes] * weight
		loss += pull * weight / 2
		if slope != nil {
			slope[i] = pull
		}
	}
	for i := range p.examples {
		e := &p.examples[i]
		likely := strength.Softmax(e.sums(weights))
		loss -= math.Log(max(likely[e.class], math.SmallestNonzeroFloat64))
		if slope == nil {
			continue
		}
		likely[e.class]--
		for j, at := range e.indices {
			for class, difference := range likely {
				slope[at+class] += difference * e.features[j].Value
			}
		}
	}
	return loss
}

func (e *example) sums(weights []float64) [classes]float64 {
	var sums [classes]float64
	for j, at := range e.indices {
		for class := range sums {
			sums[class] += weights[at+class] * e.features[j].Value
		}
	}
	return sums
}
