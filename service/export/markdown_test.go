package export_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/export"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

func TestDocuments(t *testing.T) {
	for _, test := range []struct {
		name     string
		document export.Document
	}{
		{"published", published()},
		{"empty", export.Document{}},
		{"hostile", everywhere(hostileText)},
	} {
		t.Run(test.name, func(t *testing.T) {
			markdown := export.Markdown(test.document)
			golden(t, test.name+".md", markdown)
			page, err := export.HTML([]byte(markdown), test.document.Title)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.name+".html", string(page))
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); go test ./service/export -update writes it anew:\n%s", path, diff)
	}
}

func TestMarkdownPlainFields(t *testing.T) {
	for _, test := range []struct{ name, title, want string }{
		{"plain words", "Checkout is down", "Checkout is down"},
		{"nothing", " ", "Untitled post-mortem"},
		{"several lines", "a\r\n## b\n\n* c", "a ## b \\* c"},
		{"emphasis", "*a* _b_ ~~c~~ snake_case_name 2*3", `\*a\* \_b\_ \~\~c\~\~ snake_case_name 2\*3`},
		{"code", "a `b` c", "a \\`b\\` c"},
		{"HTML", "<script>alert(1)</script>", `\<script>alert(1)\</script>`},
		{"a link", "[x](javascript:alert(1))", `\[x\](javascript:alert(1))`},
		{"an image", "![x](y)", `!\[x\](y)`},
		{"a table", "a | b", `a \| b`},
		{"character references", "&lt;b&gt; &amp; AT&T &", `\&lt;b\&gt; \&amp; AT&T \&`},
		{"backslashes", `C:\temp\*`, `C:\\temp\\\*`},
		{"a heading", "# a #", `\# a \#`},
		{"a closed heading", "C#", `C\#`},
		{"a list", "- a", `\- a`},
		{"a numbered list", "10. a", `10\. a`},
		{"a quote", "> a", `\> a`},
		{"control characters", "a\x00\x1bb", "a\uFFFD\uFFFDb"},
		{"text that reads backwards", "a\u202Egpj.exe", "agpj.exe"},
		{"bytes that are no text", "a\xffb", "a\uFFFDb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _, _ := strings.Cut(export.Markdown(export.Document{Title: test.title}), "\n")
			if got != "# "+test.want {
				t.Errorf("%s, want # %s", got, test.want)
			}
		})
	}
}

func TestMarkdownSections(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"paragraphs stay as they were broken", "a\nb  \nc\\\nd\n\ne", "a\nb\\\nc\\\nd\n\ne"},
		{"emphasis stays", "*a* __b__ ~~c~~ *d **e** f* ***g***", "*a* **b** ~~c~~ *d **e** f* ***g***"},
		{"emphasis that would be read otherwise goes", "*a*_b_ x", "*a*b x"},
		{"headings go below the section", "# a\n\n### b\n\nc\n===", "### a\n\n##### b\n\n### c"},
		{"a lower heading comes up to the section", "##### a", "### a"},
		{"headings end at the sixth level", "# a\n\n##### b", "### a\n\n###### b"},
		{"lists stay", "* a\n* b\n  1) c\n  2) d", "- a\n- b\n\n  1. c\n  2. d"},
		{"two lists stay two", "- a\n* b", "- a\n\n* b"},
		{"nested lists stay tight", "- a\n  - b\n    - c", "- a\n  - b\n    - c"},
		{"tasks are shown", "- [x] a\n- [ ] b", "- ☑ a\n- ☐ b"},
		{"quotes end with the section", "> a\nb", "> a\n> b"},
		{"rules are no underlines", "a\n\n---\n", "a\n\n___"},
		{"tables are complete", "|a|b|\n|-|:-:|\n|`x\\|y`|", "| a | b |\n| --- | :---: |\n| `x\\|y` |  |"},
		{"an open fence is closed", "```sh\nrm -rf /\n## Timeline", "```sh\nrm -rf /\n## Timeline\n```"},
		{"a fence is longer than what it holds", "~~~\n```\n~~~", "````\n```\n````"},
		{"indented code is fenced", "    a\n\n    b", "```\na\n\nb\n```"},
		{"an odd language goes", "```\"><script>\na\n```", "```\na\n```"},
		{"an open comment is text", "<!-- a\n\n## b", "```\n<!-- a\n\n## b\n```"},
		{"an open tag is text", "<details>\n# a", "```\n<details>\n# a\n```"},
		{"an open script is text", "<script>\n\n# a", "```\n<script>\n\n# a\n```"},
		{"a line of HTML is text", "<hr class=x>\n\na", "\\<hr class=x>\n\na"},
		{"inline HTML is text", "a <b onclick=x>c</b>", "a \\<b onclick=x>c\\</b>"},
		{"definitions are resolved", "[a][x]\n\n[x]: https://example.com/(1) 'y'", "[a](https://example.com/%281%29)"},
		{"bare links are links", "https://example.com/a_b www.example.com a@example.com", "<https://example.com/a_b> [www\\.example.com](http://www.example.com) <a@example.com>"},
		{"other links are text", "[a](javascript:alert(1)) [b](/c) <ftp://d/e>", "a (javascript:alert(1)) b (/c) ftp\\://d/e"},
		{"images are links", "![a](https://example.com/a.png) ![](https://example.com/b.png)", "[a](https://example.com/a.png) [https\\://example.com/b.png](https://example.com/b.png)"},
		{"a link after an exclamation mark is no image", "a! *!*[b](https://c.example)!", "a! *!*[b](https://c.example)!"},
		{"nor is one made of an image", "!![a](https://b.example)", "\\![a](https://b.example)"},
		{"an image in a link is its text", "[![a](https://example.com/a.png)](https://example.com)", "[a](https://example.com)"},
		{"an image from elsewhere is text", "![a](data:image/svg+xml,b)", "a (data:image/svg+xml,b)"},
		{"a line that only looks like a block stays a line", "a\n    # b\n    - c\n    1. d\n    > e\n    ===", "a\n\\# b\n\\- c\n1\\. d\n\\> e\n\\==="},
		{"escapes and references stay", `\*a\* &lt;b&gt; &#x202e;c \d`, `\*a\* &lt;b&gt; ` + "\uFFFD" + `c \\d`},
		{"quotes in quotes end", strings.Repeat(">", 13) + " a", strings.Repeat("> ", 12) + "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, summaryOf(t, test.text)); diff != "" {
				t.Errorf("section (-want +got):\n%s", diff)
			}
		})
	}
}

