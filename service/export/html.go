package export

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's template and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/debriefhq/debrief/service/plaintext"
)

var (
	//go:embed page.html.tmpl
	pageSource string
	//go:embed page.css
	style string

	pageTemplate = template.Must(template.New("page").Parse(pageSource))
	// policy forbids the page everything but the style that is in it: were a script to slip through, it would not run.
	policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'", digest(style))
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// page is what the template shows.
type page struct {
	Title    string
	Policy   string
	Style    template.CSS
	Contents []entryOfContents
	Body     template.HTML
}

type entryOfContents struct{ ID, Title string }

// HTML renders Markdown, such as that of [Markdown], as one page that reads well on a screen, in light and dark, and on
// paper. It loads nothing and runs nothing: raw HTML is shown as the text that it is, an image as a link to it, and
// links lead to http, https and mailto only. Title is the page's plain title. A text that would be too costly to read is
// shown as it was written. Pictures stand in the place of the code blocks that they are drawn from.
func HTML(markdown []byte, title string, pictures ...Picture) ([]byte, error) {
	source := []byte(clean(string(markdown)))
	content := page{
		Title:  plaintext.Line(clean(title)),
		Policy: policy,
		Style:  template.CSS(style), //nolint:gosec // it is ours, not the document's
	}
	body, err := content.render(source, pictures)
	if err != nil {
		return nil, err
	}
	content.Body = template.HTML(body) //nolint:gosec // rendered from a sanitized tree, without raw HTML
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, content); err != nil {
		return nil, fmt.Errorf("render the page: %w", err)
	}
	return b.Bytes(), nil
}

// render gives the page its body and its contents.
func (p *page) render(source []byte, pictures []Picture) (string, error) {
	tree, ok := parse(source)
	if !ok {
		return "<pre>" + template.HTMLEscapeString(string(source)) + "</pre>\n", nil
	}
	p.Contents = intoSections(tree, source)
	dressTables(tree, source)
	hangPictures(tree, source, pictures)
	var b strings.Builder
	if err := dialect.Renderer().Render(&b, source, tree); err != nil {
		return "", fmt.Errorf("render the body: %w", err)
	}
	return b.String(), nil
}

// intoSections puts each heading of the second level into a section together with what follows it, and lists them.
func intoSections(tree ast.Node, source []byte) []entryOfContents {
	var contents []entryOfContents
	var section ast.Node
	taken := map[string]bool{}
	for child := tree.FirstChild(); child != nil; {
		next := child.NextSibling()
		if heading, ok := child.(*ast.Heading); ok && heading.Level == sectionLevel {
			title := plainText(heading, source)
			id := uniqueID(title, taken)
			heading.SetAttributeString("id", id)
			contents = append(contents, entryOfContents{ID: id, Title: title})
			section = newContainer("section", "class", id, "aria-labelledby", id)
			tree.InsertBefore(tree, child, section)
		}
		if section != nil {
			section.AppendChild(section, child)
		}
		child = next
	}
	return contents
}

// uniqueID is a title's letters and digits of ASCII, with a number where another title has them already.
func uniqueID(title string, taken map[string]bool) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return r > 'z' || !isAlphanumeric(byte(r)) })
	base := cmp.Or(strings.Join(words, "-"), "section")
	id := base
	for number := 2; taken[id]; number++ {
		id = fmt.Sprintf("%s-%d", base, number)
	}
	taken[id] = true
	return id
}
