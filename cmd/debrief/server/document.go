package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"

	"github.com/debriefhq/debrief/api/openapi"
)

var (
	//go:embed docs.html
	docsPage []byte
	//go:embed docs.js
	docsScript []byte
)

// docsPolicy lets the API page run its own scripts and call this server, and nothing else. Swagger UI styles elements
// one by one, and draws its icons from data URLs.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// embedded serves bytes that change with the program alone: a client that has them is told so.
func embedded(contentType string, content []byte) http.HandlerFunc {
	sum := sha256.Sum256(content)
	// Weak, since it may be sent compressed.
	tag := `W/"` + hex.EncodeToString(sum[:16]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", contentType)
		header.Set("ETag", tag)
		header.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

// newDocs serves a page to read the API's documentation in, and to try it out. All of it is in the program.
func newDocs() http.Handler {
	assets := statigz.FileServer(static.FS)
	assets.OnNotFound = notFound
	mux := http.NewServeMux()
	mux.Handle("/docs/{$}", embedded("text/html; charset=utf-8", docsPage))
	mux.Handle("/docs/docs.js", embedded("text/javascript; charset=utf-8", docsScript))
	mux.Handle("/docs/", http.StripPrefix("/docs/", assets))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		mux.ServeHTTP(w, r)
	})
}

var serveOpenAPI = embedded(jsonType, openapi.JSON)
