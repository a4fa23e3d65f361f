package export

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/debriefhq/debrief/service/plaintext"
)

// dialect is CommonMark with the tables, strikethrough, bare links and task lists of GitHub. Raw HTML is never rendered.
var dialect = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify, extension.TaskList),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(containerRenderer{}, 0))),
)

// parse reads Markdown into a tree in which everything can be shown: see sanitize. It is false for a text that would
// take more time or memory than any text that people write.
func parse(source []byte) (ast.Node, bool) {
	if TooCostly(source) {
		return nil, false
	}
	document := dialect.Parser().Parse(text.NewReader(source))
	sanitize(document, source)
	return document, true
}

// clean makes a text safe to handle: valid UTF-8, line breaks of one kind, no control characters, and none of the
// characters that make a text read differently from how it is written.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if reorders(r) {
			return -1
		}
		return r
	}, plaintext.Lines(text))
}

// reorders is true of the embeddings, overrides and isolates of the Unicode bidirectional algorithm.
func reorders(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// What a text may cost. People who write for people stay far below; what goes beyond is shown as it was written.
const (
	maxContainers = 50     // quotes and lists opened on one line
	maxBrackets   = 4_000  // in one paragraph: time grows with their square
	maxDelimiters = 8_000  // of emphasis in one paragraph: likewise
	maxCells      = 20_000 // of tables, whose short rows are filled up to the width of the header
	bytesPerCell  = 16     // of a text larger than that
)

var containers = regexp.MustCompile(`^(?:[ \t]*(?:>|[-+*]|[0-9]{1,9}[.)]))*`)

// TooCostly is true of a text that a parser of Markdown would need more time or memory for than for any text that people
// write. It counts what makes the parser slow or large, without parsing. A paragraph is taken to be what stands between
// two blank lines, which is never less than what the parser takes for one, or for a table.
func TooCostly(source []byte) bool {
	var brackets, delimiters, width, rows, cells int
	for line := range bytes.Lines(source) {
		if opened := containers.Find(line); len(opened) > maxContainers && countContainers(opened) > maxContainers {
			return true
		}
		brackets += bytes.Count(line, []byte("["))
		delimiters += bytes.Count(line, []byte("*")) + bytes.Count(line, []byte("_")) + bytes.Count(line, []byte("~"))
		width = max(width, bytes.Count(line, []byte("|")))
		rows++
		if brackets > maxBrackets || delimiters > maxDelimiters || cells+width*rows > maxCells+len(source)/bytesPerCell {
			return true
		}
		if len(bytes.TrimSpace(line)) == 0 {
			cells += width * rows
			brackets, delimiters, width, rows = 0, 0, 0, 0
		}
	}
	return false
}

func countContainers(opened []byte) int {
	return bytes.Count(opened, []byte(">")) + bytes.Count(opened, []byte("-")) + bytes.Count(opened, []byte("+")) +
		bytes.Count(opened, []byte("*")) + bytes.Count(opened, []byte(".")) + bytes.Count(opened, []byte(")"))
}
