package strength

import "slices"

// grammar are the words that hold a sentence together.
type grammar struct {
	// verbs are the forms in which a verb gives an order; stems are those of all verbs.
	verbs, stems map[string]bool
	// fillers are left out; leads may stand before the head of a clause.
	fillers, leads phrases
	// conjunctions tie clauses together. Subordinators begin what only tells when, why or of what; modals stand before a verb.
	conjunctions, subordinators, prepositions, modals phrases
	// discards begin what is to be no more: "instead of".
	discards phrases
	// unaided are exceptions from those, which say that no people are needed: "without waiting".
	unaided phrases
	// particles are phrases with a word that holds sentences together, and here does not: "on call", "turn on".
	particles phrases
	// nouns are verbs that may also be nouns; pronouns after one tell that it is a verb.
	nouns, pronouns phrases
	// vague verbs say nothing before "to" or "so that" goes on: "change the tool to refuse". Replacing ones have an old thing
	// and a new one. Goals are judged by their means.
	vague, replacing, goals phrases
	// asking words begin a question that is asked, and nothing to do: "is it possible?".
	asking phrases
}

// withoutFillers leaves articles and the like out; what stood before one stands before the next word.
func (g *grammar) withoutFillers(words []word) []placed {
	kept := make([]placed, 0, len(words))
	before, articled := space, false
	for _, w := range words {
		w.before = max(w.before, before)
		if !w.joined && g.fillers.length([]placed{{word: w}}) > 0 {
			before, articled = w.before, true
			continue
		}
		kept = append(kept, placed{word: w, articled: articled})
		before, articled = space, false
	}
	return kept
}

// findHead finds the verb that says what is to be done.
func (g *grammar) findHead(c *clause) {
	c.head, c.verb = 0, false
	const mostLeads = 8
	at := 0
	for length := g.leadLength(c.words); length > 0 && at < mostLeads; length = g.leadLength(c.words[at:]) {
		at += length
	}
	if at >= len(c.words) {
		return
	}
	c.head = at
	if !c.words[at].articled && g.isHead(c.words[at]) {
		c.verb = true
		return
	}
	const subject = 6
	for i := at; i < len(c.words)-1 && i < at+subject && c.words[i].weight >= inPhrase; i++ {
		length := g.modals.length(c.words[i:])
		if length == 0 {
			continue
		}
		next := i + length
		for next < len(c.words)-1 && g.leads.length(c.words[next:]) > 0 {
			next += g.leads.length(c.words[next:])
		}
		if next < len(c.words) && g.verbs[c.words[next].text()] {
			c.head, c.verb = next, true
			return
		}
	}
}

// isHead takes orders and gerunds at the beginning of a clause for its verb.
func (g *grammar) isHead(w placed) bool {
	if g.verbs[w.text()] {
		return true
	}
	return len(w.text()) > 4 && w.text()[len(w.text())-3:] == "ing" && g.stems[w.stem]
}

// isSentence says whether words are several and held together as in English.
func (g *grammar) isSentence(words []word) bool {
	const few = 3
	if len(words) < few {
		return false
	}
	return slices.ContainsFunc(words, g.holdsTogether)
}

// holdsTogether says whether a word has no meaning of its own.
func (g *grammar) holdsTogether(w word) bool {
	one := []placed{{word: w}}
	parts := []phrases{g.fillers, g.prepositions, g.subordinators, g.conjunctions, g.modals, g.leads}
	return slices.ContainsFunc(parts, func(part phrases) bool { return part.length(one) > 0 })
}

// leadLength is how many words stand before the head: those of a lead, or a ticket's name.
func (g *grammar) leadLength(words []placed) int {
	if len(words) > 0 && words[0].form == "" {
		return 1
	}
	return g.leads.length(words)
}
