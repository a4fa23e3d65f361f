package blameless

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// token is a word or a mark of a reading.
type token struct {
	// start and end are its place in the text of the reading.
	start, end int
	// id is its word in the lexicon, or unknownWord.
	id    int32
	class class
}

// noise is what marks emphasis, which makes no difference here.
var noise = []byte("*_~`\uFE0F")

// maxSentence is how many words of a sentence are looked at together. What is longer is read in parts.
const maxSentence = 300

// joiners keep together what engineers write as one word: on-call, team-payments, @priya, 10:02.
var joiners = &words.Joiners[[]byte]{Middle: []rune("-‑/_:@"), Leading: []rune("@#/")}

// splitter cuts a reading into sentences.
type splitter struct {
	words  *lexicon
	text   []byte
	quotes []quote
	tokens []token
	yield  func([]token)
}

// split calls yield with each sentence, which it may keep only until it returns.
func (l *lexicon) split(text []byte, yield func([]token)) {
	s := &splitter{words: l, text: text, quotes: quotes(text), yield: yield}
	iterator := words.FromBytes(text)
	iterator.Joiners(joiners)
	skip := 0
	for iterator.Next() {
		start, end := iterator.Start(), iterator.End()
		if start < skip {
			continue
		}
		if q, ok := s.quoteAt(start); ok && s.unspoken(q) {
			s.push(token{q.start, q.end, unknownWord, classOpaque})
			skip = q.end
			continue
		}
		s.word(start, end)
	}
	s.finish()
}

// quoteAt is the quotation that starts at a place; those before it are done with.
func (s *splitter) quoteAt(at int) (quote, bool) {
	for len(s.quotes) > 0 && s.quotes[0].start < at {
		s.quotes = s.quotes[1:]
	}
	if len(s.quotes) > 0 && s.quotes[0].start == at {
		return s.quotes[0], true
	}
	return quote{}, false
}

