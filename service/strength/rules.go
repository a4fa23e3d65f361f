package strength

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rulebook is a file of rules as rules.yaml describes it.
type rulebook struct {
	Grammar map[string][]string `yaml:"grammar"`
	Lists   map[string][]string `yaml:"lists"`
	Rules   []ruleText          `yaml:"rules"`
}

// ruleText is a rule as it is written.
type ruleText struct {
	ID       string   `yaml:"id"`
	Strength string   `yaml:"strength"`
	Weight   float64  `yaml:"weight"`
	Governs  bool     `yaml:"governs"`
	Fallback bool     `yaml:"fallback"`
	Aside    bool     `yaml:"aside"`
	Patterns []string `yaml:"patterns"`
	Unless   []string `yaml:"unless"`
	Why      string   `yaml:"why"`
	Match    []string `yaml:"match"`
	NoMatch  []string `yaml:"no_match"`

	// own says that it is none of the built-in rules.
	own bool
}

// Examples are the examples of the built-in rules, each with the strength of its rule.
func Examples() ([]Item, error) {
	book, err := readRulebook(builtin)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, rule := range book.Rules {
		strength, err := Parse(rule.Strength)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", rule.ID, err)
		}
		for _, text := range rule.Match {
			items = append(items, Item{Text: text, Strength: strength})
		}
	}
	return items, nil
}

// rule is a rule to go by.
type rule struct {
	id       string
	strength Strength
	weight   float64
	// governs says that nothing else in the clause counts.
	governs bool
	// fallback says that it only counts where no other rule says anything.
	fallback bool
	// aside says that it counts in full also in what only tells when, why or of what.
	aside bool
	// own says that it is none of the built-in ones.
	own              bool
	patterns, unless []pattern
	why              string
}

const (
	// maxRulebook bounds a file of rules, in bytes.
	maxRulebook = 1 << 20
	maxRules    = 1000
)

func readRulebook(content []byte) (*rulebook, error) {
	if len(content) > maxRulebook {
		return nil, fmt.Errorf("rules: %d bytes are more than %d", len(content), maxRulebook)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	book := &rulebook{}
	if err := decoder.Decode(book); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if len(book.Rules) > maxRules {
		return nil, fmt.Errorf("rules: %d are more than %d", len(book.Rules), maxRules)
	}
	return book, nil
}

// add lays another book over this one.
func (b *rulebook) add(further *rulebook) {
	extend(&b.Grammar, further.Grammar)
	extend(&b.Lists, further.Lists)
	for _, text := range further.Rules {
		text.own = true
		same := func(known ruleText) bool { return known.ID == text.ID }
		if i := slices.IndexFunc(b.Rules, same); i >= 0 {
			b.Rules[i] = text
		} else {
			b.Rules = append(b.Rules, text)
		}
	}
}

func extend(lists *map[string][]string, further map[string][]string) {
	if *lists == nil {
		*lists = map[string][]string{}
	}
	for name, entries := range further {
		(*lists)[name] = append((*lists)[name], entries...)
	}
}

// compile makes a suggester that goes by the book.
func (b *rulebook) compile() (*Suggester, error) {
	lists, err := b.compileLists()
	if err != nil {
		return nil, err
	}
	s := &Suggester{entries: indexLists(lists)}
	if s.grammar, err = b.compileGrammar(lists); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, text := range b.Rules {
		if seen[text.ID] {
			return nil, fmt.Errorf("rule %q is there twice", text.ID)
		}
		seen[text.ID] = true
		compiled, err := text.compile(lists)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", text.ID, err)
		}
		s.rules = append(s.rules, compiled)
	}
	s.index = indexRules(s.rules)
	return s, nil
}

func (t *ruleText) compile(lists lexicon) (rule, error) {
	strength, err := Parse(t.Strength)
	switch {
	case err != nil:
		return rule{}, err
	case strength == Unknown:
		return rule{}, errors.New("its strength is to be WEAKER, INTERMEDIATE or STRONGER")
	case t.ID == "" || t.Why == "" || len(t.Patterns) == 0:
		return rule{}, errors.New("it needs an id, patterns and a why")
	case t.Weight <= 0 || t.Weight > 1:
		return rule{}, fmt.Errorf("its weight %g is to be above 0 and at most 1", t.Weight)
	case t.Governs && strength != Weaker:
		return rule{}, errors.New("only a WEAKER rule may govern a clause")
	}
	r := rule{id: t.ID, strength: strength, weight: t.Weight, governs: t.Governs, fallback: t.Fallback, aside: t.Aside, own: t.own, why: t.Why}
	if r.patterns, err = parsePatterns(t.Patterns, lists); err != nil {
		return rule{}, err
	}
	r.unless, err = parsePatterns(t.Unless, lists)
	return r, err
}

