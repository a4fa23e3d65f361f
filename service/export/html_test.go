package export_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/export"
)

// hostileText has something for each stage that could let it through.
const hostileText = "</style></title></main><script>alert(1)</script>\n\n<img src=x onerror=alert(1)> ![x](javascript:alert(1)) " +
	"[y](  data:text/html,<script>alert(1)</script>) | # & <svg/onload=alert(1)> \u202E\n\n```\n<!--"

// everywhere is a document with a text in each of its fields.
func everywhere(text string) export.Document {
	evidence := []export.Evidence{{URI: text, Title: text, Excerpt: text}, {URI: "https://example.com/?" + text, Title: text}, {URI: text}}
	return export.Document{
		Title: text, State: text, Revision: 1, Facilitator: text, Scribe: text,
		Participants: []export.Person{{Name: text, Role: text}},
		Incidents: []export.Incident{
			{Name: text, Title: text, Severity: text, State: text, Milestones: []export.Milestone{{Name: text, Time: at(1, 0, 0, 0)}}},
			{Name: text, Title: text},
		},
		Stakeholders: []export.Person{{Name: text, Role: text}}, Conclusion: text, ConclusionNote: text,
		Sections: []export.Section{{ID: text, Title: text, Text: text}, {ID: text, Text: text}},
		Answers:  []export.Answer{{Question: text, Text: text, Section: text}},
		Summary:  text, Impact: text,
		Timeline: []export.Entry{
			{Time: at(1, 0, 0, 0), Kind: text, Author: text, AuthorRole: text, Incident: text, Text: text, Evidence: evidence},
		},
		Beliefs:      []export.Belief{{HeldBy: text, Believed: text, Actual: text, Evidence: evidence}, {HeldBy: text, Believed: "a", Actual: "b"}},
		Factors:      []export.Factor{{Category: text, Description: text, Evidence: evidence}, {}},
		WhatWentWell: text, WhereWeWereLucky: text, WhatSurprisedUs: text, OpenQuestions: text,
		Actions: []export.Action{{Title: text, Owner: text, State: text, Strength: text, TrackerURI: text}},
	}
}

// sections are the titles that a document with something in each field has, in order.
var sections = []string{
	"Summary", "Impact", "Incidents", "Timeline", "What we believed and what was true", "Contributing factors",
	"What went well", "Where we were lucky", "What surprised us", "Action items", "Open questions",
	"What became of the money", "How that is known", "Questions of the review",
}

