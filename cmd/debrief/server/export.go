package server

import (
	"context"
	"net/http"
	"path"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"
)

// documentPolicy is for documents made of what people and alerts wrote: nothing in them is run or loaded, and they have
// no access to the API though they come from its origin.
const documentPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protectDocument sets the headers of an answer that is a document and not JSON.
func protectDocument(ctx context.Context, w http.ResponseWriter, message proto.Message) error {
	body, ok := message.(*httpbody.HttpBody)
	if !ok {
		return nil
	}
	disposition, extension := "attachment", ".md"
	switch mediaType, _, _ := strings.Cut(body.GetContentType(), ";"); mediaType {
	case "text/html":
		disposition, extension = "inline", ".html"
	case "image/svg+xml":
		disposition, extension = "inline", ".svg"
	case "text/plain":
		extension = ".txt"
	case "text/calendar":
		extension = ".ics"
	case "application/atom+xml":
		disposition, extension = "inline", ".xml"
	}
	header := w.Header()
	header.Set("Content-Security-Policy", documentPolicy)
	header.Set("Content-Disposition", disposition+`; filename="`+fileName(ctx)+extension+`"`)
	return nil
}

// fileName names the file after the resource's id, of which only what no header could take amiss is kept.
func fileName(ctx context.Context) string {
	id := "document"
	if request, ok := ctx.Value(requestKey{}).(*http.Request); ok {
		id, _, _ = strings.Cut(strings.TrimSuffix(path.Base(request.URL.Path), ".ics"), ":")
		id = strings.TrimSuffix(id, ".atom")
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, id)
}
