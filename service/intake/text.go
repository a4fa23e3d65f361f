package intake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/debriefhq/debrief/service/plaintext"
)

// shortenLine cuts a line to a number of characters, between words where that loses no more than a third of it, the mark
// included.
func shortenLine(text string, limit int) string { //nolint:unparam // a reader wants to see the limit where it is called
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit-1])
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)*2/3 {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, " ,;:.-") + plaintext.Mark
}

// bounded keeps at most limit pairs, the first by name, and of each value at most size bytes. It says what it changed,
// and never changes what it was given.
func bounded(alterations *[]string, field string, pairs map[string]string, limit, size int) map[string]string { //nolint:unparam // the counts are equal by chance
	if fits(pairs, limit, size) {
		return pairs
	}
	kept := make(map[string]string, min(len(pairs), limit))
	omitted := 0
	for _, sent := range slices.Sorted(maps.Keys(pairs)) {
		name := plaintext.Printable(sent)
		if _, taken := kept[name]; taken || len(kept) == limit || len(name) > MaxName {
			omitted++
			continue
		}
		value := plaintext.Printable(pairs[sent])
		kept[name] = plaintext.Shorten(value, size)
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
			return plaintext.Printable(text) == text
		}
	}
	return true
}

// link drops what is too long to be one: half a URL leads nowhere.
func link(sent string) string {
	if len(sent) > MaxURL {
		return ""
	}
	return plaintext.Printable(sent)
}

func boundedLink(alterations *[]string, field, sent string) string {
	if len(sent) > MaxURL {
		*alterations = append(*alterations, field+" of "+strconv.Itoa(len(sent))+" bytes was left out: at most "+
			strconv.Itoa(MaxURL)+" are kept")
	}
	return link(sent)
}
