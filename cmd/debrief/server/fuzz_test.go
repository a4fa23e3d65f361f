package server

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// FuzzJSON holds that a body is refused in words that can be answered, or read as a message that is written and read as the same again.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"title":"x"}`, `{"title":"x","title":"y"}`, `{"title":"x"}{}`, `{"titel":"x"}`, `{"title":"\ud800"}`, "{\"title\":\"\xff\"}", "{\"title\":\"x\"\xd3}", `{"labels":{"a":"b","a":"c"}}`,
		`{"severity":"SEVERITY_SEV1"}`, `{"severity":1}`, `{"severity":1e0}`, `{"impact":{"customersAffected":"9223372036854775808"}}`, `{"createTime":"10000-01-01T00:00:00Z"}`, `{"createTime":"2026-01-01T00:00:00+99:99"}`,
		`{"impact":` + strings.Repeat(`{"a":`, 200), strings.Repeat(`[`, 20_000), `{"title"`, "\ufeff{}", `{"@type":"x"}`, `{"title":null}`, `{"links":[null]}`, "{\"title\":\"\u00a0\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		read := &debriefv1.Incident{}
		if err := (strictJSON{}).Unmarshal(body, read); err != nil {
			answer := newStatus(codes.InvalidArgument, "INVALID_ARGUMENT", err.Error())
			if text, err := protojson.Marshal(answer.Proto()); err != nil || len(answer.Details()) == 0 || strings.Contains(answer.Message(), "proto:") {
				t.Fatalf("%q is answered %s, %v", body, text, err)
			}
			return
		}
		written, err := (strictJSON{}).Marshal(read)
		if err != nil {
			t.Fatalf("%q can't be written: %v", body, err)
		}
		again := &debriefv1.Incident{}
		if err := (strictJSON{}).Unmarshal(written, again); err != nil || !proto.Equal(read, again) {
			t.Fatalf("%q becomes %s, and then %v, %v", body, written, again, err)
		}
	})
}

// FuzzWatch holds that a reader of the stream of events is refused with a reason, or asks for what its address says.
func FuzzWatch(f *testing.F) {
	for _, seed := range []string{"", "afterSequence=42", "afterSequence=x", "afterSequence=1&afterSequence=2", "filter=a", "heartbeatInterval=15s", "heartbeatInterval=\"", "heartbeatInterval=1e9s", "x=1", "%zz", "a;b", "=", "filter=%ff", "%ff=1"} {
		f.Add(seed, "")
		f.Add(seed, "7")
	}
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, query, last string) {
		request := &http.Request{URL: &url.URL{Path: "/v1/events:watch", RawQuery: query}, Header: http.Header{"Last-Event-Id": {last}}}
		watched, problem := watchRequest(request)
		if problem == nil {
			// What is not UTF-8 is refused behind it, as that of every call is.
			if _, err := proto.Marshal(watched); err != nil && utf8.ValidString(watched.GetFilter()) {
				t.Fatalf("%q can't be sent on: %v", query, err)
			}
			return
		}
		answer := httptest.NewRecorder()
		problem.write(answer)
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), "INVALID_ARGUMENT") {
			t.Fatalf("%q is answered %d %s", query, answer.Code, answer.Body)
		}
	})
}
