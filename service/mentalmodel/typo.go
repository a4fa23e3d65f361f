package mentalmodel

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"
)

// A name is a typo of another if one of its words differs, by one edit in a word of five to eight letters and by two in a
// longer one. Shorter words and words with digits must be equal: east and west, db1 and db2 are different things.
const (
	shortestTypo  = 5
	twoEditsFrom  = 9
	longestTypo   = 20
	wordsWithTypo = 6
	// maxVariants bounds the keys of a name. A name of many long words may have one edit only.
	maxVariants = 256
)

// editsAllowed is how many edits a word may be away from another.
func editsAllowed(word string) int {
	switch length := utf8.RuneCountInString(word); {
	case length < shortestTypo || length > longestTypo || strings.ContainsFunc(word, unicode.IsDigit):
		return 0
	case length < twoEditsFrom:
		return 1
	default:
		return 2
	}
}

// byTypo is how sure a match by all but a few letters is: less so the more of the word differs.
func byTypo(edits, length int) evidence {
	return evidence{0.8 - 0.8*float64(edits)/float64(length), "same name but for a few letters"}
}

// proposeTypos finds names that differ by a few letters without comparing each with each: two words are at most k edits
// apart only if they become equal by leaving out at most k letters of each (the symmetric-delete index of W. Garbe).
func (m *matcher) proposeTypos() {
	index := make(index[uint64])
	for o, component := range m.model {
		if m.toReality[o] < 0 {
			eachVariant(plain(words(component.Name)), func(key uint64) { index.add(key, o) })
		}
	}
	for r, component := range m.reality {
		if m.toModel[r] >= 0 {
			continue
		}
		own := plain(words(component.Name))
		seen := make(map[int]bool)
		eachVariant(own, func(key uint64) {
			for _, o := range index.sharing(key) {
				if !seen[o] {
					seen[o] = true
					m.proposeTypo(r, o, own)
				}
			}
		})
	}
}

func (m *matcher) proposeTypo(r, o int, own []string) {
	other := plain(words(m.model[o].Name))
	if len(own) != len(other) || kindsDiffer(m.reality[r].Kind, m.model[o].Kind) {
		return
	}
	at := -1
	for i := range own {
		if own[i] == other[i] {
			continue
		}
		if at >= 0 {
			return
		}
		at = i
	}
	if at < 0 {
		return
	}
	edits := edlib.OSADamerauLevenshteinDistance(own[at], other[at])
	if edits <= min(editsAllowed(own[at]), editsAllowed(other[at])) {
		m.candidate(r, o, byTypo(edits, min(utf8.RuneCountInString(own[at]), utf8.RuneCountInString(other[at]))))
	}
}

// kindsDiffer is true of two kinds that are both told and are not the same.
func kindsDiffer(a, b string) bool {
	a, b = plainKey(a), plainKey(b)
	return a != "" && b != "" && a != b
}

// eachVariant yields a key for the name with one word shortened by each choice of letters that a typo may have touched.
// Keys may collide; what they lead to is compared.
func eachVariant(words []string, yield func(key uint64)) {
	if len(words) > wordsWithTypo {
		return
	}
	most := editsOf(words)
	for i, word := range words {
		edits := min(editsAllowed(word), most)
		if edits == 0 {
			continue
		}
		eachShortened([]rune(word), edits, 0, func(shortened string) {
			hash := fnv.New64a()
			for j, other := range words {
				if j == i {
					other = shortened
				}
				_, _ = hash.Write([]byte(other)) // A hash never fails.
				_, _ = hash.Write([]byte{0, byte(i)})
			}
			yield(hash.Sum64())
		})
	}
}

// editsOf is how many edits a name's words may be away at most, so that its variants stay within their bound.
func editsOf(words []string) int {
	variants := 0
	for _, word := range words {
		if length := utf8.RuneCountInString(word); editsAllowed(word) == 2 {
			variants += 1 + length + length*(length-1)/2
		}
	}
	if variants > maxVariants {
		return 1
	}
	return 2
}

// eachShortened yields the word without up to a number of its letters, from one of them on.
func eachShortened(word []rune, edits, from int, yield func(string)) {
	yield(string(word))
	if edits == 0 {
		return
	}
	for i := from; i < len(word); i++ {
		eachShortened(slices.Concat(word[:i], word[i+1:]), edits-1, i, yield)
	}
}
