package strength

import "slices"

// How much a word counts by its place in the clause.
const (
	inMain        = 1.0
	inPhrase      = 0.8
	inResult      = 0.85
	inAgent       = 0.7
	inSubordinate = 0.4
	inReplaced    = 0.25
	inDiscarded   = 0.0
)

// placed is a word and how much it counts, from 0 to 1.
type placed struct {
	word
	weight float64
	// articled says that an article or the like stood before it.
	articled bool
}

// clause is a part of a sentence with one thing to do.
type clause struct {
	words []placed
	// head is where its verb stands; 0 where it has none.
	head int
	verb bool
	// topic says that it is a few words before a colon: "Docs: …".
	topic bool
	// means says that it tells how the clause before it comes about: "… by removing the path".
	means bool
	// goesOn says that it continues the clause before it, and falls with it.
	goesOn bool
	// asks says that it is a question which is asked of somebody: "Is it possible?"
	asks bool
}

// parser cuts the words of a text into clauses.
type parser struct {
	grammar *grammar
	rest    []placed
	clauses []clause
	current clause
	// weight is that of the place that was reached.
	weight float64
	// leading says that nothing but a subordinate clause was read: "When the disk is full, …".
	leading bool
	// nested says that the place is a clause of its own with a verb: in it "and" goes on with that.
	nested bool
	// outer is the weight outside the bracket; negative outside of any.
	outer float64
}

// parse cuts words into clauses.
func (g *grammar) parse(words []word) []clause {
	p := &parser{grammar: g, rest: g.withoutFillers(words)}
	p.begin(clause{})
	for len(p.rest) > 0 {
		p.step()
	}
	p.end()
	return p.clauses
}

func (p *parser) begin(c clause) {
	p.end()
	p.current, p.weight, p.leading, p.nested, p.outer = c, inMain, false, false, -1
}

func (p *parser) end() {
	if len(p.current.words) > 0 {
		p.grammar.findHead(&p.current)
		p.current.asks = p.current.words[len(p.current.words)-1].asked && p.grammar.asking.length(p.current.words) > 0
		p.clauses = append(p.clauses, p.current)
		p.current = clause{}
	}
}

// take moves the next words into the clause.
func (p *parser) take(count int, weight float64) {
	for i := range count {
		w := p.rest[i]
		w.weight = weight
		p.current.words = append(p.current.words, w)
	}
	p.rest = p.rest[count:]
}

// step reads on by a word, or by a phrase that holds the sentence together.
func (p *parser) step() {
	next := p.rest[0]
	p.cross(next.before)
	switch {
	case p.conjoins() || p.opensMeans() || p.infinitive() || p.subordinates() || p.discards() || p.replaces():
	case p.prepositional():
	default:
		p.take(1, p.weight)
	}
}

// prepositional reads the preposition that begins a phrase. After a phrase that tells of what, "in" and "to" lead back to
// what is acted upon: "add a note on the flag to the manual".
func (p *parser) prepositional() bool {
	if len(p.current.words) == 0 || p.rest[0].joined || p.grammar.prepositions.length(p.rest) == 0 || p.inParticle() {
		return false
	}
	text := p.rest[0].text()
	switch {
	case p.weight == inMain:
	case p.weight == inSubordinate && !p.nested && p.outer < 0 && (text == "to" || text == "in" || text == "into" || text == "from"):
	default:
		return false
	}
	p.weight = inPhrase
	if text == "by" {
		p.weight = inAgent
	}
	p.take(1, p.weight)
	return true
}

// cross is what punctuation does.
func (p *parser) cross(before gap) {
	switch before {
	case colon:
		const few = 3
		p.current.topic = len(p.current.words) <= few
		p.begin(clause{})
	case stop:
		p.begin(clause{})
	case comma:
		if p.weight == inPhrase || p.weight == inAgent {
			p.weight = inMain
		}
		if p.leading {
			p.begin(clause{})
		} else if p.weight == inDiscarded {
			p.weight = inMain
		}
		if p.isNextOrder(p.rest) && len(p.current.words) > 0 {
			p.begin(clause{})
		}
	case opening:
		if p.outer < 0 && len(p.current.words) > 0 {
			p.outer, p.weight = p.weight, min(p.weight, inSubordinate)
		}
	case closing:
		if p.outer >= 0 {
			p.weight, p.outer = p.outer, -1
		} else {
			p.begin(clause{}) // "(Owner: payments) Add …"
		}
	case space, hyphen:
	}
}

// isOrder says whether words begin with a verb that gives an order.
func (p *parser) isOrder(words []placed) bool {
	return len(words) > 0 && !words[0].joined && p.grammar.verbs[words[0].text()]
}

// isNextOrder is the same in the middle of a sentence, where "and test" may well go on with "environment".
func (p *parser) isNextOrder(words []placed) bool {
	if !p.isOrder(words) {
		return false
	}
	if len(words) == 1 || p.grammar.nouns.length(words[:1]) == 0 {
		return true
	}
	next := words[1:]
	return next[0].articled || slices.ContainsFunc([]phrases{p.grammar.pronouns, p.grammar.prepositions, p.grammar.subordinators},
		func(after phrases) bool { return after.length(next) > 0 })
}

