package intake

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Request is what a sender sent, as it came. All that a delivery is made of is in it, so that one that was kept can be
// read again, with the same result.
type Request struct {
	// ID is what Debrief calls the delivery, a ULID. It stands in where a sender leaves it to the receiver to name the alert.
	ID string
	// Method is the method of HTTP.
	Method string
	// Path are the segments behind the adapter's own path, without a key: "v2", "alerts", "disk full", "close".
	Path []string
	// Query is what follows the question mark.
	Query url.Values
	// Header are the fields that the adapter asks for in Headers, and Content-Type; nothing else is kept.
	Header http.Header
	// Body is the raw body.
	Body []byte
	// ReceiveTime is when it came, UTC.
	ReceiveTime time.Time
}

// Adapter reads what one kind of sender sends. An adapter decides nothing, knows no store, and holds no state.
type Adapter struct {
	// Kind is how the kind of sender is called in the API, without its prefix: "PAGERDUTY".
	Kind string
	// Source is how it is called in a path: "pagerduty", of /intake/pagerduty.
	Source string
	// Headers are the header fields that Parse and Verify read, in canonical form, beyond Content-Type. "Ce-*" stands for
	// all that begin with "Ce-".
	Headers []string
	// Parse reads a delivery. Its error is an *InvalidError: one alert that makes no sense refuses the whole delivery; or an
	// *UnsupportedError. It ignores fields that it does not know.
	Parse func(Request, Options) (Delivery, error)
	// Key reads the integration's key where the sender can put it nowhere but in the body; nil: it never is in the body.
	Key func(Request) string
	// Verify checks the signature of the raw request with the integration's secret, in constant time, and refuses one that
	// is older than SignatureWindow; nil: the kind signs nothing. Its error is a *SignatureError; any other
	// says that what the check needs from outside cannot be had at the moment, and that the sender may try again.
	Verify func(context.Context, Request, string) error
	// SignsUnasked is true where signatures need no secret: Verify is then called for every request, also for an integration
	// without one.
	SignsUnasked bool
	// Answer is what the sender expects to hear once its delivery is durable; nil: 200 and an empty JSON object.
	Answer func(Request, Delivery) Answer
	// Refuse is what the sender expects to hear when it was not taken, with status and reason for people; nil: the
	// service's own form of an error.
	Refuse func(status int, reason string) Answer
}

// SignatureWindow is how far the time of a signature may lie from the time of its receipt.
const SignatureWindow = 5 * time.Minute

// Options are what an integration says of how its deliveries are read.
type Options struct {
	// Mapping makes alerts of what has no form of its own; nil: the adapter's own reading.
	Mapping *Mapping
}

// Answer is an answer to a sender. Body is marshalled as JSON; nil: no body.
type Answer struct {
	Status int
	Header http.Header
	Body   any
}

// SignatureError says why a signature does not hold. It never holds the signature that would be right.
type SignatureError struct {
	// Problem is what is wrong, and what would be right.
	Problem string
}

// Error is the Problem.
func (e *SignatureError) Error() string { return "the signature " + e.Problem }

// UnsupportedError says that a delivery is in no form that its kind of sender uses: 415 in HTTP.
type UnsupportedError struct {
	// Problem is what is wrong, and what would be right.
	Problem string
}

// Error is the Problem.
func (e *UnsupportedError) Error() string { return "the delivery " + e.Problem }
