// Package picture draws a comparison of a mental model with reality: both graphs laid over each other, what is agreed,
// missing, phantom and different told by colour, by line style and in words. As SVG it is a picture of its own, as Mermaid
// and as DOT a text for other tools.
package picture

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// Options say what stands around a picture.
type Options struct {
	// Title is a line above the picture, and its name for screen readers. The default is "What was believed and what was
	// true".
	Title string
	// ID begins the ids within an SVG, so that several can stand in one page. Only letters, digits and hyphens of it are
	// used. The default is "mental-model".
	ID string
}

const (
	defaultTitle = "What was believed and what was true"
	defaultID    = "mental-model"
)

// Bounds of what a picture shows; beyond them nobody can read it. What is left out is said in the picture, and what agrees
// is left out first.
const (
	MaxComponents = 250
	MaxLinks      = 600
	maxFactLines  = 6
)

// style is how a status is told.
type style struct {
	// symbol and word are what is written beside what has the status, meaning what the legend says of it.
	symbol, word, meaning string
	// stroke and fill are colours, dash is an SVG stroke-dasharray, width the stroke's.
	stroke, fill, dash string
	width              float64
	// dot is the style of a line in DOT.
	dot string
}

// statuses are all statuses, in the order of the legend. The colours have a contrast of at least 5 to 1 on white and on
// their fills, and differ in lightness and in dashes, too.
var statuses = []struct {
	status mentalmodel.Status
	style
}{
	{mentalmodel.Agreed, style{"=", "agreed", "there, and known", "#4a5260", "#f6f7f9", "", 1.3, "solid"}},
	{mentalmodel.Missing, style{"!", "missing", "there, and missing from the model", "#b3261e", "#fdecea", "9 4", 2.4, "dashed"}},
	{mentalmodel.Phantom, style{"?", "phantom", "believed, and not there", "#5636a6", "#f1edfc", "1.5 4.5", 2.6, "dotted"}},
	{mentalmodel.Different, style{"≠", "different", "there, and believed to be otherwise", "#7d4600", "#fff3df", "14 3 3 3", 2.2, "bold"}},
}

func styleOf(status mentalmodel.Status) style {
	for _, s := range statuses {
		if s.status == status {
			return s.style
		}
	}
	return statuses[0].style
}

// shown is a comparison as it is drawn.
type shown struct {
	title, id string
	boxes     []box
	lines     []line
	// system are facts of the whole system in which the model parts from reality.
	system []note
	// counts are the components, links and facts with each status, of the whole comparison.
	counts map[mentalmodel.Status]int
	gaps   []mentalmodel.Gap
	// notes say what is not drawn.
	notes []string
}

// box is a component.
type box struct {
	name   string
	kind   string
	status mentalmodel.Status
	// remarks are about the component itself, and facts in which the model parts from reality.
	remarks []note
}

// note is a line of text with a status of its own.
type note struct {
	status mentalmodel.Status
	text   string
}

// line is a link, between numbers of boxes.
type line struct {
	from, to int
	label    string
	status   mentalmodel.Status
}

// show decides what is drawn and in which words.
func show(comparison mentalmodel.Comparison, options Options) shown {
	s := shown{
		title: cmp.Or(oneLine(options.Title), defaultTitle), id: cmp.Or(safeID(options.ID), defaultID),
		counts: make(map[mentalmodel.Status]int), gaps: comparison.Gaps,
	}
	for _, c := range comparison.Components {
		s.counts[c.Status]++
	}
	for _, l := range comparison.Links {
		s.counts[l.Status]++
	}
	for _, f := range comparison.Facts {
		s.counts[f.Status]++
	}
	numbers := s.addBoxes(comparison)
	s.addFacts(comparison, numbers)
	s.addLines(comparison, numbers)
	return s
}

// surelySame is the confidence from which on a box does not say how the model calls it: case and punctuation apart, the
// same.
const surelySame = 0.98

// addBoxes returns the numbers of boxes by the numbers of components; -1 for those that are not drawn.
func (s *shown) addBoxes(comparison mentalmodel.Comparison) []int {
	numbers := make([]int, len(comparison.Components))
	drawn := mostTelling(comparison)
	for i, c := range comparison.Components {
		if numbers[i] = -1; !drawn[i] {
			continue
		}
		numbers[i] = len(s.boxes)
		b := box{name: oneLine(c.Name), kind: oneLine(c.Kind), status: c.Status}
		if c.Status == mentalmodel.Different {
			b.remarks = append(b.remarks, note{c.Status, "believed to be " + oneLine(c.BelievedKind)})
		}
		if c.Status != mentalmodel.Phantom && c.Confidence < surelySame {
			b.remarks = append(b.remarks, note{mentalmodel.Agreed, fmt.Sprintf("believed as %s (%.0f%% sure)", oneLine(c.Believed), 100*c.Confidence)})
		}
		s.boxes = append(s.boxes, b)
	}
	if left := len(comparison.Components) - len(s.boxes); left > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%d of %d components are not drawn, those first about which least is to be told.", left, len(comparison.Components)))
	}
	return numbers
}

