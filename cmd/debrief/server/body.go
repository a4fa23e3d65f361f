package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"
)

const jsonType = "application/json"

// maxBodies bounds the bodies that are held at once, over all HTTP requests, in bytes.
const maxBodies = 64 << 20

// bodies reads the bodies of requests, as many of them at once as there is room for.
type bodies struct {
	room *semaphore.Weighted
	// patience is how long a request may wait for room.
	patience time.Duration
}

func newBodies(size int64, patience time.Duration) *bodies {
	return &bodies{room: semaphore.NewWeighted(size), patience: patience}
}

// noRoom says that a body was not read: nothing is wrong with it.
var noRoom = &problem{
	httpStatus: http.StatusServiceUnavailable, code: codes.Unavailable, reason: "TOO_MANY_REQUESTS",
	message: "the requests that are worked on have too many bytes already: send it again",
}

// read reads a body that is to be JSON. The room is given back by release, when nobody needs the body any more.
func (b *bodies) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), problem *problem) {
	return b.readAs(w, r, isJSON)
}

func isJSON(mediaType string) bool { return mediaType == jsonType }

// readAs is readBody, once there is room. The room is given back by release, when nobody needs the body any more.
func (b *bodies) readAs(w http.ResponseWriter, r *http.Request, isType func(string) bool) (body []byte, release func(), problem *problem) {
	size := bodySize(r, isType)
	if size == 0 {
		body, problem = readBody(w, r, isType)
		return body, func() {}, problem
	}
	ctx, cancel := context.WithTimeout(r.Context(), b.patience)
	defer cancel()
	if err := b.room.Acquire(ctx, size); err != nil {
		return nil, func() {}, noRoom
	}
	body, problem = readBody(w, r, isType)
	return body, func() { b.room.Release(size) }, problem
}

// bodySize is how many bytes the body of a request may turn out to have. One that is refused unread has none.
func bodySize(r *http.Request, isType func(string) bool) int64 {
	switch {
	case r.Body == nil || r.Body == http.NoBody || r.ContentLength > maxRequest || checkType(r.Header, isType) != nil:
		return 0
	case r.ContentLength < 0:
		return maxRequest
	default:
		return r.ContentLength
	}
}

// readBody reads the body of a request, which is to be of a type and of at most maxRequest bytes. An empty body need not say what
// it is. What was read is returned with a problem, too.
func readBody(w http.ResponseWriter, r *http.Request, isType func(string) bool) ([]byte, *problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if problem := checkType(r.Header, isType); problem != nil {
		return nil, problem
	}
	if r.ContentLength > maxRequest {
		// The connection is not worth reading to the end.
		w.Header().Set("Connection", "close")
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var exceeded *http.MaxBytesError
	switch {
	case errors.As(err, &exceeded):
		return body, tooLarge()
	case err != nil:
		return body, &problem{
			httpStatus: http.StatusBadRequest, code: codes.InvalidArgument, reason: "BODY_INCOMPLETE",
			message: "the body ended before all of it had arrived",
		}
	}
	return body, nil
}

func tooLarge() *problem {
	return &problem{
		httpStatus: http.StatusRequestEntityTooLarge, code: codes.ResourceExhausted, reason: "REQUEST_TOO_LARGE",
		message: fmt.Sprintf("the body has more than %d bytes, which is the most that a request may have", maxRequest),
	}
}

// checkType refuses what is not said to be of a type, or is packed. A browser sends JSON across origins only after having
// asked, which forms and images do not.
func checkType(header http.Header, isType func(string) bool) *problem {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return unsupported(fmt.Sprintf("the body is encoded as %q: send it as it is", encoding))
	}
	contentType := header.Get("Content-Type")
	if mediaType, _, err := mime.ParseMediaType(contentType); err != nil || !isType(mediaType) {
		return unsupported(fmt.Sprintf("the body is said to be %q: send JSON, with the header Content-Type: %s", contentType, jsonType))
	}
	return nil
}

func unsupported(message string) *problem {
	return &problem{
		httpStatus: http.StatusUnsupportedMediaType, code: codes.InvalidArgument, reason: "UNSUPPORTED_MEDIA_TYPE", message: message,
	}
}
