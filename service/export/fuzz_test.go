package export_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/export"
)

var seeds = []string{
	hostileText, "# a\n\n- b\n  1. c\n\n> d\n\n```\ne\n```\n\n|f|g|\n|-|-:|\n|h|`i\\|j`|", "*a **b** c* ~~d~~ [e](https://f.example) <g@h.example>",
	"- a\n\n      b\n- \n- ```\n  c", "[a]: https://b.example 'c'\n\n[a][] ![d][a] \\[e\\] &amp;", "a\n    # b\n    1. c\n-\n", "1. a\n\n2) b\n* c\n- d\n***\n",
	"| a |\n|:-:|\n\n<details>\n\n**x\n", "*a*_b_ ***c** d* _e__f_ ~g~~~h~~",
}

// FuzzHTML renders any text as a page and looks for what must not be in one.
func FuzzHTML(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed), "title")
	}
	f.Fuzz(func(t *testing.T, markdown []byte, title string) {
		inspect(t, markdown, title)
		page, err := export.HTML(markdown, title)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, page)
	})
}

// wellFormed fails unless each element is closed in its turn.
func wellFormed(t *testing.T, page []byte) {
	t.Helper()
	var open []string
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		token := z.Next()
		tag, _ := z.TagName()
		name := string(tag)
		switch {
		case token == html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %q", open)
			}
			return
		case token != html.StartTagToken && token != html.EndTagToken || slices.Contains([]string{"meta", "br", "hr"}, name):
		case token == html.StartTagToken:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("</%s> within %q", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
}

// FuzzMarkdown puts any text in each field of a document: the document keeps its sections.
func FuzzMarkdown(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree := inspect(t, []byte(export.Markdown(everywhere("x "+text))), "T")
		// The free sections have the text as their heading.
		got := headingsOf(tree)
		if len(got) != len(sections) || !slices.Equal(slices.Delete(slices.Clone(got), 11, 13), slices.Delete(slices.Clone(sections), 11, 13)) {
			t.Errorf("the document's headings are %q", got)
		}
	})
}

// FuzzSection puts any Markdown in a section: it stays within its place, says what it said, and reads the same when it is
// written anew once more.
func FuzzSection(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSection(t, text) })
}

// tokens are what Markdown is made of.
var tokens = []string{
	"a", "b c", " ", "  ", "    ", "\t", "\n", "\n", "\n\n", "*", "**", "_", "__", "~~", "`", "``", "```", "~~~", "#", "## ", "===", "---",
	"- ", "+ ", "* ", "1. ", "2) ", "> ", "|", "|-|-|", "\n|-|-|\n", "\n- ", "\n  - ", "\n> ", "\n    ", "[", "](", ")", "![", "]", "[a]", "\n[a]: b\n",
	"https://c.example", "www.d.example", "e@f.example", "<https://g.example>", "<", ">", "<b>", "</b>", "<!--", "-->", "<div>", "<script>", "\\", "&", "amp;",
	"&#32;", "&nbsp;", "!", ".", ":", "(", "é", "\u00A0", "[x](https://h.example)", "[ ] ", "\\\n", "  \n", "*a*", "**b**", "_c_", "`d`",
}

// The same for what is much like Markdown.
func TestSectionsStayInTheirPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkSection(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(tokens), 1, 24).Draw(t, "tokens"), ""))
	})
}

func checkSection(t rapid.TB, text string) {
	t.Helper()
	text = "x\n\n" + text
	section := summaryOf(t, text)
	if got, want := said(t, section), said(t, text); got != want {
		t.Errorf("says\n%q, not\n%q, in\n%s", got, want, section)
	}
	again := summaryOf(t, section)
	if diff := cmp.Diff(structure(t, section), structure(t, again)); diff != "" {
		t.Errorf("written anew\n%s\nand again\n%s\nit reads otherwise:\n%s", section, again, diff)
	}
}

// structure is the page without its white space, which an element a line makes easier to compare.
func structure(t rapid.TB, markdown string) string {
	t.Helper()
	page, err := export.HTML([]byte(markdown), "T")
	if err != nil {
		t.Fatalf("HTML: %v", err)
	}
	_, body, _ := strings.Cut(string(page), "<main>")
	return strings.ReplaceAll(strings.Join(strings.Fields(body), ""), "><", ">\n<")
}

func headingsOf(tree *html.Node) []string {
	var headings []string
	for node := range tree.Descendants() {
		if node.Data == "h2" {
			headings = append(headings, textOf(node))
		}
	}
	return headings
}

// said is the text of a page's body, in one line.
func said(t rapid.TB, markdown string) string {
	t.Helper()
	for node := range inspect(t, []byte(markdown), "T").Descendants() {
		if node.Data == "main" {
			return strings.Join(strings.Fields(textOf(node)), " ")
		}
	}
	t.Fatalf("no body")
	return ""
}