func parsePatterns(sources []string, lists lexicon) ([]pattern, error) {
	var patterns []pattern
	for _, source := range sources {
		p, err := parsePattern(source, lists)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// compileLists reads the word lists; an entry {name} stands for all of another list.
func (b *rulebook) compileLists() (lexicon, error) {
	lists := lexicon{}
	for name := range b.Lists {
		lists[name] = phrases{}
		if err := b.collect(lists[name], name, 0); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

func (b *rulebook) collect(into phrases, name string, depth int) error {
	const deepest = 5
	entries, known := b.Lists[name]
	if !known {
		return fmt.Errorf("there is no list {%s}", name)
	}
	if depth > deepest {
		return fmt.Errorf("list {%s} holds itself", name)
	}
	for _, entry := range entries {
		var err error
		if inner, isList := listName(entry); isList {
			err = b.collect(into, inner, depth+1)
		} else {
			err = into.add(entry)
		}
		if err != nil {
			return fmt.Errorf("list {%s}: %w", name, err)
		}
	}
	return nil
}

func listName(entry string) (string, bool) {
	if len(entry) > 2 && entry[0] == '{' && entry[len(entry)-1] == '}' {
		return entry[1 : len(entry)-1], true
	}
	return "", false
}

func (b *rulebook) compileGrammar(lists lexicon) (grammar, error) {
	g := grammar{verbs: map[string]bool{}, stems: map[string]bool{}}
	parts := map[string]*phrases{
		"fillers": &g.fillers, "leads": &g.leads, "conjunctions": &g.conjunctions, "subordinators": &g.subordinators, "prepositions": &g.prepositions,
		"modals": &g.modals, "discards": &g.discards, "unaided": &g.unaided, "particles": &g.particles, "nouns": &g.nouns, "pronouns": &g.pronouns,
		"vague": &g.vague, "replacing": &g.replacing, "goals": &g.goals, "asking": &g.asking,
	}
	for name, part := range parts {
		*part = phrases{}
		for _, entry := range b.Grammar[name] {
			if err := part.addEntry(entry, lists); err != nil {
				return grammar{}, fmt.Errorf("grammar %s: %w", name, err)
			}
		}
	}
	for name := range b.Grammar {
		if _, known := parts[name]; !known && name != "verbs" {
			return grammar{}, fmt.Errorf("grammar %s: there is no such part", name)
		}
	}
	return g, b.collectVerbs(&g)
}

func (p phrases) addEntry(entry string, lists lexicon) error {
	name, isList := listName(entry)
	if !isList {
		return p.add(entry)
	}
	list, known := lists[name]
	if !known {
		return fmt.Errorf("there is no list {%s}", name)
	}
	for key, found := range list {
		p[key] = append(p[key], found...)
	}
	return nil
}

// collectVerbs notes the first word of each entry of the grammar's verbs.
func (b *rulebook) collectVerbs(g *grammar) error {
	var collect func(entries []string, depth int) error
	collect = func(entries []string, depth int) error {
		for _, entry := range entries {
			if name, isList := listName(entry); isList {
				if _, known := b.Lists[name]; !known || depth > 5 {
					return fmt.Errorf("grammar verbs: there is no list {%s}, or it holds itself", name)
				}
				if err := collect(b.Lists[name], depth+1); err != nil {
					return err
				}
				continue
			}
			for _, first := range firstWords(entry) {
				g.verbs[first], g.stems[stemOf(first)] = true, true
			}
		}
		return nil
	}
	return collect(b.Grammar["verbs"], 0)
}

// firstWords are the first word of an entry; hyphens part words.
func firstWords(entry string) []string {
	fields := strings.FieldsFunc(strings.TrimPrefix(strings.ToLower(entry), "="), func(r rune) bool { return r == ' ' || r == '-' })
	return fields[:min(len(fields), 1)]
}

// reference names a pattern of a rule by their places.
type reference struct{ rule, pattern int }

// indexRules leads from the key of a word to the patterns that may begin with it.
func indexRules(rules []rule) map[string][]reference {
	index := map[string][]reference{}
	for i := range rules {
		for j, p := range rules[i].patterns {
			for key := range p.elements[0].phrases {
				index[key] = append(index[key], reference{i, j})
			}
		}
	}
	return index
}
