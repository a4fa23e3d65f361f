package picture

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// oneLine is a text without line breaks and without characters that can't be seen or that turn what follows around.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r == utf8.RuneError, r == '\ufffe', r == '\uffff', unicode.Is(unicode.Bidi_Control, r):
			return -1
		default:
			return r
		}
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// short is a text of a fact that fits a line or two; the whole of it stands in the gap.
func short(text string) string {
	const limit = 60
	text = oneLine(text)
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// safeID keeps what may stand in an id everywhere.
func safeID(id string) string {
	id = strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, id)
	return strings.TrimLeft(id[:min(len(id), 64)], "-0123456789")
}

// advances are the widths of characters in a face that is as wide as those that viewers are likely to have, in em.
var advances = sync.OnceValue(func() func(r rune) float64 {
	face, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return func(rune) float64 { return 0 }
	}
	var widths [0x250]float64
	var buffer sfnt.Buffer
	const em = 1000
	for r := range widths {
		glyph, err := face.GlyphIndex(&buffer, rune(r))
		if err != nil || glyph == 0 {
			continue
		}
		if advance, err := face.GlyphAdvance(&buffer, glyph, fixed.I(em), 0); err == nil {
			widths[r] = float64(advance) / 64 / em
		}
	}
	return func(r rune) float64 {
		if int(r) < len(widths) {
			return widths[r]
		}
		return 0
	}
})

// Viewers draw with their own fonts, some of them wider.
const (
	slack     = 1.12
	boldSlack = 1.2
)

// widthOf is about how wide a text is drawn, never less.
func widthOf(text string, size float64, bold bool) float64 {
	width := 0.0
	advance := advances()
	for _, r := range text {
		switch em := advance(r); {
		case em > 0:
			width += em
		case unicode.Is(unicode.Mn, r):
		case runewidth.RuneWidth(r) > 1:
			width += 1.05
		default:
			width += 0.75
		}
	}
	if bold {
		return width * size * boldSlack
	}
	return width * size * slack
}

// wrap breaks a text into lines that are at most so wide, between words, and within a word that is too wide by itself.
func wrap(text string, size, limit float64, bold bool) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if joined := strings.TrimSpace(line + " " + word); widthOf(joined, size, bold) <= limit {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		pieces := breakWord(word, size, limit, bold)
		lines = append(lines, pieces[:len(pieces)-1]...)
		line = pieces[len(pieces)-1]
	}
	return append(lines, line)
}

// breakWord cuts a word that is too wide, behind punctuation if there is some near the end.
func breakWord(word string, size, limit float64, bold bool) []string {
	var pieces []string
	for widthOf(word, size, bold) > limit {
		end, soft, width := 0, 0, 0.0
		for i, r := range word {
			width += widthOf(string(r), size, bold)
			if width > limit && i > 0 {
				break
			}
			if end = i + utf8.RuneLen(r); strings.ContainsRune("-_./:", r) {
				soft = end
			}
		}
		if soft > end/2 {
			end = soft
		}
		if end >= len(word) {
			break
		}
		pieces = append(pieces, word[:end])
		word = word[end:]
	}
	return append(pieces, word)
}
