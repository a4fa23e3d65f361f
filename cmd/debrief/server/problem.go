package server

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/protoadapt"

	"github.com/debriefhq/debrief/service"
)

// problem is why an HTTP request is refused before it becomes a call.
type problem struct {
	// httpStatus is the status of the answer.
	httpStatus int
	// code, reason and message are those of the google.rpc.Status in its body.
	code            codes.Code
	reason, message string
	// field names the parameter or header that is wrong; empty where there is none.
	field string
}

// write answers the request.
func (p *problem) write(w http.ResponseWriter) { writeStatus(w, p.httpStatus, p.status()) }

func (p *problem) status() *status.Status {
	var details []protoadapt.MessageV1
	if p.field != "" {
		details = append(details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: inUTF8(p.field), Description: inUTF8(p.message)},
		}})
	}
	return newStatus(p.code, p.reason, p.message, details...)
}

// inUTF8 is what quotes a request, which may be in UTF-8 or not, in the form that all of a status has to have.
func inUTF8(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// newStatus is a status as the services make it: with a reason for programs.
func newStatus(code codes.Code, reason, message string, details ...protoadapt.MessageV1) *status.Status {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: service.ErrorDomain}
	bare := status.New(code, inUTF8(message))
	full, err := bare.WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil {
		return bare
	}
	return full
}

// retryAfter is when to try again what could not be served, in seconds.
const retryAfter = "5"

// waitFirst is after how many seconds to try again; empty where that would not help.
func waitFirst(httpStatus int, problem *status.Status) string {
	for _, detail := range problem.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			return strconv.Itoa(int(math.Ceil(retry.GetRetryDelay().AsDuration().Seconds())))
		}
	}
	if httpStatus == http.StatusServiceUnavailable {
		return retryAfter
	}
	return ""
}

// writeStatus answers with an error in the one form that errors have over HTTP: a google.rpc.Status in JSON.
func writeStatus(w http.ResponseWriter, httpStatus int, problem *status.Status) {
	body, err := protojson.Marshal(problem.Proto())
	if err != nil {
		// Nothing but details of a type that is not linked leads here.
		httpStatus, body = http.StatusInternalServerError, []byte(`{"code":13,"message":"`+internalMessage+`"}`)
	}
	header := w.Header()
	header.Set("Content-Type", jsonType)
	header.Set("Cache-Control", "no-store")
	if httpStatus == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="debrief"`) // https://www.rfc-editor.org/rfc/rfc6750#section-3
	}
	if after := waitFirst(httpStatus, problem); after != "" {
		header.Set("Retry-After", after)
	}
	w.WriteHeader(httpStatus)
	_, _ = w.Write(body) //nolint:gosec // It is JSON, and no browser takes it for anything else. A caller that is gone misses nothing.
}
