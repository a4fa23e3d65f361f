package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
)

// conditional lets programs that ask again and again for the same document have it only where it has changed, after RFC 9110:
// the answer has an ETag, and where If-None-Match has it there is no body. It is sent as a whole, whatever range is asked for.
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
		w.Header().Del("Content-Length")                     // That of what is sent is not known yet.
		whole := r.Clone(r.Context())
		whole.Header.Del("Range")
		http.ServeContent(&matched{w}, whole, "", time.Time{}, bytes.NewReader(answer.body.Bytes()))
	})
}

// matched says that a document is not the one that If-Match asks for as every other error is said.
type matched struct{ http.ResponseWriter }

// WriteHeader sees what is refused.
func (m *matched) WriteHeader(status int) {
	if status != http.StatusPreconditionFailed {
		m.ResponseWriter.WriteHeader(status)
		return
	}
	(&problem{
		httpStatus: status, code: codes.Aborted, reason: "ETAG_MISMATCH",
		message: "the document has another ETag than If-Match asks for: leave it out, or ask by If-None-Match",
	}).write(m.ResponseWriter)
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