func TestHTMLRunsAndLoadsNothing(t *testing.T) {
	for _, text := range []string{
		hostileText,
		"<script>alert(1)</script>", "<SCRIPT SRC=//evil.example></SCRIPT>", "<scr<script>ipt>alert(1)</scr</script>ipt>",
		"<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<math><mi xlink:href=javascript:alert(1)>",
		"<a href=javascript:alert(1)>x</a>", "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=x>", "<embed src=x>",
		"<base href=//evil.example>", "<link rel=stylesheet href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
		"<form action=//evil.example><button>x</button></form>", "<style>@import '//evil.example'</style>", "</style><script>alert(1)</script>",
		"</title><script>alert(1)</script>", "--><script>alert(1)</script><!--", "<!--[if IE]><script>alert(1)</script><![endif]-->",
		"<![CDATA[<script>alert(1)</script>]]>", "<?php alert(1) ?>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](<java\tscript:alert(1)>)", "[x](&#106;avascript:alert(1))",
		"[x](&#x6A;&#x61;vascript&colon;alert(1))", "[x](javascript&#58;alert(1))", `[x](java\script:alert(1))`, "[x](%6Aavascript:alert(1))",
		"[x](\x01javascript:alert(1))", "[x](vbscript:x)", "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](data:image/svg+xml,<svg/onload=alert(1)>)",
		"[x](//evil.example)", `[x](\\evil.example)`, "[x](file:///etc/passwd)", "[x](https:evil)", "[x](https:///evil)", "[x](#timeline)", "[x](?a=b)",
		"[x]: javascript:alert(1)\n\n[x] [x][] [y][x] ![x]", "<javascript:alert(1)>", "<vbscript:alert(1)>", "<data:text/html,x>",
		`[x](https://example.com "onmouseover=alert(1)")`, `[x](https://example.com/"onmouseover="alert(1))`, "[x](https://example.com/'%22><script>)",
		"![x](https://evil.example/pixel.png)", `![x" onerror="alert(1)](https://evil.example/p.png)`, "![x](javascript:alert(1))", "![x][y]\n\n[y]: https://evil.example/p",
		"[![x](https://evil.example/p.png)](javascript:alert(1))", "[a [b](https://c.example)](javascript:alert(1))",
		"http://example.com/\"onmouseover=alert(1)", "https://example.com/<script>", "www.example.com/'onclick='alert(1)", "a@example.com\"onclick=x",
		"```html\" onclick=\"alert(1)\n<script>alert(1)</script>\n```", "```\n</code></pre><script>alert(1)</script>", "`</code><script>alert(1)</script>`",
		"# x {onclick=alert(1) id=y}", "# <script>alert(1)</script>", "# \"onclick=\"alert(1)", "| <script> | [x](javascript:y) |\n|-|-|\n| ![z](https://evil.example/z) |",
		"- [x] <script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;", "\\<script>alert(1)\\</script>",
		"<div>\n\n[x](javascript:alert(1))\n\n</div>", "<b\n/onclick=alert(1)\n>x", "<x onclick=alert(1)>", "a\x00<script\x00>alert(1)",
		"\xff<script>\xfe", strings.Repeat("> ", 40) + "<script>alert(1)</script>", strings.Repeat("*a **", 200) + "<script>",
	} {
		t.Run(text, func(t *testing.T) {
			inspect(t, []byte(text), text)
			inspect(t, []byte(export.Markdown(everywhere(text))), text)
		})
	}
}

// inspect renders a page and fails on anything in it that could run, load or lead elsewhere than to a page or a mailbox.
func inspect(t rapid.TB, markdown []byte, title string) *html.Node {
	t.Helper()
	page, err := export.HTML(markdown, title)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		t.Fatal(err)
	}
	for node := range tree.Descendants() {
		if node.Type == html.CommentNode {
			t.Errorf("a comment: %q", node.Data)
		}
		if node.Type == html.ElementNode {
			inspectElement(t, node)
		}
	}
	inspectHead(t, tree)
	return tree
}

// elements are all that a page consists of.
var elements = strings.Fields("html head meta title style body nav main section div h1 h2 h3 h4 h5 h6 p ul ol li blockquote pre code " +
	"hr br em strong del a table thead tbody tr th td")

func inspectElement(t rapid.TB, node *html.Node) {
	t.Helper()
	if !slices.Contains(elements, node.Data) || node.Namespace != "" {
		t.Errorf("an element %s %s", node.Namespace, node.Data)
	}
	for _, attribute := range node.Attr {
		switch attribute.Key {
		case "href":
			inspectLink(t, node, attribute.Val)
		case "content", "name", "http-equiv", "charset":
			if node.Data != "meta" {
				t.Errorf("%s has %s=%q", node.Data, attribute.Key, attribute.Val)
			}
		case "lang", "id", "class", "scope", "role", "tabindex", "aria-label", "aria-labelledby", "rel", "start":
		default:
			t.Errorf("%s has %s=%q", node.Data, attribute.Key, attribute.Val)
		}
	}
}

func inspectLink(t rapid.TB, node *html.Node, href string) {
	t.Helper()
	inContents := node.Parent.Data == "li" && node.Parent.Parent.Parent.Data == "nav"
	if inContents && strings.HasPrefix(href, "#") {
		return
	}
	address, err := url.Parse(href)
	if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, address.Scheme) || address.Scheme != "mailto" && address.Host == "" {
		t.Errorf("a link to %q: %v", href, err)
	}
	if node.Data != "a" || attributeOf(node, "rel") != "noopener noreferrer nofollow" {
		t.Errorf("%s links to %q with rel %q", node.Data, href, attributeOf(node, "rel"))
	}
}

