package strength

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Item is the text of an action and the strength that a person gave it.
type Item struct {
	Text     string
	Strength Strength
}

// maxItem bounds a line of labelled items, in bytes.
const maxItem = 1 << 20

// ReadItems reads labelled items, a JSON object {"text": …, "strength": "WEAKER"} a line. Other fields and empty lines are
// passed over. The error names the line that is not right.
func ReadItems(from io.Reader) ([]Item, error) {
	var items []Item
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxItem)
	for number := 1; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var labelled struct{ Text, Strength string }
		if err := json.Unmarshal(lines.Bytes(), &labelled); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		strength, err := Parse(labelled.Strength)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		items = append(items, Item{Text: labelled.Text, Strength: strength})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	return items, nil
}

// Mistake is an item on which the suggestion and the label do not agree.
type Mistake struct {
	Item
	Suggestion Suggestion
}

// Evaluation tells how well suggestions agree with labels.
type Evaluation struct {
	// Counts are the items by their label, then by what was suggested.
	Counts map[Strength]map[Strength]int
	// Mistakes are the items without agreement, in their order.
	Mistakes []Mistake
	// confidence is that of all suggestions, added up.
	confidence float64
}

// Evaluate suggests a strength for each item and compares it with the label. Unknown is no agreement.
func (s *Suggester) Evaluate(items []Item) Evaluation {
	e := Evaluation{Counts: map[Strength]map[Strength]int{Stronger: {}, Intermediate: {}, Weaker: {}}}
	for _, item := range items {
		suggestion := s.Suggest(item.Text)
		e.confidence += suggestion.Confidence
		if e.Counts[item.Strength] == nil {
			e.Counts[item.Strength] = map[Strength]int{}
		}
		e.Counts[item.Strength][suggestion.Strength]++
		if suggestion.Strength != item.Strength {
			e.Mistakes = append(e.Mistakes, Mistake{item, suggestion})
		}
	}
	return e
}

// Add is this evaluation and another one together.
func (e Evaluation) Add(other Evaluation) Evaluation {
	sum := Evaluation{Counts: map[Strength]map[Strength]int{}, Mistakes: slices.Concat(e.Mistakes, other.Mistakes), confidence: e.confidence + other.confidence}
	for _, counts := range []map[Strength]map[Strength]int{e.Counts, other.Counts} {
		for label, suggested := range counts {
			if sum.Counts[label] == nil {
				sum.Counts[label] = map[Strength]int{}
			}
			for strength, count := range suggested {
				sum.Counts[label][strength] += count
			}
		}
	}
	return sum
}

// Total is the number of items.
func (e Evaluation) Total() int {
	total := 0
	for _, suggested := range e.Counts {
		for _, count := range suggested {
			total += count
		}
	}
	return total
}

// Agreement is the share of items on which suggestion and label agree, from 0 to 1; 0 without items.
func (e Evaluation) Agreement() float64 {
	total := e.Total()
	if total == 0 {
		return 0
	}
	return float64(total-len(e.Mistakes)) / float64(total)
}

// Confidence is the mean confidence of the suggestions: what the agreement would be if they knew themselves; 0 without items.
func (e Evaluation) Confidence() float64 {
	total := e.Total()
	if total == 0 {
		return 0
	}
	return e.confidence / float64(total)
}

// WeakerCalledStronger is the number of the worst mistakes: weaker items that were called stronger.
func (e Evaluation) WeakerCalledStronger() int { return e.Counts[Weaker][Stronger] }
