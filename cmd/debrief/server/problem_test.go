package server

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/debriefhq/debrief/service"
)

const (
	someIncident = "/v1/incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J"
	asJSON       = "application/json"
)

func TestEveryHTTPErrorHasOneShape(t *testing.T) {
	server := start(t, nil)
	tooMuch := `{"title":"` + strings.Repeat("x", maxRequest) + `"}`
	for name, test := range map[string]struct {
		method, path string
		body         io.Reader
		headers      []string
		want         int
		code         codes.Code
		reason       string
		allow        string
	}{
		"no such path": {
			method: "GET", path: "/nowhere", want: 404, code: codes.NotFound, reason: "PATH_NOT_FOUND",
		},
		"no such path of the API": {
			method: "GET", path: "/v1/nowhere", want: 404, code: codes.NotFound, reason: "PATH_NOT_FOUND",
		},
		"no such page of the documentation": {
			method: "GET", path: "/docs/nowhere.js", want: 404, code: codes.NotFound, reason: "PATH_NOT_FOUND",
		},
		"no such resource": {
			method: "GET", path: someIncident, want: 404, code: codes.NotFound, reason: "RESOURCE_NOT_FOUND",
		},
		"a name that can't be one": {
			method: "GET", path: "/v1/incidents/7", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a method that the site does not have": {
			method: "DELETE", path: "/openapi.json", want: 405, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED", allow: "HEAD, GET",
		},
		"a method that the API does not have": {
			method: "PUT", path: someIncident, want: 405, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED", allow: "HEAD, GET, PATCH, DELETE",
		},
		"a method that a verb does not have": {
			method: "DELETE", path: "/v1/incidents", want: 405, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED", allow: "HEAD, GET, POST",
		},
		"a method that the intake does not have": {
			method: "GET", path: "/intake/alertmanager", want: 405, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED", allow: "POST",
		},
		"a method override is none": {
			method: "POST", path: someIncident, headers: []string{"X-HTTP-Method-Override", "DELETE", "Content-Type", asJSON},
			want: 405, code: codes.Unimplemented, reason: "METHOD_NOT_ALLOWED", allow: "HEAD, GET, PATCH, DELETE",
		},
		"a body that is too large, by its length": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(tooMuch), headers: []string{"Content-Type", asJSON},
			want: 413, code: codes.ResourceExhausted, reason: "REQUEST_TOO_LARGE",
		},
		"a body that turns out too large": {
			method: "POST", path: "/v1/incidents", body: io.MultiReader(strings.NewReader(tooMuch)), headers: []string{"Content-Type", asJSON},
			want: 413, code: codes.ResourceExhausted, reason: "REQUEST_TOO_LARGE",
		},
		"a delivery that is too large": {
			method: "POST", path: "/intake/alertmanager", body: strings.NewReader(tooMuch), headers: []string{"Content-Type", asJSON},
			want: 413, code: codes.ResourceExhausted, reason: "REQUEST_TOO_LARGE",
		},
		"a form": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader("title=x"), headers: []string{"Content-Type", "application/x-www-form-urlencoded"},
			want: 415, code: codes.InvalidArgument, reason: "UNSUPPORTED_MEDIA_TYPE",
		},
		"a body of no type": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"title":"x"}`),
			want: 415, code: codes.InvalidArgument, reason: "UNSUPPORTED_MEDIA_TYPE",
		},
		"a packed body": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader("\x1f\x8b"), headers: []string{"Content-Type", asJSON, "Content-Encoding", "gzip"},
			want: 415, code: codes.InvalidArgument, reason: "UNSUPPORTED_MEDIA_TYPE",
		},
		"a delivery that is no JSON": {
			method: "POST", path: "/intake/alertmanager", body: strings.NewReader("a=b"), headers: []string{"Content-Type", "text/plain"},
			want: 415, code: codes.InvalidArgument, reason: "UNSUPPORTED_MEDIA_TYPE",
		},
		"a delivery that makes no sense": {
			method: "POST", path: "/intake/alertmanager", body: strings.NewReader(`{"version":"3"}`), headers: []string{"Content-Type", asJSON},
			want: 400, code: codes.InvalidArgument, reason: "INVALID_DELIVERY",
		},
		"broken JSON": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"title":`), headers: []string{"Content-Type", asJSON},
			want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a field that is not known": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"titel":"x"}`), headers: []string{"Content-Type", asJSON},
			want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a field that is there twice": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"title":"x","title":"y"}`), headers: []string{"Content-Type", asJSON},
			want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a second value after the first": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"title":"x"}{}`), headers: []string{"Content-Type", asJSON},
			want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a parameter that is not known": {
			method: "GET", path: "/v1/incidents?fliter=x", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a parameter where there are none": {
			method: "GET", path: someIncident + "?x=1", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a parameter that is in the body": {
			method: "POST", path: "/v1/incidents?incident.title=x", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a parameter that is no number": {
			method: "GET", path: "/v1/incidents?pageSize=many", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a query that can't be read": {
			method: "GET", path: "/v1/incidents?filter=%zz", want: 400, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT",
		},
		"a page of somebody else": {
			method: "POST", path: "/v1/incidents", body: strings.NewReader(`{"title":"x"}`),
			headers: []string{"Content-Type", asJSON, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"},
			want:    403, code: codes.PermissionDenied, reason: "FOREIGN_ORIGIN",
		},
	} {
		t.Run(name, func(t *testing.T) {
			body := test.body
			if body == nil {
				body = http.NoBody
			}
			got := server.sendFrom(t, test.method, test.path, body, test.headers...)
			if got.StatusCode != test.want {
				t.Errorf("status is %d, want %d: %s", got.StatusCode, test.want, got.body)
			}
			if diff := cmp.Diff(asJSON, got.Header.Get("Content-Type")); diff != "" {
				t.Errorf("Content-Type (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.allow, got.Header.Get("Allow")); diff != "" {
				t.Errorf("Allow (-want +got):\n%s", diff)
			}
			code, reason := readError(t, got.body)
			if code != test.code || reason != test.reason {
				t.Errorf("code %v and reason %s, want %v and %s: %s", code, reason, test.code, test.reason, got.body)
			}
		})
	}
}

