package strength

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// lexicon are the word lists of a rulebook, compiled: the phrases of each.
type lexicon map[string]phrases

// phrases are sequences of words by the key of their first word: its stem, or "=" and its very form.
type phrases map[string][][]string

// add puts a phrase among the others.
func (p phrases) add(text string) error {
	fields := strings.Fields(strings.ReplaceAll(text, "-", " "))
	if len(fields) == 0 {
		return fmt.Errorf("%q is no word", text)
	}
	keys := make([]string, len(fields))
	for i, field := range fields {
		if !strings.ContainsFunc(field, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			return fmt.Errorf("%q is no word", text)
		}
		keys[i] = keyOf(field)
	}
	p[keys[0]] = append(p[keys[0]], keys)
	return nil
}

// keyOf is what a word of a pattern is compared by.
func keyOf(field string) string {
	field = strings.ToLower(field)
	if strings.HasPrefix(field, "=") {
		return field
	}
	return stemOf(field)
}

func (w *word) is(key string) bool {
	return w.form != "" && w.form == key || w.stem != "" && w.stem == key
}

// length is how many of the words the longest phrase covers with which they begin, or 0.
func (p phrases) length(words []placed) int {
	if len(words) == 0 {
		return 0
	}
	best := 0
	for _, key := range [2]string{words[0].stem, words[0].form} {
		for _, phrase := range p[key] {
			if len(phrase) > best && startsWith(words, phrase) {
				best = len(phrase)
			}
		}
	}
	return best
}

func startsWith(words []placed, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, key := range phrase {
		if !words[i].is(key) || i > 0 && words[i].before >= comma {
			return false
		}
	}
	return true
}

// anchor is where in a clause a pattern begins.
type anchor int

const (
	anywhere anchor = iota
	atStart
	atHead
)

// pattern is a sequence of words with gaps, as the head of rules.yaml describes it.
type pattern struct {
	source string
	anchor anchor
	// lead is how many words may stand between the anchor and the first element.
	lead     int
	elements []element
}

// element is one place of a pattern.
type element struct {
	phrases  phrases
	optional bool
	// skip is how many words may stand before it.
	skip int
}

const (
	defaultSkip = 3
	// maxSkip and maxElements bound what a pattern can cost.
	maxSkip     = 8
	maxElements = 8
)

func parsePattern(source string, lists lexicon) (pattern, error) {
	p := pattern{source: source}
	skip := 0
	for i, field := range strings.Fields(source) {
		switch {
		case i == 0 && field == "<":
			p.anchor = atStart
		case i == 0 && field == "^":
			p.anchor = atHead
		case strings.HasPrefix(field, ".."):
			var err error
			if skip, err = parseSkip(field); err != nil {
				return pattern{}, fmt.Errorf("pattern %q: %w", source, err)
			}
		default:
			e, err := parseElement(field, lists)
			if err != nil {
				return pattern{}, fmt.Errorf("pattern %q: %w", source, err)
			}
			e.skip, skip = skip, 0
			p.elements = append(p.elements, e)
		}
	}
	if p.anchor != anywhere && len(p.elements) > 0 {
		p.lead, p.elements[0].skip = p.elements[0].skip, 0
	}
	if len(p.elements) == 0 || len(p.elements) > maxElements || p.elements[0].optional || p.elements[0].skip > 0 || skip > 0 {
		return pattern{}, fmt.Errorf("pattern %q: it needs 1 to %d words, of which the first is not optional, and no gap at an end", source, maxElements)
	}
	return p, nil
}

func parseSkip(field string) (int, error) {
	if field == ".." {
		return defaultSkip, nil
	}
	skip, err := strconv.Atoi(field[2:])
	if err != nil || skip < 1 || skip > maxSkip {
		return 0, fmt.Errorf("%q is no gap: .. or ..1 to ..%d are", field, maxSkip)
	}
	return skip, nil
}

func parseElement(field string, lists lexicon) (element, error) {
	e := element{phrases: phrases{}}
	field, e.optional = strings.CutPrefix(field, "?")
	for choice := range strings.SplitSeq(field, "|") {
		name, isList := strings.CutPrefix(choice, "{")
		if !isList {
			if err := e.phrases.add(strings.ReplaceAll(choice, "_", " ")); err != nil {
				return element{}, err
			}
			continue
		}
		list, known := lists[strings.TrimSuffix(name, "}")]
		if !known {
			return element{}, fmt.Errorf("there is no list %s", choice)
		}
		for key, found := range list {
			e.phrases[key] = append(e.phrases[key], found...)
		}
	}
	return e, nil
}

// span is a run of words: from the first to before the last.
type span struct{ from, to int }

// match finds the elements from the word at an index on; nil where they are not there.
func (p *pattern) match(words []placed, at int) []span {
	return matchElements(p.elements, words, at, make([]span, 0, len(p.elements)))
}

func matchElements(elements []element, words []placed, at int, found []span) []span {
	if len(elements) == 0 {
		return found
	}
	e := elements[0]
	for i := at; i <= at+e.skip && i < len(words); i++ {
		if length := e.phrases.length(words[i:]); length > 0 {
			if all := matchElements(elements[1:], words, i+length, append(found, span{i, i + length})); all != nil {
				return all
			}
		}
	}
	if e.optional {
		return matchElements(elements[1:], words, at, found)
	}
	return nil
}

// mayBegin says whether the anchor lets the pattern begin at a word.
func (p *pattern) mayBegin(c *clause, at int) bool {
	switch p.anchor {
	case atStart:
		return at <= p.lead
	case atHead:
		return at >= c.head && at <= c.head+p.lead
	case anywhere:
	}
	return true
}

// occurs says whether a pattern is in a clause, among the words that count.
func (p *pattern) occurs(c *clause) bool {
	for at := range c.words {
		if c.words[at].weight == inDiscarded || !p.mayBegin(c, at) {
			continue
		}
		if found := p.match(c.words, at); found != nil && c.words[found[len(found)-1].from].weight != inDiscarded {
			return true
		}
	}
	return false
}
