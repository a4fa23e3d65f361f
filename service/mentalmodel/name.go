package mentalmodel

import (
	"slices"
	"strings"
	"unicode"

	"github.com/debriefhq/debrief/service/plaintext"
)

// words are the words of a name in lower case. A word ends at what is neither letter nor digit, before a capital in the
// midst of a word (ordersDB), and between letters and digits.
func words(name string) []string {
	var found []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			found = append(found, string(word))
			word = word[:0]
		}
	}
	var before rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			end()
		case unicode.IsUpper(r) && unicode.IsLower(before), unicode.IsDigit(r) != unicode.IsDigit(before):
			end()
			word = append(word, unicode.ToLower(r))
		default:
			word = append(word, unicode.ToLower(r))
		}
		before = r
	}
	end()
	return found
}

// Identity is a name without what people write in one way today and in another tomorrow: case, spaces, punctuation. A
// name of nothing else stays as it is. Check lets no two components have the same.
func Identity(name string) string {
	if folded := strings.Join(words(name), ""); folded != "" {
		return folded
	}
	return plaintext.Line(name)
}

// shortForms are words that mean the same to everybody who runs systems.
var shortForms = map[string]string{
	"db": "database", "svc": "service", "srv": "server", "kube": "kubernetes", "lb": "loadbalancer", "fw": "firewall",
	"mq": "messagequeue", "postgres": "postgresql", "pg": "postgresql", "es": "elasticsearch", "mongo": "mongodb", "auth": "authentication",
	"config": "configuration", "repo": "repository", "app": "application", "apps": "application", "gw": "gateway", "env": "environment",
}

// generic are words that say what a thing is and not which: "orders" and "the orders service" are the same.
var generic = map[string]bool{
	"the": true, "our": true, "service": true, "server": true, "application": true, "system": true, "component": true,
}

// plain are the words of a name, each in the singular and in its long form.
func plain(words []string) []string {
	long := make([]string, len(words))
	for i, word := range words {
		if form, ok := shortForms[word]; ok {
			long[i] = form
			continue
		}
		long[i] = singular(word)
		if form, ok := shortForms[long[i]]; ok {
			long[i] = form
		}
	}
	return long
}

// singular takes an English plural's ending off. It need not be right, only the same for both.
func singular(word string) string {
	switch {
	case len(word) < 4 || strings.HasSuffix(word, "ss") || strings.HasSuffix(word, "us") || strings.HasSuffix(word, "is"):
		return word
	case strings.HasSuffix(word, "ies") && len(word) > 4:
		return word[:len(word)-3] + "y"
	case endsIn(word, "sses", "shes", "ches", "xes"):
		return word[:len(word)-2]
	default:
		return strings.TrimSuffix(word, "s")
	}
}

func endsIn(word string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(word, ending) })
}

// specific leaves out the generic words, unless there are no others.
func specific(words []string) []string {
	kept := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return generic[word] })
	if len(kept) == 0 {
		return words
	}
	return kept
}