// readError reads an error as clients do.
func readError(t *testing.T, body string) (code codes.Code, reason string) {
	t.Helper()
	message := &statuspb.Status{}
	if err := protojson.Unmarshal([]byte(body), message); err != nil {
		t.Fatalf("the answer is no google.rpc.Status: %v: %s", err, body)
	}
	if message.GetMessage() == "" {
		t.Errorf("the error has no message: %s", body)
	}
	for _, detail := range status.FromProto(message).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			if info.GetDomain() != service.ErrorDomain {
				t.Errorf("the error's domain is %q, want %q", info.GetDomain(), service.ErrorDomain)
			}
			reason = info.GetReason()
		}
	}
	return codes.Code(message.GetCode()), reason
}

func TestAnUnknownParameterIsAnsweredWithThoseThatAreKnown(t *testing.T) {
	server := start(t, nil)
	got := server.send(t, http.MethodGet, "/v1/rejectedDeliveries?page=2", "")
	message := &statuspb.Status{}
	if err := protojson.Unmarshal([]byte(got.body), message); err != nil {
		t.Fatal(err)
	}
	want := `there is no query parameter "page": this path has filter, orderBy, pageSize, pageToken`
	if diff := cmp.Diff(want, message.GetMessage()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestABodyThatIsTooLargeIsNotReadToItsEnd(t *testing.T) {
	server := start(t, nil)
	got := server.sendFrom(t, http.MethodPost, "/v1/incidents", bytes.NewReader(make([]byte, 8*maxRequest)), "Content-Type", asJSON)
	if got.StatusCode != http.StatusRequestEntityTooLarge || !got.Close {
		t.Errorf("status is %d, and the connection is kept: %v; want 413 and a closed connection", got.StatusCode, !got.Close)
	}
}
