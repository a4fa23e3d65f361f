// Package question finds what to ask in the review of an incident: questions that go on where the first story stops, after
// the "second story" of Cook, Woods and Miller (A Tale of Two Stories, 1998). Each comes from something in the post-mortem,
// or from something that is missing in it, and says from what. The questions are data, in the folder bank.
package question

// Part is a part of a review, in which a question is asked.
type Part string

// The parts of a review.
const (
	Rules     Part = "rules"
	Timeline  Part = "timeline"
	Beliefs   Part = "beliefs"
	Factors   Part = "factors"
	Surprises Part = "surprises"
	Actions   Part = "actions"
)

// Parts are the parts in the order in which a review has them.
func Parts() []Part { return []Part{Rules, Timeline, Beliefs, Factors, Surprises, Actions} }

// Kind says what sort of thing leads to a question.
type Kind string

// The kinds of sources.
const (
	FromFinding  Kind = "finding"
	FromFactor   Kind = "factor"
	FromEntry    Kind = "entry"
	FromGap      Kind = "gap"
	FromBelief   Kind = "belief"
	FromHole     Kind = "hole"
	FromIncident Kind = "incident"
	FromAction   Kind = "action"
)

// Suggestion is a question worth asking.
type Suggestion struct {
	// ID names the question about its source: lower case letters, digits and hyphens, at most 53. It follows from the two
	// alone, so it stays what it is while other things in the post-mortem change, and answers can be kept by it.
	ID string
	// Text is the question, one line.
	Text string
	// About is what it is about, one short line to stand beside Text where that does not say so itself; or empty.
	About string
	// Source is what it comes from.
	Source Source
	// Reason is one sentence that says why it is asked. Other than Text and About it may quote a finding's words, so it is
	// for the facilitator, and not for an invitation.
	Reason string
	// AgendaItem is the part of the review in which it is asked.
	AgendaItem Part
}

// Source is what a question comes from.
type Source struct {
	Kind Kind
	// Key is which of its kind: a finding's rule, a factor's category, a hole's name, …
	Key string
	// Reference leads to the thing itself: the name, id or place that the [Review] gave it. It is empty for a hole of the
	// post-mortem as a whole.
	Reference string
}

// Limits bound the number of suggestions in each part. A part that is not in it has none.
type Limits map[Part]int

// DefaultLimits are what a group can talk about in an hour or two.
func DefaultLimits() Limits {
	return Limits{Rules: 2, Timeline: 8, Beliefs: 6, Factors: 8, Surprises: 4, Actions: 5}
}
