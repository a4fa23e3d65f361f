package intake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark ends what was shortened.
const mark = "…"

// printable replaces control characters, which stores, terminals and logs stumble over, by U+FFFD. Tabs and line breaks
// stay.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// line is a text without line breaks, tabs and repeated spaces.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// shorten cuts a text to a number of bytes, between characters, the mark included.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// shortenLine cuts a line to a number of characters, between words where that loses no more than a third of it, the mark
// included.
func shortenLine(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit-1])
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)*2/3 {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, " ,;:.-") + mark
}

// bounded keeps at most limit pairs, the first by name, and of each value at most size bytes. It says what it changed,
// and never changes what it was given.
func bounded(alterations *[]string, field string, pairs map[string]string, limit, size int) map[string]string {
	if fits(pairs, limit, size) {
		return pairs
	}
	kept := make(map[string]string, min(len(pairs), limit))
	omitted := 0
	for _, sent := range slices.Sorted(maps.Keys(pairs)) {
		name := printable(sent)
		if _, taken := kept[name]; taken || len(kept) == limit || len(name) > MaxName {
			omitted++
			continue
		}
		value := printable(pairs[sent])
		kept[name] = shorten(value, size)
		if len(value) > size {
			*alterations = append(*alterations, fmt.Sprintf("%s was shortened from %d to %d bytes",
				memberPath(field, name), len(value), len(kept[name])))
		}
	}
	if omitted > 0 {
		*alterations = append(*alterations, fmt.Sprintf(
			"%d of %d %s were left out: at most %d are kept, with names of at most %d bytes",
			omitted, len(pairs), field, limit, MaxName))
	}
	return kept
}

// fits is true of nearly every alert, whose maps are kept as they are.
func fits(pairs map[string]string, limit, size int) bool {
	if len(pairs) > limit {
		return false
	}
	for name, value := range pairs {
		if len(name) > MaxName || len(value) > size || !isPrintable(name) || !isPrintable(value) {
			return false
		}
	}
	return true
}

func isPrintable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' && c != '\r' || c >= 0x7f {
			return printable(text) == text
		}
	}
	return true
}

// link drops what is too long to be one: half a URL leads nowhere.
func link(sent string) string {
	if len(sent) > MaxURL {
		return ""
	}
	return printable(sent)
}

func boundedLink(alterations *[]string, field, sent string) string {
	if len(sent) > MaxURL {
		*alterations = append(*alterations, field+" of "+strconv.Itoa(len(sent))+" bytes was left out: at most "+
			strconv.Itoa(MaxURL)+" are kept")
	}
	return link(sent)
}
