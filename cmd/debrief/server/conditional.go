package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// conditional lets programs that ask again and again for the same document have it only where it has changed, after RFC 9110:
// the answer has an ETag, and where If-None-Match has it there is no body.
func conditional(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(answer, r)
		if answer.status != http.StatusOK {
			w.WriteHeader(answer.status)
			_, _ = w.Write(answer.body.Bytes()) // A caller that is gone misses nothing.
			return
		}
		sum := sha256.Sum256(answer.body.Bytes())
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		w.Header().Set("Cache-Control", "private, no-cache") // It may be kept, and is asked for each time.
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(answer.body.Bytes()))
	})
}

// heldAnswer keeps an answer until it is known whether it is wanted.
type heldAnswer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write keeps the body.
func (h *heldAnswer) Write(data []byte) (int, error) { return h.body.Write(data) }
