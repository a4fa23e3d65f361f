package blameless

import "strings"

// verbForms gives base, present, past, participle and gerund of a verb that is written as "forget/forgot/forgotten",
// where what is left out is regular.
func verbForms(entry string) [5]string {
	parts := strings.Split(entry, "/")
	base := parts[0]
	forms := [5]string{base, withS(base), withEd(base), "", withIng(base)}
	if len(parts) > 1 {
		forms[2] = parts[1]
	}
	forms[3] = forms[2]
	if len(parts) > 2 {
		forms[3] = parts[2]
	}
	if len(parts) > 3 {
		forms[4] = parts[3]
	}
	return forms
}

// nounForms gives singular and plural of a noun that is written as "person/people" or, if regular, as "team".
func nounForms(entry string) [2]string {
	singular, plural, irregular := strings.Cut(entry, "/")
	if !irregular {
		plural = withS(singular)
	}
	return [2]string{singular, plural}
}

func withS(word string) string {
	switch {
	case endsInConsonantY(word):
		return word[:len(word)-1] + "ies"
	case strings.HasSuffix(word, "s"), strings.HasSuffix(word, "x"), strings.HasSuffix(word, "z"),
		strings.HasSuffix(word, "ch"), strings.HasSuffix(word, "sh"), strings.HasSuffix(word, "o") && len(word) < 4:
		return word + "es"
	default:
		return word + "s"
	}
}

func withEd(word string) string {
	switch {
	case strings.HasSuffix(word, "e"):
		return word + "d"
	case endsInConsonantY(word):
		return word[:len(word)-1] + "ied"
	default:
		return doubled(word) + "ed"
	}
}

func withIng(word string) string {
	switch {
	case strings.HasSuffix(word, "ie"):
		return word[:len(word)-2] + "ying"
	case strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "ee") && len(word) > 2:
		return word[:len(word)-1] + "ing"
	default:
		return doubled(word) + "ing"
	}
}

func endsInConsonantY(word string) bool {
	return len(word) > 1 && strings.HasSuffix(word, "y") && !isVowel(word[len(word)-2])
}

// doubled repeats the last letter of a word of one syllable that ends in one consonant after one vowel: drop, dropped.
func doubled(word string) string {
	n := len(word)
	if n < 3 || isVowel(word[n-1]) || !isVowel(word[n-2]) || isVowel(word[n-3]) || strings.IndexByte("wxy", word[n-1]) >= 0 {
		return word
	}
	for i := range n - 3 {
		if isVowel(word[i]) || word[i] == 'y' {
			return word
		}
	}
	return word + word[n-1:]
}

func isVowel(b byte) bool { return strings.IndexByte("aeiou", b) >= 0 }
