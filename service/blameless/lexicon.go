package blameless

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words/*.txt
var wordFiles embed.FS

// lexicon is what is known of words. It grows while rules are compiled and is only read afterwards.
type lexicon struct {
	ids     map[string]int32
	words   []string
	classes []class
	// forms are the words that are forms of one, by that one.
	forms map[string][]int32
	// members are the words of a section of the files, by its name.
	members map[string]set
}

func newLexicon() (*lexicon, error) {
	l := &lexicon{ids: map[string]int32{}, forms: map[string][]int32{}, members: map[string]set{}}
	files, err := fs.Glob(wordFiles, "words/*.txt")
	if err != nil {
		return nil, fmt.Errorf("find the files of words: %w", err)
	}
	for _, file := range files {
		content, err := wordFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the words: %w", err)
		}
		if err := l.load(string(content)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	for short, two := range fused {
		l.id(short)
		l.id(two[0])
		l.id(two[1])
	}
	for _, c := range contractions {
		l.id(c.means)
	}
	for _, mark := range []string{".", "!", "?", "…", "shall"} {
		l.id(mark)
	}
	return l, nil
}

// load reads a file of words: "[section]" or "[section verbs]" or "[section nouns]", then words between white space. A
// line that starts with # is a remark.
func (l *lexicon) load(content string) error {
	section, kind := "", ""
	for number, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if header, ok := strings.CutPrefix(line, "["); ok {
			section, kind, _ = strings.Cut(strings.TrimSuffix(header, "]"), " ")
			if kind != "" && kind != "verbs" && kind != "nouns" {
				return fmt.Errorf("line %d: %q is no kind of word: want verbs or nouns", number+1, kind)
			}
			continue
		}
		for entry := range strings.FieldsSeq(line) {
			l.enter(section, kind, entry)
		}
	}
	return nil
}

var verbClasses = [5]class{classBase, classPresent, classPast, classParticiple, classGerund}

func (l *lexicon) enter(section, kind, entry string) {
	classes := classNames[section] | sectionClasses[section]
	switch kind {
	case "verbs":
		forms := verbForms(entry)
		for i, form := range forms {
			l.add(section, forms[0], form, classes|verbClasses[i])
		}
	case "nouns":
		forms := nounForms(entry)
		for _, form := range forms {
			l.add(section, forms[0], form, classes)
		}
	default:
		l.add(section, entry, entry, classes)
	}
}

// add enters a word, which is a form of another or of itself, in a section.
func (l *lexicon) add(section, lemma, word string, classes class) {
	id := l.id(word)
	if classes&(className|classSystem) == 0 {
		classes |= classOrdinary
	}
	l.classes[id] |= classes
	l.forms[lemma] = append(l.forms[lemma], id)
	members := l.members[section]
	members.add(id)
	l.members[section] = members
}

// id is the number of a word, which is entered if it is new.
func (l *lexicon) id(word string) int32 {
	if id, ok := l.ids[word]; ok {
		return id
	}
	id := int32(len(l.words))
	l.ids[word] = id
	l.words = append(l.words, word)
	l.classes = append(l.classes, 0)
	return id
}

// inflections are the forms of a word: those in the files, or those of a regular verb and noun.
func (l *lexicon) inflections(word string) []int32 {
	if forms, ok := l.forms[word]; ok && len(forms) > 1 {
		return forms
	}
	var ids []int32
	for i, form := range verbForms(word) {
		id := l.id(form)
		if l.classes[id]&^verbClasses[i] == 0 {
			l.classes[id] |= verbClasses[i]
		}
		ids = append(ids, id)
	}
	return ids
}

const unknownWord = -1

// look finds a word as it is written.
func (l *lexicon) look(written []byte) (int32, class) {
	var buffer [64]byte
	lower, ascii := buffer[:0], len(written) <= len(buffer)
	for _, b := range written[:min(len(written), len(buffer))] {
		if b >= utf8.RuneSelf {
			ascii = false
			break
		}
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower = append(lower, b)
	}
	if !ascii && len(written) <= maxWord {
		lower = []byte(strings.ReplaceAll(strings.ToLower(string(written)), "’", "'"))
	}
	if id, ok := l.ids[string(lower)]; ok && (ascii || len(written) <= maxWord) {
		return id, l.known(id, written)
	}
	return unknownWord, l.guess(written, lower)
}

// maxWord is the longest word that is looked up, in bytes.
const maxWord = 256

func (l *lexicon) known(id int32, written []byte) class {
	classes := l.classes[id]
	if !isCapital(written) {
		classes &^= classMaybeName | classTitle
	}
	if classes&^classOrdinary == 0 {
		classes |= l.guess(written, []byte(l.words[id]))
	}
	if isCapital(written) {
		classes |= classCapital
	}
	return classes
}

func isCapital(written []byte) bool {
	r, _ := utf8.DecodeRune(written)
	return unicode.IsUpper(r)
}

// guess says what a word that is in no list looks like.
func (l *lexicon) guess(written, lower []byte) class {
	classes := classUnknown
	first, _ := utf8.DecodeRune(written)
	switch {
	case first == '@' && len(written) > 1:
		return classHandle
	case unicode.IsDigit(first):
		return guessNumber(written)
	case !unicode.IsLetter(first) && first != '#' && first != '/':
		return classPunctuation
	case unicode.IsUpper(first):
		classes |= classCapital
	}
	if inner := l.inner(lower); inner != 0 {
		if inner&className != 0 && classes&classCapital == 0 {
			inner = classTechnical
		}
		return inner | classes&classCapital
	}
	if isTechnical(written) {
		return classTechnical | classes
	}
	return classes | guessSuffix(lower)
}

func guessNumber(written []byte) class {
	for i, b := range written {
		if b == ':' && i > 0 && i < 3 {
			return classTime
		}
		if b >= utf8.RuneSelf || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '_' || b == '/' {
			return classTechnical
		}
	}
	return classNumber
}

// inner is the class of a word of several parts, such as on-call or team-payments: that of the last one, or of "team".
func (l *lexicon) inner(lower []byte) class {
	at := strings.LastIndexAny(string(lower[:max(0, len(lower)-1)]), "-/_")
	if at < 1 {
		return 0
	}
	if last, ok := l.ids[string(lower[at+1:])]; ok {
		const parts = classPerson | classMaybePerson | classThing | classMaybeThing | classGerund | classParticiple | className | classSystem
		if classes := l.classes[last] & parts; classes != 0 {
			return innerClass(classes)
		}
	}
	for _, prefix := range []string{"team-", "squad-", "oncall-", "on-call-", "group-"} {
		if strings.HasPrefix(string(lower), prefix) {
			return classPerson
		}
	}
	return 0
}

func innerClass(last class) class {
	switch {
	case last&(classPerson|classMaybePerson) != 0:
		return classPerson
	case last&className != 0:
		return className
	case last&(classGerund|classParticiple) != 0 && last&classThing == 0:
		return classAdjective
	default:
		return classTechnical
	}
}

func isTechnical(written []byte) bool {
	upper := 0
	for i, b := range written {
		if b >= '0' && b <= '9' || b == '_' || b == '/' || b == '.' || b == '-' || b == ':' || b == '#' {
			return true
		}
		if b >= 'A' && b <= 'Z' && i > 0 {
			upper++
		}
	}
	return upper > 0
}

func guessSuffix(lower []byte) class {
	word := string(lower)
	switch {
	case len(word) < 5:
		return 0
	case strings.HasSuffix(word, "ly"):
		return classAdverb
	case strings.HasSuffix(word, "ed"):
		return classPast | classParticiple
	case strings.HasSuffix(word, "ing"):
		return classGerund
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us"):
		return classPresent
	case strings.HasSuffix(word, "ous"), strings.HasSuffix(word, "ful"), strings.HasSuffix(word, "less"),
		strings.HasSuffix(word, "able"), strings.HasSuffix(word, "ible"), strings.HasSuffix(word, "ive"):
		return classAdjective
	default:
		return 0
	}
}

// in is true of a word of a section.
func (l *lexicon) in(section string, id int32) bool { return id >= 0 && l.members[section].has(id) }