// conjoins begins a clause after "and" and the like, where a verb follows.
func (p *parser) conjoins() bool {
	count := 0
	for {
		length := p.grammar.conjunctions.length(p.rest[count:])
		if length == 0 || p.rest[count].joined {
			break
		}
		count += length
	}
	if count == 0 {
		return false
	}
	after := p.rest[count:]
	if after = after[p.grammar.leads.length(after):]; p.isNextOrder(after) && (!p.nested || p.rest[0].before == comma) {
		p.rest = p.rest[count:]
		p.begin(clause{})
		return true
	}
	p.take(count, p.weight)
	return true
}

// opensMeans begins a clause at "by removing", and at "through training" after a goal.
func (p *parser) opensMeans() bool {
	if len(p.rest) < 2 || len(p.current.words) == 0 || p.weight < inSubordinate {
		return false
	}
	switch p.rest[0].text() {
	case "by":
		if !p.isGerund(p.rest[1]) {
			return false
		}
	case "through", "via", "using", "with":
		if len(p.current.words)-p.headSoFar() < 2 || p.nested || p.grammar.goals.length(p.current.words[p.headSoFar():]) == 0 {
			return false
		}
	default:
		return false
	}
	p.rest = p.rest[1:]
	p.begin(clause{means: true, goesOn: true})
	p.take(1, inMain)
	return true
}

func (p *parser) isGerund(w placed) bool {
	return len(w.text()) > 4 && w.text()[len(w.text())-3:] == "ing" && p.grammar.stems[w.stem]
}

func (p *parser) headSoFar() int {
	c := p.current
	p.grammar.findHead(&c)
	return c.head
}

// infinitive reads "to" and a verb: what a vague verb comes to, or else a purpose.
func (p *parser) infinitive() bool {
	if p.rest[0].text() != "to" || p.rest[0].joined || !p.isOrder(p.rest[1:]) {
		return false
	}
	if len(p.current.words) == 0 {
		return false
	}
	if p.subjectOnly() { // What follows is the head of the clause.
		p.take(1, p.weight)
		return true
	}
	if p.weight >= inPhrase && p.grammar.vague.length(p.current.words[p.headSoFar():]) > 0 {
		p.rest = p.rest[1:]
		p.begin(clause{goesOn: true})
		return true
	}
	p.take(2, min(p.weight, inSubordinate))
	p.weight, p.nested = min(p.weight, inSubordinate), true
	return true
}

// subjectOnly says whether no verb was read yet: "platform team to add …".
func (p *parser) subjectOnly() bool {
	c := p.current
	p.grammar.findHead(&c)
	return !c.verb && len(c.words) <= 5
}

// subordinates reads the word that begins a subordinate clause, or a phrase that tells of what.
func (p *parser) subordinates() bool {
	length := p.grammar.subordinators.length(p.rest)
	if length == 0 || p.rest[0].joined || p.inParticle() {
		return false
	}
	text := p.rest[0].text()
	if (text == "so" || text == "such") && p.weight >= inPhrase && p.grammar.vague.length(p.wordsFromHead()) > 0 {
		p.rest = p.rest[length:]
		p.begin(clause{goesOn: true})
		return true
	}
	if len(p.current.words) == 0 {
		p.leading = true
	}
	if text == "so" && p.weight > inDiscarded && p.outer < 0 {
		p.weight = inResult // It tells of the action as a whole, not of what came last.
	} else {
		p.weight = min(p.weight, inSubordinate)
	}
	p.take(length, p.weight)
	switch text {
	case "for", "on", "about", "around", "regarding", "per", "against", "during":
	default:
		p.nested = true
	}
	return true
}

// inParticle says whether the next word is part of a phrase such as "on call" or "turn on".
func (p *parser) inParticle() bool {
	if p.grammar.particles.length(p.rest) > 1 {
		return true
	}
	words := p.current.words
	if len(words) == 0 {
		return false
	}
	two := []placed{words[len(words)-1], p.rest[0]}
	return p.grammar.particles.length(two) > 1
}

func (p *parser) wordsFromHead() []placed {
	if len(p.current.words) == 0 {
		return nil
	}
	return p.current.words[p.headSoFar():]
}

// discards reads "instead of" and the like.
func (p *parser) discards() bool {
	length := p.grammar.discards.length(p.rest)
	if length == 0 || p.rest[0].joined || p.grammar.unaided.length(p.rest) > 0 {
		return false
	}
	if len(p.current.words) == 0 {
		p.leading = true
	}
	p.take(length, p.weight)
	p.weight = inDiscarded
	return true
}

// replaces reads the verb of "replace the old thing with the new one", or what stands between the two.
func (p *parser) replaces() bool {
	if p.weight == inReplaced {
		switch p.rest[0].text() {
		case "with", "by", "to", "into", "onto", "behind", "in", "for":
			p.weight = inMain
			p.take(1, p.weight)
			return true
		}
		return false
	}
	if p.weight != inMain || p.current.verb {
		return false
	}
	length := p.grammar.replacing.length(p.rest)
	if length == 0 || !p.beginsClause() || p.grammar.particles.length(p.rest) > 1 {
		return false
	}
	p.take(length, inMain)
	p.weight = inReplaced
	return true
}

// beginsClause says whether the next word would be the head of the clause.
func (p *parser) beginsClause() bool {
	words := p.current.words
	if len(words) == 0 {
		return true
	}
	last := words[len(words)-1:]
	return p.grammar.modals.length(last) > 0 || p.grammar.leads.length(words) == len(words)
}
