package question

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// furtherWeight is how much less telling each further question about the same source is, so that many sources are asked
// about once before one is asked about often.
const furtherWeight = 10

// candidate is a question about an instance.
type candidate struct {
	question
	from   instance
	reason string
	score  int
}

// Suggest finds what to ask in a review: part by part in the order of the agenda, the most telling first, at most as many
// as the limits allow. No question comes twice. Nil limits are the default ones.
//
// The same review has the same suggestions in the same order, in whatever order its findings, factors and so on are given.
// What is added to a review never changes the id of another suggestion, and where there is room within the limits changes
// no other suggestion at all; of sources with the same kind and key that are equally telling, the one whose name sorts first
// is asked first, so that with names that grow, as ULIDs do, this holds among them too. What a hole asks about ends when
// the hole is filled.
func (b *Bank) Suggest(review Review, limits Limits) []Suggestion {
	if limits == nil {
		limits = DefaultLimits()
	}
	candidates := map[Part][]candidate{}
	for _, c := range b.candidates(review.instances()) {
		candidates[c.Part] = append(candidates[c.Part], c)
	}
	var suggestions []Suggestion
	for _, part := range Parts() {
		some := candidates[part]
		slices.SortFunc(some, func(x, y candidate) int {
			return cmp.Or(cmp.Compare(y.score, x.score), strings.Compare(x.ID, y.ID))
		})
		for _, c := range some[:min(len(some), max(limits[part], 0))] {
			suggestions = append(suggestions, c.suggestion())
		}
	}
	return suggestions
}

// candidates deals the questions of each group to its instances, which come in order: to the first the weightiest, to the
// next those that follow. So no question is asked twice, and an instance that comes later takes none from those before it.
func (b *Bank) candidates(instances []instance) []candidate {
	var dealt []candidate
	taken := map[groupKey]int{}
	for _, from := range instances {
		g := b.groups[from.groupKey]
		rest := g.Questions[taken[from.groupKey]:]
		for i, q := range rest[:min(g.Each, len(rest))] {
			dealt = append(dealt, candidate{question: q, from: from, reason: g.Reason, score: q.Weight - i*furtherWeight})
			taken[from.groupKey]++
		}
	}
	return dealt
}

func (c candidate) suggestion() Suggestion {
	text, about := fill(c.Text, c.from.values), c.from.about
	if strings.Contains(text, about) {
		about = ""
	}
	return Suggestion{
		ID:         c.ID + "-" + digest(string(c.from.kind), c.from.key, c.from.name()),
		Text:       text,
		About:      about,
		Source:     Source{Kind: c.from.kind, Key: c.from.key, Reference: c.from.reference},
		Reason:     fill(c.reason, c.from.values),
		AgendaItem: c.Part,
	}
}

// digest stands for some texts in twelve characters.
func digest(texts ...string) string {
	var all []byte
	for _, text := range texts {
		all = binary.AppendUvarint(all, uint64(len(text)))
		all = append(all, text...)
	}
	sum := sha256.Sum256(all)
	const bytes, characters = 8, 12
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:bytes]))[:characters]
}

// fill puts values in the place of their names, once: what looks like a name within a value stays what it is.
func fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found, "{}")
		value := values[strings.ToLower(name)]
		if first, _ := utf8.DecodeRuneInString(name); !unicode.IsUpper(first) {
			return value
		}
		first, size := utf8.DecodeRuneInString(value)
		return string(unicode.ToUpper(first)) + value[size:]
	})
}
