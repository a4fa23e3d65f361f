package hostile_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-ical"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	markdown "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
	"gonum.org/v1/gonum/graph/formats/dot"
	dotast "gonum.org/v1/gonum/graph/formats/dot/ast"

	"github.com/debriefhq/debrief/service/email/emailtest"
)

// looks find what a mark has become that is more than text. Each reads what it is given as a program does that it is made for.

// active are the elements that no document of Debrief has.
var active = []string{
	"script", "img", "image", "svg", "math", "iframe", "object", "embed", "base", "link", "frame", "video", "audio", "source", "template", "portal",
	"details", mark,
}

// lookAtHTML wants no element, no attribute and no address to come from a mark; more are the elements that the page may have all the same.
func lookAtHTML(page []byte, more ...string) error {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return err
	}
	var found []error
	for node := range root.Descendants() {
		switch node.Type {
		case html.CommentNode:
			if strings.Contains(node.Data, mark) {
				found = append(found, fmt.Errorf("a comment: %.200s", node.Data))
			}
		case html.TextNode:
			if parent := node.Parent.Data; (parent == "style" || parent == "script") && strings.Contains(node.Data, mark) {
				found = append(found, fmt.Errorf("in <%s>: %.200s", parent, node.Data))
			}
		case html.ElementNode:
			if slices.Contains(active, node.Data) && !slices.Contains(more, node.Data) {
				found = append(found, fmt.Errorf("an element <%s>", node.Data))
			}
			for _, attribute := range node.Attr {
				found = append(found, lookAtAttribute(node.Data, attribute.Key, attribute.Val))
			}
		default: // There is nothing in it.
		}
	}
	return errors.Join(found...)
}

func lookAtAttribute(element, name, value string) error {
	switch lower := strings.ToLower(strings.TrimSpace(value)); {
	case strings.HasPrefix(name, "on") || name == "style" && strings.Contains(value, mark) || name == "srcdoc" || name == "ontoggle" || name == mark:
		return fmt.Errorf("<%s %s=%q>", element, name, value)
	case (name == "href" || name == "src" || name == "action") && !slices.ContainsFunc([]string{"https://", "http://", "mailto:", "#", "/"}, func(scheme string) bool {
		return strings.HasPrefix(lower, scheme)
	}):
		return fmt.Errorf("<%s> leads to %q", element, value)
	}
	return nil
}

// lookAtXML wants well-formed XML of known elements, in which what is HTML is as harmless as a page.
func lookAtXML(document []byte, elements ...string) error {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	isHTML := false
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, token.Name.Local) {
				return fmt.Errorf("an element <%s>", token.Name.Local)
			}
			isHTML = false
			for _, attribute := range token.Attr {
				isHTML = isHTML || attribute.Name.Local == "type" && attribute.Value == "html"
				if err := lookAtAttribute(token.Name.Local, attribute.Name.Local, attribute.Value); err != nil {
					return err
				}
			}
		case xml.CharData:
			if isHTML {
				if err := lookAtHTML(token); err != nil {
					return err
				}
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			if strings.Contains(fmt.Sprintf("%s", token), mark) {
				return fmt.Errorf("%T: %s", token, token)
			}
		}
	}
}

// lookAtMarkdown wants no raw HTML, no image, and links that lead to pages.
func lookAtMarkdown(source []byte) error {
	var found []error
	err := ast.Walk(goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(markdown.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.RawHTML:
			found = append(found, fmt.Errorf("raw HTML: %.200s", node.Segments.Value(source)))
		case *ast.HTMLBlock:
			if lines := node.Lines().Value(source); bytes.Contains(lines, []byte(mark)) {
				found = append(found, fmt.Errorf("a block of HTML: %.200s", lines))
			}
		case *ast.Image:
			found = append(found, fmt.Errorf("an image of %s", node.Destination))
		case *ast.Link:
			found = append(found, lookAtAttribute("a", "href", string(node.Destination)))
		}
		return ast.WalkContinue, nil
	})
	return errors.Join(append(found, err)...)
}

// properties are those that Debrief writes into calendars.
var properties = strings.Fields(`PRODID VERSION CALSCALE METHOD NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC REFRESH-INTERVAL X-PUBLISHED-TTL UID DTSTAMP CREATED
	LAST-MODIFIED SEQUENCE SUMMARY DTSTART DTEND DURATION STATUS URL CATEGORIES TRANSP CLASS ORGANIZER ATTENDEE LOCATION`)

