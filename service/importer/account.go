package importer

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/yuin/goldmark/util"
)

// recover keeps parts whole of which a word is nowhere in what was read. Words are counted: what is written twice must be
// there twice. It reads what was made of the text, not how, so that no way to read a text can lose a word of it.
func (r *reader) recover() {
	written := make([]string, len(r.parts))
	for i, p := range r.parts {
		written[i] = strings.Join(r.lines[p.FirstLine-1:min(p.LastLine, len(r.lines))], "\n")
	}
	missing := r.keepShort(written)
	if len(missing) == 0 {
		return
	}
	// A part may have given what another one lacks. This time each part that holds what is missing is kept.
	missing = r.keepShort(written)
	for i, p := range r.parts {
		for word := range words(written[i]) {
			if missing[word] && !p.whole {
				r.keepPart(p)
			}
		}
	}
}

// keepShort keeps the parts that are short of a word, and returns the words that were missing.
func (r *reader) keepShort(written []string) map[string]bool {
	have := map[string]int{}
	count := func(text string) {
		for word := range words(text) {
			have[word]++
		}
	}
	eachText(reflect.ValueOf(r.document), count)
	for _, p := range r.parts {
		count(p.Heading)
		for _, text := range slices.Concat(p.Names, p.rest, p.marks) {
			count(text)
		}
	}
	missing := map[string]bool{}
	for i, p := range r.parts {
		short := false
		for word := range words(written[i]) {
			if have[word]--; have[word] < 0 {
				short, missing[word] = true, true
			}
		}
		if short && !p.whole {
			r.keepPart(p)
		}
	}
	return missing
}

func (r *reader) keepPart(p *part) {
	p.rest, p.whole = []string{r.wholeOf(p)}, true
	r.warnings.add(p.FirstLine, "not every word of %s found a field: it was also kept as it is", p.called())
}

// eachText visits all texts in a value.
func eachText(value reflect.Value, visit func(string)) {
	switch value.Kind() {
	case reflect.String:
		visit(value.String())
	case reflect.Slice:
		for i := range value.Len() {
			eachText(value.Index(i), visit)
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			eachText(entry.Key(), visit)
			eachText(entry.Value(), visit)
		}
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range value.NumField() {
			eachText(value.Field(i), visit)
		}
	case reflect.Int32:
		if value.Int() != 0 {
			visit(strconv.FormatInt(value.Int(), 10))
		}
	default:
	}
}

// Words are those of a text, as it is accounted for: runs of letters and digits, in lower case.
func Words(text string) func(yield func(string) bool) { return words(text) }

// words are runs of letters and digits, in lower case.
func words(text string) func(yield func(string) bool) {
	resolved := util.ResolveEntityNames(util.ResolveNumericReferences([]byte(text)))
	return strings.FieldsFuncSeq(strings.ToLower(string(resolved)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
