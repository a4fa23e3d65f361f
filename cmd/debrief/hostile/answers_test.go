package hostile_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/debriefhq/debrief/service"
)

// internals are words that no answer has unless something inside has spoken to who called.
var internals = regexp.MustCompile(`goroutine |\.go:\d|runtime error|panic|(?i:sqlite)|(?i:mongo)|SQL logic|no such table|UNIQUE constraint|debriefv1|` +
	`protoreflect|\*errors\.|errorString|repository\.|strconv\.|0xc0[0-9a-f]{6}|rpc error|json: cannot|unexpected EOF|bson|pgx|/tmp/|invalid memory|` +
	`context (?:canceled|deadline)|use of closed|connection refused|base64|illegal `)

var reasonForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// checkReply says what is wrong with an answer, whatever was asked.
func checkReply(d drawn, r reply) error {
	switch {
	case r.StatusCode >= 500 && !promised(d, r.StatusCode):
		return fmt.Errorf("answered %d", r.StatusCode)
	case !d.isHTTP() && r.Header.Get("Content-Type") == "text/plain; charset=utf-8":
		return checkRejection(r) // It is net/http that has answered: there was no request.
	case d.refused && r.StatusCode < 300:
		return fmt.Errorf("answered %d to what must be refused", r.StatusCode)
	}
	if err := checkHeaders(r.Header); err != nil {
		return err
	}
	if r.StatusCode >= 300 && r.StatusCode < 400 {
		return checkRedirect(r)
	}
	if len(r.body) == 0 && r.Request.Method == http.MethodHead {
		return nil
	}
	if r.StatusCode >= 400 {
		return checkProblem(r)
	}
	return checkGranted(r)
}

// promised says whether a status is one that the documentation, or HTTP, has for such a request though it is the server that does not
// grant it.
func promised(d drawn, code int) bool {
	switch code {
	case http.StatusGatewayTimeout: // In no time at all, as it was asked for.
		return slices.Contains(d.headers, hurry)
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return !d.isHTTP()
	}
	return false
}

// checkRejection looks at what net/http answers by itself.
func checkRejection(r reply) error {
	body := string(r.body)
	if r.Request.Method == http.MethodHead {
		return nil
	}
	if r.StatusCode < 400 || len(body) > 200 || !strings.HasPrefix(body, fmt.Sprint(r.StatusCode)) && body != "Unsupported transfer encoding" {
		return fmt.Errorf("rejected with %d %q", r.StatusCode, body)
	}
	return nil
}

func checkHeaders(header http.Header) error {
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := header.Values(name); len(got) != 1 || got[0] != want {
			return fmt.Errorf("the header %s is %q, want %q", name, got, want)
		}
	}
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		return fmt.Errorf("the content security policy is %q", policy)
	}
	for _, name := range []string{"X-Injected", "Set-Cookie", "Server", "X-Powered-By", "Access-Control-Allow-Origin", "Grpc-Metadata-Content-Type"} {
		if header.Get(name) != "" {
			return fmt.Errorf("there is a header %s: %q", name, header.Get(name))
		}
	}
	return nil
}

// checkRedirect wants redirects to lead to the same site.
func checkRedirect(r reply) error {
	location := r.Header.Get("Location")
	if r.StatusCode == http.StatusNotModified || strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") && !strings.HasPrefix(location, "/\\") {
		return nil
	}
	return fmt.Errorf("redirected to %q", location)
}

// checkProblem wants an error in the one form that errors have, with nothing in it that is nobody's business.
func checkProblem(r reply) error {
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		return fmt.Errorf("the Content-Type of an error is %q: %.300s", got, r.body)
	}
	problem := &statuspb.Status{}
	if err := protojson.Unmarshal(r.body, problem); err != nil {
		return fmt.Errorf("no google.rpc.Status: %w: %.300s", err, r.body)
	}
	told := status.FromProto(problem)
	if told.Message() == "" || len(r.body) > 200_000 {
		return fmt.Errorf("the message is %q, the error has %d bytes", told.Message(), len(r.body))
	}
	if found := internals.FindString(string(r.body)); found != "" {
		return fmt.Errorf("the error tells of %q: %.500s", found, r.body)
	}
	if want := runtime.HTTPStatusFromCode(told.Code()); want != r.StatusCode && !ownStatus[r.StatusCode] {
		return fmt.Errorf("%v is answered as %d, want %d", told.Code(), r.StatusCode, want)
	}
	for _, detail := range told.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			if info.GetDomain() != service.ErrorDomain || !reasonForm.MatchString(info.GetReason()) || info.GetReason() == "INTERNAL" {
				return fmt.Errorf("the error says that it is %v", info)
			}
			return nil
		}
	}
	return fmt.Errorf("the error gives no reason: %.300s", r.body)
}

// ownStatus are those of refusals for which gRPC has no code that leads to the same.
var ownStatus = map[int]bool{
	http.StatusMethodNotAllowed: true, http.StatusPreconditionFailed: true, http.StatusRequestEntityTooLarge: true, http.StatusUnsupportedMediaType: true, http.StatusUnprocessableEntity: true,
}

// checkGranted wants what is said to be JSON to be it, and nothing of what is inside.
func checkGranted(r reply) error {
	if !utf8.Valid(r.body) {
		return fmt.Errorf("the answer is not UTF-8: %.300q", r.body)
	}
	if r.Header.Get("Content-Type") == "application/json" && !json.Valid(r.body) {
		return fmt.Errorf("the answer is no JSON: %.300s", r.body)
	}
	return nil
}