// summaryOf is what a document makes of a summary.
func summaryOf(t rapid.TB, text string) string {
	t.Helper()
	markdown := export.Markdown(export.Document{Title: "T", Summary: text})
	_, section, found := strings.Cut(markdown, "# T\n\n## Summary\n\n")
	section, end, closed := strings.Cut(section, "\n\n## Timeline\n\nNothing recorded.\n\n## Contributing factors\n\nNone recorded.\n\n## Action items\n\nNone recorded.\n")
	if !found || !closed || end != "" {
		t.Fatalf("no summary in:\n%s", markdown)
	}
	return section
}

// Texts that take a parser time or memory that grows faster than they do are shown as they were written.
func TestMarkdownShowsCostlyTextsAsTheyAre(t *testing.T) {
	for name, text := range map[string]string{
		"quotes in quotes":     strings.Repeat(">", 60_000),
		"lists in lists":       strings.Repeat("1. ", 20_000) + "a",
		"brackets":             strings.Repeat("[a](", 15_000),
		"delimiters":           strings.Repeat("*a_", 20_000),
		"a table of two sizes": strings.Repeat("|a", 8_000) + "\n" + strings.Repeat("|-", 8_000) + "\n" + strings.Repeat("|\n", 16_000),
	} {
		t.Run(name, func(t *testing.T) {
			if want, got := "```\n"+strings.TrimSuffix(text, "\n")+"\n```", summaryOf(t, text); got != want {
				t.Errorf("shown as %.80q…, want the text in a fence", got)
			}
			page, err := export.HTML([]byte(text), name)
			if err != nil || !strings.Contains(string(page), "<pre>"+strings.ReplaceAll(text, ">", "&gt;")+"</pre>") {
				t.Errorf("HTML: %v, %.80q…", err, page)
			}
		})
	}
}

func TestMarkdownLeavesOutWhatDoesNotFitAndSaysSo(t *testing.T) {
	large := strings.Repeat("words ", 10_000)
	document := export.Document{FurtherEntries: 7, FurtherActions: 1}
	for range 30 {
		document.Timeline = append(document.Timeline, export.Entry{Time: at(1, 0, 0, 0), Text: large})
		document.Factors = append(document.Factors, export.Factor{Description: large})
		document.Beliefs = append(document.Beliefs, export.Belief{Believed: "# a\n\n" + large, Actual: "b"})
		document.Incidents = append(document.Incidents, export.Incident{Title: large})
		document.Actions = append(document.Actions, export.Action{Title: large})
	}
	got := export.Markdown(document)
	for _, want := range []string{
		"*20 further entries are not shown here.*", "*13 further contributing factors are not shown here.*",
		"*13 further beliefs are not shown here.*", "*13 further incidents are not shown here.*",
		"*13 further action items are not shown here.*",
	} {
		if !strings.Contains(got, "\n\n"+want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if limit := 5*export.MaxSectionBytes + 5*len(large); len(got) > limit {
		t.Errorf("%d bytes, want at most %d", len(got), limit)
	}
}

func TestMarkdownShowsTimesInUTC(t *testing.T) {
	east := time.FixedZone("", 9*60*60)
	document := published()
	document.PublishTime = document.PublishTime.In(east)
	for i := range document.Timeline {
		document.Timeline[i].Time = document.Timeline[i].Time.In(east)
	}
	if diff := cmp.Diff(export.Markdown(published()), export.Markdown(document)); diff != "" {
		t.Errorf("the same times elsewhere (-want +got):\n%s", diff)
	}
}

func TestMarkdownDurations(t *testing.T) {
	for elapsed, want := range map[time.Duration]string{
		0: "+0 s", 250 * time.Millisecond: "+250 ms", 61 * time.Second: "+1 min 1 s", time.Hour: "+1 h",
		25*time.Hour + 59*time.Second: "+1 d 1 h", -90 * time.Minute: "−1 h 30 min", time.Hour + time.Second: "+1 h",
	} {
		start := at(4, 8, 0, 0)
		got := export.Markdown(export.Document{Incidents: []export.Incident{{Milestones: []export.Milestone{
			{Name: "STARTED", Time: start}, {Name: "DETECTED", Time: start.Add(elapsed)},
		}}}})
		if !strings.Contains(got, " | "+want+" |\n") {
			t.Errorf("%v is not shown as %s in\n%s", elapsed, want, got)
		}
	}
}