// lookAtCalendar wants events with known properties, none of which has an id or an address from a mark.
func lookAtCalendar(calendar []byte, events int) error {
	read, err := ical.NewDecoder(bytes.NewReader(calendar)).Decode()
	if err != nil {
		return err
	}
	if len(read.Events()) < events || len(read.Events()) != len(read.Children) {
		return fmt.Errorf("%d events and %d components, want at least %d of the one, and no other", len(read.Events()), len(read.Children), events)
	}
	for _, component := range append([]*ical.Component{read.Component}, read.Children...) {
		for name, values := range component.Props {
			if !slices.Contains(properties, name) || len(values) != 1 {
				return fmt.Errorf("%s has %d times %s", component.Name, len(values), name)
			}
			if slices.Contains([]string{"UID", "URL", "ATTENDEE", "ORGANIZER", "STATUS"}, name) && strings.Contains(values[0].Value, mark) {
				return fmt.Errorf("%s is %q", name, values[0].Value)
			}
		}
	}
	return nil
}

// lookAtMail wants the headers that Debrief writes, once each, the one recipient, and a text whose links lead to Debrief.
func lookAtMail(message emailtest.Message) error {
	known := strings.Fields("From To Subject Date Message-Id Mime-Version Content-Type Content-Transfer-Encoding List-Unsubscribe List-Unsubscribe-Post " +
		"Auto-Submitted X-Auto-Response-Suppress User-Agent X-Mailer Precedence Feedback-Id List-Id")
	for name, values := range message.Header {
		if !slices.Contains(known, name) || len(values) != 1 {
			return fmt.Errorf("%d headers %s: %q", len(values), name, values)
		}
		if decoded, err := new(mime.WordDecoder).DecodeHeader(values[0]); err != nil || strings.ContainsAny(decoded, "\r\n\x1b") || name != "Subject" && strings.Contains(decoded, mark) {
			return fmt.Errorf("the header %s is %q, %w", name, values, err)
		}
	}
	mediaType, _, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || mediaType != "text/plain" || message.To != "kim@example.com" {
		return fmt.Errorf("it is %s to %s, %w", mediaType, message.To, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(message.Body)))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "https://zqx") || strings.HasPrefix(line, "Bcc:") || strings.ContainsAny(line, "\x1b\x00") {
			return fmt.Errorf("the text has the line %q", line)
		}
	}
	return nil
}

// lookAtMessage wants JSON, and in what people are shown no mention or link that Slack would make of a mark.
func lookAtMessage(body []byte, escaped bool) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if message, _ := value.(map[string]any); escaped {
		if shown, _ := message["text"].(string); shown == "" || strings.ContainsAny(shown, "<>") || strings.Contains(shown, "{{") && !strings.Contains(shown, "{{.ID}}") {
			return fmt.Errorf("the text is %q", shown)
		}
	}
	return nil
}

// lookAtDOT wants a picture that Graphviz reads, in which each node is one that Debrief has named.
func lookAtDOT(picture []byte) error {
	file, err := dot.ParseBytes(picture)
	if err != nil {
		return err
	}
	if len(file.Graphs) != 1 {
		return fmt.Errorf("it has %d graphs", len(file.Graphs))
	}
	for _, statement := range file.Graphs[0].Stmts {
		switch statement := statement.(type) {
		case *dotast.NodeStmt:
			if !nodeName.MatchString(statement.Node.ID) {
				return fmt.Errorf("a node %s", statement.Node.ID)
			}
			for _, attribute := range statement.Attrs {
				if strings.EqualFold(attribute.Key, "URL") || strings.EqualFold(attribute.Key, "href") || strings.HasPrefix(attribute.Val, "<") {
					return fmt.Errorf("the node %s has %s=%s", statement.Node.ID, attribute.Key, attribute.Val)
				}
			}
		case *dotast.Subgraph:
			return fmt.Errorf("a part %s", statement.ID)
		}
	}
	return nil
}

var nodeName = regexp.MustCompile(`^(n|note)\d+$`)

// statements are those that the pictures in Mermaid have, a line each.
var statements = regexp.MustCompile(`^(flowchart LR|  acc(Title|Descr): [^"<>{};]*|  (n|note)\d+\["[^"<>]*"\]:::\w+|  n\d+ -->\|"[^"<>]*"\| n\d+|  (classDef|linkStyle) [\w,]+ [^"<>]*)$`)

// lookAtMermaid wants each line to be a statement that Debrief makes, in which no quotation mark ends a text too early, and no text has
// HTML, which Mermaid would show, but for breaks.
func lookAtMermaid(picture string) error {
	for line := range strings.SplitSeq(strings.TrimSuffix(picture, "\n"), "\n") {
		if !statements.MatchString(strings.ReplaceAll(line, "<br/>", " ")) {
			return fmt.Errorf("the line %q", line)
		}
	}
	return nil
}