// unspoken is true of quoted speech, which is not read. Marks around a word or two that stand where the author's own
// words would are the author's own: the "careless" engineer.
func (s *splitter) unspoken(q quote) bool {
	spaces, letters := 0, 0
	for _, r := range string(s.text[q.start:q.end]) {
		if unicode.IsSpace(r) {
			spaces++
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if spaces > 1 || letters == 0 || len(s.tokens) == 0 {
		return true
	}
	before := s.tokens[len(s.tokens)-1]
	if s.words.in("mention", before.id) {
		return true
	}
	return spaces == 1 && before.class&classBe == 0 && !s.is(before, "by") && !s.is(before, "to") && !s.is(before, ":")
}

func (s *splitter) is(t token, word string) bool { return t.id >= 0 && s.words.words[t.id] == word }

func (s *splitter) word(start, end int) {
	written := s.text[start:end]
	r, width := utf8.DecodeRune(written)
	switch {
	case r == blockEnd || r == '|' || r == '•':
		s.finish()
	case r == '\n':
		if startsEntry(s.text, end) {
			s.finish()
		}
	case r == opaque:
		s.push(token{start, end, unknownWord, classOpaque})
	case unicode.IsSpace(r), width == len(written) && bytes.ContainsRune(noise, r):
	case width == len(written) && (r == '.' || r == '!' || r == '?' || r == '…'):
		s.stop(start, end)
	case isAddress(written):
		s.push(token{start, end, unknownWord, classOpaque})
	default:
		s.cut(start, end)
	}
}

func isAddress(written []byte) bool {
	for i := 1; i+2 < len(written); i++ {
		if written[i] == ':' && written[i+1] == '/' && written[i+2] == '/' || written[i] == '@' {
			return true
		}
	}
	return false
}

// startsEntry is true where a line begins that is an entry of its own: an empty one, one with a time or a bullet.
func startsEntry(text []byte, at int) bool {
	line := text[at:min(len(text), at+16)]
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t' || line[0] == '\r') {
		line = line[1:]
	}
	if len(line) == 0 || line[0] == '\n' || line[0] == '#' || line[0] == '>' {
		return true
	}
	if line[0] == '-' || line[0] == '*' || line[0] == '+' {
		return len(line) > 1 && line[1] == ' '
	}
	digits := 0
	for digits < len(line) && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	return digits > 0 && digits < len(line) && (line[digits] == ':' || line[digits] == '.' || line[digits] == ')' || line[digits] == '-')
}

// follows is true of a sentence that goes on in the paragraph of the one before it, which ends at end.
func follows(text []byte, end, start int) bool {
	for i := end; i < start; i++ {
		if text[i] == '|' || text[i] == '\n' && startsEntry(text, i+1) {
			return false
		}
	}
	return !bytes.ContainsAny(text[end:max(end, start)], string(blockEnd)+"•")
}

// stop ends the sentence unless the full stop belongs to a word.
func (s *splitter) stop(start, end int) {
	mark := token{start, end, s.words.ids[string(s.text[start:end])], classPunctuation}
	last := len(s.tokens) - 1
	after, _ := utf8.DecodeRune(s.text[end:])
	spaced := end >= len(s.text) || !isWord(after)
	if s.text[start] == '.' && last >= 0 && s.tokens[last].end == start && (!spaced || s.abbreviates(s.tokens[last])) {
		return
	}
	s.push(mark)
	if spaced {
		s.finish()
	}
}

func (s *splitter) abbreviates(t token) bool {
	return s.words.in("abbreviation", t.id) || t.end-t.start == 1 && t.class&classCapital != 0 && len(s.tokens) > 1 && !s.is(t, "i")
}

// contractions are how words end that are two.
var contractions = []struct{ ending, means string }{
	{"n't", "not"},
	{"n’t", "not"},
	{"'ve", "have"},
	{"’ve", "have"},
	{"'re", "are"},
	{"’re", "are"},
	{"'ll", "will"},
	{"’ll", "will"},
	{"'d", "'d"},
	{"’d", "'d"},
	{"'s", "'s"},
	{"’s", "'s"},
	{"'m", "am"},
	{"’m", "am"},
}

// shortened are words before "n't" that lose letters.
var shortened = map[string]string{"ca": "can", "wo": "will", "sha": "shall"}

// fused are words that are two, without a mark.
var fused = map[string][2]string{
	"cannot": {"can", "not"}, "didnt": {"did", "not"}, "dont": {"do", "not"}, "doesnt": {"does", "not"}, "wasnt": {"was", "not"},
	"werent": {"were", "not"}, "isnt": {"is", "not"}, "hadnt": {"had", "not"}, "hasnt": {"has", "not"}, "havent": {"have", "not"},
	"shouldnt": {"should", "not"}, "couldnt": {"could", "not"}, "wouldnt": {"would", "not"}, "shouldve": {"should", "have"},
	"couldve": {"could", "have"}, "wouldve": {"would", "have"}, "shoulda": {"should", "have"}, "coulda": {"could", "have"},
	"woulda": {"would", "have"}, "mustve": {"must", "have"}, "w/o": {"without", ""}, "wont": {"will", "not"}, "cant": {"can", "not"},
	"n't": {"not", ""}, "oughta": {"ought", "to"}, "gotta": {"got", "to"}, "gonna": {"going", "to"},
}

// cut pushes a word, as the two that it is made of if it is a contraction.
func (s *splitter) cut(start, end int) {
	for start < end-1 && s.text[start] == '_' {
		start++
	}
	written := s.text[start:end]
	if s.owns(written, start) {
		s.push(s.meaning("'s", start, end))
		return
	}
	for len(written) > 1 && (written[len(written)-1] == ':' || written[len(written)-1] == '_' || written[len(written)-1] == '-') {
		written = written[:len(written)-1]
	}
	rest := start + len(written)
	id, class := s.words.look(written)
	if id >= 0 {
		if two, ok := fused[s.words.words[id]]; ok {
			s.fused(two, start, rest)
			written = nil
		}
	}
	for _, c := range contractions {
		if n := len(written) - len(c.ending); n > 0 && string(written[n:]) == c.ending {
			s.contracted(written[:n], c.means, start, rest)
			written = nil
			break
		}
	}
	if written != nil {
		s.push(token{start, rest, id, class})
	}
	if rest < end && s.text[rest] == ':' {
		s.cut(rest, end)
	}
}

// owns is true of an apostrophe after a plural: the engineers' mistake.
func (s *splitter) owns(written []byte, start int) bool {
	if string(written) != "'" && string(written) != "’" || len(s.tokens) == 0 {
		return false
	}
	last := s.tokens[len(s.tokens)-1]
	return last.end == start && (s.text[start-1] == 's' || s.text[start-1] == 'S')
}

func (s *splitter) fused(two [2]string, start, end int) {
	for _, word := range two {
		if word != "" {
			s.push(s.meaning(word, start, end))
		}
	}
}

func (s *splitter) contracted(first []byte, second string, start, end int) {
	if whole, ok := shortened[string(first)]; ok {
		s.push(s.meaning(whole, start, start+len(first)))
	} else {
		id, class := s.words.look(first)
		s.push(token{start, start + len(first), id, class})
	}
	s.push(s.meaning(second, start+len(first), end))
}

func (s *splitter) meaning(word string, start, end int) token {
	id := s.words.ids[word]
	return token{start, end, id, s.words.classes[id]}
}

func (s *splitter) push(t token) {
	s.tokens = append(s.tokens, t)
	if len(s.tokens) >= maxSentence {
		s.finish()
	}
}

func (s *splitter) finish() {
	if len(s.tokens) > 0 {
		s.yield(s.tokens)
		s.tokens = s.tokens[:0]
	}
}
