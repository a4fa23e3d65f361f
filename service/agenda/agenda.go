// Package agenda makes the agenda of a review: its parts in order, how many minutes each has, and what to ask in it.
package agenda

import (
	"bytes"
	"cmp"
	_ "embed" // for what the parts say
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/debriefhq/debrief/service/groundrules"
	"github.com/debriefhq/debrief/service/question"
)

// Bounds of a review's length, in minutes.
const (
	MinMinutes     = 20
	MaxMinutes     = 240
	DefaultMinutes = 60
)

// MinutesPerQuestion is the least time that a question takes to be talked about.
const MinutesPerQuestion = 3

// Review is what an agenda is made from.
type Review struct {
	// Title is the post-mortem's; it may be empty.
	Title string
	// Minutes is how long the review takes: MinMinutes to MaxMinutes, 0 for DefaultMinutes.
	Minutes int
	// Rules are the ground rules that will be read out.
	Rules []groundrules.Rule
	// Recorded is how many things are recorded so far for each part: entries of the timeline, beliefs and gaps, factors,
	// surprises, action items. More of them give a part more of the time.
	Recorded map[question.Part]int
	// Questions come in order, as [question.Bank.Suggest] answers them.
	Questions []question.Suggestion
}

// Agenda is the order of a review.
type Agenda struct {
	Title string
	// Minutes is the sum of those of all items.
	Minutes int
	Rules   []groundrules.Rule
	// Items are all parts, in their order.
	Items []Item
}

// Item is a part of a review.
type Item struct {
	Part  question.Part
	Title string
	// Lead is what the facilitator says at its beginning.
	Lead string
	// Start is how many minutes after the review's beginning it begins; it lasts Minutes, at least one.
	Start, Minutes int
	// Opening is a question to begin with where there are no others.
	Opening string
	// Questions are as many as there is time for, and at least one of those there are.
	Questions []question.Suggestion
	// FurtherQuestions is how many there are beyond these.
	FurtherQuestions int
}

// MinutesError says that a review cannot be as long as it was told to be.
type MinutesError struct{ Minutes int }

// Error names the length and its bounds.
func (e *MinutesError) Error() string {
	return fmt.Sprintf("a review of %d minutes: it must take from %d to %d", e.Minutes, MinMinutes, MaxMinutes)
}

// Generate makes an agenda; a *[MinutesError] where the review is too short or too long. The same review always gives the
// same agenda.
func Generate(review Review) (Agenda, error) {
	total := cmp.Or(review.Minutes, DefaultMinutes)
	if total < MinMinutes || total > MaxMinutes {
		return Agenda{}, &MinutesError{Minutes: total}
	}
	agenda := Agenda{Title: review.Title, Minutes: total, Rules: slices.Clone(review.Rules)}
	minutes := allot(total, review.Recorded)
	asked := map[question.Part][]question.Suggestion{}
	for _, q := range review.Questions {
		asked[q.AgendaItem] = append(asked[q.AgendaItem], q)
	}
	start := 0
	for _, p := range parts() {
		item := Item{Part: p.Part, Title: p.Title, Lead: p.Lead, Start: start, Minutes: minutes[p.Part]}
		item.ask(asked[p.Part], p.Opening)
		agenda.Items = append(agenda.Items, item)
		start += item.Minutes
	}
	return agenda, nil
}

func (i *Item) ask(questions []question.Suggestion, opening string) {
	if len(questions) == 0 {
		i.Opening = opening
		return
	}
	room := min(len(questions), max(1, i.Minutes/MinutesPerQuestion))
	i.Questions = questions[:room:room]
	i.FurtherQuestions = len(questions) - room
}

// part is what parts.yaml says of one.
type part struct {
	Part    question.Part `yaml:"part"`
	Title   string        `yaml:"title"`
	Lead    string        `yaml:"lead"`
	Opening string        `yaml:"opening"`
}

//go:embed parts.yaml
var source []byte

var parts = sync.OnceValue(func() []part {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	var all []part
	if err := decoder.Decode(&all); err != nil {
		panic("agenda: what the parts say: " + err.Error())
	}
	return all
})