// inspectHead fails unless the page has the head that it should have, its policy and its style untouched.
func inspectHead(t rapid.TB, tree *html.Node) {
	t.Helper()
	var policy, style string
	count := map[string]int{}
	for node := range tree.Descendants() {
		if node.Type == html.ElementNode {
			count[node.Data]++
		}
		switch {
		case node.Data == "style":
			style = textOf(node)
		case node.Data == "meta" && attributeOf(node, "http-equiv") == "Content-Security-Policy":
			policy = attributeOf(node, "content")
		}
	}
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("policy %q, want %q", policy, want)
	}
	if count["meta"] != 6 || count["style"] != 1 || count["title"] != 1 || count["main"] != 1 || count["nav"] > 1 {
		t.Errorf("elements %v", count)
	}
}

func TestHTMLIsAPageForEverybody(t *testing.T) {
	tree := inspect(t, []byte(export.Markdown(published())), " Checkout\n<down> ")
	var lang, title string
	var headings []string
	for node := range tree.Descendants() {
		switch node.Data {
		case "html":
			lang = attributeOf(node, "lang")
		case "title":
			title = textOf(node)
		case "h2":
			headings = append(headings, textOf(node))
		case "th":
			if attributeOf(node, "scope") != "col" {
				t.Errorf("a header cell %q without a scope", textOf(node))
			}
		case "table":
			if region := node.Parent; attributeOf(region, "role") != "region" || attributeOf(region, "tabindex") != "0" || attributeOf(region, "aria-label") == "" {
				t.Errorf("a table in %v", region.Attr)
			}
		case "section":
			if heading := node.FirstChild.NextSibling; attributeOf(heading, "id") != attributeOf(node, "aria-labelledby") {
				t.Errorf("section %v begins with %s %v", node.Attr, heading.Data, heading.Attr)
			}
		}
	}
	if lang != "en" || title != "Checkout <down>" || !slices.Equal(headings, sections) {
		t.Errorf("lang %q, title %q, headings %q", lang, title, headings)
	}
}

func TestHTMLGivesEachSectionAnAddress(t *testing.T) {
	tree := inspect(t, []byte("## What we *saw*\n\n## what we saw!\n\n## 何\n\n## ---\n"), "T")
	var got []string
	for node := range tree.Descendants() {
		if node.Data == "nav" {
			for link := range node.Descendants() {
				if link.Data == "a" {
					got = append(got, attributeOf(link, "href")+" "+textOf(link))
				}
			}
		}
	}
	want := []string{"#what-we-saw What we saw", "#what-we-saw-2 what we saw!", "#section 何", "#section-2 ---"}
	if !slices.Equal(got, want) {
		t.Errorf("contents %q, want %q", got, want)
	}
}

func attributeOf(node *html.Node, key string) string {
	for _, attribute := range node.Attr {
		if attribute.Key == key {
			return attribute.Val
		}
	}
	return ""
}

func textOf(node *html.Node) string {
	var b strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data)
		}
	}
	return b.String()
}

// The advice on action items reads the same in both forms.
func TestTheAdviceOnActionItemsIsShown(t *testing.T) {
	document := export.Document{Title: "T", Actions: []export.Action{{Title: "Train people", Description: "All of *them*."}}, ActionAdvice: "Think of <stronger> ones."}
	markdown := export.Markdown(document)
	if want := "\n> **Advice:** Think of \\<stronger> ones.\n\n### Train people\n\nAll of *them*.\n"; !strings.Contains(markdown, want) {
		t.Errorf("no %q in\n%s", want, markdown)
	}
	page, err := export.HTML([]byte(markdown), document.Title)
	if err != nil {
		t.Fatal(err)
	}
	if want := "<p><strong>Advice:</strong> Think of &lt;stronger&gt; ones.</p>"; !strings.Contains(string(page), want) {
		t.Errorf("no %q in\n%s", want, page)
	}
}
