package blameless

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Item is a text whose sentences are labelled.
type Item struct {
	ID string `json:"id"`
	// Kind says where such a text stands: "timeline", "summary", …
	Kind      string             `json:"kind"`
	Sentences []LabelledSentence `json:"sentences"`
}

// LabelledSentence is a sentence and the ids of the rules that it breaks.
type LabelledSentence struct {
	Text  string   `json:"text"`
	Rules []string `json:"rules"`
	// Mild are those of its rules that it breaks in a mild way only, as a NOTE.
	Mild []string `json:"mild,omitempty"`
}

// maxItem is the longest line of a file of items, in bytes.
const maxItem = 1 << 20

// ReadItems reads items, a JSON object a line.
func ReadItems(r io.Reader) ([]Item, error) {
	var items []Item
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxItem)
	for line := 1; scanner.Scan(); line++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var item Item
		decoder := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&item); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		items = append(items, item)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	return items, nil
}

// Count is how often something was found rightly, wrongly, and not.
type Count struct{ Right, Wrong, Missed int }

// Precision is the share of what was found that was labelled; 1 if nothing was found.
func (c Count) Precision() float64 { return share(c.Right, c.Right+c.Wrong) }

// Recall is the share of what was labelled that was found; 1 if nothing was labelled.
func (c Count) Recall() float64 { return share(c.Right, c.Right+c.Missed) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func (c *Count) add(labelled, found bool) {
	switch {
	case labelled && found:
		c.Right++
	case found:
		c.Wrong++
	case labelled:
		c.Missed++
	}
}

// Evaluation is how the findings in labelled texts compare with the labels.
type Evaluation struct {
	// Total is the number of sentences.
	Total int
	// Rules counts, for each rule, sentences that it was found in.
	Rules map[string]Count
	// Sentences counts those with any finding of BLAME or CAUTION, WithNotes those with any at all.
	Sentences, WithNotes Count
	Mistakes             []Mistake
}

// Mistake is a sentence whose findings are not those of its labels.
type Mistake struct {
	Item, Text     string
	Labelled, Read []string
	Findings       []Finding
}

// Evaluate checks texts, each as a whole, and compares. A finding counts for each sentence that it overlaps.
func (c *Checker) Evaluate(items []Item) Evaluation {
	e := Evaluation{Rules: map[string]Count{}}
	for _, item := range items {
		texts := make([]string, len(item.Sentences))
		for i, sentence := range item.Sentences {
			texts[i] = sentence.Text
		}
		findings := c.Check(strings.Join(texts, " "))
		start := 0
		for _, sentence := range item.Sentences {
			end := start + len(sentence.Text)
			var within []Finding
			for _, f := range findings {
				if f.Start < end && f.End > start {
					within = append(within, f)
				}
			}
			e.count(c, item.ID, sentence, within)
			start = end + 1
		}
	}
	return e
}

func (e *Evaluation) count(c *Checker, item string, sentence LabelledSentence, findings []Finding) {
	var read []string
	worst := Severity(0)
	for _, f := range findings {
		worst = max(worst, f.Severity)
		read = append(read, f.Rule)
	}
	slices.Sort(read)
	read = slices.Compact(read)
	labelled, labelledWorst := slices.Sorted(slices.Values(sentence.Rules)), Severity(0)
	for _, rule := range c.rules {
		inLabels, inFindings := slices.Contains(labelled, rule.ID), slices.Contains(read, rule.ID)
		switch {
		case inLabels && slices.Contains(sentence.Mild, rule.ID):
			labelledWorst = max(labelledWorst, Note)
		case inLabels:
			labelledWorst = max(labelledWorst, rule.Severity)
		}
		count := e.Rules[rule.ID]
		count.add(inLabels, inFindings)
		e.Rules[rule.ID] = count
	}
	e.Total++
	e.Sentences.add(labelledWorst > Note, worst > Note)
	e.WithNotes.add(labelledWorst > 0, worst > 0)
	if !slices.Equal(labelled, read) {
		e.Mistakes = append(e.Mistakes, Mistake{item, sentence.Text, labelled, read, findings})
	}
}
