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

// maxBodies bounds the bodies that are held at once, in bytes: of all calls, and again of all deliveries.
const maxBodies = 32 << 20

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

// bodyless says that a request has no body. Over HTTP/2 it has one to read all the same, with nothing in it.
func bodyless(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0
}

// readAs reads a body that is to be of a type, and of at most maxRequest bytes; an empty one need not say what it is. It takes room as the
// bytes arrive, so that who announces much and sends little keeps nobody from sending. The room is given back by release, when nobody
// needs the body any more. What was read is returned with a problem, too.
func (b *bodies) readAs(w http.ResponseWriter, r *http.Request, isType func(string) bool) (body []byte, release func(), problem *problem) {
	if bodyless(r) {
		return nil, func() {}, nil
	}
	if problem := checkType(r.Header, isType); problem != nil {
		return nil, func() {}, problem
	}
	if r.ContentLength > maxRequest {
		// The connection is not worth reading to the end.
		w.Header().Set("Connection", "close")
		return nil, func() {}, tooLarge()
	}
	reading := bodyReader{bodies: b, from: http.MaxBytesReader(w, r.Body, maxRequest), most: maxRequest}
	if r.ContentLength >= 0 {
		reading.most = r.ContentLength
	}
	problem = reading.read(r.Context())
	return reading.body, reading.release, problem
}

// firstRoom is what is taken for a body before any of it has arrived, in bytes.
const firstRoom = 16 << 10

// bodyReader reads one body.
type bodyReader struct {
	bodies *bodies
	from   io.Reader
	// most is how many bytes there may be.
	most int64
	body []byte
	held int64
}

func (b *bodyReader) read(ctx context.Context) *problem {
	for {
		if len(b.body) == cap(b.body) && !b.grow(ctx) {
			return noRoom
		}
		n, err := b.from.Read(b.body[len(b.body):cap(b.body)])
		b.body = b.body[:len(b.body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, new(*http.MaxBytesError)):
			return tooLarge()
		case err != nil:
			return &problem{
				httpStatus: http.StatusBadRequest, code: codes.InvalidArgument, reason: "BODY_INCOMPLETE",
				message: "the body ended before all of it had arrived",
			}
		}
	}
}

// grow makes room for as much again as has arrived, and says whether there was any in time.
func (b *bodyReader) grow(ctx context.Context) bool {
	have := int64(len(b.body))
	more := min(max(firstRoom, have), b.most+1-have) // One more than there may be, to see the end.
	ctx, cancel := context.WithTimeout(ctx, b.bodies.patience)
	defer cancel()
	if b.bodies.room.Acquire(ctx, more) != nil {
		return false
	}
	b.held += more
	b.body = append(make([]byte, 0, len(b.body)+int(more)), b.body...)
	return true
}

func (b *bodyReader) release() { b.bodies.room.Release(b.held) }

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
