package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
)

// TestWhatIsNotUTF8IsRefusedWithAReason has errors quote what can't be quoted as it is.
func TestWhatIsNotUTF8IsRefusedWithAReason(t *testing.T) {
	server := start(t, nil)
	for name, test := range map[string]struct{ method, path, body string }{
		"a parameter's name":     {http.MethodGet, "/v1/incidents?%ff=1", ""},
		"a parameter's value":    {http.MethodGet, "/v1/incidents?filter=%ff", ""},
		"the body, in a text":    {http.MethodPost, "/v1/incidents", "{\"title\":\"\xff\"}"},
		"the body, in a name":    {http.MethodPost, "/v1/incidents", "{\"\xd3\":1}"},
		"the body, between them": {http.MethodPost, "/v1/incidents", "{\"title\":\"x\"\xd3\"summary\":\"y\"}"},
	} {
		t.Run(name, func(t *testing.T) {
			got := server.send(t, test.method, test.path, test.body, "Content-Type", asJSON)
			code, reason := readError(t, got.body)
			if got.StatusCode != http.StatusBadRequest || code != codes.InvalidArgument || reason != "INVALID_ARGUMENT" {
				t.Errorf("got %d, %v, %s: %s", got.StatusCode, code, reason, got.body)
			}
		})
	}
}

// TestAValueThatDoesNotFitIsToldWhatWould has no word of the libraries in what callers read.
func TestAValueThatDoesNotFitIsToldWhatWould(t *testing.T) {
	server := start(t, nil)
	for target, want := range map[string]string{
		"/v1/incidents?pageSize=many":                    "pageSize must be a whole number, such as 42",
		"/v1/incidents?page_size=1e400":                  "page_size must be a whole number, such as 42",
		"/v1/incidents?showDeleted=maybe":                "showDeleted must be true or false",
		"/v1/incidents?filter=a&filter=b":                "filter is given more than once: give it once",
		"/v1/incidents?filter=%ff":                       "filter must be text in UTF-8",
		"/v1/alertQuality?startTime=yesterday":           "startTime must be a time after RFC 3339, such as 2026-03-14T09:26:00Z",
		"/v1/postMortems/x:generateAgenda?duration=long": "duration must be a duration in seconds, such as 90s",
		"/v1/actionItems/x?view=ALL":                     "view must be one of VIEW_UNSPECIFIED, VIEW_BASIC, VIEW_LANGUAGE",
	} {
		got := server.send(t, http.MethodGet, target, "")
		message := &statuspb.Status{}
		if err := protojson.Unmarshal([]byte(got.body), message); err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != http.StatusBadRequest || message.GetMessage() != want {
			t.Errorf("%s: %d %s, want %s", target, got.StatusCode, message.GetMessage(), want)
		}
	}
}

func TestABodyThatEndsTooEarlyIsToldSo(t *testing.T) {
	server := start(t, nil)
	got := server.send(t, http.MethodPost, "/v1/incidents", `{"title"`, "Content-Type", asJSON)
	if want := "the body is no JSON: it ends too early"; got.StatusCode != http.StatusBadRequest || !strings.Contains(got.body, want) {
		t.Errorf("got %d %s, want 400 and %q", got.StatusCode, got.body, want)
	}
}

// TestAPathIsNeeded asks the server as a whole, as HTTP lets one.
func TestAPathIsNeeded(t *testing.T) {
	server := start(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPost} {
		request, err := http.NewRequestWithContext(t.Context(), method, server.url("/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.URL.Opaque = "*"
		answer, err := server.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		_, reason := readError(t, string(body))
		if answer.StatusCode != http.StatusBadRequest || reason != "INVALID_ARGUMENT" || answer.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s *: %d %s %v", method, answer.StatusCode, body, answer.Header)
		}
	}
}

func TestWatchingWithWhatIsNotUTF8IsRefused(t *testing.T) {
	server := start(t, nil)
	got := server.send(t, http.MethodGet, "/v1/events:watch?filter=%ff", "")
	if code, reason := readError(t, got.body); got.StatusCode != http.StatusBadRequest || code != codes.InvalidArgument || reason != "INVALID_ARGUMENT" {
		t.Errorf("got %d, %v, %s: %s", got.StatusCode, code, reason, got.body)
	}
}