// mostTelling chooses the components that are drawn: first those that are gaps, then those that have gaps, then those that
// are linked with such, then the others.
func mostTelling(comparison mentalmodel.Comparison) []bool {
	drawn := make([]bool, len(comparison.Components))
	weight := make([]int, len(comparison.Components))
	order := make([]int, len(comparison.Components))
	raise := func(i, to int) {
		if i >= 0 {
			weight[i] = max(weight[i], to)
		}
	}
	for i, c := range comparison.Components {
		order[i] = i
		if c.Status != mentalmodel.Agreed {
			raise(i, 3)
		}
	}
	for _, l := range comparison.Links {
		if l.Status != mentalmodel.Agreed && !l.Implied {
			raise(l.From, 2)
			raise(l.To, 2)
		}
	}
	for _, f := range comparison.Facts {
		if f.Status != mentalmodel.Agreed && !f.Implied {
			raise(f.Component, 2)
		}
	}
	for _, l := range comparison.Links {
		if weight[l.From] >= 2 || weight[l.To] >= 2 {
			raise(l.From, 1)
			raise(l.To, 1)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	for _, i := range order[:min(len(order), MaxComponents)] {
		drawn[i] = true
	}
	return drawn
}

func (s *shown) addFacts(comparison mentalmodel.Comparison, numbers []int) {
	for _, fact := range comparison.Facts {
		if fact.Status == mentalmodel.Agreed || fact.Implied {
			continue
		}
		n := note{fact.Status, factText(fact)}
		if fact.Component < 0 {
			s.system = append(s.system, n)
		} else if i := numbers[fact.Component]; i >= 0 {
			s.boxes[i].remarks = append(s.boxes[i].remarks, n)
		}
	}
	for i := range s.boxes {
		s.boxes[i].remarks = atMost(s.boxes[i].remarks)
	}
	s.system = atMost(s.system)
}

func atMost(notes []note) []note {
	if len(notes) <= maxFactLines {
		return notes
	}
	return append(notes[:maxFactLines-1:maxFactLines-1], note{mentalmodel.Different, fmt.Sprintf("%d more", len(notes)-maxFactLines+1)})
}

func factText(fact mentalmodel.ComparedFact) string {
	key := short(fact.Key)
	switch fact.Status {
	case mentalmodel.Missing:
		return fmt.Sprintf("%s: %s, not in the model", key, short(fact.Reality))
	case mentalmodel.Phantom:
		return fmt.Sprintf("%s: %s believed, there is none", key, short(fact.Model))
	default:
		return fmt.Sprintf("%s: %s, believed %s", key, short(fact.Reality), short(fact.Model))
	}
}

// addLines puts gaps before what agrees, so that the latter is left out first.
func (s *shown) addLines(comparison mentalmodel.Comparison, numbers []int) {
	var agreed []line
	total := 0
	for _, link := range comparison.Links {
		from, to := numbers[link.From], numbers[link.To]
		if from < 0 || to < 0 {
			continue
		}
		total++
		l := line{from: from, to: to, label: linkText(link), status: link.Status}
		if link.Status == mentalmodel.Agreed {
			agreed = append(agreed, l)
			continue
		}
		s.lines = append(s.lines, l)
	}
	s.lines = append(s.lines, agreed...)
	s.lines = s.lines[:min(len(s.lines), MaxLinks)]
	if left := total - len(s.lines); left > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%d of %d links between what is drawn are not drawn.", left, total))
	}
}

func linkText(link mentalmodel.ComparedLink) string {
	style := styleOf(link.Status)
	switch {
	case link.Status == mentalmodel.Agreed:
		return string(link.Kind)
	case link.Reversed:
		return fmt.Sprintf("%s %s, believed reversed", style.symbol, link.Kind)
	case link.Status == mentalmodel.Different:
		return fmt.Sprintf("%s %s, believed %s", style.symbol, link.Kind, link.BelievedKind)
	default:
		return fmt.Sprintf("%s %s: %s", style.symbol, style.word, link.Kind)
	}
}

// summary counts what the picture shows, in words.
func (s *shown) summary() string {
	return fmt.Sprintf("Components, links and facts: %d missing, %d phantom, %d different, %d agreed",
		s.counts[mentalmodel.Missing], s.counts[mentalmodel.Phantom], s.counts[mentalmodel.Different], s.counts[mentalmodel.Agreed])
}
